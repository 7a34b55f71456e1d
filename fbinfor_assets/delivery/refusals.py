"""What this product never writes, whatever a payload says: approvals, payment proposals, payments, bank details.

Belongs here: the never list and the short list of what each object may call at all.
Does not belong here: accounting rules that depend on the case (POLICY, dbt's outbound models).

Two locks, on purpose: an object can only call what `ALLOWED` names for it, and what `check_m3` and
`check_freshbooks` refuse stays refused even if `ALLOWED` grows one day (POLICY, Purchase).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# program -> transactions, by outbound object. DelBatchHead removes our own unconfirmed batch order only.
ALLOWED: dict[str, frozenset[tuple[str, str]]] = {
    "m3__items": frozenset({("MMS200MI", "AddItmViaItmTyp")}),
    "m3__customers": frozenset(
        {
            ("CRS610MI", "Add"),
            ("CRS610MI", "ChgBasicData"),
            ("CRS610MI", "ChgFinancial"),
            ("CRS610MI", "ChgOrderInfo"),
        }
    ),
    "m3__orders": frozenset(
        ("OIS100MI", name)
        for name in ("AddBatchHead", "AddBatchLine", "AddBatchAddress", "Confirm", "DelBatchHead")
    ),
    "m3__receipts": frozenset(
        ("ARS040MI", name) for name in ("AddBatchHead", "AddBatchLine", "ControlBatch")
    ),
}
ALLOWED["m3__credit_orders"] = ALLOWED["m3__orders"]

# Approving, rejecting, proposing and paying (APS450MI, APS130MI, PPS200MI and whatever is named alike).
_NEVER_TRANSACTIONS = ("approve", "reject", "createproposal", "updproposal", "paybatch", "confirmpayment")
# Supplier payments, payment proposals, bank accounts of business partners.
_NEVER_PROGRAMS = frozenset({"APS130MI", "APS131MI", "APS110MI", "CRS692MI", "CRS690MI", "CRS691MI"})
# Every field that the catalogue describes as a bank's, a bank account's or a giro's (infor-m3-catalogue), and the
# usual names of newer releases.
_NEVER_FIELDS = frozenset(
    [
        "AACB",
        "AGBG",
        "AGBP",
        "AGLB",
        "AGPG",
        "AGAC",
        "BAAN",
        "BKID",
        "BLAN",
        "BLBS",
        "BSID",
        "BACN",
        "BAFN",
        "BKAC",
        "IBAN",
        "SWIF",
        "BICC",
    ]
)
_NEVER_FRESHBOOKS = ("bank", "iban", "swift", "sort_code", "routing", "account_number", "card_number", "bic")


class Forbidden(Exception):
    """A payload asks for something that this product never does. Nothing was sent; the text names the record."""


def check_m3(object: str, who: str, program: str, transaction: str, record: Mapping[str, Any]) -> None:
    """Refuse an M3 write that is on the never list or not on the object's own list. Raises `Forbidden`."""
    name = transaction.lower()
    if program.upper() in _NEVER_PROGRAMS or any(name.startswith(never) for never in _NEVER_TRANSACTIONS):
        raise Forbidden(
            f"{who}: {program}/{transaction} approves, proposes or pays; fbinfor never does that. Do it in M3 yourself"
        )
    if (program, transaction) not in ALLOWED.get(object, frozenset()):
        raise Forbidden(f"{who}: {object} may not call {program}/{transaction}; correct the outbound model")
    for field in record:
        if field.upper() in _NEVER_FIELDS:
            raise Forbidden(
                f"{who}: {program}/{transaction} would write the bank detail {field}; fbinfor never does that. "
                "Keep bank details in M3, entered by a person"
            )


def check_freshbooks(object: str, who: str, document: Any) -> None:
    """Refuse a FreshBooks write that carries bank details anywhere in its document. Raises `Forbidden`."""
    if isinstance(document, Mapping):
        for field, value in document.items():
            lower = str(field).lower()
            if any(lower == never or lower.startswith(never + "_") for never in _NEVER_FRESHBOOKS):
                raise Forbidden(
                    f"{who}: {object} would write the bank detail {field!r}; fbinfor never does that"
                )
            check_freshbooks(object, who, value)
    elif isinstance(document, list):
        for value in document:
            check_freshbooks(object, who, value)
