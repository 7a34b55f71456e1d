"""The addresses that a client accepts.

Belongs here: the one rule about hosts that all clients share. Does not belong here: reaching them (`wire.py`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fbinfor_assets.clients.wire import is_loopback


def checked_host(url: str) -> str:
    """`url` without a trailing slash. Raises ValueError unless it is https, or http on this machine (the sandbox)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a full address such as https://api.example.com")
    if parts.username or parts.password:
        raise ValueError("must not carry a user name or password")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError(
            "must be https: tokens and invoices never travel in the clear (http is for the sandbox only)"
        )
    return url.rstrip("/")
