"""The binding between the gate's verdict and what leaves: nothing is sent that no passed verdict names.

Belongs here: checking rows and intents against verdicts, by hash.
Does not belong here: reaching a verdict (quality/), keeping it (store/verdicts.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from fbinfor_assets.delivery.rows import OutboundRow
from fbinfor_assets.domain.canonical import NotCanonical, payload_sha
from fbinfor_assets.store import Transaction, verdicts
from fbinfor_assets.store.intents import Intent
from fbinfor_assets.store.verdicts import Verdict


class RefusedByGate(Exception):
    """A payload is not covered by a passed verdict. Nothing of the batch was sent; the text names the record."""


def _passed(tx: Transaction, object: str, verdict_id: str | None) -> Verdict:
    verdict = verdicts.get(tx, verdict_id) if verdict_id else None
    if verdict is None:
        raise RefusedByGate(
            f"{object}: there is no verdict {verdict_id!r}; run the gate over this batch, then deliver with its verdict"
        )
    if verdict.object != object:
        raise RefusedByGate(
            f"{object}: verdict {verdict.id} judges {verdict.object}; deliver each object with its own verdict"
        )
    if not verdict.passed:
        raise RefusedByGate(
            f"{object}: verdict {verdict.id} did not pass; correct what its failed expectations name and run the gate again"
        )
    return verdict


def _hash(who: str, payload: dict | str) -> str:
    try:
        return payload_sha(payload)
    except (NotCanonical, ValueError) as error:
        raise RefusedByGate(
            f"{who}: the payload has no canonical form ({error}); nothing was sent"
        ) from error


def check_rows(tx: Transaction, object: str, rows: Iterable[OutboundRow], verdict_id: str | None) -> None:
    """Refuse the whole batch unless every row is what a passed verdict over `object` saw. Raises `RefusedByGate`."""
    verdict = _passed(tx, object, verdict_id)
    allowed = verdicts.payloads(tx, verdict.id)
    for row in rows:
        who = f"{row.object} {row.business_key}"
        if row.object != object:
            raise RefusedByGate(f"{who}: does not belong to a batch of {object}; nothing was sent")
        found = _hash(who, row.payload)
        if found != row.payload_sha:
            raise RefusedByGate(
                f"{who} ({row.target_ref}): the payload was changed after it was hashed "
                f"({row.payload_sha[:12]} then, {found[:12]} now); nothing was sent. Run the gate over it again"
            )
        if (row.business_key, found) not in allowed:
            raise RefusedByGate(
                f"{who} ({row.target_ref}): payload {found[:12]} is not in verdict {verdict.id}; nothing was sent. "
                "A record that was edited or quarantined passes the gate again, as a batch of one"
            )


class IntentGate:
    """Checks kept intents before they leave, also those of earlier runs, each against its own verdict."""

    def __init__(self) -> None:
        self._allowed: dict[str, set[tuple[str, str]]] = {}

    def check(self, tx: Transaction, intents: Iterable[Intent]) -> None:
        """Raises `RefusedByGate` if the kept payload is not the one that its passed verdict names."""
        for intent in intents:
            if intent.verdict_id not in self._allowed:
                _passed(tx, intent.object, intent.verdict_id)
                self._allowed[intent.verdict_id] = verdicts.payloads(tx, intent.verdict_id)
            who = f"{intent.object} {intent.business_key}"
            found = _hash(who, intent.payload)
            if (
                found != intent.payload_sha
                or (intent.business_key, found) not in self._allowed[intent.verdict_id]
            ):
                raise RefusedByGate(
                    f"{who} ({intent.target_ref}): the kept payload {found[:12]} is not the one that verdict "
                    f"{intent.verdict_id} let through ({intent.payload_sha[:12]}); nothing was sent. "
                    "Somebody changed the store: restore the record, or run the gate over it again"
                )
