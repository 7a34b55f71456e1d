"""The report pages as a person opens them: from a file, with the network off, on a desk and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from report_home import report_home
from up_home import chromium

from fbinfor_assets.config import Paths
from fbinfor_assets.reports import NAMES, make_pages
from fbinfor_assets.warehouse import Warehouse

SENTENCES = {
    "index": "Everything agrees: 0.00 GBP and 0.00 EUR unexplained over 10 documents, as of 4 January 2011.",
    "reconciliation": "Everything agrees: 0.00 GBP and 0.00 EUR unexplained over 10 documents, as of 4 January 2011.",
    "sent": "1 of 5 writes did not arrive, as of 4 January 2011.",
    "ageing": "Open in M3: 393.18 GBP and 855.86 EUR over 4 parties; 370.98 GBP of it is past its due date, as of 4 January 2011.",
    "revenue": "All 27 lines of the shop, -11,955.457 GBP and 1,059.860 EUR net, stand in exactly one class each; "
    "M3 has 1,585.87 GBP and 1,059.86 EUR net revenue, as of 4 January 2011.",
    "anomalies": "3 findings to look at with 977.97 GBP at risk, as of 4 January 2011.",
}
HOSTILE = '<script>document.title="taken"</script>'


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The pages of report_tables.sql."""
    paths = report_home(tmp_path_factory.mktemp("pages"))
    make_pages(Warehouse(paths.home), paths.reports)
    return paths


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield browser
        browser.close()


class Desk:
    """A browser page that goes nowhere, and everything it asked for or complained about."""

    def __init__(self, browser: Browser, paths: Paths, **context: object) -> None:
        self._paths = paths
        self._context = browser.new_context(**context)
        self.page: Page = self._context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self._context.set_offline(True)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def open(self, name: str) -> Page:
        self.page.goto((self._paths.reports / f"{name}.html").as_uri())
        return self.page

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def desk(browser: Browser, paths: Paths) -> Iterator[Desk]:
    desk = Desk(browser, paths, viewport={"width": 1280, "height": 900})
    yield desk
    desk.close()


def asked_of_the_snapshot(paths: Paths, query: str) -> list[tuple]:
    with duckdb.connect(paths.published, read_only=True) as con:
        return con.execute(query).fetchall()


def column(page: Page, table: str, title: str) -> list[str]:
    """The visible cells of a table's column, from top to bottom."""
    heads = [text.strip() for text in page.locator(f"#{table} .rows > thead th").all_inner_texts()]
    cells = page.locator(
        f"#{table} .rows > tbody:not([hidden]) > tr:first-child > td:nth-child({heads.index(title) + 1})"
    )
    return [text.strip() for text in cells.all_inner_texts()]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_its_sentence_and_asks_for_nothing(desk: Desk, name: str) -> None:
    page = desk.open(name)
    expect(page.locator(".answer .sentence")).to_have_text(SENTENCES[name])
    page.wait_for_load_state("networkidle")
    assert [url for url in desk.asked if not url.endswith(f"/{name}.html")] == []
    assert desk.complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_no_page_scrolls_sideways_on_a_telephone(browser: Browser, paths: Paths, name: str) -> None:
    phone = Desk(browser, paths, viewport={"width": 360, "height": 780}, is_mobile=True, color_scheme="dark")
    page = phone.open(name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    phone.close()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_customer_is_called_is_text_and_nothing_else(desk: Desk, name: str) -> None:
    page = desk.open(name)
    assert page.title().endswith("– fbinfor")
    assert page.locator("img").count() == 0 and page.locator("script").count() == 1
    if name in ("reconciliation", "ageing", "anomalies"):
        assert page.get_by_text(HOSTILE).count() > 0
    # A script that got in would still not run: only the page's own is named by its hash.
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'taken = 1'}))"
    )
    assert page.evaluate("typeof taken") == "undefined"


def test_the_key_figures_are_those_of_sql(desk: Desk, paths: Paths) -> None:
    page = desk.open("ageing")
    for group, (currency, open_amount) in enumerate(
        asked_of_the_snapshot(
            paths,
            "select currency, sum(total_open) from reports.receivables_ageing group by 1 order by count(*) desc",
        )
    ):
        figure = page.locator(".figures").nth(group).locator("div", has_text="open in M3")
        expect(figure.locator("dd")).to_have_text(f"{open_amount:,} {currency}")


def test_the_foot_of_a_table_is_summed_by_sql_per_currency(desk: Desk, paths: Paths) -> None:
    page = desk.open("reconciliation")
    feet = page.locator("#reconciliation_documents tfoot tr")
    expected = asked_of_the_snapshot(
        paths,
        "select currency, count(*), sum(m3_invoiced) from reports.reconciliation_documents "
        "where status <> 'not a document' group by 1 order by 2 desc",
    )
    assert [row[0] for row in expected] == ["GBP", "EUR"]
    for foot, (currency, documents, invoiced) in zip(feet.all(), expected, strict=True):
        expect(foot.locator("th")).to_have_text(f"All {documents} in {currency}")
        expect(foot).to_contain_text(f"{invoiced:,}")


