"""The sender: every intent from its row to `confirmed`, once, whatever breaks on the way.

Belongs here: the order of durable steps and vendor calls; the same for every object.
Does not belong here: a vendor's calls (writers/), which state follows which (intents.py), SQL (store/).

The order that makes it safe (reliability C2):

1. what a dead process left in `sending` becomes `in_doubt` and is looked up in the target by our reference;
2. rows become intents, durably, after the gate's verdict was checked against each payload's hash;
3. `sending` is durable before the first byte leaves, the answer's outcome after it;
4. `confirmed`, the crosswalk and the agreed values are one transaction, after a read-back.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fbinfor_assets.clients.errors import ClientError
from fbinfor_assets.delivery import gate, leases
from fbinfor_assets.delivery.failpoints import failpoint
from fbinfor_assets.delivery.intents import OUT, Event, State, after
from fbinfor_assets.delivery.outcomes import (
    Absent,
    Answered,
    Confirmed,
    Differs,
    Found,
    NotSent,
    NotYet,
    Partial,
    Rejected,
    Sent,
    Unknown,
)
from fbinfor_assets.delivery.rows import ENTITIES, OBJECTS, OutboundRow, RowError
from fbinfor_assets.delivery.settings import Clients, DeliverySettings
from fbinfor_assets.delivery.writers import writer_for
from fbinfor_assets.delivery.writers.base import Job
from fbinfor_assets.store import Store, Transaction, agreed, crosswalk, dead_letters, intents
from fbinfor_assets.store.crosswalk import Link
from fbinfor_assets.store.dead_letters import Letter
from fbinfor_assets.store.identifiers import uuid7
from fbinfor_assets.store.intents import Intent, StaleIntent

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

_LONGEST_ERROR = 2_000


@dataclass
class Report:
    """What one delivery did, in numbers of intents of one object.

    `sent`: accepted by the target in this delivery (also found there after a doubt); `confirmed`: read back as meant;
    `refused`: rejected for good and dead-lettered in this delivery; `in_doubt`, `waiting` (to be sent again) and
    `unconfirmed` (sent, not yet readable): what the next delivery goes on with; `dead`: rows held back because the
    same payload was refused before; `conflicts`: all that stand and need a person; `skipped`: rows already on their
    way or done; `recovered`: left behind by a dead process; `messages`: one sentence for each that needs a look.
    """

    object: str
    sent: int = 0
    confirmed: int = 0
    refused: int = 0
    in_doubt: int = 0
    dead: int = 0
    conflicts: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    skipped: int = 0
    superseded: int = 0
    recovered: int = 0
    seconds: float = 0.0
    messages: list[str] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether nothing is left for the next delivery to go on with."""
        return not (self.in_doubt or self.waiting or self.unconfirmed)

    def as_dict(self) -> dict[str, Any]:
        """The numbers and messages as a plain dict."""
        return asdict(self)


def deliver(
    store: Store,
    clients: Clients,
    object: str,
    rows: Iterable[OutboundRow | dict[str, Any]],
    verdict_id: str | None,
    run_id: str | None,
    progress: Progress | None = None,
    *,
    settings: DeliverySettings | None = None,
) -> Report:
    """Write the rows of one outbound object into its target, and finish what earlier deliveries of it left.

    `rows`: `OutboundRow`s or dicts for `OutboundRow.from_dict`, in the order in which they should arrive; without rows
    only what is left is finished (then `verdict_id` may be None). `verdict_id`: the passed verdict over exactly these
    payloads. `progress(stage, done, total)` is called after each chunk, stage `send` or `confirm`.

    Safe to call at once from several processes, and to call again after a crash at any point.

    Raises, before anything is sent: `RefusedByGate` (a payload that no passed verdict names), `Forbidden` (something
    this product never writes), `RowError`. What the vendor refuses, and what cannot be reached, is in the report.
    """
    settings = settings or DeliverySettings()
    begun = time.monotonic()
    batch = [row if isinstance(row, OutboundRow) else OutboundRow.from_dict(row) for row in rows]
    references = {row.target_ref for row in batch}
    if len(references) != len(batch):
        raise RowError(f"{object}: two rows of the batch have the same target_ref; nothing was sent")
    with leases.owner() as owner:
        delivery = _Delivery(store, clients, object, run_id, progress, settings, owner)
        delivery.run(batch, verdict_id)
    delivery.report.seconds = round(time.monotonic() - begun, 3)
    return delivery.report


