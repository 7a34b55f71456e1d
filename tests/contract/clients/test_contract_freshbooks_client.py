"""The FreshBooks client against the running FreshBooks simulator."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fbinfor_assets.clients import (
    AuthorisationError,
    FileTokenStore,
    InDoubt,
    MemoryTokenStore,
    NotFound,
    RetryPolicy,
    UnknownFilter,
    ValidationError,
)
from fbinfor_assets.clients.freshbooks import FreshBooksClient, FreshBooksSettings, updated_min


def test_the_login_reaches_the_configured_account(freshbooks, world):
    me = freshbooks.check_account()
    assert world.connections.freshbooks.account_id in me.accounts
    assert world.connections.freshbooks.business_id in me.business_ids


def test_a_client_is_found_by_our_reference_in_its_note(freshbooks, a_client):
    made = a_client("40001")
    found = list(freshbooks.list("clients", {"note_like": "[fbinfor SHOP-40001]"}))
    assert [row["id"] for row in found] == [made["id"]]


def test_an_update_changes_only_what_was_sent(freshbooks, a_client):
    made = a_client("40002", p_city="Leeds", p_country="United Kingdom")
    freshbooks.update("clients", made["id"], {"p_city": "York"})
    again = freshbooks.get("clients", made["id"])
    assert (again["p_city"], again["p_country"], again["organization"]) == (
        "York",
        "United Kingdom",
        "Firm 40002",
    )


def test_a_deleted_client_leaves_the_list_and_stays_readable_by_id(freshbooks, a_client):
    made = a_client("40003")
    freshbooks.delete("clients", made["id"])
    assert list(freshbooks.list("clients", {"userids": [made["id"]]})) == []
    assert freshbooks.get("clients", made["id"])["vis_state"] == 1
    assert [row["id"] for row in freshbooks.list("clients", {"userid": made["id"], "vis_state": 1})] == [
        made["id"]
    ]


def test_the_answer_to_a_write_carries_lines_and_totals_to_the_cent(a_client, an_invoice):
    made = an_invoice(a_client("40004"), "700001")
    assert made["amount"] == {"amount": "18.36", "code": "GBP"}  # 6 x 2.55 = 15.30, VAT 3.06
    assert [(line["name"], Decimal(line["qty"]), line["amount"]["amount"]) for line in made["lines"]] == [
        ("85123A", Decimal(6), "15.30")
    ]


def test_listed_and_fetched_invoices_carry_their_lines(freshbooks, a_client, an_invoice):
    made = an_invoice(a_client("40005"), "700002")
    listed = list(freshbooks.list("invoices", {"invoice_number": "700002"}))
    assert [row["lines"] for row in listed] == [made["lines"]]
    assert freshbooks.get("invoices", made["id"])["lines"] == made["lines"]


def test_an_update_with_lines_replaces_them_and_can_mark_the_invoice_as_sent(
    freshbooks, a_client, an_invoice
):
    made = an_invoice(a_client("40006"), "700003")
    line = {"type": 0, "name": "FREIGHT", "qty": "1", "unit_cost": {"amount": "10.00", "code": "GBP"}}
    changed = freshbooks.update("invoices", made["id"], {"lines": [line], "create_date": "2010-12-03"})
    assert [row["name"] for row in changed["lines"]] == ["FREIGHT"]
    assert (changed["amount"]["amount"], changed["create_date"], changed["v3_status"]) == (
        "10.00",
        "2010-12-03",
        "draft",
    )
    freshbooks.update("invoices", made["id"], {"action_mark_as_sent": True})
    assert freshbooks.get("invoices", made["id"])["v3_status"] != "draft"


def test_a_deleted_invoice_is_deleted_by_its_own_verb(freshbooks, a_client, an_invoice):
    made = an_invoice(a_client("40007"), "700004")
    freshbooks.delete("invoices", made["id"])
    assert list(freshbooks.list("invoices", {"invoiceid": made["id"]})) == []


def test_credit_notes_carry_their_lines(freshbooks, a_client):
    client = a_client("40008")
    line = {
        "name": "85123A",
        "description": "return",
        "qty": "1",
        "unit_cost": {"amount": "2.55", "code": "GBP"},
    }
    made = freshbooks.create(
        "credit_notes",
        {
            "clientid": client["id"],
            "create_date": "2010-12-02",
            "credit_type": "goodwill",
            "currency_code": "GBP",
            "language": "en",
            "credit_number": "C700001",
            "lines": [line],
        },
    )
    assert len(made["lines"]) == 1
    listed = list(freshbooks.list("credit_notes", {"clientid": client["id"]}))
    assert [(row["credit_number"], len(row["lines"])) for row in listed] == [("C700001", 1)]


def test_a_payment_is_found_by_its_invoice(freshbooks, a_client, an_invoice):
    invoice = an_invoice(a_client("40009"), "700005")
    made = freshbooks.create(
        "payments",
        {
            "invoiceid": invoice["id"],
            "amount": {"amount": "18.36"},
            "date": "2010-12-02",
            "type": "Credit Card",
        },
    )
    listed = list(freshbooks.list("payments", {"invoiceid": invoice["id"]}))
    assert [(row["id"], row["amount"]["amount"]) for row in listed] == [(made["id"], "18.36")]


def test_the_taxes_of_the_account_can_be_read(freshbooks):
    assert ("VAT", "20") in {(tax["name"], tax["amount"]) for tax in freshbooks.list("taxes")}


def test_a_long_list_comes_whole_and_once_while_others_write_into_it(freshbooks, a_client):
    made = {
        a_client(f"5{n:04d}", organization="Many & Sons", email="many@example.test")["id"] for n in range(230)
    }
    rows = freshbooks.list("clients", {"email": "many@example.test"})
    seen = [next(rows)["id"] for _ in range(120)]
    for n in range(3):
        a_client(f"6{n:04d}", organization="Many & Sons", email="many@example.test")
    freshbooks.delete("clients", seen[0])  # everything behind it moves one row forward
    seen += [row["id"] for row in rows]
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


def test_changes_of_today_are_within_the_day_before_the_watermark(freshbooks, a_client, world):
    made = a_client("40010")
    now = datetime.fromisoformat(world.control("freshbooks", "GET", "/clock")["now"])
    since = {"updated_min": updated_min(now.astimezone(UTC))}
    assert made["id"] in {row["id"] for row in freshbooks.list("clients", since)}


def test_a_filter_that_the_vendor_ignores_would_have_brought_everything(freshbooks, a_client):
    a_client("40011")
    with pytest.raises(UnknownFilter):
        freshbooks.list("clients", {"organization": "Firm 40011"})


# ------------------------------------------------------------------------------------------------------ errors


def test_an_unknown_record_is_not_found(freshbooks):
    assert freshbooks.find("clients", 999_999_999) is None
    with pytest.raises(NotFound, match="999999999"):
        freshbooks.get("invoices", 999_999_999)


def test_a_missing_field_is_named(freshbooks):
    with pytest.raises(ValidationError) as caught:
        freshbooks.create("invoices", {"create_date": "2010-12-01", "invoice_number": "700006"})
    assert caught.value.error_class == "missing"
    assert caught.value.errors[0].field == "customerid"
    assert "create invoice 700006" in str(caught.value)


def test_a_read_only_field_is_the_records_fault_and_not_a_permission(freshbooks, a_client, an_invoice):
    made = an_invoice(a_client("40012"), "700007")
    with pytest.raises(ValidationError) as caught:
        freshbooks.update("invoices", made["id"], {"due_date": "2011-01-01"})
    assert caught.value.code == "1038"


def test_both_error_shapes_come_out_alike(freshbooks, otherwise):
    with FreshBooksClient(otherwise.connections.freshbooks, token_store=otherwise.store) as other:
        for client in (freshbooks, other):
            with pytest.raises(ValidationError) as caught:
                client.create("invoices", {"create_date": "2010-12-01"})
            assert (caught.value.error_class, caught.value.errors[0].code) == ("missing", "1001")
            assert client.find("invoices", 999_999_999) is None


def test_a_list_in_descending_order_and_without_vis_state_filter_gives_the_same_rows(otherwise):
    with FreshBooksClient(otherwise.connections.freshbooks, token_store=otherwise.store) as client:
        made = [
            client.create("clients", {"organization": f"O {n}", "email": "o@example.test"})["id"]
            for n in range(3)
        ]
        rows = [row["id"] for row in client.list("clients", {"email": "o@example.test"})]
        assert sorted(rows) == sorted(made)
        assert list(client.list("payments", {"vis_state": 1})) == []


def test_a_write_whose_answer_was_lost_is_in_doubt_was_applied_once_and_can_be_looked_up(
    world, freshbooks, losing
):
    freshbooks.identity()  # so that the lossy client needs no token of its own
    before = len(world.writes("freshbooks"))
    url = losing(world.connections.freshbooks.base_url)
    settings = world.connections.freshbooks.model_copy(update={"base_url": url})
    fields = {"organization": "Lost Ltd", "note": "[fbinfor SHOP-49999]"}
    with (
        FreshBooksClient(settings, token_store=world.store) as client,
        pytest.raises(InDoubt, match="Lost Ltd"),
    ):
        client.create("clients", fields)
    assert len(list(freshbooks.list("clients", {"note_like": "[fbinfor SHOP-49999]"}))) == 1
    assert len(world.writes("freshbooks")[before:]) == 1


# ------------------------------------------------------------------------------------------------------ tokens


def stale(world, tmp_path) -> tuple[FreshBooksSettings, FileTokenStore]:
    """A store whose access token is not accepted, with the living refresh token; a lock of its own."""
    with FreshBooksClient(world.connections.freshbooks, token_store=world.store) as client:
        client.identity()
        living = client.tokens.source.renew(client.tokens.source.current())
    document = dict(world.store.load() or {})
    assert document["access_token"] == living
    settings = world.connections.freshbooks.model_copy(
        update={"token_lock": tmp_path / "t.lock", "access_token": None, "refresh_token": None}
    )
    store = FileTokenStore(tmp_path / "t.json")
    store.save({**document, "access_token": "not-accepted", "expires_in": None})
    return settings, store


def give_back(world, store: FileTokenStore) -> None:
    world.store.save({**(world.store.load() or {}), **(store.load() or {})})


def ask_who_we_are(arguments: tuple[str, str]) -> str:
    settings = FreshBooksSettings.model_validate(json.loads(arguments[0]))
    with FreshBooksClient(
        settings, token_store=FileTokenStore(arguments[1]), retry=RetryPolicy(attempts=1)
    ) as client:
        return client.identity().identity_id


def test_six_processes_that_find_the_token_stale_spend_one_refresh_token(world, tmp_path):
    settings, store = stale(world, tmp_path)
    plain = settings.model_dump(mode="json") | {"client_secret": settings.client_secret.get_secret_value()}
    before = store.load()["refresh_token"]
    with ProcessPoolExecutor(6, mp_context=multiprocessing.get_context("fork")) as pool:
        seen = list(pool.map(ask_who_we_are, [(json.dumps(plain), str(store.path))] * 12))
    assert len(set(seen)) == 1
    after = store.load()
    assert after["refresh_token"] != before
    # Had any of them spent the pair a second time, the vendor would have killed it: the living one still renews.
    with FreshBooksClient(settings, token_store=store) as client:
        client.tokens.source.renew(after["access_token"])
    give_back(world, store)


def test_a_spent_refresh_token_asks_a_person_to_consent_again(world, tmp_path):
    settings, store = stale(world, tmp_path)
    spent = dict(store.load())
    with FreshBooksClient(settings, token_store=store) as client:
        client.identity()
    give_back(world, store)
    with (
        FreshBooksClient(settings, token_store=MemoryTokenStore(spent)) as client,
        pytest.raises(AuthorisationError, match="re-consent"),
    ):
        client.identity()


def test_wrong_app_credentials_are_told_from_a_spent_token(world, tmp_path):
    settings, store = stale(world, tmp_path)
    give_back(world, store)
    wrong = settings.model_copy(update={"client_id": "nobody"})
    with (
        FreshBooksClient(
            wrong, token_store=MemoryTokenStore(dict(store.load()) | {"access_token": "x"})
        ) as client,
        pytest.raises(AuthorisationError, match="client_id"),
    ):
        client.identity()
    world.store.save({**store.load(), "access_token": "x", "seed": (world.store.load() or {}).get("seed")})
