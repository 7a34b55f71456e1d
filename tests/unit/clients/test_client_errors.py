"""The error tree: what a person and what a policy can read off an error."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.clients import errors, redact
from fbinfor_assets.clients.errors import Call, ClientError, InDoubt, Refusal, ValidationError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ClientError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_names_system_operation_record_and_next_step(kind):
    error = Call("infor", "CRS610MI Add", "CUNO FB00000001", writes=True).error(kind, "no luck.")
    assert str(error).startswith("infor: CRS610MI Add CUNO FB00000001: no luck. Next: ")
    assert error.next_step in str(error)
    assert error.error_class in set(errors.ErrorClass)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    assert errors.__doc__ is not None
    for kind in KINDS:
        assert kind.__name__ in errors.__doc__


def test_only_in_doubt_leaves_the_outcome_of_a_write_open():
    assert [kind for kind in KINDS if kind.default_class is errors.ErrorClass.IN_DOUBT] == [InDoubt]
    assert not InDoubt.default_transient


def test_the_first_code_of_the_vendor_is_at_hand():
    error = Call("freshbooks", "create invoice").error(
        ValidationError, "x", errors=[Refusal(None, None, "a", None), Refusal("1012", "userid", "b", "5")]
    )
    assert error.code == "1012"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer s3cr3t-token-0123",
        "grant_type=refresh_token&refresh_token=s3cr3t-token-0123&x=1",
        '{"client_secret": "s3cr3t-token-0123"}',
        "https://user:s3cr3t-token-0123@host/x",
        "header eyJhbGciOiJIUzI1NiJ9.s3cr3t-token-0123.sig",
        "basic s3cr3t-token-0123==",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text):
    assert "s3cr3t" not in redact(text)
    assert "s3cr3t" not in str(Call("x", "y").error(ClientError, text))


@given(st.text(min_size=4), st.text(), st.text())
def test_a_known_secret_never_survives(secret, before, after):
    hidden = redact(before + secret + after, [secret])
    assert secret not in hidden or secret in "[hidden]" or secret in redact(before + after)


def test_a_message_without_secrets_is_left_alone():
    text = 'Client not found. [errno 1012] [field userid] code 5 of 7 {"amount": "1.00", "code": "GBP"}'
    assert redact(text) == text
