"""All folders of `defs/` put together.

Belongs here: `build_defs`. Does not belong here: any asset, job or sensor of its own.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from fbinfor_assets.defs.automation import Automation, load_automation
from fbinfor_assets.defs.freshbooks import assets as freshbooks_assets
from fbinfor_assets.defs.freshbooks import jobs as freshbooks_jobs
from fbinfor_assets.defs.freshbooks import sensors as freshbooks_sensors
from fbinfor_assets.defs.gates import assets as gates_assets
from fbinfor_assets.defs.gates import jobs as gates_jobs
from fbinfor_assets.defs.infor import assets as infor_assets
from fbinfor_assets.defs.infor import jobs as infor_jobs
from fbinfor_assets.defs.infor import sensors as infor_sensors
from fbinfor_assets.defs.operations import jobs as operations_jobs
from fbinfor_assets.defs.operations import sensors as operations_sensors
from fbinfor_assets.defs.outbound import assets as outbound_assets
from fbinfor_assets.defs.outbound import jobs as outbound_jobs
from fbinfor_assets.defs.reports import assets as reports_assets
from fbinfor_assets.defs.resources import resources
from fbinfor_assets.defs.shop import assets as shop_assets
from fbinfor_assets.defs.shop import jobs as shop_jobs
from fbinfor_assets.defs.shop import sensors as shop_sensors
from fbinfor_assets.defs.warehouse import assets as warehouse_assets
from fbinfor_assets.defs.warehouse import jobs as warehouse_jobs
from fbinfor_assets.defs.warehouse import sensors as warehouse_sensors
from fbinfor_assets.defs.warehouse.manifest import load_manifest
from fbinfor_assets.defs.warehouse.specs import dbt_specs
from fbinfor_assets.defs.workflows import jobs as workflows_jobs
from fbinfor_assets.defs.workflows import sensors as workflows_sensors


def build_defs(
    *,
    resource_overrides: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
    automation: Automation | None = None,
) -> dg.Definitions:
    """Fresh definitions.

    `resource_overrides`: resources by key (`app`, `progress`), as definitions or objects. `manifest`: dbt's, else that
    of the shipped project, parsed by a process of its own if it changed. `automation`: what runs by itself, else as
    config/automation.yml has it.

    Raises `DbtBroken` if the dbt project does not parse, `ConfigError` for a mistake in config/automation.yml.
    """
    manifest = manifest or load_manifest()
    automation = automation or load_automation()
    specs = dbt_specs(manifest, automation)
    dbt = warehouse_assets.dbt_assets(manifest, specs)
    return dg.Definitions(
        assets=[
            *freshbooks_assets.assets(automation, manifest),
            *infor_assets.assets(automation, manifest),
            *shop_assets.assets(automation, manifest),
            dbt,
            warehouse_assets.report_assets(manifest, specs),
            *reports_assets.assets(automation),
            *specs.external,
            *gates_assets.assets(),
            *outbound_assets.assets(),
            warehouse_assets.published_asset(specs, automation),
        ],
        jobs=[
            *workflows_jobs.JOBS,
            workflows_jobs.plan_job(dbt),
            *freshbooks_jobs.JOBS,
            *infor_jobs.JOBS,
            *shop_jobs.JOBS,
            *warehouse_jobs.jobs(dbt),
            *gates_jobs.JOBS,
            *outbound_jobs.JOBS,
            *operations_jobs.jobs(dbt, automation),
        ],
        sensors=[
            *freshbooks_sensors.sensors(automation),
            *infor_sensors.sensors(automation),
            *shop_sensors.sensors(automation),
        ],
        schedules=[
            *workflows_sensors.schedules(automation),
            *warehouse_sensors.schedules(automation, specs),
            *operations_sensors.schedules(automation),
        ],
        resources=resources(resource_overrides),
        # One process per run: dbt, DuckDB and the lock live in it, and starting one per step would cost seconds each.
        executor=dg.in_process_executor,
    )
