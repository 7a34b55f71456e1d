"""What a person sees who types `fbinfor up` and opens the Dagster page: the lineage from raw to outbound, and a run."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from up_home import chromium, prepare, running

LAYERS = ("freshbooks", "infor", "shop", "staging", "canonical", "matched", "outbound", "gates", "reports")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("up")
    prepare(home)
    with running(home) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def page(addresses: dict[str, str]) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        page = browser.new_page(viewport={"width": 1900, "height": 1000})
        page.set_default_timeout(60_000)
        page.goto(f"{addresses['Dagster']}/asset-groups")
        # Dagster's own invitation, once per browser.
        page.get_by_text("Skip", exact=True).click()
        yield page
        browser.close()


def test_every_address_that_is_printed_answers(addresses: dict[str, str]) -> None:
    for name in ("freshbooks simulator", "infor simulator", "shop simulator"):
        assert httpx.get(f"{addresses[name]}/_sandbox/health", trust_env=False).status_code == 200
    assert httpx.get(f"{addresses['Dagster']}/server_info", trust_env=False).status_code == 200


def test_the_lineage_runs_from_raw_to_outbound(addresses: dict[str, str], page: Page) -> None:
    page.goto(f"{addresses['Dagster']}/asset-groups")
    for layer in LAYERS:
        expect(page.get_by_text(layer, exact=True).first).to_be_visible(timeout=60_000)


def test_a_pass_that_went_through_is_shown_with_its_assets(addresses: dict[str, str], page: Page) -> None:
    page.goto(f"{addresses['Dagster']}/runs")
    expect(page.get_by_text("sync_cycle").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Success").first).to_be_visible(timeout=60_000)
    runs = httpx.post(
        f"{addresses['Dagster']}/graphql",
        json={
            "query": '{runsOrError(filter:{statuses:[SUCCESS],pipelineName:"sync_cycle"}){...on Runs{results{runId}}}}'
        },
        trust_env=False,
    ).json()["data"]["runsOrError"]["results"]
    page.goto(f"{addresses['Dagster']}/runs/{runs[-1]['runId']}")
    for step in ("dbt_build", "outbound__m3__items"):
        expect(page.get_by_text(step).first).to_be_attached(timeout=60_000)


def test_a_reports_asset_shows_its_picture_and_its_sentence(addresses: dict[str, str], page: Page) -> None:
    page.goto(f"{addresses['Dagster']}/assets/report_pages/reconciliation?view=events")
    expect(page.get_by_text("Everything agrees: 0.00 GBP unexplained over").first).to_be_visible(
        timeout=60_000
    )
    page.get_by_text("[Show Markdown]").first.click()
    picture = page.locator("img[src^='data:image/png;base64,']").first
    expect(picture).to_be_visible(timeout=60_000)
    assert picture.evaluate("image => image.complete && image.naturalWidth > 300")
