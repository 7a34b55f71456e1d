"""The families of paths beside accounting, against the official SDK: projects, time, services, ledger, uploads, options.

Belongs here: what the SDK can call there, its envelopes, paging and errors. Does not belong here: accounting resources
(`test_freshbooks_sdk_resources.py`).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from freshbooks import FilterBuilder, FreshBooksError, PaginateBuilder
from freshbooks.errors import FreshBooksNotImplementedError
from vendor_account import Account

_numbers = count(1)

New = Callable[[Account], dict[str, Any]]
PROJECT_LIKE: dict[str, tuple[New, dict[str, Any]]] = {
    "projects": (
        lambda a: {
            "title": f"Pier {next(_numbers)}",
            "client_id": a.client_id,
            "project_type": "hourly_rate",
        },
        {"title": "Pier, west end", "description": "Repairs"},
    ),
    "time_entries": (
        lambda a: {
            "is_logged": True,
            "duration": 1800 + next(_numbers),
            "note": "sanding",
            "started_at": "2026-11-02T09:00:00.000Z",
            "client_id": a.client_id,
        },
        {"is_logged": True, "duration": 7200, "note": "painting", "started_at": "2026-11-02T10:00:00.000Z"},
    ),
    "services": (lambda a: {"name": f"Carpentry {next(_numbers)}"}, {"name": "Joinery", "billable": True}),
}
each = pytest.mark.parametrize("name", PROJECT_LIKE)


@each
def test_create_and_get_agree(account: Account, name: str) -> None:
    resource, (new, _) = getattr(account.sdk, name), PROJECT_LIKE[name]
    made = resource.create(account.business_id, new(account)).data
    assert isinstance(made["id"], int)
    got = resource.get(account.business_id, made["id"]).data
    # A single project tells its team where the others name the group only.
    assert {field: got[field] for field in made if field != "group_id"} == without_group(made)


@each
def test_update_changes_it(account: Account, name: str) -> None:
    resource, (new, change) = getattr(account.sdk, name), PROJECT_LIKE[name]
    id_ = resource.create(account.business_id, new(account)).data["id"]
    changed = resource.update(account.business_id, id_, change).data
    assert {field: changed[field] for field in change if field != "started_at"} == {
        field: value for field, value in change.items() if field != "started_at"
    }
    got = resource.get(account.business_id, id_).data
    assert {field: got[field] for field in changed if field != "group_id"} == without_group(changed)


@each
def test_delete_takes_it_away(account: Account, name: str) -> None:
    resource, (new, _) = getattr(account.sdk, name), PROJECT_LIKE[name]
    id_ = resource.create(account.business_id, new(account)).data["id"]
    resource.delete(account.business_id, id_)
    assert id_ not in [row.data["id"] for row in resource.list(account.business_id)]


@each
def test_three_pages_join_without_a_gap(account: Account, name: str) -> None:
    resource, (new, _) = getattr(account.sdk, name), PROJECT_LIKE[name]
    for _ in range(7):
        resource.create(account.business_id, new(account))
    total = resource.list(account.business_id).pages.total
    size = -(-total // 3)
    pages = [resource.list(account.business_id, builders=[PaginateBuilder(n, size)]) for n in (1, 2, 3)]
    assert [(page.pages.page, page.pages.per_page, page.pages.total) for page in pages] == [
        (n, size, total) for n in (1, 2, 3)
    ]
    ids = [row.data["id"] for page in pages for row in page]
    assert len(set(ids)) == len(ids) == total


@each
def test_the_default_page_has_thirty_rows(account: Account, name: str) -> None:
    assert getattr(account.sdk, name).list(account.business_id).pages.per_page == 30


@each
def test_an_unknown_id_is_a_404_in_the_familys_own_shape(account: Account, name: str) -> None:
    with pytest.raises(FreshBooksError) as refused:
        getattr(account.sdk, name).get(account.business_id, 99_999_999)
    assert refused.value.status_code == 404
    assert str(refused.value) == "Requested resource could not be found."


def test_a_bare_filter_selects_time_entries(account: Account) -> None:
    new, _ = PROJECT_LIKE["time_entries"]
    account.sdk.time_entries.create(account.business_id, new(account))
    everything = account.sdk.time_entries.list(account.business_id).pages.total
    future = FilterBuilder().date_time("started_from", "2030-01-01T00:00:00")
    assert everything > 0
    assert account.sdk.time_entries.list(account.business_id, builders=[future]).pages.total == 0
    chosen = FilterBuilder().equals("client_id", account.client_id)
    assert account.sdk.time_entries.list(account.business_id, builders=[chosen]).pages.total > 0


def test_times_of_projects_are_utc_without_a_zone(account: Account) -> None:
    new, _ = PROJECT_LIKE["projects"]
    made = account.sdk.projects.create(account.business_id, new(account))
    assert "T" in made.data["created_at"] and made.created_at.utcoffset().total_seconds() == 0


def test_a_service_has_a_rate_that_can_be_set_and_changed(account: Account) -> None:
    service = account.sdk.services.create(account.business_id, {"name": f"Rigging {next(_numbers)}"}).data
    rate = account.sdk.service_rates.create(account.business_id, service["id"], {"rate": "60.00"})
    assert rate.data["rate"] == "60.00"
    account.sdk.service_rates.update(account.business_id, service["id"], {"rate": "65.50"})
    assert account.sdk.service_rates.get(account.business_id, service["id"]).data["rate"] == "65.50"
    listed = account.sdk.service_rates.list(account.business_id)
    assert "65.50" in [row.data["rate"] for row in listed]


# ------------------------------------------------------------------------------------------------- ledger accounts


def test_ledger_accounts_are_listed_read_made_and_changed(account: Account) -> None:
    ledger = account.sdk.ledger_accounts
    listed = ledger.list(account.business_uuid)
    cash = next(row.data for row in listed if row.data["name"] == "Cash")
    assert (cash["number"], cash["type"]) == ("1000", "asset")
    assert ledger.get(account.business_uuid, cash["uuid"]).data == cash
    new = {
        "name": "Till, harbour",
        "number": "1000-1",
        "sub_type": cash["sub_type"],
        "parent_account": cash["uuid"],
    }
    made = ledger.create(account.business_uuid, new).data
    assert (made["name"], made["type"]) == ("Till, harbour", "asset")
    assert ledger.update(account.business_uuid, made["uuid"], {"name": "Till"}).data["name"] == "Till"
    assert ledger.get(account.business_uuid, made["uuid"]).data["name"] == "Till"
    with pytest.raises(FreshBooksNotImplementedError):
        ledger.delete(account.business_uuid, made["uuid"])


def test_a_ledger_account_without_its_name_is_refused_with_the_field(account: Account) -> None:
    with pytest.raises(FreshBooksError) as refused:
        account.sdk.ledger_accounts.create(account.business_uuid, {"number": "9999"})
    assert refused.value.status_code >= 400
    assert any(detail.get("field") for detail in refused.value.error_details)


# ------------------------------------------------------------------------------------- uploads and payment options


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\x00\xff\xff\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["images", "attachments"])
def test_an_upload_comes_back_as_it_went(account: Account, name: str) -> None:
    resource, content = getattr(account.sdk, name), _png()
    uploaded = resource.upload(account.id, file_stream=io.BytesIO(content))
    assert uploaded.data["jwt"] and uploaded.data["public_id"]
    assert resource.get(uploaded.data["jwt"]).content == content


def test_an_upload_without_content_is_refused(account: Account) -> None:
    with pytest.raises(FreshBooksError) as refused:
        account.sdk.images.upload(account.id, file_stream=None)
    assert str(refused.value) == "Content is required"


def test_payment_options_have_defaults_and_can_be_set_for_an_invoice(account: Account) -> None:
    options = account.sdk.invoice_payment_options
    assert options.defaults(account.id).data["entity_type"] == "invoice"
    given = {
        "gateway_name": "stripe",
        "entity_id": account.invoice_id,
        "entity_type": "invoice",
        "has_credit_card": True,
    }
    made = options.create(account.id, account.invoice_id, given).data
    assert (made["gateway_name"], made["has_credit_card"]) == ("stripe", True)
    assert options.get(account.id, account.invoice_id).data == made


def without_group(row: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in row.items() if field != "group_id"}
