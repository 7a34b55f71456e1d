"""APS450MI and APS455MI: supplier invoices entered as a batch, and their validation, which takes its time.

Belongs here: batch heads (FAPIBH) with their lines, entry and change, approval and rejection, when a validation
that was asked for is done.
Does not belong here: what validation looks at and posts (`supplier_matching.py`).

ValidByBatchNo answers at once and says nothing: BIST 8 until the job ran (switch `ap_validation_seconds`), then
SUPA 20, or 15 with IBHE and IBLE at head and lines, or 79 when only the order does not fit. APS455 validates and
updates payables in one go (Infor's guide to batch supplier invoices): switch `ap_update`. Nothing is approved for
payment by that. The status and progress codes are M3's own (panel APS450/B); what Approve and Reject of APS450MI
mean for an ordinary invoice is a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import order_matching
from fbinfor_assets.sandbox.m3 import supplier_matching as matching
from fbinfor_assets.sandbox.m3.mi import Nok, Record, money, parse_decimal
from fbinfor_assets.sandbox.m3.purchase_indexes import VALIDATING
from fbinfor_assets.sandbox.m3.suppliers import changed_fields, supplier
from fbinfor_assets.sandbox.m3.world import CURRENCY, PAYMENT_DAYS, Call, Row, World, transaction

IDLE = "0"  # BIST
BATCH_TYPES = ("20", "30")  # IBTP: supplier invoice, debit note; the others M3 has are not simulated
_DAYS = ("IVDT", "DUDT", "ACDT", "PUDT", "DEDA", "CDT1", "CDT2", "CDT3")
_AMOUNTS = ("CUAM", "VTAM", "TTXA", "TASD", "PRPA", "CDC1", "CDC2", "CDC3")
_LINE_AMOUNTS = ("NLAM", "VTA1", "VTA2", "GLAM", "DIAM")
_LINE_NUMBERS = ("IVQA", "GRPR", "NEPR", "PUCD", "DIPC")
_NOT_DATA = frozenset(("CONO", "DIVI", "INBN"))


def batch_invoice(world: World, inbn: str, field: str = "INBN") -> Row:
    """A batch invoice. Raises Nok XRE0103."""
    row = world.state.get("FAPIBH", int(inbn)) if inbn.isdigit() else None
    if row is None:
        raise Nok("XRE0103", field)
    return row


def _open_batch(call: Call) -> Row:
    """A batch that may still be changed. Raises Nok."""
    batch = batch_invoice(call.world, call.record["INBN"])
    if batch["SUPA"] == matching.UPDATED or batch["BIST"] != IDLE:
        raise Nok("XST0020", "INBN")
    return batch


# --------------------------------------------------------------------------------------------- entry


def _head_values(call: Call, data: Record) -> Row:
    """Dates and amounts of a head as they are stored. Raises Nok."""
    values: Row = dict(data)
    for name in _DAYS:
        if values.get(name):
            values[name] = call.day(name)
    for name in _AMOUNTS:
        if values.get(name):
            values[name] = money(parse_decimal(values[name], name, 2))
    for name in ("SUNO", "SPYN"):
        if values.get(name):
            values[name] = supplier(call.world, values[name], name)["SUNO"]
    if values.get("SINO"):
        values["SINO"] = values["SINO"].upper()
    return values


@transaction("APS450MI", "AddHead")
def add_head(call: Call) -> list[Row]:
    """Begin an invoice; terms, payee and due date come from the supplier. A used SINO is found at validation."""
    world = call.world
    seller = supplier(world, call.record["SUNO"])
    kind = call.text("IBTP", "20")
    if kind not in BATCH_TYPES:
        raise Nok("XOPC001", "IBTP", text=f"Invoice batch type {kind} is not simulated")
    values = _head_values(call, {n: v for n, v in call.record.items() if n not in _NOT_DATA and v})
    day, terms = values["IVDT"], call.text("TEPY", seller["TEPY"])
    head = {
        **{name: seller.get(name, "") for name in ("PYME", "TDCD", "VRNO", "TECD", "APCD", "CRTP")},
        **{"CUCD": CURRENCY, "CUAM": "0.00", "VTAM": "", "SINO": "", "ACDT": day, "BIST": IDLE},
        **{"SPYN": matching.payee_of(world, seller["SUNO"]), "TEPY": terms},
        "DUDT": matching.due_date(day, terms),
        **values,
        **{"SUPA": matching.NEW, "IBTP": kind, "IBHE": "0", "IBLE": "0", "INYR": day[:4], "INBN": ""},
        **{"VONO": "", "JRNO": "", "lines": [], "info": [], "errors": []},
        **world.born(),
    }
    if world.switches["ap_duplicate"] == "on_entry" and head["SINO"] and matching.duplicate_of(world, head):
        raise Nok("XRE0104", "SINO", text=f"Supplier invoice number {head['SINO']} already exists")
    inbn = world.state.next_number("INBN", 1)
    world.save("FAPIBH", inbn, {**head, "INBN": str(inbn)})
    call.wrote("supplier invoice", inbn)
    return [{"INBN": str(inbn)}]


@transaction("APS450MI", "AddLine")
def add_line(call: Call) -> list[Row]:
    """Add a line: 1 item, 2 order charge, 5 line charge, 8 accounting line, VAT (switch `ap_line_type_vat`)."""
    world, batch = call.world, _open_batch(call)
    kind = call.record["RDTP"].lstrip("0")
    known = (matching.ITEM, matching.ORDER_CHARGE, matching.LINE_CHARGE, matching.ACCOUNTING)
    if kind not in (*known, world.switches["ap_line_type_vat"]):
        raise Nok("XOPC001", "RDTP", text=f"Line type {kind} is not simulated")
    line: Row = {name: value for name, value in call.record.items() if name not in _NOT_DATA and value}
    for name in (*_LINE_AMOUNTS, *_LINE_NUMBERS):
        if line.get(name):
            amount = parse_decimal(line[name], name, 2 if name in _LINE_AMOUNTS else 6)
            line[name] = money(amount) if name in _LINE_AMOUNTS else line[name]
    line |= {"TRNO": str(len(batch["lines"]) + 1), "RDTP": kind, "IBLE": "0", "RGDT": world.today()}
    _save(world, batch, {"lines": [*batch["lines"], line]})
    call.wrote("supplier invoice", batch["INBN"])
    return [{"TRNO": line["TRNO"]}]


def _save(world: World, batch: Row, changed: Row) -> Row:
    """Store a change of a batch: what was validated must be validated again."""
    checked = (matching.VALIDATED, matching.WITH_ERRORS, matching.MATCHING_FAILED, matching.APPROVED)
    status = {"SUPA": matching.NEW, "AAPD": ""} if batch["SUPA"] in checked else {}
    row = {**batch, **status, **changed, "CHNO": world.next_change(batch)}
    return world.save("FAPIBH", int(batch["INBN"]), row)


@transaction("APS450MI", "UpdHead")
def update_head(call: Call) -> list[Row]:
    world, batch = call.world, _open_batch(call)
    data = _head_values(call, changed_fields(world, call.record, _NOT_DATA))
    if "TEPY" in data and data["TEPY"] not in PAYMENT_DAYS:
        raise Nok("XRE0103", "TEPY")
    changed = {**data, "INYR": data.get("IVDT", batch["IVDT"])[:4]}
    if ("IVDT" in data or "TEPY" in data) and "DUDT" not in data:
        changed["DUDT"] = matching.due_date(data.get("IVDT", batch["IVDT"]), data.get("TEPY", batch["TEPY"]))
    _save(world, batch, changed)
    call.wrote("supplier invoice", batch["INBN"])
    return []


@transaction("APS450MI", "AddAddInfo")
def add_information(call: Call) -> list[Row]:
    world, batch = call.world, _open_batch(call)
    sequence = call.text("PEXS") or str(len(batch["info"]) + 1)
    info = {"PEXN": call.record["PEXN"], "PEXI": call.record["PEXI"], "PEXS": sequence}
    if any((i["PEXN"], i["PEXS"]) == (info["PEXN"], sequence) for i in batch["info"]):
        raise Nok("XRE0104", "PEXN")
    _save(world, batch, {"info": [*batch["info"], info]})
    call.wrote("supplier invoice", batch["INBN"])
    return []


@transaction("APS450MI", "AdjustLine")
def adjust_line(call: Call) -> list[Row]:
    """Adjust a line of an invoice that was not approved (SUPA 40): the amount that counts from then on."""
    world, batch = call.world, _open_batch(call)
    trno = call.record["TRNO"].lstrip("0")
    if batch["SUPA"] not in (matching.NOT_APPROVED, matching.ADJUSTED):
        raise Nok("XST0020", "INBN")
    if not trno.isdigit() or not 0 < int(trno) <= len(batch["lines"]):
        raise Nok("XRE0103", "TRNO")
    adjusted = money(parse_decimal(call.text("ADAB", "0"), "ADAB", 2))
    lines = list(batch["lines"])
    line = {name: value for name, value in lines[int(trno) - 1].items() if name != "LMTS"}
    counted = "VTA1" if matching.is_vat(world, line) else "NLAM"
    lines[int(trno) - 1] = {**line, "ADAB": adjusted, counted: adjusted}
    _save(world, batch, {"lines": lines, "SUPA": matching.ADJUSTED, "RPAA": "0"})
    call.wrote("supplier invoice", batch["INBN"])
    return []


# ---------------------------------------------------------------------------- approval and rejection


@transaction("APS450MI", "Acknowledge")
def acknowledge(call: Call) -> list[Row]:
    """Note that the supplier accepts the document (SUAC)."""
    world, batch = call.world, _open_batch(call)
    given = {name: call.text(name) for name in ("CRNO", "YRE1") if call.text(name)}
    _save(world, batch, {"SUAC": "1", **given})
    call.wrote("supplier invoice", batch["INBN"])
    return []


def approve_batch(world: World, batch: Row, day: str, given: Record, user: str) -> Row:
    """Approve a batch: status 50 before payables know it (then updated when the switch says so), else the item."""
    if batch["BIST"] != IDLE or batch["SUPA"] in (matching.WITH_ERRORS, matching.MATCHING_FAILED):
        raise Nok("XST0020", "INBN")
    if batch["SUPA"] == matching.UPDATED:
        matching.set_approved(world, (batch["SPYN"], batch["SUNO"], batch["SINO"], batch["INYR"]), user)
        return world.save("FAPIBH", int(batch["INBN"]), {**batch, "AAPD": day})
    validated = batch["SUPA"] == matching.VALIDATED
    approved = {**batch, **given, "SUPA": matching.APPROVED, "AAPD": day}
    if validated and world.switches["ap_update"] == "on_approval":
        matching.check_still_valid(world, approved)
        return matching.update_payables(world, approved)
    kept = {"SUPA": matching.VALIDATED} if validated else {}
    return world.save("FAPIBH", int(batch["INBN"]), {**approved, **kept})


@transaction("APS450MI", "ApproveInvoice")
def approve(call: Call) -> list[Row]:
    world, batch = call.world, batch_invoice(call.world, call.record["INBN"])
    given = _head_values(
        call, {n: call.text(n) for n in ("CRNO", "YRE1", "SINO", "IVDT", "DUDT") if call.text(n)}
    )
    approve_batch(world, batch, call.day("AAPD", world.today()), given, "API")
    call.wrote("supplier invoice", batch["INBN"])
    return []


@transaction("APS450MI", "RejectInvoice")
def reject(call: Call) -> list[Row]:
    """Reject an invoice that is not in payables yet: status 40, its number may be used again."""
    world, batch = call.world, _open_batch(call)
    given = {name: call.text(name) for name in ("SCRE", "RPAA", "SDA1", "SDA2", "SDA3") if call.text(name)}
    given["REJD"] = call.day("REJD", world.today())
    _save(world, batch, {**given, "SUPA": matching.NOT_APPROVED, "AAPD": ""})
    call.wrote("supplier invoice", batch["INBN"])
    return [{"INBN": batch["INBN"], "TRNO": "0"}]


@transaction("APS450MI", "PrintInvoice")
def print_invoice(call: Call) -> list[Row]:
    """Print a validated document (status 30)."""
    world, batch = call.world, _open_batch(call)
    if batch["SUPA"] != matching.VALIDATED:
        raise Nok("XST0020", "INBN")
    world.save("FAPIBH", int(batch["INBN"]), {**batch, "SUPA": "30", "LITP": call.record["LITP"]})
    call.wrote("supplier invoice", batch["INBN"])
    return []


# ---------------------------------------------------------------------------------------- validation


def submit(world: World, batch: Row) -> None:
    """Start the validation job of a batch."""
    if batch["SUPA"] in (matching.UPDATED, matching.NOT_APPROVED) or batch["BIST"] != IDLE:
        raise Nok("XST0020", "INBN")
    due = int(world.now().timestamp() * 1000) + 1000 * world.switches["ap_validation_seconds"]
    world.save("FAPIBH", int(batch["INBN"]), {**batch, "BIST": VALIDATING, "DUE": due})


def run_due(world: World) -> None:
    """Finish the validations whose time has come."""
    waiting = world.purchases.validating.ids(VALIDATING)
    if not waiting:
        return
    now = int(world.now().timestamp() * 1000)
    for inbn in waiting:
        batch = world.state.tables("FAPIBH")[inbn]
        if batch["DUE"] <= now:
            done = _finish(world, batch)
            world.state.log(
                "job.validate", "supplier invoice", inbn, {"SUPA": done["SUPA"], "VONO": done["VONO"]}
            )


def _finish(world: World, batch: Row) -> Row:
    found: list[matching.Finding] = []
    if order_matching.applies(world, batch):
        made, misfit = order_matching.item_lines(world, batch)
        batch = {**batch, "lines": [*batch["lines"], *made]}
        found += [misfit] if misfit else []
    found += matching.findings(world, batch)
    wrong_lines = {finding.trno for finding in found if finding.trno}
    lines = []
    for line in batch["lines"]:
        flag = "1" if line["TRNO"] in wrong_lines else "0"
        if line["IBLE"] != flag:
            line = {**{name: value for name, value in line.items() if name != "LMTS"}, "IBLE": flag}
        lines.append(line)
    head_error = any(not finding.trno for finding in found)
    own = {
        **{
            "BIST": IDLE,
            "lines": lines,
            "IBHE": "1" if head_error else "0",
            "IBLE": "1" if wrong_lines else "0",
        },
        "errors": [{"MSID": f.code, "TRNO": f.trno, "MSGD": f.text} for f in found],
    }
    checked = {**batch, **own}
    if found:
        only_order = all(finding.matching for finding in found)
        checked["SUPA"] = matching.MATCHING_FAILED if only_order else matching.WITH_ERRORS
        return world.save("FAPIBH", int(batch["INBN"]), checked)
    checked["SUPA"] = matching.VALIDATED
    update = world.switches["ap_update"]
    if update == "on_validation" or (update == "on_approval" and batch.get("AAPD")):
        return matching.update_payables(world, checked)
    return world.save("FAPIBH", int(batch["INBN"]), checked)


@transaction("APS455MI", "ValidByBatchNo")
def validate_one(call: Call) -> list[Row]:
    """Submit one batch; the outcome is there when the job has run."""
    batch = batch_invoice(call.world, call.record["INBN"])
    submit(call.world, batch)
    call.wrote("supplier invoice", batch["INBN"])
    return []


_RANGES = {  # field of the batch -> its from and to in ValidBySelect
    "SINO": ("FSIN", "TSIN"),
    "INBN": ("FINB", "TINB"),
    "IBTP": ("FIBT", "TIBT"),
    "SUPA": ("FSUP", "TSUP"),
    "SUNO": ("FSUN", "TSUN"),
    "APCD": ("FAPC", "TAPC"),
    "IBHE": ("FIBH", "TIBH"),
    "IBLE": ("FIBL", "TIBL"),
}


def _in_ranges(call: Call, batch: Row) -> bool:
    for name, (low, high) in _RANGES.items():
        value = batch.get(name, "").zfill(10) if name == "INBN" else batch.get(name, "")
        first, last = call.text(low).upper(), call.text(high).upper()
        if name == "INBN":
            first, last = first and first.zfill(10), last and last.zfill(10)
        if value < first or (last and value > last):
            return False
    return call.day("FIVD") <= batch["IVDT"] <= call.day("TIVD", "99999999")


@transaction("APS455MI", "ValidBySelect")
def validate_many(call: Call) -> list[Row]:
    """Submit every batch in the given ranges that can be validated."""
    open_statuses = (matching.NEW, matching.WITH_ERRORS, matching.VALIDATED, matching.MATCHING_FAILED)
    open_statuses += ("30", matching.ADJUSTED, matching.APPROVED)
    world, index = call.world, call.world.purchases.batches_of_status
    for inbn in sorted(inbn for status in open_statuses for inbn in index.ids(status)):
        batch = world.state.tables("FAPIBH")[inbn]
        if batch["BIST"] == IDLE and _in_ranges(call, batch):
            submit(world, batch)
            call.wrote("supplier invoice", inbn)
    return []


# --------------------------------------------------------------------------------------------- reads


@transaction("APS450MI", "GetHead")
def get_head(call: Call) -> list[Row]:
    batch = batch_invoice(call.world, call.record["INBN"])
    tax, nets, costs = matching.totals(call.world, batch)
    sums = {"TLNA": money(nets), "TOPA": batch["CUAM"], "VTAM": batch["VTAM"] or money(tax)}
    charges = [x for x in costs if x["RDTP"] in (matching.ORDER_CHARGE, matching.LINE_CHARGE)]
    sums["TCHG"] = money(sum((matching.line_net(batch, line) for line in charges), Decimal(0)))
    return [{"ARAT": "1", "VSER": "200" if batch["VONO"] else "", "UPBI": "0", **batch, **sums}]


@transaction("APS450MI", "GetHead2")
def get_credit_request(call: Call) -> list[Row]:
    return [batch_invoice(call.world, call.record["INBN"])]


@transaction("APS450MI", "LstLines")
def list_lines(call: Call) -> Iterator[Row]:
    """Lines from TRNO on."""
    batch, first = batch_invoice(call.world, call.record["INBN"]), int(call.text("TRNO", "0"))
    shared = {"CUCD": batch["CUCD"], "LMDT": batch["LMDT"]}
    return ({**shared, **line} for line in batch["lines"] if int(line["TRNO"]) >= first)


@transaction("APS450MI", "LstInvBatchNo")
def list_batches(call: Call) -> list[Row]:
    """Batches of a payee; supplier, type and status select, INBN is where to start."""
    world, first = call.world, int(call.text("INBN", "0"))
    wanted = {name: call.text(name).upper() for name in ("SUNO", "IBTP", "SUPA") if call.text(name)}
    table = world.state.tables("FAPIBH")
    rows = (table[inbn] for inbn in world.purchases.batches_of_payee.ids(call.record["SPYN"].upper()))
    return [r for r in rows if int(r["INBN"]) >= first and all(r[n] == v for n, v in wanted.items())]


@transaction("APS450MI", "LstInvBySupInv")
def list_by_supplier_invoice(call: Call) -> list[Row]:
    """Batches that carry a supplier's invoice number: the check for a duplicate."""
    key = tuple(call.record[name].upper() for name in ("SPYN", "SUNO", "SINO"))
    table = call.world.state.tables("FAPIBH")
    return [table[inbn] for inbn in call.world.purchases.batches_of_supplier_invoice.ids(key)]


@transaction("APS450MI", "LstClaimDetails")
def list_claims(call: Call) -> list[Row]:
    """Claim lines of a batch: claims (IBTP 50 to 52) are not simulated, so there are none."""
    batch_invoice(call.world, call.record["INBN"])
    return []


@transaction("APS450MI", "UpdClaimDetails")
def update_claim(call: Call) -> list[Row]:
    batch_invoice(call.world, call.record["INBN"])
    raise Nok("XRE0103", "RIDN")
