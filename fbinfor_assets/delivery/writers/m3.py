"""M3: items, customers, orders, credit orders and receipts, one small writer each.

Belongs here: the MI calls, look-ups and comparisons of the M3 objects, in bulk requests.
Does not belong here: states and retries (sender.py), HTTP and envelopes (clients/infor).

Facts relied on: a bulk is not atomic, its results come in the order of its transactions, and 100 fit into the
gateway's 60 s (infor-api 2.2). The numbers we choose (CUNO, ITNO, PBID) and PYRE are our references (2.6). A batch
order is nothing but a draft until Confirm, which may succeed and still leave it at 15, 20, 25, 30 or 55 (2.6); an
unconfirmed one is found only through EXPORTMI. ARS040MI has no transaction that deletes a batch, so a receipt that
was begun is finished, never begun anew.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from fbinfor_assets.clients.errors import ClientError
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.delivery import refusals
from fbinfor_assets.delivery.compare import describe, number, same_number, same_text, text_of, totals_apart
from fbinfor_assets.delivery.failpoints import failpoint
from fbinfor_assets.delivery.outcomes import (
    Absent,
    Answered,
    Confirmed,
    Differs,
    Found,
    Looked,
    NotSent,
    NotYet,
    Partial,
    ReadBack,
    Rejected,
    Sent,
    Unknown,
    of_error,
)
from fbinfor_assets.delivery.settings import Clients, DeliverySettings
from fbinfor_assets.delivery.writers.base import Job, Writer
from fbinfor_assets.domain.money import document_tolerance

Record = dict[str, str]
Difference = tuple[str, Any, Any]

# Fields of these records that are numbers (type N in the catalogue): "20" and "20.00" are the same, "" is 0.
_NUMBERS = frozenset(
    [
        "BLCD",
        "CFC2",
        "CFC7",
        "CLCD",
        "CRL2",
        "CRL3",
        "CRLM",
        "CRTP",
        "CUTP",
        "EALO",
        "GEOC",
        "ODUD",
        "PYOP",
        "TXAP",
        "VTCD",
    ]
)
# Keys and codes, which M3 keeps in upper case (infor-api 2.5).
_CODES = frozenset(
    [
        "CUNO",
        "ITNO",
        "ITTY",
        "CSCD",
        "CUCD",
        "PYNO",
        "INRC",
        "WHLO",
        "FACI",
        "ORTP",
        "TEPY",
        "MODL",
        "TEDL",
        "CUCL",
        "ECAR",
        "STAT",
    ]
)
# Outputs that are narrower than the field (infor-api 2.6: MMS200MI GetItmBasic gives ITDS:30, FUDS:60).
_WIDTHS = {"ITDS": 30, "FUDS": 60}
# Classic MI convention: this value empties a field (infor-api 2.5, not verified).
_BLANK = "?"


def _apart(
    sent: Mapping[str, Any], got: Mapping[str, Any], *, without: Iterable[str] = ()
) -> list[Difference]:
    """Sent fields that the target gives back otherwise. An empty value means "leave as it is" and is not compared."""
    found = []
    for name, value in sent.items():
        if name in without or name not in got or text_of(value) == "":
            continue
        wanted = "" if text_of(value) == _BLANK else value
        if name in _NUMBERS and same_number(wanted, got[name]):
            continue
        if not same_text(wanted, got[name], width=_WIDTHS.get(name), fold=name in _CODES):
            found.append((name, wanted, got[name]))
    return found


@dataclass(frozen=True)
class _Call:
    """One transaction of a bulk, for the job at `index`."""

    index: int
    transaction: str
    record: Mapping[str, Any]


class M3Writer(Writer):
    """What the M3 writers share: checked bulk writes and bulk reads."""

    program: ClassVar[str]

    def __init__(self, clients: Clients, settings: DeliverySettings) -> None:
        super().__init__(clients, settings)
        if clients.m3 is None:
            raise ValueError(f"{self.object} needs an M3 client and none is configured")
        self.client: M3Client = clients.m3

    def check(self, job: Job) -> None:
        for transaction, record in self.calls(job):
            refusals.check_m3(self.object, job.who, self.program, transaction, record)

    @abstractmethod
    def calls(self, job: Job) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Every write that the payload asks for, to be checked before anything is sent. Raises `Forbidden`."""

    def write(self, jobs: Sequence[Job], calls: Sequence[_Call]) -> list[list[Record] | Sent]:
        """Send transactions in order, at most a chunk per request; for each its records, or what went wrong.

        Once a request could not be sent at all, the rest is not tried.
        """
        for call in calls:
            refusals.check_m3(self.object, jobs[call.index].who, self.program, call.transaction, call.record)
        results: list[list[Record] | Sent] = []
        for start in range(0, len(calls), self.settings.chunk):
            chunk = calls[start : start + self.settings.chunk]
            try:
                answers = self.client.bulk(self.program, [(call.transaction, call.record) for call in chunk])
            except ClientError as error:
                outcome = of_error(error)
                results += [outcome] * len(chunk)
                if isinstance(outcome, NotSent):
                    results += [outcome] * (len(calls) - start - len(chunk))
                    break
                continue
            for answer in answers:
                if answer.not_processed:
                    results.append(NotSent("intermittent", "M3 ended the request before this transaction"))
                else:
                    results.append(of_error(answer.error) if answer.error else answer.records)
        return results

    def read(self, program: str, calls: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Record | None]:
        """The first record of each Get, None where M3 has none. Raises a `ClientError`."""
        found: list[Record | None] = []
        for start in range(0, len(calls), self.settings.chunk):
            for answer in self.client.bulk(program, calls[start : start + self.settings.chunk]):
                if answer.error is not None and str(answer.error.error_class) != "missing":
                    raise answer.error
                found.append(answer.records[0] if answer.records and answer.error is None else None)
        return found

    def unreferenced(self, job: Job, field: str) -> refusals.Forbidden:
        """The refusal of a record that could not be found again."""
        return refusals.Forbidden(
            f"{job.who}: the payload has no {field}, so it could not be found again after a lost answer; "
            "correct the outbound model"
        )


