"""Infor M3: reading it into raw. Writing it is `defs/outbound`."""
