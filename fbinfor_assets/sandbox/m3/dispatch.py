"""From a named MI call to its outcome: context, checks, handler, records or NOK.

Belongs here: what happens around every handler, and which programs there are.
Does not belong here: HTTP (`gateway.py`, `rest.py`), the bodies (`answers.py`), a transaction's own rules.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from fbinfor_assets.sandbox.faults import page_shift
from fbinfor_assets.sandbox.m3 import (
    addresses,
    batches,
    changes,
    customer_ledger,
    customer_orders,
    customers,
    dispatching,
    export,
    general,
    invoices,
    items,
    jobs,
    manual_invoices,
    orders,
    organisation,
    purchase_programs,
    receivables,
    reference,
    repository,
    text_blocks,
)
from fbinfor_assets.sandbox.m3.answers import Outcome
from fbinfor_assets.sandbox.m3.catalogue import Transaction, load
from fbinfor_assets.sandbox.m3.mi import Nok, Options, Record, check_record, shape
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, HANDLERS, USERS, Call, Row, World

# Importing a program's module registers its transactions.
PROGRAMS = (
    *(customers, addresses, items, export, reference, organisation, general, repository, changes),
    *(batches, orders, customer_orders, text_blocks, dispatching, invoices),
    *(customer_ledger, receivables, manual_invoices, purchase_programs),
)
# Where CONO names a record and not the company to work in.
_COMPANIES = "MNS095MI"


def _check_context(program: str, record: Record, options: Options, switches: Mapping[str, Any]) -> None:
    if switches["company_context"] == "checked":
        companies = ("", COMPANY, *switches["company_aliases"].split())
        for company in (options.cono, "" if program == _COMPANIES else record.get("CONO", "")):
            if company.strip() not in companies:
                raise Nok("XAU0008", "CONO", company.strip())
        for division in (options.divi, record.get("DIVI", "")):
            if division.strip() and division.strip().upper() != DIVISION:
                raise Nok("XAU0008", "DIVI", f"{COMPANY} division {division.strip()}")
    if options.m3user and options.m3user.upper() not in USERS and switches["unknown_user"] == "refused":
        raise Nok("X_01003", "USID")


def _transaction(program: str, name: str) -> Transaction:
    transactions = load().get(program, {})
    # GENERAL's transactions are "available in all MI-programs" (its title in the catalogue).
    found = transactions.get(name) or (load()["GENERAL"].get(name) if transactions else None)
    if found is None or (found.program, name) not in HANDLERS:
        text = f"Transaction {name} not found in program {program}"
        raise Nok("", text=text, kind="TransactionNotFound")
    return found


def execute(world: World, program: str, name: str, sent: Record, options: Options) -> Outcome:
    """Run one transaction; a business error is in the outcome, never an exception."""
    jobs.run(world, program)
    outcome = Outcome(program, name, sent, options, None, [])
    switches = world.switches
    try:
        outcome.transaction = transaction = _transaction(program, name)
        record = check_record(transaction, sent, unknown_fields=switches["unknown_fields"])
        _check_context(program, record, options, switches)
        call = Call(world, record, options, f"{transaction.program}/{name}", sent)
        rows = iter(HANDLERS[(transaction.program, name)](call))
        if transaction.reads:
            if record.get("HDRS") != "1" and (shift := page_shift()):
                rows = _shifted(rows, shift)
            rows = _window(outcome, rows, switches, headers=record.get("HDRS") == "1")
        shaped = shape(
            transaction,
            rows,
            options,
            trailing_minus=switches["negative_numbers"] == "trailing",
            refuse_bad_output=switches["bad_output"] == "refused",
        )
        outcome.records.extend(shaped)
        if not outcome.records and transaction.reads and switches["empty_list"] == "XRE0103":
            raise Nok("XRE0103")
    except Nok as nok:
        outcome.nok = nok
    return outcome


def not_executed(program: str, name: str, sent: Record, options: Options) -> Outcome:
    """The outcome of a transaction that a bulk which stopped early did not come to."""
    return Outcome(program, name, sent, options, None, [], not_processed=True)


def _window(
    outcome: Outcome, rows: Iterator[Any], switches: Mapping[str, Any], *, headers: bool
) -> Iterator[Any]:
    """The records that were asked for: from the position key on, at most maxrecs (infor-api 2.1)."""
    options = outcome.options
    limit = switches["maxrecs_default"] if options.maxrecs is None else options.maxrecs
    breaks_after = switches["list_breaks_after"]
    if options.position:
        next(islice(rows, options.position, options.position), None)
    for given, row in enumerate(rows):
        # A header row of EXPORTMI is no record that was asked for.
        if limit and given == limit + headers:
            if switches["position_key"] == "opaque":
                outcome.position = position_key(options.position + given)
            return
        if breaks_after and given == breaks_after:
            raise Nok("CPF9898", text="The list was interrupted")
        yield row


def position_key(position: int) -> str:
    """Where a list goes on, as a text that says nothing to the caller."""
    return base64.urlsafe_b64encode(f"at {position}".encode()).decode()


def read_position_key(text: str) -> int:
    """The position behind a key of `position_key`; 0 for none. Raises ValueError for another text."""
    if not text.strip():
        return 0
    try:
        word, number = base64.urlsafe_b64decode(text).decode().split()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ValueError(f"positionkey is {text!r}; it must come from an answer") from None
    if word != "at" or not number.isdigit():
        raise ValueError(f"positionkey is {text!r}; it must come from an answer")
    return int(number)


def _shifted(rows: Iterable[Row], by: int) -> Iterator[Row]:
    # Fault `page_shift`: a list that goes on from a key passes over its first row, or gives it twice.
    given = iter(rows)
    first = next(given, None)
    if first is None:
        return
    second = next(given, None)
    if second is None or by < 0:
        yield first
    if second is not None:
        yield from (first, second) if by < 0 else (second,)
        yield from given
