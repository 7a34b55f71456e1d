"""What one exchange may end in: the line between "never sent", "refused" and "may have been applied"."""

from __future__ import annotations

import socket
import struct
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.clients import (
    AuthorisationError,
    ConnectError,
    InDoubt,
    Interrupted,
    ParseError,
    RateLimited,
    RetryPolicy,
    ServerError,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.errors import Call
from fbinfor_assets.clients.wire import Wire, dump_json, parse_json, query_string, retry_after_seconds

READ = Call("infor", "CRS610MI GetBasicData", "CUNO X")
WRITE = Call("infor", "CRS610MI Add", "CUNO X", writes=True)


def wire(url: str = "http://127.0.0.1:9", transport=None, attempts: int = 1, timeout: float = 5.0) -> Wire:
    return Wire(
        base_url=url,
        judge=lambda call, answer: None,
        describe=lambda body: [],
        timeout=timeout,
        retry=RetryPolicy(attempts=attempts, base=0.0),
        transport=transport,
    )


def answering(status: int, content: bytes = b"{}", **headers: str) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, content=content, headers=headers))


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_a_refused_connection_means_nothing_was_sent(call):
    with pytest.raises(ConnectError) as caught:
        wire(closed_port()).send(call, "GET", "/x")
    assert caught.value.error_class == "connection"
    assert "nothing was sent" in str(caught.value)


def reset(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection: socket.socket) -> None:
    connection.settimeout(5)
    while connection.recv(65536):
        pass


def cut_short(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"results":'
    )


def garbage(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"not http at all\r\n\r\n")


@pytest.mark.parametrize("behaviour", [reset, hang, cut_short, garbage], ids=lambda f: f.__name__)
def test_a_lost_answer_leaves_a_write_in_doubt_and_a_read_interrupted(misbehaving, behaviour):
    url = misbehaving(behaviour)
    with pytest.raises(InDoubt) as caught:
        wire(url, timeout=0.3).send(WRITE, "GET", "/x")
    assert caught.value.error_class == "in_doubt"
    assert "look the record up" in caught.value.next_step
    with pytest.raises(Interrupted):
        wire(url, timeout=0.3).send(READ, "GET", "/x")


def test_a_write_is_sent_once_however_it_fails(misbehaving):
    seen = []

    def count_and_reset(connection: socket.socket) -> None:
        seen.append(1)
        reset(connection)

    with pytest.raises(InDoubt):
        wire(misbehaving(count_and_reset), attempts=4).send(WRITE, "GET", "/x")
    assert len(seen) == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError("down"), 429, 503], ids=str)
def test_not_even_a_safe_failure_makes_a_write_go_out_twice_here(failure):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(failure, Exception):
            raise failure
        return httpx.Response(failure, json={})

    with pytest.raises((ConnectError, RateLimited, InDoubt)):
        wire(transport=httpx.MockTransport(answer), attempts=4).send(WRITE, "GET", "/x")
    assert len(seen) == 1


def test_a_read_is_repeated_until_it_comes_through(misbehaving):
    seen = []

    def third_time(connection: socket.socket) -> None:
        seen.append(1)
        if len(seen) < 3:
            reset(connection)
        else:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    assert wire(misbehaving(third_time), attempts=4).send(READ, "GET", "/x").body == {}
    assert len(seen) == 3


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_failing_server_leaves_a_write_in_doubt_and_fails_a_read(status):
    with pytest.raises(InDoubt):
        wire(transport=answering(status)).send(WRITE, "POST", "/x")
    with pytest.raises(ServerError) as caught:
        wire(transport=answering(status)).send(READ, "GET", "/x")
    assert caught.value.transient


@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize(
    ("status", "kind", "error_class"),
    [
        (301, Unsupported, "value"),
        (401, AuthorisationError, "authorisation"),
        (403, AuthorisationError, "authorisation"),
        (404, Unsupported, "value"),
        (405, Unsupported, "value"),
        (413, ValidationError, "too_large"),
        (429, RateLimited, "rate_limit"),
    ],
)
def test_a_refusal_says_that_nothing_was_done(call, status, kind, error_class):
    with pytest.raises(kind) as caught:
        wire(transport=answering(status)).send(call, "POST", "/x")
    assert caught.value.error_class == error_class
    assert caught.value.status == status


@pytest.mark.parametrize("content", [b"<html>", b'{"a":', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_not_json_leaves_a_write_in_doubt(content):
    with pytest.raises(InDoubt):
        wire(transport=answering(200, content)).send(WRITE, "POST", "/x")
    with pytest.raises(ParseError):
        wire(transport=answering(200, content)).send(READ, "GET", "/x")


def test_the_request_id_of_the_vendor_is_quoted():
    with pytest.raises(InDoubt, match="request abc-1"):
        wire(transport=answering(500, **{"X-Request-Id": "abc-1"})).send(WRITE, "POST", "/x")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "59"}, 59.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_vendors_clock(headers, seconds):
    assert retry_after_seconds(headers) == seconds


@given(st.text())
def test_any_retry_after_is_harmless(text):
    found = retry_after_seconds({"retry-after": text})
    assert found is None or found >= 0


def test_numbers_with_a_point_keep_their_digits():
    assert parse_json(b'{"price": 2.10, "n": 3, "e": 1e-7}') == {
        "price": Decimal("2.10"),
        "n": 3,
        "e": Decimal("1E-7"),
    }


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_decimal_is_sent_as_text_and_never_as_a_float(value):
    sent = parse_json(dump_json({"amount": value}))["amount"]
    assert isinstance(sent, str)
    assert Decimal(sent) == value


def test_a_float_is_refused_before_anything_is_sent():
    with pytest.raises(TypeError, match="float"):
        dump_json({"lines": [{"qty": 0.1}]})


def test_text_that_is_not_unicode_is_refused_before_anything_is_sent():
    with pytest.raises(ValidationError, match="Unicode"):
        wire(transport=answering(200)).send(WRITE, "POST", "/x", body={"note": "\ud800"})


def test_a_blank_in_a_query_is_percent_encoded():
    assert query_string([("CUNM", "A & B+C"), ("x", "ü")]) == "CUNM=A%20%26%20B%2BC&x=%C3%BC"


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=6),
        max_size=4,
    )
)
def test_json_goes_out_as_it_was_given(value):
    try:
        sent = dump_json(value)
    except UnicodeEncodeError:
        return
    assert parse_json(sent) == value
