"""The shop: reading it into raw. It is never written."""
