"""One gate per outbound object: `gates/<object>`, with the check `suite_passed`.

Belongs here: what a verdict looks like in Dagster. Does not belong here: judging and keeping (`judge.py`).

The check is blocking, but it is not the guard: it holds only inside its own run. The guard is the verdict, which the
outbound asset and the sender look up themselves (DESIGN 6.2).
"""

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.defs.gates.judge import Judgement, gate_and_record
from fbinfor_assets.defs.landing import acting
from fbinfor_assets.defs.naming import AMOUNTS, OBJECTS, OWNERS, PERSONAL, diff_key, gate_key, tags
from fbinfor_assets.quality import SuiteError

CHECK = "suite_passed"
_SHOWN = 20


def assets() -> list[dg.AssetsDefinition]:
    """The gates of all outbound objects."""
    return [gate_asset(object_) for object_ in OBJECTS]


def gate_asset(object_: str) -> dg.AssetsDefinition:
    """`gates/<object>`: judges the batch that the last build wants to write."""

    @dg.asset(
        key=gate_key(object_),
        deps=[diff_key(object_)],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=gate_key(object_),
                blocking=True,
                description="No batch-level rule of the suite failed. Rows that broke a row-level rule are in the dead letters.",
            )
        ],
        group_name="gates",
        description=f"The verdict of the suite {object_} over exactly the payloads about to leave, with their hashes.",
        owners=OWNERS,
        kinds={"greatexpectations"},
        tags=tags("gates", object_, pii=object_ in PERSONAL, money=object_ in AMOUNTS),
        required_resource_keys={"app", "progress"},
    )
    def gate(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        app: App = context.resources.app
        context.resources.progress(f"gate {object_}", 0, 0)
        with acting(f"the gate of {object_}"):
            try:
                judgement = gate_and_record(
                    app.store, app.warehouse, object_, None, context.run.run_id, policy=app.policy
                )
            except SuiteError as error:
                raise dg.Failure(description=str(error), allow_retries=False) from error
        return dg.MaterializeResult(
            metadata=_about(judgement),
            check_results=[
                dg.AssetCheckResult(
                    check_name=CHECK,
                    passed=judgement.result.passed,
                    metadata={
                        "quarantined": len(judgement.result.quarantined_keys),
                        "reasons": [str(error) for error in judgement.result.batch_errors],
                    },
                )
            ],
        )

    return gate


def _about(judgement: Judgement) -> dict[str, object]:
    result = judgement.result
    return {
        "verdict": judgement.verdict_id,
        "generation": judgement.generation,
        "passed": result.passed,
        "rows": result.rows_in,
        "rows_passed": len(result.payload_shas),
        "quarantined": len(result.quarantined_keys),
        "first_quarantined": [
            f"{entry.business_key}: {entry.rule}: {entry.message}" for entry in result.quarantined[:_SHOWN]
        ],
        "stopped_by": [str(error) for error in result.batch_errors],
        "suite": result.suite_sha[:12],
        "mapping": result.mapping_version[:12],
    }
