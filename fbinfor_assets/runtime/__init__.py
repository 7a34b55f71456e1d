"""Processes: what runs beside what, and how it ends.

Belongs here: `fbinfor up`, the start of Dagster's own processes, the SQLite that Dagster uses.
Does not belong here: what a run does (defs), the simulators (sandbox).
"""
