"""Lets a process connect to this machine only, and writes down every other attempt.

Belongs here: the guard itself. It is loaded by `tests/conftest.py` in the test process, and by Python's own start-up in every
process that a test starts (its folder is put on PYTHONPATH), where it proves that Dagster, dbt and Great Expectations are
silent there too.
Does not belong here: what is done about an attempt (`tests/conftest.py`).
"""

from __future__ import annotations

import ipaddress
import os
import socket
import traceback

LOG = "FBINFOR_TEST_OUTSIDE_CALLS"
# Names that by RFC 2606 and 6761 never exist: tests of bad configuration may look them up.
_NEVER_THERE = (".invalid", ".example", ".test", ".example.com", ".example.org", ".example.net")


class OutsideCall(ConnectionRefusedError):
    """A test, or what it started, wanted to speak to another machine."""


def is_here(host: object) -> bool:
    """Whether a host is this machine: loopback, localhost, nothing, or the wildcard that servers bind."""
    name = str(host or "").strip("[]").split("%")[0].lower()
    if name in ("", "localhost", "0.0.0.0", "::") or name == socket.gethostname().lower():
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _note(what: str) -> None:
    path = os.environ.get(LOG)
    if path:
        with open(path, "a") as log:
            log.write(f"{what}\n{''.join(traceback.format_stack(limit=12)[:-2])}\n")


_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _check(sock: socket.socket, address: object) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_here(address[0]):  # type: ignore[index]
        _note(f"process {os.getpid()} wanted to connect to {address}")
        raise OutsideCall(f"tests connect to this machine only, not to {address}")


def _guarded_connect(sock: socket.socket, address: object) -> object:
    _check(sock, address)
    return _connect(sock, address)  # type: ignore[arg-type]


def _guarded_connect_ex(sock: socket.socket, address: object) -> object:
    _check(sock, address)
    return _connect_ex(sock, address)  # type: ignore[arg-type]


def _guarded_getaddrinfo(host: object, *args: object, **kwargs: object) -> object:
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if not is_here(name):
        if not name.rstrip(".").lower().endswith(_NEVER_THERE):
            try:
                ipaddress.ip_address(name)
            except ValueError:
                _note(f"process {os.getpid()} wanted to look up {name}")
        raise socket.gaierror(socket.EAI_NONAME, f"tests look up this machine only, not {name}")
    return _getaddrinfo(host, *args, **kwargs)  # type: ignore[arg-type]


def install() -> None:
    """Put the guard in place; doing it again does nothing."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = _guarded_getaddrinfo  # type: ignore[assignment]


install()
