"""FreshBooks: clients, invoices and credit notes, one small writer each.

Belongs here: the calls, look-ups and comparisons of the FreshBooks objects.
Does not belong here: states and retries (sender.py), HTTP (clients/freshbooks), payments (people make them).

Facts relied on: no idempotency key exists, so our reference is looked up (freshbooks-api 7.3, 11): a token in the
client's note (`note_like`), the invoice number, the credit number within the client's credit notes. PUT replaces all
lines (7.2). Marking as sent is an action of its own (7.2). State is read from `v3_status` (7.2), never from `status`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from fbinfor_assets.clients.errors import ClientError
from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.delivery import refusals
from fbinfor_assets.delivery.compare import describe, number, same_number, same_text, totals_apart
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
from fbinfor_assets.domain.references import freshbooks_client_token, shop_customer_of

Row = dict[str, Any]
Difference = tuple[str, Any, Any]

_DELETED = 1
_DRAFT = "draft"
# Fields of a document that are numbers, whatever their scale or JSON type on the way back.
_NUMBERS = frozenset({"customerid", "clientid", "due_offset_days", "qty", "taxAmount1", "taxAmount2", "type"})
# An edit of any of these on a sent invoice is another document's business (POLICY, Documents and time).
_POSTED = frozenset({"lines", "create_date", "currency_code", "customerid", "invoice_number"})


def _apart(sent: Mapping[str, Any], got: Mapping[str, Any], *, skip_empty: bool) -> list[Difference]:
    """Fields that came back other than they were sent. `skip_empty`: an unset field may be filled by FreshBooks."""
    found = []
    for name, value in sent.items():
        if name == "lines" or (skip_empty and value in (None, "")):
            continue
        same = same_number if name in _NUMBERS else same_text
        if not (
            same(value, got.get(name)) or (name == "email" and same_text(value, got.get(name), fold=True))
        ):
            found.append((name, value, got.get(name)))
    return found


def _lines_apart(sent: Sequence[Row], got: Sequence[Row]) -> list[Difference]:
    if len(sent) != len(got):
        return [("lines", len(sent), len(got))]
    found: list[Difference] = []
    for ordinal, (ours, theirs) in enumerate(zip(sent, got, strict=True), 1):
        for name, value in ours.items():
            if name == "unit_cost":
                value, other = value["amount"], (theirs.get(name) or {}).get("amount")
                same = same_number(value, other)
            else:
                other = theirs.get(name)
                same = (same_number if name in _NUMBERS else same_text)(value, other)
            if not same:
                found.append((f"line {ordinal} {name}", value, other))
    return found


class FreshBooksWriter(Writer):
    """What the three writers share: lanes of concurrent requests, bulk read-back, document comparison."""

    resource: ClassVar[str]
    single: ClassVar[str]

    def __init__(self, clients: Clients, settings: DeliverySettings) -> None:
        super().__init__(clients, settings)
        if clients.freshbooks is None:
            raise ValueError(f"{self.object} needs a FreshBooks client and none is configured")
        self.client: FreshBooksClient = clients.freshbooks

    def document(self, job: Job) -> Row:
        """The FreshBooks document in the payload."""
        return job.payload[self.single]

    def check(self, job: Job) -> None:
        refusals.check_freshbooks(self.object, job.who, job.payload)
        if not isinstance(job.payload.get(self.single), dict):
            raise refusals.Forbidden(
                f"{job.who}: the payload has no {self.single!r} object; correct the outbound model"
            )
        if not job.is_update and not self.reference(job):
            raise refusals.Forbidden(
                f"{job.who}: the payload carries no reference of ours, so it could not be found again after a lost "
                "answer; correct the outbound model"
            )

    @abstractmethod
    def reference(self, job: Job) -> str | None:
        """Our reference in the document, by which a create is looked up."""

    # ------------------------------------------------------------------ sending

    def send_chunk(self, jobs: Sequence[Job]) -> list[Sent]:
        """A few requests at a time; those of one business key one after the other, in their order."""
        lanes: dict[str, list[int]] = {}
        for index, job in enumerate(jobs):
            lanes.setdefault(job.intent.business_key, []).append(index)
        outcomes: dict[int, Sent] = {}
        stopped: list[NotSent] = []
        present = self.present(jobs)

        def run(lane: list[int]) -> None:
            for position, index in enumerate(lane):
                if stopped:
                    outcome: Sent = replace(stopped[0], message=f"not tried after: {stopped[0].message}")
                else:
                    outcome = self._guarded(jobs[index], present)
                outcomes[index] = outcome
                if isinstance(outcome, Answered):
                    failpoint("mid_order")
                    continue
                if isinstance(outcome, NotSent) and outcome.stop:
                    stopped.append(outcome)
                for later in lane[position + 1 :]:
                    outcomes[later] = NotSent(
                        "intermittent", "waits for an earlier change of the same record"
                    )
                return

        with ThreadPoolExecutor(max_workers=self.settings.workers) as pool:
            try:
                # `list` waits for all and raises the first exception: an interruption must not pass unseen.
                list(pool.map(run, lanes.values()))
            except BaseException:
                # What waits in the pool would still be sent before this block is left.
                stopped.append(NotSent("intermittent", "sending was broken off"))
                raise
        return [outcomes[index] for index in range(len(jobs))]

    def _guarded(self, job: Job, present: Mapping[str, Row] | ClientError) -> Sent:
        refusals.check_freshbooks(self.object, job.who, job.payload)
        if isinstance(present, ClientError) and job.is_update:
            return NotSent(
                str(present.error_class), f"the record could not be read before changing it: {present}"
            )
        try:
            return self.send(job, {} if isinstance(present, ClientError) else present)
        except ClientError as error:
            return of_error(error)

    def present(self, jobs: Sequence[Job]) -> Mapping[str, Row] | ClientError:
        """The records that updates are about to change, where a writer must see them first."""
        return {}

    @abstractmethod
    def send(self, job: Job, present: Mapping[str, Row]) -> Sent:
        """Send one. Raises a `ClientError`."""

    # ------------------------------------------------------------------ looking up

    def lookup(self, job: Job) -> Looked:
        if job.is_update:
            row = self.client.find(self.resource, str(job.intent.remote_id))
            # An update sets values, so sending it once more does no harm.
            return Absent() if row is None or self.missing(job, row) else Found(str(job.intent.remote_id))
        rows = self.search(job)
        if not rows:
            return Absent()
        if len(rows) > 1:
            ids = ", ".join(str(row["id"]) for row in rows)
            return Differs(
                f"FreshBooks has {len(rows)} records with our reference {self.reference(job)}: {ids}"
            )
        apart = self.apart(job, rows[0])
        remote_id = str(rows[0]["id"])
        if apart:
            # Without its id: it is not ours, and once it is gone ours may be created.
            return Differs(f"reference {self.reference(job)} is taken: {describe(apart)}")
        return Partial(remote_id) if self.missing(job, rows[0]) else Found(remote_id)

    @abstractmethod
    def search(self, job: Job) -> list[Row]:
        """The live records with our reference. Raises a `ClientError`."""

    # ------------------------------------------------------------------ comparing

    @abstractmethod
    def apart(self, job: Job, row: Row) -> list[Difference]:
        """What the record holds other than it was meant."""

    def missing(self, job: Job, row: Row) -> list[Difference]:
        """What is still to be done for the record to be as meant; includes `apart`."""
        return self.apart(job, row)

    def confirm(self, jobs: Sequence[Job]) -> list[ReadBack]:
        rows = {str(row["id"]): row for row in self.read([str(job.intent.remote_id) for job in jobs])}
        return [self._verdict(job, rows.get(str(job.intent.remote_id))) for job in jobs]

    @abstractmethod
    def read(self, ids: Sequence[str]) -> Iterable[Row]:
        """The records with these ids, also deleted ones where FreshBooks gives them."""

    def _verdict(self, job: Job, row: Row | None) -> ReadBack:
        remote_id = str(job.intent.remote_id)
        if row is None:
            # A list leaves out what is deleted, a get does not (freshbooks-api 6).
            row = self.client.find(self.resource, remote_id)
        if row is None:
            return NotYet(f"FreshBooks shows no {self.single} {remote_id}")
        if row.get("vis_state") == _DELETED:
            return Differs(f"{self.single} {remote_id} was deleted in FreshBooks", remote_id)
        apart = self.missing(job, row)
        return Differs(describe(apart), remote_id) if apart else Confirmed(remote_id)

    def documents_apart(self, job: Job, row: Row) -> list[Difference]:
        """Head, lines and totals of an invoice or a credit note."""
        sent = self.document(job)
        found = _apart(sent, row, skip_empty=not job.is_update)
        got = row.get("lines") or []
        if "lines" in sent:
            found += _lines_apart(sent["lines"], got)
        expected = job.payload.get("expected")
        if expected and not found:
            lines = [number((line.get("amount") or {}).get("amount")) or Decimal(0) for line in got]
            total = number((row.get("amount") or {}).get("amount"))
            if total is None:
                return [("amount", expected.get("total"), row.get("amount"))]
            net = sum(lines, Decimal(0))
            tolerance = number(job.payload.get("tolerance")) or document_tolerance(len(lines))
            found += totals_apart(expected, {"net": net, "tax": total - net, "total": total}, tolerance)
        return found


class ClientWriter(FreshBooksWriter):
    """`freshbooks__clients`: reference is the token in the note (references.freshbooks_client_token)."""

    object = "freshbooks__clients"
    resource = "clients"
    single = "client"

    def reference(self, job: Job) -> str | None:
        shop = shop_customer_of(self.document(job).get("note"))
        return None if shop is None else freshbooks_client_token(shop)

    def send(self, job: Job, present: Mapping[str, Row]) -> Sent:
        if job.is_update:
            self.client.update(self.resource, str(job.intent.remote_id), self.document(job))
            return Answered(str(job.intent.remote_id))
        row = self.client.create(self.resource, self.document(job), record=job.intent.business_key)
        return Answered(str(row["id"]))

    def search(self, job: Job) -> list[Row]:
        token = str(self.reference(job))
        rows = self.client.list(self.resource, {"note_like": token})
        return [row for row in rows if token in (row.get("note") or "")]

    def read(self, ids: Sequence[str]) -> Iterable[Row]:
        return self.client.list(self.resource, {"userids": list(ids)})

    def apart(self, job: Job, row: Row) -> list[Difference]:
        return _apart(self.document(job), row, skip_empty=not job.is_update)


class InvoiceWriter(FreshBooksWriter):
    """`freshbooks__invoices`: drafts, and the draft that takes M3's invoice and is marked sent.

    Reference is the invoice number. A sent invoice is never edited: a difference there is a conflict.
    """

    object = "freshbooks__invoices"
    resource = "invoices"
    single = "invoice"

    def reference(self, job: Job) -> str | None:
        return self.document(job).get("invoice_number") or None

    def present(self, jobs: Sequence[Job]) -> Mapping[str, Row] | ClientError:
        ids = [str(job.intent.remote_id) for job in jobs if job.is_update]
        if not ids:
            return {}
        try:
            return {str(row["id"]): row for row in self.read(ids)}
        except ClientError as error:
            return error

    def send(self, job: Job, present: Mapping[str, Row]) -> Sent:
        remote_id = job.intent.remote_id
        if job.is_update:
            row = present.get(str(remote_id))
            if row is None:
                return Differs(
                    f"invoice {remote_id} is not in FreshBooks any more; people deleted it", remote_id
                )
            if row.get("v3_status") != _DRAFT and _POSTED & self.document(job).keys():
                return self._of_sent(job, row)
            self.client.update(self.resource, str(remote_id), self.document(job))
        elif remote_id is None:
            row = self.client.create(self.resource, self.document(job), record=job.intent.business_key)
            remote_id = str(row["id"])
        if self._to_be_sent(job):
            failpoint("mid_order")
            return self._mark_as_sent(str(remote_id))
        return Answered(str(remote_id))

    def _of_sent(self, job: Job, row: Row) -> Sent:
        apart = self.missing(job, row)
        if not apart:
            return Answered(str(row["id"]))
        return Differs(
            f"invoice {row.get('invoice_number')} is {row.get('v3_status')} already and is corrected only by another "
            f"document: {describe(apart)}. Restore it, or credit and bill again",
            str(row["id"]),
        )

    def _to_be_sent(self, job: Job) -> bool:
        return job.payload.get("action") == "mark_as_sent"

    def _mark_as_sent(self, remote_id: str) -> Sent:
        try:
            self.client.update(self.resource, remote_id, {"action_mark_as_sent": True})
        except ClientError as error:
            outcome = of_error(error)
            if isinstance(outcome, Rejected):
                return Differs(
                    f"invoice {remote_id} is written, but cannot be marked as sent: {error}", remote_id
                )
            # Half is done: a look-up finds out which half.
            return Unknown(f"invoice {remote_id} is written, but perhaps not marked as sent: {error}")
        return Answered(remote_id)

    def search(self, job: Job) -> list[Row]:
        # FreshBooks may allow a number twice (freshbooks-api 12), so all of them are wanted.
        wanted = str(self.reference(job))
        rows = self.client.list(self.resource, {"invoice_number": wanted})
        return [row for row in rows if same_text(wanted, row.get("invoice_number"))]

    def read(self, ids: Sequence[str]) -> Iterable[Row]:
        return self.client.list(self.resource, {"invoiceids": list(ids)})

    def apart(self, job: Job, row: Row) -> list[Difference]:
        return self.documents_apart(job, row)

    def missing(self, job: Job, row: Row) -> list[Difference]:
        apart = self.apart(job, row)
        if self._to_be_sent(job) and row.get("v3_status") == _DRAFT:
            apart.append(("v3_status", "sent", _DRAFT))
        return apart


class CreditNoteWriter(FreshBooksWriter):
    """`freshbooks__credit_notes`: reference is the credit number among the client's credit notes (freshbooks-api 5)."""

    object = "freshbooks__credit_notes"
    resource = "credit_notes"
    single = "credit_note"

    def reference(self, job: Job) -> str | None:
        sent = self.document(job)
        return (sent.get("credit_number") or None) if sent.get("clientid") else None

    def send(self, job: Job, present: Mapping[str, Row]) -> Sent:
        if job.is_update:
            self.client.update(self.resource, str(job.intent.remote_id), self.document(job))
            return Answered(str(job.intent.remote_id))
        row = self.client.create(self.resource, self.document(job), record=job.intent.business_key)
        return Answered(str(row["id"]))

    def search(self, job: Job) -> list[Row]:
        wanted = self.reference(job)
        rows = self.client.list(self.resource, {"clientid": str(self.document(job)["clientid"])})
        return [row for row in rows if same_text(wanted, row.get("credit_number"))]

    def read(self, ids: Sequence[str]) -> Iterable[Row]:
        with ThreadPoolExecutor(max_workers=self.settings.workers) as pool:
            rows = pool.map(lambda id_: self.client.find(self.resource, id_), ids)
            return [row for row in rows if row is not None]

    def apart(self, job: Job, row: Row) -> list[Difference]:
        return self.documents_apart(job, row)
