"""Every accounting resource the official FreshBooks SDK knows, against the simulator: the SDK is the judge.

Belongs here: list, get, create, update, delete, paging and errors, one test per resource and verb. Does not belong
here: tokens and callbacks (`test_freshbooks_sdk_flows.py`), the other families (`test_freshbooks_sdk_families.py`),
rules the SDK does not see (`sandbox_freshbooks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from freshbooks import FilterBuilder, FreshBooksError, IncludesBuilder, PaginateBuilder, SortBuilder, VisState
from freshbooks.errors import FreshBooksNotImplementedError
from vendor_account import DAY, Account, bill

_numbers = count(1)


@dataclass(frozen=True)
class Case:
    """One resource: what makes a new one, what changes it, and where its id is."""

    name: str
    new: Callable[[Account], dict[str, Any]]
    change: dict[str, Any]
    id: str = "id"
    soft: bool = True
    """Whether a deleted one can still be read."""


def _line() -> dict[str, Any]:
    return {"name": "Lamp", "qty": 1, "unit_cost": {"amount": "10.00", "code": "GBP"}}


def _later(account: Account) -> str:
    now = datetime.now(UTC).date()
    return max(now, date.fromisoformat(DAY) + timedelta(days=30)).isoformat()


CASES = [
    Case(
        "clients", lambda a: {"email": f"no{next(_numbers)}@example.net", "fname": "Ann"}, {"lname": "Bray"}
    ),
    Case(
        "invoices",
        lambda a: {"customerid": a.client_id, "create_date": DAY, "lines": [_line()]},
        {"notes": "Thank you"},
    ),
    Case(
        "payments",
        lambda a: {"invoiceid": a.invoice_id, "amount": {"amount": "0.50"}, "date": DAY, "type": "Check"},
        {"note": "by post"},
    ),
    Case(
        "expenses",
        lambda a: {"categoryid": a.category_id, "staffid": 1, "date": DAY, "amount": {"amount": "12.00"}},
        {"notes": "Stamps"},
    ),
    Case("bills", bill, {"bill_number": "B-77"}),
    Case(
        "bill_vendors",
        lambda a: {"vendor_name": f"Mill {next(_numbers)}", "currency_code": "GBP", "language": "en"},
        {"city": "Leeds"},
        id="vendorid",
    ),
    Case(
        "bill_payments",
        lambda a: {
            "billid": a.bill_id,
            "amount": {"amount": "0.50", "code": "GBP"},
            "payment_type": "Check",
            "paid_date": DAY,
        },
        {"note": "half"},
    ),
    Case("items", lambda a: {"name": f"Lamp {next(_numbers)}", "sku": "L1"}, {"description": "Brass"}),
    Case("taxes", lambda a: {"name": f"TAX{next(_numbers)}", "amount": "5"}, {"number": "GB 7"}, soft=False),
    Case(
        "credit_notes",
        lambda a: {"clientid": a.client_id, "create_date": DAY, "lines": [_line()]},
        {"notes": "Sorry"},
    ),
    Case(
        "other_income",
        lambda a: {
            "amount": {"amount": "9.00", "code": "GBP"},
            "category_name": "online_sales",
            "date": DAY,
            "payment_type": "Visa",
            "source": "Market",
        },
        {"amount": {"amount": "9.00", "code": "GBP"}, "date": DAY, "note": "stall 4"},
        id="incomeid",
    ),
    Case(
        "estimates",
        lambda a: {"customerid": a.client_id, "create_date": DAY, "lines": [_line()]},
        {"notes": "Valid for a month"},
    ),
    Case(
        "invoice_profiles",
        lambda a: {
            "customerid": a.client_id,
            "create_date": _later(a),
            "frequency": "m",
            "numberRecurring": 3,
            "lines": [_line()],
        },
        {"notes": "Monthly"},
    ),
    Case("tasks", lambda a: {"name": f"Wiring {next(_numbers)}"}, {"description": "per hour"}),
]
BY_NAME = {case.name: case for case in CASES}
READABLE = [*BY_NAME, "staff", "expenses_categories"]

each = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@each
def test_create_gives_the_new_object_with_its_id(account: Account, case: Case) -> None:
    made = getattr(account.sdk, case.name).create(account.id, case.new(account))
    assert isinstance(made.data[case.id], int)


@each
def test_get_gives_what_was_created(account: Account, case: Case) -> None:
    resource = getattr(account.sdk, case.name)
    made = resource.create(account.id, case.new(account)).data
    assert resource.get(account.id, made[case.id]).data == made


@each
def test_update_changes_what_was_sent_and_nothing_else(account: Account, case: Case) -> None:
    resource = getattr(account.sdk, case.name)
    made = resource.create(account.id, case.new(account)).data
    changed = resource.update(account.id, made[case.id], case.change).data
    for name, value in case.change.items():
        assert changed[name] == value
    beside = {
        "updated",
        "updated_at",
        "version",
        "tdesc",
    }  # stamps, and a task's other name for its description
    assert {n for n in made if made[n] != changed[n]} - beside == {
        n for n in case.change if made[n] != changed[n]
    }


@each
def test_delete_takes_it_out_of_the_list(account: Account, case: Case) -> None:
    resource = getattr(account.sdk, case.name)
    id_ = resource.create(account.id, case.new(account)).data[case.id]
    resource.delete(account.id, id_)
    assert id_ not in _all_ids(account, case)
    if case.soft:
        assert resource.get(account.id, id_).vis_state is VisState.DELETED
    else:
        with pytest.raises(FreshBooksError) as gone:
            resource.get(account.id, id_)
        assert gone.value.status_code == 404


@each
def test_list_pages_through_three_pages_without_a_gap(account: Account, case: Case) -> None:
    resource = getattr(account.sdk, case.name)
    before = _all_ids(account, case)
    for _ in range(7 - len(before)):
        resource.create(account.id, case.new(account))
    everything = _all_ids(account, case)
    size = -(-len(everything) // 3)
    pages = [resource.list(account.id, builders=[PaginateBuilder(page, size)]) for page in (1, 2, 3)]
    assert [page.pages.page for page in pages] == [1, 2, 3]
    assert {page.pages.pages for page in pages} == {-(-len(everything) // size)}
    assert {page.pages.total for page in pages} == {len(everything)}
    joined = pages[0] + pages[1] + pages[2]
    assert sorted(row.data[case.id] for row in joined) == sorted(everything)


def _all_ids(account: Account, case: Case) -> list[int]:
    found: list[int] = []
    for page in count(1):
        rows = getattr(account.sdk, case.name).list(account.id, builders=[PaginateBuilder(page, 100)])
        found += [row.data[case.id] for row in rows]
        if page >= rows.pages.pages:
            return found
    raise AssertionError


@pytest.mark.parametrize("name", READABLE)
def test_a_list_without_builders_has_fifteen_rows_at_most(account: Account, name: str) -> None:
    rows = getattr(account.sdk, name).list(account.id)
    assert rows.pages.per_page == 15 and rows.pages.page == 1
    assert len(rows) == min(rows.pages.total, 15)


@pytest.mark.parametrize("name", READABLE)
def test_an_unknown_id_is_a_404_with_a_code(account: Account, name: str) -> None:
    with pytest.raises(FreshBooksError) as refused:
        getattr(account.sdk, name).get(account.id, 99_999_999)
    assert refused.value.status_code == 404
    assert refused.value.error_code == 1012
    assert str(refused.value).endswith("not found.")


@pytest.mark.parametrize(
    "name", [name for name in BY_NAME if name not in ("clients", "invoice_profiles", "items", "tasks")]
)
def test_creating_nothing_is_refused_with_a_code_and_the_field(account: Account, name: str) -> None:
    with pytest.raises(FreshBooksError) as refused:
        getattr(account.sdk, name).create(account.id, {})
    assert refused.value.status_code == 422
    assert refused.value.error_code == 1001
    assert refused.value.error_details and refused.value.error_details[0]["field"]


@pytest.mark.parametrize("name", READABLE)
def test_another_account_is_forbidden(account: Account, name: str) -> None:
    with pytest.raises(FreshBooksError) as refused:
        getattr(account.sdk, name).list("ZZZ000")
    assert (refused.value.status_code, refused.value.error_code) == (403, 1003)


# ------------------------------------------------------------------------------------------------ single resources


def test_staff_can_be_read_changed_and_removed_but_not_made(account: Account) -> None:
    staff = account.sdk.staff.list(account.id)
    assert staff.pages.total >= 1
    id_ = staff[len(staff) - 1].data["id"]
    assert account.sdk.staff.update(account.id, id_, {"fname": "Robin"}).data["fname"] == "Robin"
    assert account.sdk.staff.get(account.id, id_).data["fname"] == "Robin"
    with pytest.raises(FreshBooksNotImplementedError):
        account.sdk.staff.create(account.id, {"fname": "New"})
    account.sdk.staff.delete(account.id, id_)
    assert account.sdk.staff.get(account.id, id_).vis_state is VisState.DELETED


def test_the_system_of_the_account_can_be_read(account: Account) -> None:
    system_id = account.sdk.current_user().data["roles"][0]["systemid"]
    system = account.sdk.systems.get(account.id, system_id)
    assert system.data["accountid"] == account.id or system.data["id"] == system_id
    with pytest.raises(FreshBooksNotImplementedError):
        account.sdk.systems.list(account.id)


def test_gateways_can_be_listed_and_removed(account: Account) -> None:
    gateways = account.sdk.gateways.list(account.id)
    assert len(gateways) == gateways.pages.total >= 1
    id_ = gateways[0].data["id"]
    account.sdk.gateways.delete(account.id, id_)
    assert id_ not in [row.data["id"] for row in account.sdk.gateways.list(account.id)]


def test_categories_are_read_only_for_the_sdk(account: Account) -> None:
    first = account.sdk.expenses_categories.list(account.id)[0].data
    assert account.sdk.expenses_categories.get(account.id, first["id"]).data == first
    with pytest.raises(FreshBooksNotImplementedError):
        account.sdk.expenses_categories.create(account.id, {"category": "Sails"})


# ---------------------------------------------------------------------------------------------- includes and filters


def _includes(*names: str) -> IncludesBuilder:
    builder = IncludesBuilder()
    for name in names:
        builder.include(name)
    return builder


def test_lines_come_only_when_they_are_included(account: Account) -> None:
    id_ = account.invoice_id
    assert "lines" not in account.sdk.invoices.get(account.id, id_).data
    invoice = account.sdk.invoices.get(account.id, id_, includes=_includes("lines"))
    (line,) = invoice.lines
    assert line.data["amount"] == {"amount": "100.00", "code": "GBP"}
    assert (line.data["qty"], line.data["taxName1"], line.data["taxAmount1"]) == ("4", "VAT", "20")
    assert invoice.data["amount"] == {"amount": "120.00", "code": "GBP"}


def test_a_create_can_include_what_it_made(account: Account) -> None:
    data = BY_NAME["invoices"].new(account)
    made = account.sdk.invoices.create(account.id, data, includes=_includes("lines", "presentation"))
    assert len(made.lines) == 1 and made.presentation.data["theme_font_name"]


@pytest.mark.parametrize(
    ("name", "include"),
    [
        ("invoices", "presentation"),
        ("invoices", "allowed_gateways"),
        ("invoices", "contacts"),
        ("invoices", "owner"),
        ("clients", "outstanding_balance"),
        ("clients", "grand_total_balance"),
        ("clients", "contacts"),
        ("expenses", "category"),
        ("estimates", "lines"),
        ("credit_notes", "lines"),
        ("invoice_profiles", "lines"),
    ],
)
def test_an_include_adds_its_part_to_a_list(account: Account, name: str, include: str) -> None:
    resource = getattr(account.sdk, name)
    resource.create(account.id, BY_NAME[name].new(account))
    newest = PaginateBuilder(resource.list(account.id, builders=[PaginateBuilder(1, 1)]).pages.total, 1)
    without, with_it = (
        resource.list(account.id, builders=builders)[0].data
        for builders in ([newest], [newest, _includes(include)])
    )
    assert include not in without
    assert include in with_it


def test_an_unknown_filter_is_ignored_and_everything_comes_back(account: Account) -> None:
    everything = account.sdk.invoices.list(account.id).pages.total
    wrong = FilterBuilder().equals("status", "paid")
    assert account.sdk.invoices.list(account.id, builders=[wrong]).pages.total == everything > 0


def test_filters_select_by_equality_list_range_and_flag(account: Account) -> None:
    sdk, id_ = account.sdk, account.invoice_id
    chosen = [
        FilterBuilder().equals("customerid", account.client_id),
        FilterBuilder().in_list("invoiceid", [id_]),
        FilterBuilder().between("date", DAY, DAY),
        FilterBuilder().boolean("outstanding", True),
    ]
    for one in chosen:
        assert id_ in [row.data["id"] for row in sdk.invoices.list(account.id, builders=[one])]
    (found,) = sdk.invoices.list(account.id, builders=[*chosen])
    assert found.data["id"] == id_
    nobody = FilterBuilder().like("email_like", "nobody-has-this")
    assert len(sdk.clients.list(account.id, builders=[nobody])) == 0


def test_a_known_sort_key_sorts(account: Account) -> None:
    rows = account.sdk.clients.list(account.id, builders=[SortBuilder().descending("email")])
    emails = [(row.data["email"] or "").casefold() for row in rows]
    assert emails == sorted(emails, reverse=True) and len(set(emails)) > 1


def test_stamps_read_as_the_instant_they_were_made(account: Account) -> None:
    # `updated` is US/Eastern on the wire, `signup_date` UTC: the SDK turns both into UTC.
    now = datetime.fromisoformat(_clock(account))
    made = account.sdk.clients.create(account.id, {"email": f"t{next(_numbers)}@example.net"})
    for stamp in (made.updated, made.signup_date):
        assert abs((stamp - now).total_seconds()) < 30


def _clock(account: Account) -> str:
    return httpx.get(f"{account.base_url}/_sandbox/clock").json()["now"]
