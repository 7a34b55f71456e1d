"""What pages say of figures: the sentence at the top, numbers as text, charts without a float on the way."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from fbinfor_assets.reports import charts, picture
from fbinfor_assets.reports.content import Bar, Chart, Column, Standing, listed, money, text
from fbinfor_assets.reports.pages import ageing, anomalies, reconciliation, revenue, sent
from fbinfor_assets.reports.render import _cell

STANDING = Standing(9, datetime(2011, 1, 4, 21, tzinfo=UTC), date(2011, 1, 4))
AGREES = {
    "currency": "GBP",
    "unexplained": Decimal("0.00"),
    "documents": 2025,
    "agreeing": 2000,
    "unexplained_documents": 0,
}


def chart(*bars: Bar, **more: object) -> Chart:
    codes = list(dict.fromkeys(bar.series for bar in bars))
    return Chart(
        **{
            "id": "c",
            "title": "T",
            "about": "A",
            "bars": bars,
            "series": charts.colours_of(codes),
            "unit": "GBP",
            **more,
        }
    )


def test_numbers_keep_their_scale_and_get_their_separators():
    assert text(Decimal("9747747.934"), "money") == "9,747,747.934"
    assert text(Decimal("-0.50"), "money") == "-0.50"
    assert text(Decimal("359021.0000"), "number") == "359,021"
    assert money(Decimal("1234.5"), "GBP") == "1,234.5 GBP"
    assert text(25900, "count") == "25,900"
    assert text(None, "money") == ""


def test_a_sum_beyond_what_a_float_holds_is_shown_to_the_cent():
    row = {"net": Decimal("90071992547409.93")}
    assert _cell(row, Column("net", "Net", "money")) == "90,071,992,547,409.93"


def test_everything_agrees_is_one_sentence_with_amount_count_and_day():
    said = reconciliation.answer([AGREES], [], STANDING)
    assert said.state == "ok"
    assert (
        said.sentence == "Everything agrees: 0.00 GBP unexplained over 2,025 documents, as of 4 January 2011."
    )


def test_one_cent_in_one_currency_does_not_agree_and_the_other_is_not_added_to_it():
    wrong = {
        **AGREES,
        "currency": "EUR",
        "unexplained": Decimal("0.01"),
        "documents": 3,
        "unexplained_documents": 1,
    }
    said = reconciliation.answer([AGREES, wrong], [], STANDING)
    assert said.state == "bad"
    assert (
        said.sentence == "Does not agree: 0.01 EUR unexplained in 1 document of 2,028, as of 4 January 2011."
    )


def test_known_causes_are_counted_in_the_detail():
    causes = [
        {"status": "prepaid", "documents": 1200},
        {"status": "in transit", "documents": 1},
        {"status": "unexplained", "documents": 4},
    ]
    said = reconciliation.answer([AGREES], causes, STANDING)
    assert said.details == ["With a known cause: 1,201 documents (prepaid 1,200 and in transit 1)."]


@pytest.mark.parametrize(
    ("counts", "state", "sentence"),
    [
        ((0, 0, 0), "note", "Nothing was sent yet, as of 4 January 2011."),
        (
            (8, 0, 0),
            "ok",
            "Everything that was sent arrived: 8 writes, each read back and equal, as of 4 January 2011.",
        ),
        ((8, 1, 0), "note", "1 write of 8 is still under way, none was refused, as of 4 January 2011."),
        ((8, 3, 2), "bad", "2 of 8 writes did not arrive, as of 4 January 2011."),
    ],
)
def test_what_was_sent_says_what_did_not_arrive(counts: tuple[int, int, int], state: str, sentence: str):
    writes, under_way, failed = counts
    said = sent.answer({"writes": writes, "under_way": under_way, "failed": failed}, STANDING)
    assert (said.state, said.sentence) == (state, sentence)


def test_pages_of_an_empty_company_say_so():
    for answer in (reconciliation.answer([], [], STANDING), revenue.answer([], STANDING)):
        assert answer.state == "note"
    assert ageing.answer([], STANDING).sentence == "Nobody owes anything in M3, as of 4 January 2011."
    assert anomalies.answer([], STANDING).sentence == "Nothing looks wrong, as of 4 January 2011."


def test_amounts_at_risk_are_summed_per_currency():
    found = [
        {"rule": "duplicate_invoice", "currency": "GBP", "findings": 2, "amount_at_risk": Decimal("10.10")},
        {"rule": "unusual_amount", "currency": "GBP", "findings": 1, "amount_at_risk": Decimal("0.20")},
        {"rule": "unusual_amount", "currency": "EUR", "findings": 1, "amount_at_risk": Decimal("5.00")},
        {"rule": "sequence_gap", "currency": None, "findings": 1, "amount_at_risk": Decimal("0.00")},
    ]
    said = anomalies.answer(found, STANDING)
    assert said.sentence == "5 findings to look at with 10.30 GBP and 5.00 EUR at risk, as of 4 January 2011."


def test_lists_read_as_people_write_them():
    assert [listed(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_an_amount_enters_a_chart_as_decimal_text():
    specification = charts.specification(chart(Bar("Dec 2010", "m3", Decimal("90071992547409.93"), "GBP")))
    (value,) = specification["data"]["values"]
    assert value["decimal"] == "90071992547409.93"
    assert value["said"] == "Dec 2010: 90,071,992,547,409.93 GBP"
    assert not any(isinstance(found, float) for found in value.values())


def test_a_drawn_chart_fetches_nothing_and_names_itself_and_its_bars():
    hostile = '</svg><script>alert(1)</script>&"'
    drawn = charts.svg(
        chart(
            Bar(hostile, "m3", Decimal("-1.00"), "GBP"), Bar("b", "m3", Decimal("2.00"), "GBP"), across=True
        )
    )
    root = ElementTree.fromstring(drawn)
    assert "<script" not in drawn and "href" not in drawn and "url(" not in drawn and " id=" not in drawn
    assert root.get("aria-label") == "T. A" and "width" not in root.attrib
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [f"{hostile}: -1.00 GBP", "b: 2.00 GBP"]


def test_every_colour_of_a_chart_has_a_dark_one():
    drawn = charts.svg(
        chart(
            Bar("a", "m3", Decimal("-1.00"), "GBP"),
            Bar("a", "shop", Decimal("2.00"), "GBP"),
            Bar("b", "shop", Decimal("2.00"), "GBP"),
        )
    )
    light = {colours[0] for colours in charts.PALETTE.values()}
    used = {
        value
        for element in ElementTree.fromstring(drawn).iter()
        for name in ("fill", "stroke")
        if (value := element.get(name)) not in (None, "none", "transparent")
    }
    assert used <= light


def test_a_new_rule_gets_a_colour_of_its_own():
    found = charts.colours_of(["sequence_gap", "brand_new"], {"sequence_gap": ("sequence gap", "purple")})
    assert found == {"sequence_gap": ("sequence gap", "purple"), "brand_new": ("brand new", "blue")}


def test_a_picture_for_the_catalogue_is_small():
    bars = [Bar(f"Customer {n} of a long name Limited", "m3", Decimal(n * 1000), "GBP") for n in range(1, 13)]
    drawn = picture(chart(*bars, across=True))
    assert drawn.startswith(b"\x89PNG") and len(drawn) < 300_000


def test_evidence_is_shown_as_it_is_with_its_amounts_as_amounts():
    detail = anomalies._evidence(
        {
            "finding_id": "f",
            "evidence": json.dumps([{"document": "536365", "amount": "1234.50", "about": {"a": 1}}]),
        }
    )
    assert detail is not None
    assert [(one.name, one.kind) for one in detail.columns] == [
        ("document", "text"),
        ("amount", "number"),
        ("about", "text"),
    ]
    assert detail.rows[0] == {"document": "536365", "amount": Decimal("1234.50"), "about": '{"a": 1}'}
