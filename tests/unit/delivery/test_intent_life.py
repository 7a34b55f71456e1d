"""The life of an intent: only the drawn transitions exist, and nothing that may be in a target is ever sent unseen.

A Hypothesis state machine drives any sequence of events against the table; it knows no vendor and no store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fbinfor_assets.delivery.intents import OUT, TRANSITIONS, Event, IllegalTransition, State, after, follow
from fbinfor_assets.store.intents import Intent

NOW = datetime(2011, 1, 5, tzinfo=UTC)


def an_intent(state: str = "planned") -> Intent:
    return Intent(
        id="1",
        target="m3",
        object="m3__orders",
        operation="create",
        business_key="536365",
        target_ref="FB-ABC-1",
        payload="{}",
        payload_sha="sha",
        verdict_id="v",
        agreed={},
        links=[],
        state=state,
        attempts=0,
        lease_owner=None,
        lease_until=None,
        not_before=None,
        remote_id=None,
        error_class=None,
        error=None,
        document_date=None,
        currency=None,
        amount=None,
        reason=None,
        changes=None,
        created_at=NOW,
        updated_at=NOW,
        change_seq=0,
    )


@given(st.sampled_from(State), st.sampled_from(Event))
def test_every_transition_that_is_not_drawn_is_refused(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert follow(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalTransition, match=f"{state} cannot be {event}"):
            after(an_intent(state), event)


class AnyLife(RuleBasedStateMachine):
    """Any sequence of events; what is not allowed must change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.intent = an_intent()
        self.claims = 0
        # Whether what was sent last may be in the target without anybody having looked.
        self.unseen = False
        self.ended = False

    @rule(event=st.sampled_from(Event))
    def happen(self, event: Event) -> None:
        before = self.intent
        lease = (
            {"lease_owner": "me", "lease_until": NOW + timedelta(minutes=5)} if event is Event.CLAIMED else {}
        )
        try:
            self.intent = after(before, event, **lease)
        except IllegalTransition:
            assert self.intent is before
            return
        assert not self.ended, f"{before.state} was the end, and {event} led on to {self.intent.state}"
        if event is Event.CLAIMED:
            assert not self.unseen, "sent again although the last sending may have arrived"
            self.claims += 1
            self.unseen = True
        # These, and only these, say what became of the sending: the vendor answered, it surely never left, or we looked.
        if event in (
            Event.ANSWERED,
            Event.REJECTED,
            Event.NOT_SENT,
            Event.FOUND,
            Event.PARTIAL,
            Event.ABSENT,
        ):
            self.unseen = False
        if event is Event.DIFFERS:
            self.unseen = False
        self.ended = self.intent.state == State.CONFIRMED

    @invariant()
    def attempts_are_counted(self) -> None:
        assert self.intent.attempts == self.claims

    @invariant()
    def only_what_is_being_sent_is_leased(self) -> None:
        assert (self.intent.lease_owner is not None) == (self.intent.state == State.SENDING)

    @invariant()
    def what_may_be_in_the_target_is_never_planned_anew(self) -> None:
        if self.unseen:
            assert self.intent.state in OUT


AnyLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyLife = AnyLife.TestCase


def test_confirmed_is_the_end() -> None:
    assert not [event for state, event in TRANSITIONS if state is State.CONFIRMED]


def test_an_event_clears_the_error_it_did_not_bring() -> None:
    stuck = after(after(an_intent(), Event.PASSED), Event.CLAIMED, lease_owner="me", lease_until=NOW)
    doubt = after(stuck, Event.UNKNOWN, error_class="in_doubt", error="no answer", not_before=NOW)
    found = after(doubt, Event.FOUND, remote_id="17")
    assert (doubt.error, doubt.lease_owner) == ("no answer", None)
    assert (found.error, found.error_class, found.not_before, found.remote_id) == (None, None, None, "17")