# --------------------------------------------------------------------------------------------- items


class ItemWriter(M3Writer):
    """`m3__items`: MMS200MI AddItmViaItmTyp; reference is ITNO."""

    object = "m3__items"
    program = "MMS200MI"

    def calls(self, job: Job) -> Iterable[tuple[str, Mapping[str, Any]]]:
        if job.payload.get("program") != self.program:
            raise refusals.Forbidden(
                f"{job.who}: program {job.payload.get('program')!r} is not {self.program}"
            )
        if not job.payload["record"].get("ITNO"):
            raise self.unreferenced(job, "ITNO")
        yield job.payload["transaction"], job.payload["record"]

    def send_chunk(self, jobs: Sequence[Job]) -> list[Sent]:
        calls = [_Call(i, job.payload["transaction"], job.payload["record"]) for i, job in enumerate(jobs)]
        results = self.write(jobs, calls)
        failpoint("mid_order")
        return [
            Answered(self._number(job)) if isinstance(result, list) else result
            for job, result in zip(jobs, results, strict=True)
        ]

    def _number(self, job: Job) -> str:
        return str(job.payload["record"]["ITNO"]).upper()

    def _judge(self, job: Job, row: Record) -> list[Difference]:
        return _apart(job.payload["record"], row)

    def lookup(self, job: Job) -> Looked:
        row = self.client.get("MMS200MI", "GetItmBasic", {"ITNO": self._number(job)})
        if row is None:
            return Absent()
        apart = self._judge(job, row)
        return (
            Differs(f"item {self._number(job)} exists otherwise: {describe(apart)}")
            if apart
            else Found(row["ITNO"])
        )

    def confirm(self, jobs: Sequence[Job]) -> list[ReadBack]:
        rows = self.read("MMS200MI", [("GetItmBasic", {"ITNO": self._number(job)}) for job in jobs])
        found: list[ReadBack] = []
        for job, row in zip(jobs, rows, strict=True):
            if row is None:
                found.append(NotYet(f"M3 shows no item {self._number(job)}"))
                continue
            apart = self._judge(job, row)
            found.append(Differs(describe(apart), row["ITNO"]) if apart else Confirmed(row["ITNO"]))
        return found