def test_a_column_of_amounts_sorts_by_their_value(desk: Desk) -> None:
    page = desk.open("reconciliation")
    head = page.locator("#reconciliation_documents thead th", has_text="Invoiced in M3")
    head.get_by_role("button").click()
    amounts = [
        Decimal(text.replace(",", "")) for text in column(page, "reconciliation_documents", "Invoiced in M3")
    ]
    assert amounts == sorted(amounts, reverse=True) and amounts[0] == Decimal("1234.50")
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    amounts = [
        Decimal(text.replace(",", "")) for text in column(page, "reconciliation_documents", "Invoiced in M3")
    ]
    assert amounts == sorted(amounts) and amounts[0] == Decimal("-27.50")


def test_a_filter_leaves_the_rows_that_have_all_its_words(desk: Desk) -> None:
    page = desk.open("reconciliation")
    page.locator("#reconciliation_documents").get_by_role("searchbox").fill("hartley 2010-12")
    assert column(page, "reconciliation_documents", "Document") == ["536365", "536367", "536366"]
    expect(page.locator("#reconciliation_documents output")).to_contain_text("3 of 10 rows")


def test_a_finding_opens_its_evidence(desk: Desk) -> None:
    page = desk.open("anomalies")
    finding = page.locator("#anomalies_findings tbody", has_text="have the same lines")
    expect(finding.get_by_text("2010-12-02")).to_be_hidden()
    finding.get_by_role("button", name="Open").first.click()
    expect(finding.get_by_text("2010-12-02")).to_be_visible()
    expect(finding.get_by_text("Ask the customer before the second one is collected.")).to_be_visible()


def test_a_party_opens_its_documents_and_a_document_its_reason(desk: Desk) -> None:
    page = desk.open("reconciliation")
    party = page.locator("#reconciliation_parties .rows > tbody", has_text="Å & Søn")
    party.get_by_role("button", name="Open").first.click()
    assert party.locator(".more tbody tr").count() == 2
    document = page.locator("#reconciliation_documents .rows > tbody", has_text="C536379")
    document.get_by_role("button", name="Open").first.click()
    expect(document.get_by_text("read back <soon>")).to_be_visible()


def test_what_did_not_arrive_stands_first_with_what_the_vendor_said(desk: Desk) -> None:
    page = desk.open("sent")
    assert column(page, "sent_writes", "Record") == [
        "payment:7001",
        "SHOP-66666",
        "536365",
        "536365",
        "SHOP-17850",
    ]
    first = page.locator("#sent_writes .rows > tbody").first
    first.get_by_role("button", name="Open").first.click()
    expect(first.get_by_text("payer <unknown> does not exist")).to_be_visible()
    changed = page.locator("#sent_writes .rows > tbody", has_text="changed in FreshBooks")
    changed.get_by_role("button", name="Open").first.click()
    assert changed.locator(".more tbody tr").all_inner_texts() == [
        "name\tOld Name\t<b>New</b> & Co",
        "limit\t100.10\t",
    ]


def test_a_chart_says_each_of_its_bars(desk: Desk) -> None:
    page = desk.open("reconciliation")
    bars = page.locator("#chart-periods-GBP [aria-roledescription=bar]")
    assert sorted(bar.get_attribute("aria-label") for bar in bars.all()) == [
        "Dec 2010, FreshBooks: 1,535.43 GBP",
        "Dec 2010, Infor M3: 1,605.48 GBP",
        "Jan 2011, FreshBooks: 282.06 GBP",
        "Jan 2011, Infor M3: 254.56 GBP",
    ]
    assert bars.first.locator("title").text_content() == bars.first.get_attribute("aria-label")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_reads_the_same_without_its_script(browser: Browser, paths: Paths, name: str) -> None:
    plain = Desk(browser, paths, viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page = plain.open(name)
    expect(page.locator(".answer .sentence")).to_have_text(SENTENCES[name])
    assert page.get_by_role("searchbox").count() == 0 and page.get_by_role("button").count() == 0
    if name == "anomalies":
        page.get_by_text("Evidence, f1").click()
        expect(page.get_by_text("2010-12-02")).to_be_visible()
    plain.close()


def test_what_does_not_agree_is_said_first_and_in_red(browser: Browser, tmp_path: Path) -> None:
    paths = report_home(
        tmp_path,
        "update reports.reconciliation_currencies set unexplained = 70.05 where currency = 'GBP'",
        "update reports.reconciliation_documents set status = 'unexplained', unexplained = 70.05 where sale_key = '536368'",
    )
    make_pages(Warehouse(paths.home), paths.reports, ["reconciliation"])
    desk = Desk(browser, paths, viewport={"width": 1280, "height": 900})
    page = desk.open("reconciliation")
    sentence = "Does not agree: 70.05 GBP unexplained in 1 document of 10, as of 4 January 2011."
    expect(page.locator(".answer.bad .sentence")).to_have_text(sentence)
    assert column(page, "reconciliation_documents", "Document")[0] == "536368"
    desk.close()
