"""The life of an intent: which state may follow which, and by what event.

Belongs here: states, events and the table that joins them; pure.
Does not belong here: keeping intents (store/intents.py), causing the events (sender.py).

    planned ─ gate passed ─▶ ready ─ claimed ─▶ sending ─ answered ─▶ acknowledged ─ read back ─▶ confirmed
                               ▲                  │ └── rejected ─▶ dead            └─ differs ─▶ conflict
                               │◀── not sent ─────┤
                               │                  └── unknown ─▶ in_doubt ─ found ─▶ acknowledged
                               └────────────────── absent ─────────┘ └── other ──▶ conflict

`dead` goes back to `ready` with a corrected payload or after a person resolved its letter. `conflict` becomes
`confirmed` when a later read-back agrees, and `ready` when what stood in the way was not ours and is gone.
`superseded`: a later change of the same record replaced one that was never sent. `confirmed` is the end: the same
change, due once more, is another intent with another reference.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from fbinfor_assets.store.intents import Intent


class State(StrEnum):
    """Where an intent stands."""

    PLANNED = "planned"
    READY = "ready"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    DEAD = "dead"
    SUPERSEDED = "superseded"


class Event(StrEnum):
    """What happens to an intent."""

    PASSED = "passed"  # its payload is in a verdict that passed
    CLAIMED = "claimed"  # a process is about to send it
    ANSWERED = "answered"  # the vendor said yes
    REJECTED = "rejected"  # the vendor said no and would say so again
    NOT_SENT = "not_sent"  # surely nothing was applied; may be sent again
    UNKNOWN = "unknown"  # applied or not: nobody knows yet
    FOUND = "found"  # looked up: it is there, and equal
    PARTIAL = "partial"  # looked up: begun but not finished, can be gone on with
    ABSENT = "absent"  # looked up: it is not there
    DIFFERS = "differs"  # the target holds something else under our reference
    READ_BACK = "read_back"  # read back and as meant
    REVISED = "revised"  # corrected, or a person asked for another try
    REPLACED = "replaced"  # a later change of the same record stands in for it


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.PLANNED, Event.PASSED): State.READY,
    (State.PLANNED, Event.REPLACED): State.SUPERSEDED,
    (State.READY, Event.CLAIMED): State.SENDING,
    (State.READY, Event.REVISED): State.READY,
    (State.READY, Event.REPLACED): State.SUPERSEDED,
    (State.SENDING, Event.ANSWERED): State.ACKNOWLEDGED,
    (State.SENDING, Event.REJECTED): State.DEAD,
    (State.SENDING, Event.NOT_SENT): State.READY,
    (State.SENDING, Event.UNKNOWN): State.IN_DOUBT,
    (State.SENDING, Event.DIFFERS): State.CONFLICT,
    (State.IN_DOUBT, Event.UNKNOWN): State.IN_DOUBT,
    (State.IN_DOUBT, Event.FOUND): State.ACKNOWLEDGED,
    (State.IN_DOUBT, Event.PARTIAL): State.READY,
    (State.IN_DOUBT, Event.ABSENT): State.READY,
    (State.IN_DOUBT, Event.REJECTED): State.DEAD,
    (State.IN_DOUBT, Event.DIFFERS): State.CONFLICT,
    (State.ACKNOWLEDGED, Event.READ_BACK): State.CONFIRMED,
    (State.ACKNOWLEDGED, Event.DIFFERS): State.CONFLICT,
    (State.CONFLICT, Event.READ_BACK): State.CONFIRMED,
    (State.CONFLICT, Event.DIFFERS): State.CONFLICT,
    (State.CONFLICT, Event.FOUND): State.ACKNOWLEDGED,
    (State.CONFLICT, Event.ABSENT): State.READY,
    (State.DEAD, Event.REVISED): State.READY,
    (State.SUPERSEDED, Event.REVISED): State.READY,
}

# Something of these may be in the target, or on its way there: never planned anew, never forgotten.
OUT = frozenset({State.SENDING, State.IN_DOUBT, State.ACKNOWLEDGED, State.CONFIRMED, State.CONFLICT})


class IllegalTransition(Exception):
    """An event came that cannot happen in this state: a fault of ours, nothing was changed."""


def follow(state: str, event: Event) -> State:
    """The state after an event. Raises `IllegalTransition`."""
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        raise IllegalTransition(f"an intent that is {state} cannot be {event}") from None


def after(intent: Intent, event: Event, **values: Any) -> Intent:
    """The intent after an event; values not given are cleared or kept as the event means.

    CLAIMED counts the attempt; a lease lasts only if it is given (with CLAIMED, or with UNKNOWN for a look-up). An error is
    kept only by the event that brought it. Raises `IllegalTransition`.
    """
    state = follow(intent.state, event)
    changed: dict[str, Any] = {
        "state": state.value,
        "lease_owner": None,
        "lease_until": None,
        "not_before": None,
        "error_class": None,
        "error": None,
    }
    if event is Event.CLAIMED:
        changed["attempts"] = intent.attempts + 1
    return replace(intent, **(changed | values))
