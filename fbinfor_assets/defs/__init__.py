"""The Dagster layer: what runs, in which order, and what it shows.

Belongs here: thin assets, checks, jobs, sensors and schedules over the other packages, one folder per system or step,
the same file names in each (assets.py, checks.py, jobs.py, sensors.py; extract.py for the three systems).
Does not belong here: rules of the business (domain), HTTP (clients), SQL (dbt_project), what a write is (delivery).
"""
