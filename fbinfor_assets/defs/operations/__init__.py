"""The upkeep: what is made anew, and what goes."""
