"""Recurring templates of the FreshBooks simulator, and the invoices they make (freshbooks-api 5, 7)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.freshbooks.invoice_profiles import _later as later

PATH = "/invoice_profiles/invoice_profiles"


def template(simulator, tools, **given):
    body = {
        "customerid": simulator.client()["id"],
        "create_date": "2011-03-31",
        "frequency": "m",
        "numberRecurring": 3,
        "lines": [tools.line()],
    }
    return tools.one(simulator.post(PATH, {"invoice_profile": body | given}))


def read(simulator, tools, profile, include):
    return tools.one(simulator.get(f"{PATH}/{profile['id']}", **{"include[]": include}))


def invoices_of(simulator, profile):
    rows = simulator.get("/invoices/invoices", **{"search[customerid]": profile["customerid"]}).json()
    return rows["response"]["result"]["invoices"]


def test_a_template_reads_with_its_worth_and_no_lines_unless_included(simulator, tools):
    profile = template(simulator, tools)
    assert (profile["profileid"], profile["amount"]["amount"]) == (profile["id"], "144.00")
    assert (profile["occurrences_to_date"], profile["send_email"], profile["disable"]) == (0, True, False)
    assert "lines" not in profile
    (line,) = read(simulator, tools, profile, "lines")["lines"]
    assert line["profileid"] == profile["id"]


def test_a_template_may_not_start_in_the_past(simulator, tools):
    body = {"customerid": simulator.client()["id"], "create_date": "2011-02-20", "frequency": "m"}
    answer = simulator.post(PATH, {"invoice_profile": body})
    assert tools.error(answer) == (422, 16003, "create_date")


@pytest.mark.parametrize("frequency", ["", "monthly", "0w", "m2", "x"])
def test_a_frequency_is_a_number_and_a_unit(simulator, tools, frequency):
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-31", "frequency": frequency}
    answer = simulator.post(PATH, {"invoice_profile": body})
    assert tools.error(answer)[2] == "frequency"


def test_invoices_are_made_and_sent_as_the_clock_passes_their_days(own, tools):
    simulator = own()
    profile = template(simulator, tools, due_offset_days=14)
    simulator.clock("2011-03-30T12:00:00Z")
    assert invoices_of(simulator, profile) == []
    simulator.clock("2011-08-01T12:00:00Z")
    made = invoices_of(simulator, profile)
    # Three and no more; 30 April and 31 May count from 31 March.
    assert [invoice["create_date"] for invoice in made] == ["2011-03-31", "2011-04-30", "2011-05-31"]
    assert {invoice["parent"] for invoice in made} == {profile["id"]}
    assert [invoice["generation_date"] for invoice in made] == [invoice["create_date"] for invoice in made]
    assert {(i["status"], i["v3_status"], i["amount"]["amount"]) for i in made} == {(2, "overdue", "144.00")}
    assert made[0]["due_date"] == "2011-04-14"
    shown = read(simulator, tools, profile, "tracking,next_issue_date,total_accrued_revenue")
    assert (shown["occurrences_to_date"], shown["next_issue_date"]) == (3, None)
    assert [one["invoiceid"] for one in shown["tracking"]] == [invoice["id"] for invoice in made]
    assert shown["total_accrued_revenue"] == {"amount": "432.00", "code": "GBP"}
    assert simulator.balances()["1200"] == "432.00"


def test_drafts_are_made_if_nothing_is_to_be_sent(own, tools):
    simulator = own()
    profile = template(simulator, tools, send_email=False)
    simulator.clock("2011-04-01T12:00:00Z")
    assert [invoice["v3_status"] for invoice in invoices_of(simulator, profile)] == ["draft"]


@pytest.mark.parametrize("given_", [{"disable": True}, {"vis_state": 1}])
def test_a_disabled_or_deleted_template_makes_nothing(own, tools, given_):
    simulator = own()
    profile = template(simulator, tools)
    tools.one(simulator.put(f"{PATH}/{profile['id']}", {"invoice_profile": given_}))
    simulator.clock("2011-06-01T12:00:00Z")
    assert invoices_of(simulator, profile) == []


def test_a_template_without_a_number_goes_on(own, tools):
    simulator = own()
    profile = template(simulator, tools, frequency="2w", numberRecurring=0)
    simulator.clock("2011-05-01T12:00:00Z")
    days = [invoice["create_date"] for invoice in invoices_of(simulator, profile)]
    assert days == ["2011-03-31", "2011-04-14", "2011-04-28"]
    assert read(simulator, tools, profile, "next_issue_date")["next_issue_date"] == "2011-05-12"


def test_what_a_template_carries_is_on_its_invoices(own, tools):
    simulator = own()
    style = {"theme_layout": "classic", "theme_primary_color": "#112233"}
    profile = template(
        simulator, tools, presentation=style, allowed_gatewayids=[26], late_fee={"enabled": True, "days": 10}
    )
    simulator.clock("2011-04-01T12:00:00Z")
    (invoice,) = invoices_of(simulator, profile)
    shown = simulator.read(invoice, "presentation,allowed_gateways,late_fee")
    assert shown["presentation"]["theme_layout"] == "classic"
    assert [gateway["gatewayid"] for gateway in shown["allowed_gateways"]] == [26]
    assert (shown["late_fee"]["enabled"], shown["late_fee"]["days"]) == (True, 10)


def test_a_place_for_unbilled_time_is_kept_on_the_template_only(own, tools):
    simulator = own()
    profile = template(
        simulator, tools, lines=[{"type": 5, "qty": 1}, tools.line()], include_unbilled_time=True
    )
    assert [line["type"] for line in read(simulator, tools, profile, "lines")["lines"]] == [5, 0]
    simulator.clock("2011-04-01T12:00:00Z")
    (invoice,) = invoices_of(simulator, profile)
    assert [line["type"] for line in simulator.read(invoice, "lines")["lines"]] == [0]


def test_templates_are_found_by_client_currency_and_id(simulator, tools):
    profile = template(simulator, tools)
    template(simulator, tools)
    for query in (f"search[clientid]={profile['customerid']}", f"search[profileid]={profile['id']}"):
        assert simulator.listed(PATH, query) == [profile["id"]]
    mine = f"search[clientid]={profile['customerid']}&"
    assert simulator.listed(PATH, mine + "search[currency_code]=USD") == []
    assert simulator.listed(PATH, mine + "search[frequency]=y") == [profile["id"]]


def test_generated_invoices_survive_a_restart_with_their_template(fresh, tools):
    simulator = fresh()
    profile = template(simulator, tools)
    simulator.clock("2011-05-15T12:00:00Z")
    simulator.end()
    simulator.arguments = ()
    simulator.start()
    assert len(invoices_of(simulator, profile)) == 2
    simulator.clock("2011-06-15T12:00:00Z")
    assert len(invoices_of(simulator, profile)) == 3


@given(
    start=st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 1, 1)),
    frequency=st.from_regex(r"([1-9]\d?)?[dwmy]", fullmatch=True),
    times=st.integers(min_value=0, max_value=40),
)
def test_the_days_of_a_template_only_go_forward_and_never_leave_the_day_of_the_month_but_at_its_end(
    start, frequency, times
):
    day, following = later(start, frequency, times), later(start, frequency, times + 1)
    assert day < following
    if times == 0:
        assert day == start
    if frequency[-1] in "my":
        last_of_month = (following + timedelta(1)).day == 1
        assert following.day == start.day or (last_of_month and following.day < start.day)
