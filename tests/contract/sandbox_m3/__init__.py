"""Contract tests of the M3 simulator: every behaviour of infor-api that the product relies on, over real
HTTP."""