# ----------------------------------------------------------------------------------------- customers


class CustomerWriter(M3Writer):
    """`m3__customers`: CRS610MI Add and what follows it; reference is CUNO, which we choose."""

    object = "m3__customers"
    program = "CRS610MI"

    def calls(self, job: Job) -> Iterable[tuple[str, Mapping[str, Any]]]:
        if not self._base(job).get("CUNO"):
            raise self.unreferenced(job, "CUNO")
        yield ("ChgBasicData" if job.is_update else "Add"), self._base(job)
        yield from self._further(job)

    def _base(self, job: Job) -> Record:
        return job.payload["change" if job.is_update else "add"]

    def _number(self, job: Job) -> str:
        return str(self._base(job)["CUNO"]).upper()

    def _further(self, job: Job) -> list[tuple[str, Record]]:
        """ChgFinancial and ChgOrderInfo of a create, as far as the payload has them."""
        parts = (("ChgFinancial", "financial"), ("ChgOrderInfo", "order_info"))
        return [
            (transaction, {**job.payload[part], "CUNO": self._number(job)})
            for transaction, part in parts
            if job.payload.get(part)
        ]

    def send_chunk(self, jobs: Sequence[Job]) -> list[Sent]:
        outcomes: list[Sent] = [Answered(self._number(job)) for job in jobs]
        calls = []
        for index, job in enumerate(jobs):
            if job.begun:
                # Added by an earlier attempt; whatever was corrected since is set now.
                record = {name: value for name, value in self._base(job).items() if name != "CUTM"}
                calls.append(_Call(index, "ChgBasicData", record))
            else:
                calls.append(_Call(index, "ChgBasicData" if job.is_update else "Add", self._base(job)))
        for call, result in zip(calls, self.write(jobs, calls), strict=True):
            if not isinstance(result, list):
                outcomes[call.index] = result
            elif result and result[0].get("ERRM"):
                number_ = self._number(jobs[call.index])
                outcomes[call.index] = Differs(
                    f"customer {number_} is not usable yet: {result[0]['ERRM']}", number_
                )
        failpoint("mid_order")
        for transaction in ("ChgFinancial", "ChgOrderInfo"):
            calls = [
                _Call(index, transaction, record)
                for index, job in enumerate(jobs)
                if isinstance(outcomes[index], Answered)
                for name, record in self._further(job)
                if name == transaction
            ]
            for call, result in zip(calls, self.write(jobs, calls), strict=True):
                if not isinstance(result, list):
                    outcomes[call.index] = self._half_done(jobs[call.index], transaction, result)
        return outcomes

    def _half_done(self, job: Job, transaction: str, outcome: Sent) -> Sent:
        if isinstance(outcome, Rejected):
            message = (
                f"customer {self._number(job)} is added, but {transaction} was refused: {outcome.message}"
            )
            return replace(outcome, message=message, remote_id=self._number(job))
        message = getattr(outcome, "message", str(outcome))
        return Unknown(f"customer {self._number(job)} is added, but perhaps not completed: {message}")

    def _reads(self, job: Job) -> list[tuple[str, Record]]:
        """(read, what it must show) of everything the payload sets."""
        gets = {"ChgFinancial": "GetFinancial", "ChgOrderInfo": "GetOrderInfo"}
        return [
            ("GetBasicData", self._base(job)),
            *((gets[name], record) for name, record in self._further(job)),
        ]

    def _judge(self, job: Job, rows: Sequence[Record | None]) -> list[Difference]:
        apart: list[Difference] = []
        for (read, sent), row in zip(self._reads(job), rows, strict=True):
            apart += (
                _apart(sent, row, without=("CUTM", "CHNO"))
                if row is not None
                else [(read, "a record", "none")]
            )
        return apart

    def lookup(self, job: Job) -> Looked:
        key = {"CUNO": self._number(job)}
        rows = [self.client.get(self.program, read, key) for read, _ in self._reads(job)]
        if rows[0] is None:
            return Absent()
        if job.is_update:
            return Absent() if self._judge(job, rows) else Found(self._number(job))
        apart = _apart(self._base(job), rows[0], without=("CUTM",))
        if apart:
            return Differs(f"customer {self._number(job)} exists otherwise: {describe(apart)}")
        return Partial(self._number(job)) if self._judge(job, rows) else Found(self._number(job))

    def confirm(self, jobs: Sequence[Job]) -> list[ReadBack]:
        calls = [(index, read) for index, job in enumerate(jobs) for read, _ in self._reads(job)]
        rows = self.read(self.program, [(read, {"CUNO": self._number(jobs[index])}) for index, read in calls])
        by_job: dict[int, list[Record | None]] = {}
        for (index, _), row in zip(calls, rows, strict=True):
            by_job.setdefault(index, []).append(row)
        return [self._verdict(job, by_job[index]) for index, job in enumerate(jobs)]

    def _verdict(self, job: Job, rows: list[Record | None]) -> ReadBack:
        number_ = self._number(job)
        if rows[0] is None:
            return NotYet(f"M3 shows no customer {number_}")
        apart = self._judge(job, rows)
        meant = self._base(job).get("STAT") or self.settings.m3.customer_status
        if not job.is_update and "STAT" in rows[0] and not same_text(meant, rows[0]["STAT"]):
            apart.append(("STAT", meant, rows[0]["STAT"]))
        return Differs(describe(apart), number_) if apart else Confirmed(number_)


