"""The pure rules around a sending: comparison, the never list, rows, leases, what an error means, crash points."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.clients import errors
from fbinfor_assets.delivery import Forbidden, OutboundRow, RowError, leases
from fbinfor_assets.delivery.compare import describe, number, same_number, same_text, totals_apart
from fbinfor_assets.delivery.failpoints import ENVIRONMENT, failpoint
from fbinfor_assets.delivery.outcomes import NotSent, Rejected, Unknown, of_error
from fbinfor_assets.delivery.refusals import ALLOWED, check_freshbooks, check_m3
from fbinfor_assets.delivery.rows import ENTITIES, OBJECTS
from fbinfor_assets.delivery.settings import Clients, DeliverySettings
from fbinfor_assets.delivery.writers import WRITERS, writer_for
from fbinfor_assets.domain.canonical import payload_sha

NOW = datetime(2011, 1, 5, 12, tzinfo=UTC)

# ------------------------------------------------------------------------------------------ comparison


@pytest.mark.parametrize(
    ("sent", "got"), [("", None), (" Acme ", "Acme"), ("a\r\nb", "a\nb"), (None, ""), (7, "7")]
)
def test_texts_are_compared_as_both_vendors_keep_them(sent: Any, got: Any) -> None:
    assert same_text(sent, got)


def test_a_text_is_compared_within_the_width_of_the_target() -> None:
    assert same_text("A long description", "A long des", width=10)
    assert same_text("abc defg", "abc", width=4), "a cut that ends in a blank is trimmed by the target"
    assert not same_text("A long description", "A long des")
    assert same_text("fb00000001", "FB00000001", fold=True) and not same_text("Acme", "ACME")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_numbers_are_equal_whatever_their_scale(value: Decimal) -> None:
    assert same_number(value, f"{value:f}00" if "." in f"{value:f}" else f"{value:f}")
    assert same_number(str(value.normalize()), value)
    assert not same_number(value, value + Decimal("0.0001"))


def test_m3s_trailing_minus_is_read_and_a_text_is_no_number() -> None:
    assert number("12.50-") == Decimal("-12.50")
    assert number("NaN") is None and number("about 5") is None and not same_number("x", "x")


def test_totals_within_tolerance_agree_and_one_cent_more_does_not() -> None:
    expected = {"net": "100.00", "tax": "20.00", "total": "120.00"}
    got = {"net": "100.05", "tax": "19.95", "total": "120.00"}
    assert totals_apart(expected, got, Decimal("0.05")) == []
    apart = totals_apart(expected, got | {"net": "100.06"}, Decimal("0.05"))
    assert describe(apart) == "net: sent '100.00', the target holds '100.06'"
    assert totals_apart(expected, {"total": ""}, Decimal("0.05")) == [("total", "120.00", "")], (
        "nothing is not zero"
    )


# -------------------------------------------------------------------------------------- the never list


@pytest.mark.parametrize("object", sorted(ALLOWED))
@pytest.mark.parametrize(
    ("program", "transaction"),
    [
        ("APS450MI", "ApproveInvoice"),
        ("APS130MI", "CreateProposal"),
        ("CRS692MI", "AddBankAccount"),
        ("PPS200MI", "ApprovePO"),
    ],
)
def test_no_object_may_approve_propose_or_touch_bank_accounts(
    object: str, program: str, transaction: str
) -> None:
    with pytest.raises(Forbidden, match="never does that"):
        check_m3(object, "who", program, transaction, {})


@pytest.mark.parametrize("object", sorted(ALLOWED))
def test_an_object_may_call_only_what_its_list_names(object: str) -> None:
    for other, calls in ALLOWED.items():
        for program, transaction in calls:
            if (program, transaction) in ALLOWED[object]:
                check_m3(object, "who", program, transaction, {})
            else:
                with pytest.raises(Forbidden, match=f"{object} may not call"):
                    check_m3(object, other, program, transaction, {})


@pytest.mark.parametrize("field", ["BAAN", "AACB", "AGBG", "BKID", "aacb"])
def test_bank_fields_are_refused_in_an_allowed_transaction(field: str) -> None:
    with pytest.raises(Forbidden, match=f"bank detail {field}"):
        check_m3("m3__receipts", "who", "ARS040MI", "AddBatchHead", {"PBID": "1", field: "x"})


def test_bank_fields_are_refused_at_any_depth_of_a_freshbooks_document() -> None:
    check_freshbooks("freshbooks__clients", "who", {"client": {"note": "my bank is good", "bus_phone": "1"}})
    for bad in ({"bank_account": "1"}, {"lines": [{"iban": "1"}]}, {"a": {"account_number": "1"}}):
        with pytest.raises(Forbidden, match="bank detail"):
            check_freshbooks("freshbooks__clients", "who", {"client": bad})


def test_every_outbound_object_has_a_writer_a_target_and_an_entity() -> None:
    assert WRITERS.keys() == OBJECTS.keys() == ENTITIES.keys()
    assert {name for name, target in OBJECTS.items() if target == "m3"} == ALLOWED.keys()
    with pytest.raises(ValueError, match="is no outbound object"):
        writer_for("m3__payments", Clients(), DeliverySettings())
    for name in OBJECTS:
        with pytest.raises(ValueError, match="none is configured"):
            writer_for(name, Clients(), DeliverySettings())


# ------------------------------------------------------------------------------------------------ rows


def a_row(**changes: Any) -> dict[str, Any]:
    return {
        "business_key": "536365",
        "target": "freshbooks",
        "object": "freshbooks__invoices",
        "operation": "create",
        "target_ref": "536365",
        "payload": '{"invoice": {"invoice_number": "536365"}}',
        "document_date": date(2011, 1, 5),
        "amount": Decimal("18.48"),
        "cause": None,
    } | changes


def test_a_row_of_the_warehouse_becomes_an_outbound_row() -> None:
    row = OutboundRow.from_dict(a_row(links="[]", agreed='{"phone": "1"}', remote_id=17))
    assert row.payload == {"invoice": {"invoice_number": "536365"}}
    assert row.payload_sha == payload_sha(row.payload)
    assert (row.document_date, row.remote_id, row.agreed) == ("2011-01-05", "17", {"phone": "1"})


NO_LEFT_ID = {
    "entity": "party",
    "left_system": "shop",
    "left_id": None,
    "right_system": "m3",
    "right_id": None,
}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"business_key": None}, "business_key is None"),
        ({"object": "freshbooks__payments"}, "is no outbound object"),
        ({"target": "m3"}, "is no outbound object of target 'm3'"),
        ({"operation": "delete"}, "only create and update are sent"),
        ({"operation": "update"}, "an update needs the remote_id"),
        ({"payload": "{"}, "payload is not JSON"),
        ({"payload": "[]"}, "payload is list"),
        ({"payload": {"amount": 1.5}}, "float has no canonical form"),
        ({"amount": 18.48}, "is a float"),
        ({"amount": "a lot"}, "is not a number"),
        ({"links": [{"entity": "party"}]}, "links must be a list of objects with"),
        ({"links": [NO_LEFT_ID]}, "only right_id may be null"),
    ],
)
def test_a_row_of_another_shape_is_refused_by_name(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(RowError, match=text):
        OutboundRow.from_dict(a_row(**changes))


# ---------------------------------------------------------------------------------------------- leases


def test_a_lease_lives_as_long_as_its_delivery() -> None:
    with leases.owner() as name:
        assert not leases.is_over(name, NOW - timedelta(days=1), NOW), "a slow delivery is not a dead one"
    assert leases.is_over(name, NOW + timedelta(days=1), NOW)


def test_the_lease_of_a_killed_process_is_over_at_once() -> None:
    code = (
        "from fbinfor_assets.delivery import leases\nwith leases.owner() as n: print(n, flush=True); input()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as process:
        name = process.stdout.readline().strip()
        assert not leases.is_over(name, NOW, NOW)
        process.kill()
    assert leases.is_over(name, NOW + timedelta(days=1), NOW)


def test_a_process_id_that_was_given_again_is_another_process() -> None:
    with leases.owner() as name:
        host, _, _, rest = name.split("|")
        # Process 1 lives and did not start when this one says it did.
        assert leases.is_over(f"{host}|1|0|{rest}", NOW + timedelta(days=1), NOW)


def test_on_another_host_the_time_of_the_lease_decides() -> None:
    name = "elsewhere|1|123|abcd"
    assert not leases.is_over(name, NOW + timedelta(seconds=1), NOW)
    assert leases.is_over(name, NOW, NOW)
    assert leases.is_over(None, None, NOW)


# ------------------------------------------------------------------------------ what an error means


CALL = errors.Call("infor", "OIS100MI Confirm", "ORNO T1", writes=True)


@pytest.mark.parametrize(
    ("error", "expected", "stops"),
    [
        (CALL.error(errors.ConnectError, "refused"), NotSent, True),
        (CALL.error(errors.RateLimited, "too many", retry_after=9.0), NotSent, True),
        (CALL.error(errors.AuthorisationError, "no"), NotSent, True),
        (CALL.error(errors.ServerError, "record is locked"), NotSent, False),
        (CALL.error(errors.InDoubt, "reset"), Unknown, False),
        (CALL.error(errors.ParseError, "not JSON"), Unknown, False),
        (CALL.error(errors.ValidationError, "bad"), Rejected, False),
        (CALL.error(errors.NotFound, "no customer"), Rejected, False),
    ],
)
def test_only_what_surely_did_not_arrive_is_sent_again(error: Any, expected: type, stops: bool) -> None:
    outcome = of_error(error)
    assert type(outcome) is expected
    assert getattr(outcome, "stop", False) is stops
    assert getattr(outcome, "retry_after", None) == error.retry_after


def test_a_duplicate_is_looked_up_before_it_is_believed() -> None:
    refusal = errors.Refusal("WCU0204", "CUNO", "exists already", "FB1")
    error = CALL.error(
        errors.ValidationError, "exists", errors=[refusal], error_class=errors.ErrorClass.DUPLICATE
    )
    outcome = of_error(error)
    assert isinstance(outcome, Unknown) and outcome.error_class == "duplicate"
    assert (outcome.duplicate.rule, outcome.duplicate.field, outcome.duplicate.value) == (
        "WCU0204",
        "CUNO",
        "FB1",
    )


# ----------------------------------------------------------------------------------------- crash points


def crash(value: str | None, places: list[str]) -> tuple[int, bytes]:
    """Exit code, and the places that a process reached before it ended; 3: the setting was refused."""
    reached, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.environ.pop(ENVIRONMENT, None)
        if value is not None:
            os.environ[ENVIRONMENT] = value
        try:
            for place in places:
                os.write(told, place.encode() + b" ")
                failpoint(place)
        except ValueError:
            os._exit(3)
        os._exit(0)
    os.close(told)
    with os.fdopen(reached, "rb") as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def test_a_crash_point_kills_at_the_time_that_is_named_and_is_silent_otherwise() -> None:
    places = ["after_ready", "after_sent", "after_sent", "before_confirm"]
    assert crash(None, places) == (0, b"after_ready after_sent after_sent before_confirm ")
    assert crash("after_sent:2", places) == (-signal.SIGKILL, b"after_ready after_sent after_sent ")
    assert crash("somewhere", places) == (3, b"after_ready ")
