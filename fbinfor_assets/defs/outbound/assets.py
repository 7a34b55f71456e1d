"""`outbound/<object>`: writes what the gate let through into its target.

Belongs here: verdict and batch brought together, the flow's mode, the delivery's report in Dagster.
Does not belong here: sending (delivery), judging (gates).
"""

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.defs.gates.judge import NotCovered, covered
from fbinfor_assets.defs.landing import acting
from fbinfor_assets.defs.naming import (
    AMOUNTS,
    FLOW_OF,
    OBJECTS,
    OWNERS,
    PERSONAL,
    gate_key,
    outbound_key,
    tags,
)
from fbinfor_assets.defs.outbound.checks import CHECK, attention
from fbinfor_assets.delivery import Forbidden, RefusedByGate, Report, RowError, deliver

_SHOWN = 20


def assets() -> list[dg.AssetsDefinition]:
    """The outbound assets of all objects."""
    return [outbound_asset(object_) for object_ in OBJECTS]


def outbound_asset(object_: str) -> dg.AssetsDefinition:
    """`outbound/<object>`. Without a passed verdict over exactly this batch it fails and nothing is sent."""
    target = object_.partition("__")[0]

    @dg.asset(
        key=outbound_key(object_),
        deps=[gate_key(object_)],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=outbound_key(object_),
                description="Nothing of this object is in doubt, in conflict, or in the dead letters.",
            )
        ],
        group_name="outbound",
        description=f"Writes the differences of {object_} that the gate let through, and reads each back.",
        owners=OWNERS,
        kinds={"freshbooks" if target == "freshbooks" else "infor"},
        tags=tags("outbound", object_, pii=object_ in PERSONAL, money=object_ in AMOUNTS),
        required_resource_keys={"app", "progress"},
    )
    def push(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        app: App = context.resources.app
        progress = context.resources.progress
        with acting(f"sending {object_}"):
            try:
                verdict_id, rows = covered(app.store, app.warehouse, object_)
                flow = FLOW_OF[object_]
                if app.policy.may_write(flow):
                    report = deliver(
                        app.store,
                        app.clients,
                        object_,
                        rows,
                        verdict_id,
                        context.run.run_id,
                        lambda stage, done, total: progress(f"{stage} {object_}", done, total),
                        settings=app.delivery_settings,
                    )
                else:
                    report = Report(object_)
                    report.messages.append(
                        f"flow {flow} is in mode {app.policy.flows[flow].mode}: {len(rows)} rows are planned, none was sent"
                    )
            except (NotCovered, RefusedByGate, Forbidden, RowError) as error:
                raise dg.Failure(description=str(error), allow_retries=False) from error
        for message in report.messages[:_SHOWN]:
            context.log.warning(message)
        return dg.MaterializeResult(
            metadata={"verdict": verdict_id, "rows": len(rows), **_about(report)},
            check_results=[attention(app.store, object_)],
        )

    return push


def _about(report: Report) -> dict[str, object]:
    return {
        **{name: value for name, value in report.as_dict().items() if name not in ("object", "messages")},
        "finished": report.finished,
        "messages": report.messages[:_SHOWN],
    }
