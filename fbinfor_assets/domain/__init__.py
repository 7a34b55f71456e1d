"""Pure rules of the business: money, references, canonical JSON, policy, reconciliation.

Belongs here: functions and data classes that need nothing but their arguments.
Does not belong here: anything that reads a file, a clock, a network or a database, and anything of Dagster.
"""
