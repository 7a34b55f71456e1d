"""When a read is asked again, and how long that takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.clients import NotFound, RateLimited, RetryPolicy, ServerError
from fbinfor_assets.clients.errors import Call

CALL = Call("freshbooks", "list invoices")


class Failing:
    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def run(policy: RetryPolicy, read: Failing, jitter: float = 1.0) -> tuple[str, list[float]]:
    waits: list[float] = []
    return policy.run(read, sleep=waits.append, jitter=lambda: jitter), waits


def test_waits_double_up_to_the_cap():
    read = Failing(*[CALL.error(ServerError, "x") for _ in range(5)])
    assert run(RetryPolicy(attempts=6, base=1, cap=5), read) == ("answer", [1, 2, 4, 5, 5])


def test_after_the_last_attempt_the_error_is_raised():
    read = Failing(*[CALL.error(ServerError, "x") for _ in range(9)])
    with pytest.raises(ServerError):
        run(RetryPolicy(attempts=4), read)
    assert read.calls == 4


def test_what_is_not_transient_is_raised_at_once():
    read = Failing(CALL.error(NotFound, "x"))
    with pytest.raises(NotFound):
        run(RetryPolicy(), read)
    assert read.calls == 1


def test_retry_after_is_waited_out_in_full():
    read = Failing(CALL.error(RateLimited, "x", retry_after=7.0))
    _, waits = run(RetryPolicy(base=0.5), read, jitter=0.5)
    assert waits == [7.25]


def test_a_retry_after_longer_than_allowed_goes_to_the_caller():
    read = Failing(CALL.error(RateLimited, "x", retry_after=600.0))
    with pytest.raises(RateLimited) as caught:
        run(RetryPolicy(longest_wait=60), read)
    assert caught.value.retry_after == 600.0
    assert read.calls == 1


@given(st.integers(1, 20), st.floats(0, 1), st.none() | st.floats(0, 1000))
def test_a_wait_is_never_negative_nor_longer_than_the_limits(attempt, jitter, retry_after):
    policy = RetryPolicy(attempts=10, base=0.5, cap=20, longest_wait=60)
    wait = policy.wait(attempt, retry_after, jitter)
    assert wait is None or 0 <= wait <= 61
    if retry_after is not None and wait is not None:
        assert wait >= retry_after
