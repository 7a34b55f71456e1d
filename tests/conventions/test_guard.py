"""The socket guard of the suite: it refuses, it writes down, also in processes that a test starts."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

ABROAD = "192.0.2.1"  # TEST-NET-1, nobody's


def test_a_connection_to_another_machine_is_refused_and_written_down(outside_calls_expected):
    with socket.socket() as sock, pytest.raises(OSError, match="this machine only"):
        sock.connect((ABROAD, 443))
    assert ABROAD in outside_calls_expected.read_text()


def test_a_look_up_of_another_machine_is_refused_and_written_down(outside_calls_expected):
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("telemetry.dagster.io", 443)
    assert "telemetry.dagster.io" in outside_calls_expected.read_text()


def test_a_process_that_a_test_starts_is_guarded_too(outside_calls_expected):
    code = f"import socket; s = socket.socket(); print(s.connect_ex(({ABROAD!r}, 444)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode != 0 and "this machine only" in ended.stderr
    assert "444" in outside_calls_expected.read_text()


def test_the_guard_is_in_place_in_every_test():
    # The one above may have been the first test; this one is not.
    assert socket.socket.connect.__name__ == "_guarded_connect"


def test_loopback_is_open():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
