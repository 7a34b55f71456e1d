"""`fbinfor docs` on a fresh home: one page, opened from the disk, that documents everything and asks nobody for anything."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from up_home import chromium, fbinfor


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("documented")
    process = fbinfor("docs", home=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said.decode()
    assert said.decode().strip() == str(home / "docs" / "index.html")
    return home / "docs" / "index.html"


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Every address that the page asked for."""
    return []


@pytest.fixture(scope="module")
def page(file: Path, asked: list[str]) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        yield page
        browser.close()


def test_a_model_shows_its_description_and_columns(page: Page, file: Path) -> None:
    page.goto(f"{file.as_uri()}#!/model/model.fbinfor.documents")
    expect(page.get_by_text("Orders, invoices and credit notes of the three systems.").first).to_be_visible()
    expect(page.get_by_text("parent_doc_uid").first).to_be_visible()
    expect(page.get_by_text("M3 invoice: the order that it invoices.").first).to_be_visible()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("source/source.fbinfor.raw.m3__ledger", "The moment before the pull that found it began"),
        ("exposure/exposure.fbinfor.m3_delivery", "outbound/m3__*"),
        ("analysis/analysis.fbinfor.classes", "Every line of the file by class."),
    ],
)
def test_sources_exposures_and_questions_of_the_tour_are_documented(
    page: Page, file: Path, address: str, text: str
) -> None:
    page.goto(f"{file.as_uri()}#!/{address}")
    expect(page.get_by_text(text).first).to_be_visible()


def test_the_page_asks_nobody_for_anything(page: Page, asked: list[str]) -> None:
    page.wait_for_timeout(1_000)
    assert {address.partition(":")[0] for address in asked} <= {"file", "data", "blob"}, asked
