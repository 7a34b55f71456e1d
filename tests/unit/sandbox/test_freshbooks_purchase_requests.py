"""Whatever a request says of items, expenses, bills and the like, it is stored or refused: nothing fails."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.fields import parse_body
from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import State

LINE = ("id", "categoryid", "category", "description", "quantity", "unit_cost", "compounded_tax")
TAX = ("tax_name1", "tax_percent1", "tax_authorityid1")
FIELDS: dict[str, tuple[str, ...]] = {
    "item": ("name", "description", "sku", "qty", "inventory", "unit_cost", "tax1", "tax2", "vis_state"),
    "category": ("category", "parentid", "is_cogs", "is_editable", "vis_state"),
    "expense": (
        *("categoryid", "staffid", "clientid", "projectid", "amount", "date", "status", "vendor", "notes"),
        *("taxName1", "taxPercent1", "taxAmount1", "taxName2", "taxAmount2", "compounded_tax", "is_cogs"),
        *("markup_percent", "transactionid", "attachment", "has_receipt", "vis_state"),
    ),
    "bill_vendor": (
        "vendor_name",
        "currency_code",
        "language",
        "city",
        "is_1099",
        "tax_defaults",
        "vis_state",
    ),
    "bill": (
        *("vendorid", "issue_date", "due_offset_days", "currency_code", "language", "bill_number", "lines"),
        *("attachment", "amount", "status", "vis_state"),
    ),
    "bill_payment": ("billid", "amount", "payment_type", "paid_date", "note", "expenseid", "vis_state"),
    "other_income": (
        *("amount", "category_name", "date", "payment_type", "source", "note", "taxes", "vis_state"),
    ),
}

scalar = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(
        ["GBP", "EUR", "en", "1", "2011-03-01", "2011-02-30", "Cash", "other", "VAT", "12.50", "1e400"]
    ),
)
money = st.fixed_dictionaries(
    {}, optional={"amount": scalar, "code": st.sampled_from(["GBP", "EUR", "", None, 7])}
)
value = st.one_of(
    scalar, money, st.lists(scalar, max_size=2), st.dictionaries(st.sampled_from(["jwt", "id"]), scalar)
)
line = st.dictionaries(st.sampled_from((*LINE, *TAX)), st.one_of(scalar, money), max_size=6)
part = st.dictionaries(
    st.sampled_from(["name", "amount", "system_taxid", "enabled", "jwt"]), scalar, max_size=3
)

# A request that would be accepted, so that most of the wrong ones are wrong in one place only.
GOOD = {
    "item": {"name": "A"},
    "category": {"category": "A"},
    "expense": {"staffid": 1, "amount": {"amount": "12.00"}, "date": "2011-03-01"},
    "bill_vendor": {"vendor_name": "S", "currency_code": "GBP", "language": "en"},
    "bill": {"issue_date": "2011-03-01", "due_offset_days": 3, "currency_code": "GBP", "language": "en"},
    "bill_payment": {"amount": {"amount": "1.00"}, "payment_type": "Cash"},
    "other_income": {
        "amount": {"amount": "1.00"},
        "category_name": "other",
        "date": "2011-03-01",
        "payment_type": "Cash",
        "source": "S",
    },
}


def request(single: str) -> st.SearchStrategy:
    fields = {name: value for name in FIELDS[single]}
    if "lines" in fields:
        fields["lines"] = st.one_of(st.lists(line, max_size=3), value)
    for name in ("taxes", "tax_defaults"):
        if name in fields:
            fields[name] = st.one_of(st.lists(part, max_size=2), value)
    names = st.lists(st.sampled_from(FIELDS[single]), min_size=1, max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen}))


@pytest.fixture(scope="module")
def account():
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "requests.db")
        switches = {name: switch.default for name, switch in SWITCHES.items()}
        account = Account(World(state, Clock(state, start=date(2011, 3, 1)), 1, switches))
        account.seed([])
        state.commit()
        yield account
        state.close()


def needed(account: Account, single: str) -> dict:
    """A good request's links to other rows, which must exist."""
    category = next(iter(account.categories.rows))
    if single == "expense":
        return {"categoryid": category}
    if single not in ("bill", "bill_payment"):
        return {}
    vendor = account.bill_vendors.create(GOOD["bill_vendor"])["id"]
    price = {"amount": "10.00"}
    bill = GOOD["bill"] | {"vendorid": vendor, "lines": [{"categoryid": category, "unit_cost": price}]}
    return bill if single == "bill" else {"billid": account.bills.create(bill)["id"]}


def filed(account: Account, fields: dict) -> dict:
    """The request with a category on each line that names none, so that the line's other fields are looked at."""
    category = {"categoryid": next(iter(account.categories.rows))}
    given = fields.get("lines")
    if not isinstance(given, list) or not all(isinstance(line, dict) for line in given):
        return fields
    return {**fields, "lines": [category | line for line in given]}


@pytest.mark.parametrize("single", sorted(FIELDS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_request_is_stored_or_refused_and_what_is_stored_can_be_read(account, single, data):
    resource = {resource.single: resource for resource in account.resources}[single]
    state = account.world.state
    good = GOOD[single] | needed(account, single)
    state.commit()
    before = {kind: dict(state.tables(kind)) for kind in state.kinds()}
    actor = data.draw(st.sampled_from(["api", "people"]))
    try:
        raw = json.dumps({single: good | filed(account, data.draw(request(single)))}).encode()
        row = resource.create(parse_body(raw, single), raw, actor)
        raw = json.dumps({single: filed(account, data.draw(request(single)))}).encode()
        row = resource.update(row["id"], parse_body(raw, single), raw, actor)
        assert resource.view(row, ("lines", "category", "attachment", "vendor", "bill"))
        assert resource.summary(row)
        state.commit()
    except FreshBooksError as error:
        assert 400 <= error.status < 500
        assert error.body()["response"]["errors"]
        state.rollback()
        assert {kind: dict(state.tables(kind)) for kind in before} == before
    for row in state.tables("expense").values():
        assert Decimal(row["amount"]).is_finite()