class _Delivery:
    def __init__(
        self,
        store: Store,
        clients: Clients,
        object: str,
        run_id: str | None,
        progress: Progress | None,
        settings: DeliverySettings,
        owner: str,
    ) -> None:
        self.store = store
        self.object = object
        self.target = OBJECTS.get(object, "")
        self.run_id = run_id
        self.progress = progress
        self.settings = settings
        self.owner = owner
        self.writer = writer_for(object, clients, settings)
        self.gate = gate.IntentGate()
        self.report = Report(object)
        # Nothing more is sent in this round, or in this delivery at all.
        self.paused = False
        self.halted = False

    def run(self, rows: list[OutboundRow], verdict_id: str | None) -> None:
        self._admit(rows, verdict_id)
        self._adopt()
        self._plan(rows, verdict_id)
        failpoint("after_ready")
        if self._may_call():
            self._resolve()
            self._look_at_conflicts()
            # First what is out already: a later change of the same record would make its read-back differ.
            self._confirm_all(rounds=1)
            for round_ in range(self.settings.rounds):
                self._send_all(round_)
                if self.halted:
                    break
                self._resolve()
                if not self._wait_for_more():
                    break
        if not self.halted:
            self._confirm_all(self.settings.confirm_rounds)
        self._count()

    # ------------------------------------------------------------------ 1 admit, adopt, look up

    def _admit(self, rows: list[OutboundRow], verdict_id: str | None) -> None:
        if rows:
            with self.store.read() as tx:
                gate.check_rows(tx, self.object, rows, verdict_id)
                draft = [_planned(row, str(verdict_id), tx.now) for row in rows]
            for intent in draft:
                self.writer.check(Job(intent))
        with self.store.read() as tx:
            waiting = intents.in_state(tx, self.object, State.READY)
            self.gate.check(tx, waiting)
        for intent in waiting:
            self.writer.check(Job(intent))

    def _adopt(self) -> None:
        """Take over what a dead process left in `sending`: it may have arrived or not."""
        with self.store.write() as tx:
            left = [
                intent
                for intent in intents.in_state(tx, self.object, State.SENDING)
                if leases.is_over(intent.lease_owner, intent.lease_until, tx.now)
            ]
            why = "the process that was sending it ended before the answer was kept"
            intents.move(tx, [(intent, self._doubt(intent, Unknown(why))) for intent in left])
            intents.finish_attempts(tx, [(intent, State.IN_DOUBT, why) for intent in left])
        self.report.recovered = len(left)

    def _may_call(self) -> bool:
        """Wait out a Retry-After that the target gave to us or to another process; not if it is too long."""
        with self.store.read() as tx:
            moment = intents.blocked_until(tx, self.target)
        if moment is not None and not self._sleep_until(moment):
            self.halted = True
            self.report.messages.append(
                f"{self.target} asked to be left alone until {moment:%Y-%m-%d %H:%M:%S} UTC"
            )
        return not self.halted

    def _doubt(self, intent: Intent, outcome: Unknown) -> Intent:
        # A request may have left a moment ago, also from a process that is only now found dead.
        lag = timedelta(seconds=self.settings.visibility_lag_seconds)
        return after(
            intent,
            Event.UNKNOWN,
            not_before=_now() + lag,
            error_class=outcome.error_class,
            error=outcome.message[:_LONGEST_ERROR],
        )

    def _resolve(self) -> None:
        """Look up what is in doubt; each by one delivery only, for a look-up may clear what was begun."""
        self._sleep_until(self._earliest(State.IN_DOUBT))
        with self.store.write() as tx:
            due = [
                intent
                for intent in intents.in_state(tx, self.object, State.IN_DOUBT)
                if (intent.not_before is None or intent.not_before <= tx.now)
                and leases.is_over(intent.lease_owner, intent.lease_until, tx.now)
            ]
            held = [
                after(
                    intent,
                    Event.UNKNOWN,
                    **self._lease(tx.now),
                    error_class=intent.error_class,
                    error=intent.error,
                )
                for intent in due
            ]
            intents.move(tx, list(zip(due, held, strict=True)))
        for intent in held:
            self._settle(intent)

    def _settle(self, intent: Intent) -> None:
        job = Job(intent)
        try:
            looked = self.writer.lookup(job) if self.settings.look_up_in_doubt else Absent()
        except ClientError as error:
            text = f"{job.who} is in doubt and cannot be looked up: {error}"
            self.report.messages.append(text)
            again = _now() + timedelta(seconds=self.settings.backoff_seconds)
            step = after(
                intent,
                Event.UNKNOWN,
                not_before=again,
                error_class=intent.error_class,
                error=text[:_LONGEST_ERROR],
            )
            with self.store.write() as tx:
                intents.move(tx, [(intent, step)])
            return
        letters: list[Letter] = []
        match looked:
            case Found(remote_id):
                step = after(intent, Event.FOUND, remote_id=remote_id)
                self.report.sent += 1
            case Partial(remote_id):
                step = after(intent, Event.PARTIAL, remote_id=remote_id)
            case Absent() if intent.error_class == "duplicate":
                # The vendor says it exists, our reference does not find it: another record is in the way.
                step = after(intent, Event.REJECTED, error_class="duplicate", error=intent.error)
                letters.append(self._letter(job, Rejected("duplicate", "duplicate", intent.error or "")))
                self.report.refused += 1
            case Absent():
                step = after(intent, Event.ABSENT, error_class=None)
            case Differs():
                step = self._conflict(job, looked)
        with self.store.write() as tx:
            intents.move(tx, [(intent, step)])
            dead_letters.add(tx, letters, source="delivery", run_id=self.run_id)

    def _look_at_conflicts(self) -> None:
        """See whether people have put right what differed; write nothing if they have not."""
        with self.store.read() as tx:
            standing = intents.in_state(tx, self.object, State.CONFLICT)
        for chunk in _chunks(standing, self.settings.chunk):
            self._read_back([intent for intent in chunk if intent.remote_id])
        for intent in standing:
            if intent.remote_id is None:
                self._look_again(intent)

    def _look_again(self, intent: Intent) -> None:
        try:
            looked = self.writer.lookup(Job(intent))
        except ClientError as error:
            log.warning("conflict of %s %s cannot be looked at: %s", self.object, intent.business_key, error)
            return
        if isinstance(looked, Found | Partial):
            step = after(intent, Event.FOUND, remote_id=looked.remote_id)
        elif isinstance(looked, Absent):
            step = after(intent, Event.ABSENT)
        else:
            return
        with self.store.write() as tx:
            intents.move(tx, [(intent, step)])

    # ------------------------------------------------------------------ 2 plan

    def _plan(self, rows: list[OutboundRow], verdict_id: str | None) -> None:
        if not rows:
            return
        with self.store.write() as tx:
            known = intents.by_reference(tx, self.object, [row.target_ref for row in rows])
            waiting = intents.in_state(tx, self.object, State.READY)
            refused = {(letter.business_key, letter.payload_sha) for letter in _own_letters(tx, self.object)}
            new: list[Intent] = []
            revised: list[tuple[Intent, Intent]] = []
            for row in rows:
                intent = known.get(row.target_ref)
                planned = _planned(row, str(verdict_id), tx.now)
                if intent is None:
                    new.append(after(planned, Event.PASSED))
                elif intent.state in OUT or (
                    intent.state == State.READY and intent.payload_sha == row.payload_sha
                ):
                    self.report.skipped += 1
                elif intent.state == State.DEAD and (row.business_key, row.payload_sha) in refused:
                    self.report.dead += 1
                else:
                    content = {name: getattr(planned, name) for name in intents.CONTENT}
                    remote_id = planned.remote_id or intent.remote_id
                    revised.append((intent, after(intent, Event.REVISED, **content, remote_id=remote_id)))
            intents.add(tx, new)
            intents.revise(tx, revised)
            references = {row.target_ref for row in rows}
            updated = {row.business_key for row in rows if row.operation == "update"}
            replaced = [
                (intent, after(intent, Event.REPLACED))
                for intent in waiting
                if intent.operation == "update"
                and intent.business_key in updated
                and intent.target_ref not in references
            ]
            intents.move(tx, replaced)
            self.report.superseded += len(replaced)

    # ------------------------------------------------------------------ 3 send

    def _send_all(self, round_: int) -> None:
        with self.store.read() as tx:
            total = intents.count(tx, self.object, State.READY)
        done = 0
        self.paused = False
        while not self.halted and not self.paused and self._may_call():
            claimed = self._claim()
            if not claimed:
                return
            self._send(claimed, round_)
            done += len(claimed)
            self._tell("send", done, max(total, done))

    def _claim(self) -> list[Job]:
        """Take the next chunk: durable in `sending`, and checked against its verdict once more, before it leaves."""
        with self.store.write() as tx:
            ready = intents.due(tx, self.object, State.READY, self.settings.chunk)
            self.gate.check(tx, ready)
            claimed = [after(intent, Event.CLAIMED, **self._lease(tx.now)) for intent in ready]
            intents.move(tx, list(zip(ready, claimed, strict=True)))
            intents.start_attempts(tx, claimed)
        # As it is kept now: later steps compare with the state and the attempt, not with the time.
        return [Job(intent) for intent in claimed]

    def _send(self, jobs: list[Job], round_: int) -> None:
        try:
            outcomes: Sequence[Sent] = self.writer.send_chunk(jobs)
        except BaseException as error:
            # Ours or the user's interruption: whatever was under way may have arrived.
            why = f"sending was broken off: {type(error).__name__}: {error}"
            self._record(jobs, [Unknown(why)] * len(jobs), round_)
            raise
        failpoint("after_sent")
        self._record(jobs, outcomes, round_)

    def _record(self, jobs: list[Job], outcomes: Sequence[Sent], round_: int) -> None:
        steps: list[tuple[Intent, Intent]] = []
        attempts: list[tuple[Intent, str, str | None]] = []
        letters: list[Letter] = []
        done: list[str] = []
        for job, outcome in zip(jobs, outcomes, strict=True):
            intent = job.intent
            detail: str | None = None
            match outcome:
                case Answered(remote_id):
                    step = after(intent, Event.ANSWERED, remote_id=remote_id)
                    done.append(intent.business_key)
                case Rejected():
                    detail = outcome.message
                    step = after(
                        intent,
                        Event.REJECTED,
                        remote_id=outcome.remote_id or intent.remote_id,
                        error_class=outcome.error_class,
                        error=detail[:_LONGEST_ERROR],
                    )
                    letters.append(self._letter(job, outcome))
                case NotSent():
                    detail = outcome.message
                    step = after(
                        intent,
                        Event.NOT_SENT,
                        not_before=_now() + timedelta(seconds=self._pause(outcome, round_)),
                        error_class=outcome.error_class,
                        error=detail[:_LONGEST_ERROR],
                    )
                    self.paused = self.paused or outcome.stop
                    self.halted = self.halted or self._must_halt(outcome)
                case Unknown():
                    detail = outcome.message
                    step = self._doubt(intent, outcome)
                case Differs():
                    detail = outcome.message
                    step = self._conflict(job, outcome)
            steps.append((intent, step))
            attempts.append((intent, step.state, detail and detail[:_LONGEST_ERROR]))
        with self.store.write() as tx:
            intents.move(tx, steps)
            intents.finish_attempts(tx, attempts)
            dead_letters.add(tx, letters, source="delivery", run_id=self.run_id)
            if done:
                dead_letters.resolve(tx, self.object, done)
        self.report.sent += len(done)
        self.report.refused += len(letters)
        self.report.messages += [
            f"{self.object} {letter.business_key} was refused: {letter.message}" for letter in letters
        ]

    def _pause(self, outcome: NotSent, round_: int) -> float:
        if outcome.retry_after is not None:
            return outcome.retry_after
        if outcome.error_class == "rate_limit":
            return self.settings.rate_limit_seconds
        return random.uniform(0, self.settings.backoff_seconds * 2**round_)

    def _must_halt(self, outcome: NotSent) -> bool:
        if outcome.error_class == "authorisation":
            return True
        return self._pause(outcome, 0) > self.settings.patience_seconds

    # ------------------------------------------------------------------ 4 confirm

    def _confirm_all(self, rounds: int) -> None:
        with self.store.read() as tx:
            waiting = intents.in_state(tx, self.object, State.ACKNOWLEDGED)
        if waiting:
            failpoint("before_confirm")
        total, done = len(waiting), 0
        for round_ in range(rounds):
            later: list[Intent] = []
            for chunk in _chunks(waiting, self.settings.chunk):
                pending = self._read_back(chunk)
                later += pending
                done += len(chunk) - len(pending)
                self._tell("confirm", done, total)
            if not later or round_ + 1 == rounds:
                return
            waiting = later
            time.sleep(random.uniform(0, self.settings.backoff_seconds * 2**round_))

    def _read_back(self, chunk: list[Intent]) -> list[Intent]:
        """Read back and record; returns those that are not readable yet."""
        if not chunk:
            return []
        jobs = [Job(intent) for intent in chunk]
        try:
            found = self.writer.confirm(jobs)
        except ClientError as error:
            self.report.messages.append(f"{self.object}: {len(jobs)} intents could not be read back: {error}")
            return chunk
        later: list[Intent] = []
        good: list[tuple[Job, str]] = []
        bad: list[tuple[Intent, Intent]] = []
        for job, result in zip(jobs, found, strict=True):
            match result:
                case Confirmed(remote_id):
                    good.append((job, remote_id))
                case NotYet(message):
                    later.append(job.intent)
                    self.report.messages.append(f"{job.who} is not confirmed yet: {message}")
                case Differs():
                    step = self._conflict(job, result)
                    if (step.state, step.error, step.remote_id) != (
                        job.intent.state,
                        job.intent.error,
                        job.intent.remote_id,
                    ):
                        bad.append((job.intent, step))
        try:
            with self.store.write() as tx:
                self._confirmed(tx, good, bad)
                intents.move(tx, bad)
        except StaleIntent as error:
            # Another process has confirmed them in the meantime; the truth is in the store.
            log.info("%s", error)
        return later

    def _confirmed(
        self, tx: Transaction, good: list[tuple[Job, str]], bad: list[tuple[Intent, Intent]]
    ) -> None:
        links = {job.intent.id: _links(job.intent, remote_id) for job, remote_id in good}
        refused = crosswalk.conflicts(tx, [link for of_one in links.values() for link in of_one])
        values: dict[tuple[str, str], dict[str, str | None]] = {}
        steps: list[tuple[Intent, Intent]] = []
        for job, remote_id in good:
            clash = [refused[link] for link in links[job.intent.id] if link in refused]
            if clash:
                del links[job.intent.id]
                differs = Differs("; ".join(clash), remote_id, cause="duplicate")
                step = self._conflict(job, differs)
                if (step.state, step.error) != (job.intent.state, job.intent.error):
                    bad.append((job.intent, step))
                continue
            steps.append((job.intent, after(job.intent, Event.READ_BACK, remote_id=remote_id)))
            if job.intent.agreed:
                key = (ENTITIES[self.object], job.intent.business_key)
                values.setdefault(key, {}).update(job.intent.agreed)
        crosswalk.put(tx, [link for of_one in links.values() for link in of_one], "created")
        agreed.put(tx, values)
        intents.move(tx, steps)
        self.report.confirmed += len(steps)

    # ------------------------------------------------------------------ small things

    def _conflict(self, job: Job, differs: Differs) -> Intent:
        return after(
            job.intent,
            Event.DIFFERS,
            remote_id=differs.remote_id or job.intent.remote_id,
            error_class=differs.cause,
            error=differs.message[:_LONGEST_ERROR],
        )

    def _letter(self, job: Job, rejected: Rejected) -> Letter:
        return Letter(
            object=self.object,
            business_key=job.intent.business_key,
            rule=rejected.rule,
            message=rejected.message,
            field=rejected.field,
            value=rejected.value,
            payload=job.intent.payload,
            payload_sha=job.intent.payload_sha,
        )

    def _lease(self, now: datetime) -> dict[str, Any]:
        return {
            "lease_owner": self.owner,
            "lease_until": now + timedelta(seconds=self.settings.lease_seconds),
        }

    def _earliest(self, *states: str) -> datetime | None:
        with self.store.read() as tx:
            return intents.earliest(tx, self.object, *states)

    def _wait_for_more(self) -> bool:
        earliest = self._earliest(State.READY, State.IN_DOUBT)
        return earliest is not None and self._sleep_until(earliest)

    def _sleep_until(self, moment: datetime | None) -> bool:
        """Wait for `moment` unless it is too far away; False then."""
        if moment is None:
            return True
        seconds = (moment - _now()).total_seconds()
        if seconds > self.settings.patience_seconds:
            return False
        time.sleep(max(0.0, seconds))
        return True

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(stage, done, total)

    def _count(self) -> None:
        with self.store.read() as tx:
            for name, state in (
                ("in_doubt", State.IN_DOUBT),
                ("waiting", State.READY),
                ("unconfirmed", State.ACKNOWLEDGED),
                ("conflicts", State.CONFLICT),
            ):
                setattr(self.report, name, intents.count(tx, self.object, state))
            stuck = intents.in_state(tx, self.object, State.CONFLICT, State.IN_DOUBT)
            waiting = intents.in_state(tx, self.object, State.READY)
        messages = [f"{self.object} {x.business_key} is {x.state}: {x.error}" for x in stuck]
        messages += self.report.messages
        # One fault of the connection holds many intents: it is told once.
        messages += [
            f"{self.object} waits: {error}" for error in dict.fromkeys(x.error for x in waiting if x.error)
        ]
        self.report.messages = list(dict.fromkeys(messages))


