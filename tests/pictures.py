"""The README's pictures, made anew from a demo: `make pictures` writes docs/pictures/*.png.

Belongs here: which screens are shown and how they are brought about. Does not belong here: what must be on them
(tests/browser).

One day of orders goes through the demo, `fbinfor up` opens its home, and a browser photographs the lineage, a pass, and two
report pages. A home that is there already is used as it is.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fbinfor_assets.config import Paths
from tests.browser.up_home import ROOT, chromium, running

PICTURES = ROOT / "docs" / "pictures"
DAY = "2010-12-01"
_PASSES = '{runsOrError(filter:{statuses:[SUCCESS],pipelineName:"sync_cycle"}){...on Runs{results{runId stepStats{stepKey}}}}}'


def main() -> int:
    """Make all pictures; the exit code."""
    parser = argparse.ArgumentParser(description="Make the README's pictures anew.")
    parser.add_argument(
        "--home", type=Path, default=Path("var/pictures"), help="A demo's home; made if missing."
    )
    parser.add_argument("--orders", type=Path, help="Order file, as for the demo.")
    chosen = parser.parse_args()
    paths = Paths(chosen.home)
    if not (paths.home / "summary.json").exists():
        _demo(paths.home, chosen.orders)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, running(paths.home) as addresses:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        _dagster(browser, addresses["Dagster"])
        for name in ("reconciliation", "anomalies"):
            _report(browser, paths.reports / f"{name}.html")
        browser.close()
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size:,} bytes")
    return 0


def _demo(home: Path, orders: Path | None) -> None:
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.cli",
        "demo",
        "--from",
        DAY,
        "--to",
        DAY,
        "--home",
        str(home),
    ]
    subprocess.run([*command, *(["--orders", str(orders)] if orders else [])], cwd=ROOT, check=True)


def _dagster(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1900, "height": 1000})
    page.set_default_timeout(180_000)
    page.goto(f"{address}/asset-groups")
    expect(page.get_by_text("reports", exact=True).first).to_be_visible(timeout=180_000)
    page.wait_for_timeout(2_000)
    if (invitation := page.get_by_text("Skip", exact=True)).is_visible():
        invitation.click()  # Dagster's own, once per home.
    _take(page, "lineage")
    answer = httpx.post(f"{address}/graphql", json={"query": _PASSES}, trust_env=False, timeout=60).json()
    passes = answer["data"]["runsOrError"]["results"]
    # The pass that did most; its log without the events that name this machine's folders.
    page.goto(f"{address}/runs/{max(passes, key=lambda run: len(run['stepStats']))['runId']}")
    expect(page.get_by_text("dbt_build").first).to_be_attached(timeout=60_000)
    page.get_by_placeholder(re.compile("^Filter")).last.fill("type:STEP_SUCCESS")
    _take(page, "run")
    page.close()


def _report(browser: Browser, file: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1150}, color_scheme="light")
    page.goto(file.as_uri())
    if page.locator("#anomalies_findings .open").count():
        page.locator("#anomalies_findings .open").first.click()
    _take(page, f"report-{file.stem}")
    page.close()


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(2_000)  # what slides in has slid in
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    raise SystemExit(main())
