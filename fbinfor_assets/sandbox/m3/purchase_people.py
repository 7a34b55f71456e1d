"""What people do in purchasing, payables, stock and period control: more verbs of the control plane.

Belongs here: approving, rejecting, paying, updating supplier invoices, counting stock, closing periods, editing
suppliers.
Does not belong here: the verbs of sales (`control.py`, which also makes routes of these), what a verb does inside.

Every verb takes (world, body) and gives an answer, like those of `control.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fbinfor_assets.sandbox.m3 import payables, periods, stock, supplier_matching, suppliers
from fbinfor_assets.sandbox.m3.catalogue import load
from fbinfor_assets.sandbox.m3.mi import money
from fbinfor_assets.sandbox.m3.purchase_indexes import payable_key
from fbinfor_assets.sandbox.m3.supplier_invoices import approve_batch, batch_invoice
from fbinfor_assets.sandbox.m3.world import ACCOUNTS, WAREHOUSE, Row, World


def _text(body: Row, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f'"{name}" is missing')
    return str(value).strip()


def _decimal(body: Row, name: str) -> Decimal:
    try:
        return Decimal(_text(body, name))
    except InvalidOperation:
        raise ValueError(f"{name} is {body[name]!r}; give a decimal as text") from None


def _day(world: World, body: Row) -> str:
    text = body.get("date")
    return date.fromisoformat(text).strftime("%Y%m%d") if text else world.today()


def _key(world: World, body: Row) -> tuple[str, ...]:
    """The AP item a body names: by "inbn", or by "suno" and "sino" (and "inyr", "spyn" where they differ)."""
    if body.get("inbn"):
        batch = batch_invoice(world, _text(body, "inbn"))
        return payable_key(batch)
    suno, sino = _text(body, "suno").upper(), _text(body, "sino").upper()
    spyn = str(body.get("spyn") or supplier_matching.payee_of(world, suno)).upper()
    table = world.state.tables("FPLEDG")
    for id_ in world.purchases.payables_of_number.ids(sino):
        row = table[id_]
        if (row["SPYN"], row["SUNO"]) == (spyn, suno) and body.get("inyr", row["INYR"]) == row["INYR"]:
            return payable_key(row)
    raise ValueError(f"supplier {suno} has no invoice {sino} in accounts payable")


def approve_supplier_invoice(world: World, body: Row) -> Any:
    """{"inbn"} or {"suno", "sino"}, "date"?: approve it, in the batch or for payment once payables have it."""
    if body.get("inbn"):
        batch = batch_invoice(world, _text(body, "inbn"))
        done = approve_batch(world, batch, _day(world, body), {}, "PEOPLE")
        answer = {"inbn": done["INBN"], "supa": done["SUPA"]}
    else:
        key = _key(world, body)
        supplier_matching.set_approved(world, key, "PEOPLE")
        answer = {"suno": key[1], "sino": key[2], "aprv": "1"}
    world.state.log("people.approve-supplier-invoice", "supplier invoice", answer.get("inbn") or key[2], body)
    return answer


def reject_supplier_invoice(world: World, body: Row) -> Any:
    """{"inbn", "reason"?}: reject a batch that payables do not have yet."""
    batch = batch_invoice(world, _text(body, "inbn"))
    if batch["SUPA"] == supplier_matching.UPDATED or batch["BIST"] != "0":
        raise ValueError(f"invoice batch {batch['INBN']} has status {batch['SUPA']} and cannot be rejected")
    own = {"SUPA": supplier_matching.NOT_APPROVED, "REJD": _day(world, body), "AAPD": ""}
    done = world.save(
        "FAPIBH", int(batch["INBN"]), {**batch, **own, "SDA1": str(body.get("reason", ""))[:60]}
    )
    world.state.log("people.reject-supplier-invoice", "supplier invoice", batch["INBN"], body)
    return {"inbn": done["INBN"], "supa": done["SUPA"]}


def pay_supplier_invoice(world: World, body: Row) -> Any:
    """{"inbn"} or {"suno", "sino"}, "amount"? (else all that is open), "date"?, "account"?: pay an approved item;
    {"prpn", "date"?}: pay everything on a proposal."""
    day, account = _day(world, body), str(body.get("account", payables.BANK))
    if account not in ACCOUNTS:
        raise ValueError(f"account {account} does not exist")
    paid = []
    if body.get("prpn"):
        proposal = payables.proposal(world, _text(body, "prpn"))
        for line in proposal["lines"]:
            paid.append(payables.pay(world, payable_key(line), None, day, account))
        world.state.put("FPPROP", int(proposal["PRPN"]), {**proposal, "PYST": "9"})
    else:
        amount = _decimal(body, "amount") if body.get("amount") is not None else None
        paid.append(payables.pay(world, _key(world, body), amount, day, account))
    world.state.log("people.pay-supplier-invoice", "payable", paid[0]["SINO"] if paid else "", body)
    return {
        "paid": [
            {
                **{"suno": row["SUNO"], "sino": row["SINO"], "amount": money(-Decimal(row["CUAM"]))},
                **{"vono": row["VONO"], "open": money(payables.open_amount(world, payable_key(row)))},
            }
            for row in paid
        ]
    }


def update_payables(world: World, body: Row) -> Any:
    """{"inbn"}: update accounts payable from a validated batch (switch `ap_update`: manual or on_approval)."""
    batch = batch_invoice(world, _text(body, "inbn"))
    if batch["SUPA"] != supplier_matching.VALIDATED:
        raise ValueError(f"invoice batch {batch['INBN']} has status {batch['SUPA']}, not 20 (validated)")
    supplier_matching.check_still_valid(world, batch)
    done = supplier_matching.update_payables(world, batch)
    world.state.log("people.ap-update", "supplier invoice", batch["INBN"], body)
    return {"inbn": done["INBN"], "supa": done["SUPA"], "vono": done["VONO"]}


def supplier(world: World, body: Row) -> Any:
    """{"suno", "TEPY": ..., ...} or {"suno", "fields": {...}}: change a supplier by hand (block it with STAT 90)."""
    given = {name: value for name, value in body.items() if name not in ("suno", "fields")}
    values = {name.upper(): str(value) for name, value in (given | body.get("fields", {})).items()}
    unknown = set(values) - set(load()["CRS620MI"]["UpdSupplier"].inputs)
    if unknown or not values:
        raise ValueError(f"no supplier field: {', '.join(sorted(unknown)) or 'none was given'}")
    row = suppliers.change_supplier(world, _text(body, "suno"), values)
    world.state.log("people.supplier", "supplier", row["SUNO"], body)
    return {"suno": row["SUNO"], "stat": row["STAT"], "chno": row["CHNO"]}


def count_stock(world: World, body: Row) -> Any:
    """{"itno", "quantity", "whlo"?, "date"?}: somebody counted; the difference is posted where a cost is known."""
    whlo = str(body.get("whlo", WAREHOUSE))
    if whlo != WAREHOUSE:
        raise ValueError(f"warehouse {whlo} does not exist")
    itno = _text(body, "itno").upper()
    answer = stock.count(world, whlo, itno, _decimal(body, "quantity"), _day(world, body))
    world.state.log("people.count-stock", "item", itno, body)
    return answer


def _period(body: Row) -> tuple[list[str], str]:
    """{"period": "2026-10", "ledger"?: AR | AP | GL | ST (else all)}."""
    period = date.fromisoformat(_text(body, "period")[:7] + "-01").strftime("%Y%m")
    chosen = str(body.get("ledger", "")).upper()
    if chosen and chosen not in periods.LEDGERS:
        raise ValueError(f"ledger is {chosen}; known are {', '.join(periods.LEDGERS)}")
    return [chosen] if chosen else list(periods.LEDGERS), period


def close_period(world: World, body: Row) -> Any:
    """{"period": "2026-10", "ledger"?}: nothing dated in it is posted any more, in one ledger or in all."""
    ledgers, period = _period(body)
    for ledger in ledgers:
        periods.close(world, ledger, period)
    world.state.log("people.close-period", "period", period, body)
    return {"period": period, "closed": ledgers}


def open_period(world: World, body: Row) -> Any:
    """{"period": "2026-10", "ledger"?}: open a closed period again."""
    ledgers, period = _period(body)
    for ledger in ledgers:
        periods.reopen(world, ledger, period)
    world.state.log("people.open-period", "period", period, body)
    return {"period": period, "opened": ledgers}


VERBS = {
    "/_sandbox/people/approve-supplier-invoice": approve_supplier_invoice,
    "/_sandbox/people/reject-supplier-invoice": reject_supplier_invoice,
    "/_sandbox/people/pay-supplier-invoice": pay_supplier_invoice,
    "/_sandbox/people/ap-update": update_payables,
    "/_sandbox/people/supplier": supplier,
    "/_sandbox/people/count-stock": count_stock,
    "/_sandbox/people/close-period": close_period,
    "/_sandbox/people/open-period": open_period,
}