# -------------------------------------------------------------------------------------------- orders

CREATED = "90"
# Held in M3 for a person (infor-api 2.6): 30 credit stop, 55 interrupted. The others of Confirm are errors of ours.
_HELD = {"30": "credit stop", "55": "interrupted"}
_FAULTY = {"15": "error in the head", "20": "no lines", "25": "error in a line"}


class OrderWriter(M3Writer):
    """`m3__orders`: OIS100MI batch orders; reference is PYRE. One bulk per step for a whole chunk of orders."""

    object = "m3__orders"
    program = "OIS100MI"

    def calls(self, job: Job) -> Iterable[tuple[str, Mapping[str, Any]]]:
        if not job.payload["head"].get("PYRE"):
            raise self.unreferenced(job, "PYRE")
        yield "AddBatchHead", job.payload["head"]
        if job.payload.get("address"):
            yield "AddBatchAddress", job.payload["address"]
        for line in job.payload["lines"]:
            yield "AddBatchLine", line

    def _reference(self, job: Job) -> str:
        return str(job.payload["head"]["PYRE"])

    # ------------------------------------------------------------------ sending

    def send_chunk(self, jobs: Sequence[Job]) -> list[Sent]:
        failed: dict[int, Sent] = {}
        batches: dict[int, str] = {}
        heads = [_Call(index, "AddBatchHead", job.payload["head"]) for index, job in enumerate(jobs)]
        for call, result in zip(heads, self.write(jobs, heads), strict=True):
            if not isinstance(result, list):
                failed[call.index] = result
            elif not result or not result[0].get("ORNO"):
                failed[call.index] = Unknown("M3 accepted the order head and gave no number")
            else:
                batches[call.index] = result[0]["ORNO"]
        failpoint("mid_order")
        steps = [
            _Call(index, transaction, {**record, "ORNO": orno})
            for index, orno in batches.items()
            for transaction, record in self.calls(jobs[index])
            if transaction != "AddBatchHead"
        ]
        for call, result in zip(steps, self.write(jobs, steps), strict=True):
            if not isinstance(result, list):
                failed.setdefault(call.index, _in_line(call, result))
        self._discard(jobs, {index: batches[index] for index in failed if index in batches}, failed)
        failpoint("before_confirm")
        created = self._confirm_batches(jobs, {i: orno for i, orno in batches.items() if i not in failed})
        return [failed[index] if index in failed else created[index] for index in range(len(jobs))]

    def _confirm_batches(self, jobs: Sequence[Job], batches: Mapping[int, str]) -> dict[int, Sent]:
        outcomes: dict[int, Sent] = {}
        faulty: dict[int, str] = {}
        confirms = [_Call(index, "Confirm", {"ORNO": orno}) for index, orno in batches.items()]
        for call, result in zip(confirms, self.write(jobs, confirms), strict=True):
            index, orno = call.index, batches[call.index]
            if not isinstance(result, list):
                outcomes[index] = result
                if isinstance(result, Rejected | NotSent):
                    faulty[index] = orno
            elif not result:
                outcomes[index] = Unknown("M3 confirmed the order and gave no number")
            elif result[0].get("STAT") == CREATED:
                outcomes[index] = Answered(result[0]["ORNO"])
            else:
                outcomes[index] = self._not_created(orno, result[0].get("STAT", ""))
                if isinstance(outcomes[index], Rejected):
                    faulty[index] = orno
        self._discard(jobs, faulty, outcomes)
        return outcomes

    def _not_created(self, orno: str, status: str) -> Sent:
        texts, rule, field = self._reasons(orno), f"STAT{status}", None
        if status in _FAULTY:
            message = f"M3 did not create the order, status {status} ({_FAULTY[status]}): {texts}"
            return Rejected("value", rule, message, field)
        return self._held(orno, status, texts)

    def _held(self, orno: str, status: str, texts: str) -> Differs:
        why = _HELD.get(status, "not created")
        return Differs(
            f"batch order {orno} is held in M3, status {status} ({why}): {texts}. Release or delete it in OIS275",
            orno,
        )

    def _reasons(self, orno: str) -> str:
        try:
            rows = self.client.list(self.program, "LstErrMsgOrder", {"ORNO": orno})
        except ClientError as error:
            return f"its messages could not be read ({error})"
        return (
            "; ".join(dict.fromkeys(row.get("MDTA") or row.get("TX60", "") for row in rows))
            or "M3 gives no message"
        )

    def _discard(self, jobs: Sequence[Job], batches: Mapping[int, str], outcomes: dict[int, Sent]) -> None:
        """Delete batch orders that will not be confirmed; one that cannot be deleted leaves its intent in doubt."""
        deletes = [_Call(index, "DelBatchHead", {"ORNO": orno}) for index, orno in batches.items()]
        for call, result in zip(deletes, self.write(jobs, deletes), strict=True):
            before = outcomes[call.index]
            if not isinstance(result, list):
                said = getattr(before, "message", "")
                outcomes[call.index] = Unknown(f"batch order {batches[call.index]} may be left in M3; {said}")
            elif isinstance(before, Unknown):
                # What may have been applied is gone with the batch: nothing of this order is left.
                outcomes[call.index] = NotSent("intermittent", before.message)

    # ------------------------------------------------------------------ looking up

    def _batches(self, job: Job) -> list[Record]:
        """Batch orders with our reference: number, created order or "", status."""
        names = self.settings.m3
        columns = [names.batch_prefix + name for name in ("ORNO", "ORNR", "STAT")]
        rows = self.client.export(
            names.batch_head,
            columns,
            where=[(names.batch_prefix + "PYRE", "=", self._reference(job))],
            order_by=columns[:1],
        )
        return [{name[2:]: value for name, value in row.items()} for row in rows]

    def _orders(self, job: Job) -> list[str]:
        """Numbers of the orders with our reference, whichever batch they came from."""
        names = self.settings.m3
        column = names.order_prefix + "ORNO"
        where = [(names.order_prefix + "PYRE", "=", self._reference(job))]
        return [
            row[column]
            for row in self.client.export(names.order_head, [column], where=where, order_by=[column])
        ]

    def lookup(self, job: Job) -> Looked:
        batches = self._batches(job)
        created = sorted({row["ORNR"] for row in batches if row["ORNR"]} | set(self._orders(job)))
        if len(created) > 1:
            return Differs(
                f"M3 has {len(created)} orders with our reference {self._reference(job)}: {', '.join(created)}"
            )
        held = [row for row in batches if not row["ORNR"] and row["STAT"] in _HELD]
        for row in batches:
            # Begun and never confirmed; beside a created order, or to be begun anew: it has to go.
            if not row["ORNR"] and row not in held:
                refusals.check_m3(self.object, job.who, self.program, "DelBatchHead", {"ORNO": row["ORNO"]})
                self.client.execute(self.program, "DelBatchHead", {"ORNO": row["ORNO"]})
        if created:
            return Found(created[0])
        if held:
            return self._held(held[0]["ORNO"], held[0]["STAT"], self._reasons(held[0]["ORNO"]))
        return Absent()

    # ------------------------------------------------------------------ reading back

    def confirm(self, jobs: Sequence[Job]) -> list[ReadBack]:
        rows = self.read(self.program, [("GetHead", {"ORNO": str(job.intent.remote_id)}) for job in jobs])
        return [self._verdict(job, row) for job, row in zip(jobs, rows, strict=True)]

    def _verdict(self, job: Job, row: Record | None) -> ReadBack:
        if row is None:
            # Not an order: a batch that was held, and that people may have released in the meantime.
            created = self._orders(job)
            if len(created) > 1:
                return Differs(f"M3 has {len(created)} orders with our reference: {', '.join(created)}")
            row = self.client.get(self.program, "GetHead", {"ORNO": created[0]}) if created else None
        if row is None:
            held = [batch for batch in self._batches(job) if not batch["ORNR"]]
            if held:
                return self._held(held[0]["ORNO"], held[0]["STAT"], self._reasons(held[0]["ORNO"]))
            return NotYet(f"M3 shows no order {job.intent.remote_id}")
        orno = row["ORNO"]
        apart = _apart(
            job.payload["head"], {name: row[name] for name in ("CUNO", "PYRE", "CUOR", "CUCD") if name in row}
        )
        if apart:
            return Differs(describe(apart), orno)
        got = {"net": row.get("NTAM"), "tax": row.get("VTAM"), "total": row.get("TOAM")}
        tolerance = number(job.payload.get("tolerance")) or document_tolerance(len(job.payload["lines"]))
        apart = totals_apart(job.payload["expected"], got, tolerance)
        if apart:
            return Differs(
                f"totals differ by more than {tolerance}: {describe(apart)}. Hold the order in M3", orno
            )
        return Confirmed(orno)


