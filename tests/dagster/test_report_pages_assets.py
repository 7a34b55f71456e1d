"""`report_pages/*` in the catalogue: what the job of the reports makes of them, and what it costs no pass."""

from __future__ import annotations

import base64
import re

import dagster as dg
import pytest
from small_world import World

from fbinfor_assets.defs.assemble import build_defs
from fbinfor_assets.defs.reports.assets import page_key
from fbinfor_assets.defs.resources import no_progress
from fbinfor_assets.reports import NAMES, READS


@pytest.fixture(scope="module")
def definitions(world: World, manifest: dict) -> dg.Definitions:
    return build_defs(resource_overrides={"app": world.app, "progress": no_progress}, manifest=manifest)


@pytest.fixture(scope="module")
def made(definitions: dg.Definitions) -> dict[str, dict[str, dg.MetadataValue]]:
    """Metadata of each page as the job `refresh_reports` left it."""
    result = definitions.resolve_job_def("refresh_reports").execute_in_process(raise_on_error=False)
    assert result.success, [event.message for event in result.all_events if event.is_failure]
    found = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        if materialization.asset_key.path[0] == "report_pages":
            found[materialization.asset_key.path[1]] = dict(materialization.metadata)
    return found


def test_the_job_of_the_reports_draws_every_page(world: World, made: dict) -> None:
    assert set(made) == set(NAMES)
    for name, about in made.items():
        file = world.app.paths.reports / f"{name}.html"
        assert about["path"].value == str(file)
        assert about["answer"].value.replace("'", "&#39;") in file.read_text("utf-8")


@pytest.mark.parametrize("name", ["index", "reconciliation", "sent"])
def test_a_page_has_a_picture_that_the_catalogue_can_show(made: dict, name: str) -> None:
    found = re.search(r"!\[[^\]]+\]\(data:image/png;base64,([^)]+)\)", made[name]["picture"].value)
    assert found is not None
    drawn = base64.b64decode(found[1])
    assert drawn.startswith(b"\x89PNG") and len(drawn) < 300_000


def test_rows_and_key_figures_are_counted(made: dict) -> None:
    about = made["sent"]
    assert about["rows"].data["sent_writes"] > 0
    assert re.search(rf"\| writes \| {about['rows'].data['sent_writes']:,} \|", about["key_figures"].value)
    assert about["build"].value > 0 and re.fullmatch(r"\d{4}-\d\d-\d\d", about["as_of"].value)


def test_a_page_stands_behind_the_tables_that_it_reads(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for name, tables in READS.items():
        assert graph.get(page_key(name)).parent_keys == {dg.AssetKey(["reports", table]) for table in tables}
    assert graph.get(page_key("index")).parent_keys == {page_key(name) for name in READS}


def test_no_pass_draws_a_page(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_job_def("sync_cycle").asset_layer.executable_asset_keys
    assert {key for key in keys if key.path[0] in ("report_pages", "reports")} == set()
