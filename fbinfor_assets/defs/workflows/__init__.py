"""Passes over everything: land, build, gate, deliver, as one run."""
