"""The programs of purchasing, payables, general ledger and stock.

Belongs here: which modules they are (importing them registers their transactions).
Does not belong here: anything else.
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3 import (
    bank_statements,
    general_ledger,
    item_maintenance,
    payables,
    purchase_batches,
    purchasing,
    stock,
    supplier_invoices,
    suppliers,
)

PURCHASE_PROGRAMS = (
    bank_statements,
    general_ledger,
    item_maintenance,
    payables,
    purchase_batches,
    purchasing,
    stock,
    supplier_invoices,
    suppliers,
)