def _in_line(call: _Call, outcome: Sent) -> Sent:
    if not isinstance(outcome, Rejected):
        return outcome
    where = (
        f"line CUPO {call.record.get('CUPO')} item {call.record.get('ITNO')}: "
        if "ITNO" in call.record
        else ""
    )
    value = outcome.value or call.record.get(outcome.field or "")
    return replace(outcome, message=where + outcome.message, value=None if value is None else str(value))


class CreditOrderWriter(OrderWriter):
    """`m3__credit_orders`: the same with negative quantities; `expected` carries M3's signs."""

    object = "m3__credit_orders"


# ------------------------------------------------------------------------------------------ receipts


class ReceiptWriter(M3Writer):
    """`m3__receipts`: ARS040MI payment batches; references are PBID and, in the ledger, CKNO.

    Confirmed is not "batch accepted" but: the ledger holds our entry, the invoice's open amount fell by it, and
    RECO is 9 where nothing is left open (POLICY, Confirmed means).
    """

    object = "m3__receipts"
    program = "ARS040MI"

    def calls(self, job: Job) -> Iterable[tuple[str, Mapping[str, Any]]]:
        if not job.payload["head"].get("PBID"):
            raise self.unreferenced(job, "PBID")
        for line in job.payload["lines"]:
            if not line.get("CKNO"):
                raise self.unreferenced(job, "CKNO")
        yield "AddBatchHead", job.payload["head"]
        for line in job.payload["lines"]:
            yield "AddBatchLine", line

    def _batch(self, job: Job) -> str:
        return str(job.payload["head"]["PBID"])

    # ------------------------------------------------------------------ sending

    def send_chunk(self, jobs: Sequence[Job]) -> list[Sent]:
        failed: dict[int, Sent] = {}
        heads = [_Call(i, "AddBatchHead", job.payload["head"]) for i, job in enumerate(jobs) if not job.begun]
        for call, result in zip(heads, self.write(jobs, heads), strict=True):
            if not isinstance(result, list) and not self._is_our_own(jobs[call.index], result):
                failed[call.index] = result
        failpoint("mid_order")
        lines = [
            _Call(index, "AddBatchLine", {**line, "PBID": self._batch(job)})
            for index, job in enumerate(jobs)
            if index not in failed
            for line in self._missing_lines(job, index, failed)
        ]
        for call, result in zip(lines, self.write(jobs, lines), strict=True):
            if not isinstance(result, list) and not self._is_our_own(jobs[call.index], result):
                failed.setdefault(call.index, self._begun(jobs[call.index], _in_line(call, result)))
        failpoint("before_confirm")
        controls = [
            _Call(index, "ControlBatch", {"PBID": self._batch(job)})
            for index, job in enumerate(jobs)
            if index not in failed
        ]
        for call, result in zip(controls, self.write(jobs, controls), strict=True):
            if not isinstance(result, list):
                failed[call.index] = self._begun(jobs[call.index], result)
        return [failed.get(index) or Answered(self._batch(job)) for index, job in enumerate(jobs)]

    def _is_our_own(self, job: Job, outcome: Sent) -> bool:
        """Whether "exists already" speaks of what an earlier attempt left, where its table cannot be read."""
        exists = isinstance(outcome, Unknown) and outcome.duplicate is not None
        return exists and not self.settings.m3.payment_head and job.intent.attempts > 1

    def _missing_lines(self, job: Job, index: int, failed: dict[int, Sent]) -> list[Record]:
        wanted: list[Record] = job.payload["lines"]
        if not job.begun or not self.settings.m3.payment_head:
            return wanted
        try:
            there = {row["TRNO"] for row in self._lines(job)}
        except ClientError as error:
            # Nothing was sent for it in this attempt; what an earlier one left stays begun.
            failed[index] = NotSent(str(error.error_class), f"what was begun cannot be read: {error}")
            return []
        return [line for line in wanted if str(line["TRNO"]) not in there]

    def _begun(self, job: Job, outcome: Sent) -> Sent:
        """What a failure after the head means: the batch stays in M3 and a later attempt goes on from it."""
        if isinstance(outcome, Rejected):
            return replace(outcome, remote_id=self._batch(job))
        message = getattr(outcome, "message", str(outcome))
        return Unknown(f"payment batch {self._batch(job)} is begun, but perhaps not completed: {message}")

    # ------------------------------------------------------------------ looking up

    def _head(self, job: Job) -> Record | None:
        names = self.settings.m3
        prefix = names.payment_head_prefix
        columns = [prefix + "PBID", prefix + "STAT"]
        where = [(columns[0], "=", int(self._batch(job)))]
        for row in self.client.export(names.payment_head, columns, where=where, order_by=columns[:1]):
            return {name[2:]: value for name, value in row.items()}
        return None

    def _lines(self, job: Job) -> list[Record]:
        names = self.settings.m3
        prefix = names.payment_line_prefix
        columns = [prefix + name for name in ("TRNO", "CINO", "INYR", "CUNO", "PYAM")]
        where = [(prefix + "PBID", "=", int(self._batch(job)))]
        rows = self.client.export(names.payment_line, columns, where=where, order_by=columns[:1])
        return [{name[2:]: value for name, value in row.items()} for row in rows]

    def lookup(self, job: Job) -> Looked:
        if not self.settings.m3.payment_head:
            return Found(self._batch(job)) if self._unposted(job) == [] else Absent()
        head = self._head(job)
        if head is None:
            return Absent()
        there = {row["TRNO"]: row for row in self._lines(job)}
        wanted = {str(line["TRNO"]): line for line in job.payload["lines"]}
        apart: list[Difference] = [
            (f"line {trno}", "no line", "a line") for trno in there.keys() - wanted.keys()
        ]
        for trno in there.keys() & wanted.keys():
            apart += [
                (f"line {trno} {name}", wanted[trno][name], there[trno][name])
                for name in ("CINO", "CUNO")
                if not same_text(wanted[trno][name], there[trno][name], fold=True)
            ]
            if not same_number(wanted[trno]["PYAM"], there[trno]["PYAM"]):
                apart.append((f"line {trno} PYAM", wanted[trno]["PYAM"], there[trno]["PYAM"]))
        if apart:
            return Differs(f"payment batch {self._batch(job)} exists otherwise: {describe(apart)}")
        begun = head["STAT"] == self.settings.m3.payment_entered or there.keys() != wanted.keys()
        return Partial(self._batch(job)) if begun else Found(self._batch(job))

    # ------------------------------------------------------------------ reading back

    def _unposted(self, job: Job) -> list[Record]:
        """Lines that are not in the customer ledger under our CKNO. Raises a `ClientError`."""
        names = self.settings.m3
        prefix = names.ledger_prefix
        keys = [prefix + name for name in ("YEA4", "JRNO", "JSNO")]
        columns = [*keys, *(prefix + name for name in ("CINO", "CUNO", "CUAM", "CKNO"))]
        posted: list[Record] = []
        for check in dict.fromkeys(str(line["CKNO"]) for line in job.payload["lines"]):
            where = [(prefix + "CKNO", "=", check)]
            rows = self.client.export(names.ledger, columns, where=where, order_by=keys)
            posted += [{name[2:]: value for name, value in row.items()} for row in rows]
        missing = []
        for line in job.payload["lines"]:
            match = next((row for row in posted if _posts(row, line)), None)
            if match is None:
                missing.append(line)
            else:
                posted.remove(match)
        return missing

    def confirm(self, jobs: Sequence[Job]) -> list[ReadBack]:
        with ThreadPoolExecutor(max_workers=self.settings.workers) as pool:
            unposted = list(pool.map(self._unposted, jobs))
        asked = [
            (index, line)
            for index, job in enumerate(jobs)
            if not unposted[index] and job.payload.get("kind") != "on_account"
            for line in job.payload["lines"]
        ]
        items = self.read(
            "ARS200MI",
            [
                (
                    "GetInvTotInfo",
                    {name: line.get(name) or line["CUNO"] for name in ("PYNO", "CINO", "INYR", "CUNO")},
                )
                for _, line in asked
            ],
        )
        pending = {
            index: f"not in M3's ledger yet: {_named(lines)}" for index, lines in enumerate(unposted) if lines
        }
        for (index, line), item in zip(asked, items, strict=True):
            problem = _not_settled(line, item)
            if problem:
                pending.setdefault(index, problem)
        return [
            NotYet(pending[index]) if index in pending else Confirmed(self._batch(job))
            for index, job in enumerate(jobs)
        ]


