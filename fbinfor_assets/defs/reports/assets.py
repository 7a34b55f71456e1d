"""`report_pages/<name>`: each report as an HTML file, with its sentence, key figures and pictures in the catalogue.

Belongs here: when pages are drawn, and what Dagster shows of them.
Does not belong here: what is on a page (fbinfor_assets/reports), the tables behind it (dbt_project/models/reports).

All of them are one step: they read under one connection, so that the index and its pages show the same figures.
"""

import base64
from collections.abc import Iterator

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.landing import acting
from fbinfor_assets.defs.naming import OWNERS, REPORTS, tags
from fbinfor_assets.reports import READS, Written, picture, read_pages, write_page

STEP = "report_pages"
_ABOUT = {
    "index": "All reports at a glance: the answer of each in a sentence, and the way to it.",
    "reconciliation": "Do FreshBooks and Infor M3 agree? Per currency, cause, period, party and document.",
    "sent": "What was written to FreshBooks and M3, and why; what did not arrive first, fields old → new.",
    "ageing": "Who owes what and since when, by M3's ledger, with what FreshBooks shows beside it.",
    "revenue": "Where every line of the shop went: revenue by class and month, costs apart, rounding itemised.",
    "anomalies": "What looks wrong: each finding with a sentence, the amount at risk, its evidence, and what to do.",
}


def page_key(name: str) -> dg.AssetKey:
    """`report_pages/ageing`."""
    return dg.AssetKey([STEP, name])


def assets(automation: Automation) -> list[dg.AssetsDefinition]:
    """The step `report_pages` with an asset per page."""
    # The index last: it stands behind the pages that it lists.
    in_order = [*READS, "index"]

    @dg.multi_asset(
        name=STEP,
        specs=[
            dg.AssetSpec(
                page_key(name),
                deps=[dg.AssetKey(["reports", table]) for table in READS[name]]
                if name in READS
                else [page_key(other) for other in READS],
                group_name=REPORTS,
                description=_ABOUT[name],
                owners=OWNERS,
                kinds={"html"},
                tags=tags("reports", pii=True, money=True),
                freshness_policy=automation.freshness["reports"],
            )
            for name in in_order
        ],
        can_subset=True,
        required_resource_keys={"app", "progress"},
    )
    def report_pages(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        app: App = context.resources.app
        context.resources.progress("report pages", 0, 0)
        names = [name for name in in_order if page_key(name) in context.selected_asset_keys]
        with acting("drawing the reports"):
            with app.warehouse.connect("reading the reports") as con:
                pages = read_pages(con, names)
            for page in pages:
                written = write_page(page, app.paths.reports)
                context.log.info(f"{page.name}: {page.answer.sentence}")
                yield dg.MaterializeResult(asset_key=page_key(page.name), metadata=_about(written))

    return [report_pages]


def _about(written: Written) -> dict[str, dg.MetadataValue]:
    page = written.page
    about: dict[str, dg.MetadataValue] = {
        "answer": dg.MetadataValue.text(page.answer.sentence),
        "state": dg.MetadataValue.text(page.answer.state),
    }
    for number, chart in enumerate(page.charts, 1):
        name = "picture" if number == 1 else f"picture_{number}"
        drawn = base64.b64encode(picture(chart)).decode()
        about[name] = dg.MetadataValue.md(
            f"**{chart.title}**\n\n![{chart.title}](data:image/png;base64,{drawn})"
        )
    figures = [f"| {one.label} | {one.text} | {one.unit} |" for group in page.figures for one in group]
    if figures:
        about["key_figures"] = dg.MetadataValue.md("\n".join(["| figure | | |", "|---|--:|---|", *figures]))
    about["rows"] = dg.MetadataValue.json({table.id: table.all_rows for table in page.tables})
    about["build"] = dg.MetadataValue.int(page.standing.generation)
    about["as_of"] = dg.MetadataValue.text(str(page.standing.as_of or "no day yet"))
    about["path"] = dg.MetadataValue.path(str(written.path))
    about["link"] = dg.MetadataValue.url(written.path.as_uri())
    about["bytes"] = dg.MetadataValue.int(written.bytes)
    return about
