"""FreshBooks: reading it into raw. Writing it is `defs/outbound`."""