def _posts(row: Record, line: Mapping[str, Any]) -> bool:
    """Whether a ledger row is what a payment line posts: the same item, the amount taken from it."""
    amount, posted = number(line["PYAM"]), number(row["CUAM"])
    same_item = same_text(line["CINO"], row["CINO"]) and same_text(line["CUNO"], row["CUNO"], fold=True)
    return same_item and amount is not None and posted == -amount


def _named(lines: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{line['PYAM']} on {line['CINO']}" for line in lines)


def _not_settled(line: Mapping[str, Any], item: Record | None) -> str | None:
    """Why an item does not look as if this line had been taken from it, None if it does (infor-api 2.6, ARS200MI)."""
    if item is None:
        return f"M3 shows no item {line['CINO']}"
    whole, left = number(item.get("CUAM")), number(item.get("OCUA"))
    taken = number(line["PYAM"]) or Decimal(0)
    if whole is None or left is None:
        return f"item {line['CINO']} has no readable amounts"
    if whole == -taken:
        return None  # the item is what this line put on account
    if abs(whole - left) < abs(taken) or (whole - left) * taken < 0:
        return f"the open amount of {line['CINO']} is {left} of {whole}: it did not fall by {taken}"
    if left == 0 and item.get("RECO") != "9":
        return f"nothing is open on {line['CINO']}, but RECO is {item.get('RECO')!r}"
    return None
