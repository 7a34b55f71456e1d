"""The README's pictures, made anew from a demo: `make pictures` writes docs/pictures/*.png.

Belongs here: which screens are shown and how they are brought about. Does not belong here: what must be on them
(tests/browser).

One day of orders goes through the demo, `fbinfor up` opens its home, and a browser photographs the lineage, the run that
made the reports, and two report pages. A home that is there already is used as it is.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fbinfor_assets.config import Paths
from tests.browser.up_home import ROOT, chromium, running

PICTURES = ROOT / "docs" / "pictures"
DAY = "2010-12-01"
_LAST = '{runsOrError(filter:{statuses:[SUCCESS],pipelineName:"refresh_reports"},limit:1){...on Runs{results{runId}}}}'


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
    page.set_default_timeout(60_000)
    page.goto(f"{address}/asset-groups")
    page.get_by_text("Skip", exact=True).click()  # Dagster's own invitation, once per browser.
    expect(page.get_by_text("reports", exact=True).first).to_be_visible(timeout=60_000)
    _take(page, "lineage")
    answer = httpx.post(f"{address}/graphql", json={"query": _LAST}, trust_env=False, timeout=60).json()
    page.goto(f"{address}/runs/{answer['data']['runsOrError']['results'][0]['runId']}")
    expect(page.get_by_text("report_pages").first).to_be_attached(timeout=60_000)
    _take(page, "run")
    page.close()


def _report(browser: Browser, file: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
    page.goto(file.as_uri())
    _take(page, f"report-{file.stem}")
    page.close()


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(2_000)  # what slides in has slid in
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    raise SystemExit(main())
