"""The Dagster layer: what runs, in which order, and what it shows.

Belongs here: thin assets, checks, jobs, sensors and schedules over the other packages, one folder per system or step,
the same file names in each (assets.py, checks.py, jobs.py, sensors.py; extract.py for the three systems).
Does not belong here: rules of the business (domain), HTTP (clients), SQL (dbt_project), what a write is (delivery).
"""

import logging
import os

from fbinfor_assets.runtime.sqlite import use_fixed_sqlite

# Before anything here imports Dagster: its storage is not to run on the standard library's SQLite. Under Dagster's own
# command line (not ours) it has been loaded by now; that only gets a warning, `dagster definitions validate` must work.
use_fixed_sqlite(required=False)
# Nothing under us reports anything anywhere. (Dagster's own telemetry has no variable: runtime/dagster.yaml.)
os.environ["DO_NOT_TRACK"] = "1"
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
os.environ["GX_ANALYTICS_ENABLED"] = "false"
# It warns for each blocking check without a result that the step behind is not gated. Here such a step is skipped with
# what it depends on, and what gates the writing is the verdict, not the check (DESIGN 6.2).
logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
