"""The accounting policy as the code sees it: typed, checked, refused when a sale could post twice.

Belongs here: the meaning of `config/policy.yml` and the rules that a combination of settings must keep.
Does not belong here: reading the file (config.py), and applying the policy (dbt models, gates, sender).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


class PolicyError(ValueError):
    """A policy that cannot be used. The text names the setting and what to write instead."""


MODES = ("off", "observe", "automatic")


@dataclass(frozen=True)
class Flow:
    """One flow (`sale`, `parties`): its mode and the first document date that may be written."""

    mode: str
    go_live: date


@dataclass(frozen=True)
class Policy:
    """`config/policy.yml`, checked. Amounts are in `company_currency`; dates are the documents' own days."""

    book_of_record: str
    invoice_on: str
    cash: str
    prepayment: str
    tax_rounding: str
    company_currency: str
    currencies: tuple[str, ...]
    flows: dict[str, Flow]
    guard_creates: int
    guard_amount: Decimal
    visibility_lag_seconds: float
    timing_max_days: int
    payment_terms_days: int
    free_goods: str
    m3: dict[str, str] = field(default_factory=dict)

    def may_write(self, flow: str) -> bool:
        """Whether anything of `flow` is sent at all."""
        return self.flows[flow].mode == "automatic"

    def for_warehouse(self, freshbooks_account: str) -> dict[str, str]:
        """The settings that the dbt models read from `ops.policy`, as text."""
        settings = {
            "freshbooks_account": freshbooks_account,
            "invoice_on": self.invoice_on,
            "prepayment": self.prepayment,
            "tax_rounding": self.tax_rounding,
            "company_currency": self.company_currency,
            "timing_max_days": str(self.timing_max_days),
            "payment_terms_days": str(self.payment_terms_days),
            "free_goods": self.free_goods,
        }
        for name, flow in self.flows.items():
            settings[f"mode_{name}"] = flow.mode
            settings[f"go_live_{name}"] = flow.go_live.isoformat()
        for name, value in self.m3.items():
            settings[f"m3_{name}"] = value
        return settings

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Policy:
        """Build from the parsed YAML (already valid against `config/policy.schema.json`).

        Raises `PolicyError` for settings that contradict each other, above all for those under which a sale, a tax
        amount, a receipt or a cost could be posted twice.
        """
        books = document["books"]
        if books["of_record"] != "m3_books":
            raise PolicyError(
                f"books.of_record is {books['of_record']!r}: this version posts by 'm3_books' only; "
                "set it to m3_books or keep the flows in mode 'observe' with an older release"
            )
        if books["post_freshbooks_journals_to_m3"]:
            raise PolicyError(
                "books.post_freshbooks_journals_to_m3 is true while M3 keeps the receivables ledger: every sale and its "
                "VAT would be posted twice, once by M3's invoice and once by the journal; set it to false"
            )
        if books["push_fees"] and document["cash"]["posting"] == "per_payout":
            raise PolicyError(
                "books.push_fees is true while cash.posting is 'per_payout': the payout already posts the gateway's fee, "
                "so it would be a cost twice; set one of them differently"
            )
        if document["sale"]["invoice_on"] != "shipment":
            raise PolicyError(
                "sale.invoice_on must be 'shipment' in this version: M3's invoice is the one that posts, "
                "and the FreshBooks invoice follows it"
            )
        if document["cash"]["posting"] != "per_payment":
            raise PolicyError("cash.posting must be 'per_payment' in this version")
        flows = {}
        for name, flow in document["flows"].items():
            if flow["mode"] not in MODES:
                raise PolicyError(f"flows.{name}.mode is {flow['mode']!r}; write one of {', '.join(MODES)}")
            go_live = flow["go_live"]
            flows[name] = Flow(
                flow["mode"], go_live if isinstance(go_live, date) else date.fromisoformat(go_live)
            )
        for needed in ("sale", "parties"):
            if needed not in flows:
                raise PolicyError(f"flows.{needed} is missing: give it a mode and a go_live date")
        if document["currency"] not in document["currencies"]:
            raise PolicyError(f"currencies must contain the company's currency {document['currency']}")
        return cls(
            book_of_record=books["of_record"],
            invoice_on=document["sale"]["invoice_on"],
            cash=document["cash"]["posting"],
            prepayment=document["cash"]["prepayment"],
            tax_rounding=document["sale"]["tax_rounding"],
            company_currency=document["currency"],
            currencies=tuple(document["currencies"]),
            flows=flows,
            guard_creates=int(document["guard"]["creates"]),
            guard_amount=Decimal(str(document["guard"]["amount"])),
            visibility_lag_seconds=float(document["delivery"]["visibility_lag_seconds"]),
            timing_max_days=int(document["differences"]["timing_max_days"]),
            payment_terms_days=int(document["sale"]["payment_terms_days"]),
            free_goods=document["sale"].get("free_goods", "deliver"),
            m3={name: str(value) for name, value in document["m3"].items()},
        )