def _now() -> datetime:
    return datetime.now(UTC)


def _chunks(items: list[Intent], size: int) -> Iterable[list[Intent]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _own_letters(tx: Transaction, object: str) -> list[Any]:
    return [letter for letter in dead_letters.open_letters(tx, object) if letter.source == "delivery"]


def _planned(row: OutboundRow, verdict_id: str, now: datetime) -> Intent:
    return Intent(
        id=uuid7(),
        target=row.target,
        object=row.object,
        operation=row.operation,
        business_key=row.business_key,
        target_ref=row.target_ref,
        payload=row.canonical_payload,
        payload_sha=row.payload_sha,
        verdict_id=verdict_id,
        agreed=row.agreed,
        links=row.links,
        state=State.PLANNED,
        attempts=0,
        lease_owner=None,
        lease_until=None,
        not_before=None,
        remote_id=row.remote_id,
        error_class=None,
        error=None,
        document_date=row.document_date,
        currency=row.currency,
        amount=None if row.amount is None else format(row.amount, "f"),
        reason=row.reason,
        changes=row.changes,
        created_at=now,
        updated_at=now,
        change_seq=0,
    )


def _links(intent: Intent, remote_id: str) -> list[Link]:
    return [
        Link(
            entity=str(link["entity"]),
            left_system=str(link["left_system"]),
            left_id=str(link["left_id"]),
            right_system=str(link["right_system"]),
            right_id=str(link["right_id"] if link["right_id"] is not None else remote_id),
        )
        for link in intent.links
    ]
