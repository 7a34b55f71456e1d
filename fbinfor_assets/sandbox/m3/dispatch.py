"""From a named MI call to its result: context, checks, handler, records or NOK.

Belongs here: what happens around every handler, and which programs there are.
Does not belong here: HTTP (`gateway.py`), a transaction's own rules.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from fbinfor_assets.sandbox.m3 import (
    customers,
    deliveries,
    export,
    items,
    jobs,
    orders,
    purchase_programs,
    receivables,
    reference,
)
from fbinfor_assets.sandbox.m3.catalogue import Transaction, load
from fbinfor_assets.sandbox.m3.mi import Nok, Options, Record, check_record, result, shape
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, HANDLERS, Call, World

# Importing a program's module registers its transactions.
PROGRAMS = (customers, deliveries, export, items, orders, purchase_programs, receivables, reference)


def _check_context(record: Record, options: Options) -> None:
    for company in (options.cono, record.get("CONO", "")):
        if company.strip() and company.strip() != COMPANY:
            raise Nok("XAU0008", "CONO", company.strip())
    for division in (options.divi, record.get("DIVI", "")):
        if division.strip() and division.strip().upper() != DIVISION:
            raise Nok("XAU0008", "DIVI", f"{COMPANY} division {division.strip()}")


def _transaction(program: str, name: str) -> Transaction:
    found = load().get(program, {}).get(name)
    if found is None or (program, name) not in HANDLERS:
        text = f"Transaction {name} not found in program {program}"
        raise Nok("", text=text, kind="TransactionNotFound")
    return found


def execute(world: World, program: str, name: str, sent: Record, options: Options) -> dict[str, Any]:
    """Run one transaction and give its entry of `results`; a business error is a NOK entry, never an
    exception."""
    keep_records = world.switches["error_records"] == "empty"
    jobs.run(world, program)
    try:
        transaction = _transaction(program, name)
        record = check_record(transaction, sent, unknown_fields=world.switches["unknown_fields"])
        _check_context(record, options)
        call = Call(world, record, options, f"{program}/{name}", sent)
        rows = HANDLERS[(program, name)](call)
        limit = world.switches["maxrecs_default"] if options.maxrecs is None else options.maxrecs
        if limit:
            # A header row of EXPORTMI is no record that was asked for.
            rows = islice(rows, limit + (record.get("HDRS") == "1"))
        records = shape(transaction, rows, options)
        if not records and _is_read(name) and world.switches["empty_list"] == "XRE0103":
            raise Nok("XRE0103")
    except Nok as nok:
        return result(name, sent, [], options, nok, keep_records)
    return result(name, sent, records, options, None, keep_records)


def _is_read(name: str) -> bool:
    return name.startswith(("Get", "Lst", "Sel"))
