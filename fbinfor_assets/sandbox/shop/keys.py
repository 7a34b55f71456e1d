"""Who asks: WooCommerce's consumer keys by Basic, by query string and by OAuth 1.0a.

Belongs here: the keys of this shop, the checks of a request's credentials and permission.
Does not belong here: what is answered to whom is known.

Facts (WooCommerce's class WC_REST_Authentication and its REST documentation): over TLS a key comes as Basic or as
consumer_key and consumer_secret in the query; over plain http the request is signed instead with OAuth 1.0a without a
token, HMAC-SHA1 or HMAC-SHA256, in the query or in the header. The base string is method, address without query, and
the parameters as PHP reads them: of a name given twice the last counts, `a[]` is `a[0]`, `a[1]`; they are sorted by
the name before the first bracket. A key may read, write or both. A key nobody knows is as good as none with Basic.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request

from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.shop.errors import Refused

_OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_HASHES = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
_READS = ("GET", "HEAD")
_HEADER = re.compile(r'(oauth_[a-z_-]*)=(?:"([^"]*)"|([^,]*))')

# Without a known key nobody is logged in; what WooCommerce then says depends on what was asked for.
_CANNOT = {
    "list": ("view", "Sorry, you cannot list resources."),
    "get": ("view", "Sorry, you cannot view this resource."),
    "create": ("create", "Sorry, you are not allowed to create resources."),
    "update": ("edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("delete", "Sorry, you are not allowed to delete this resource."),
    "batch": ("batch", "Sorry, you are not allowed to batch manipulate this resource."),
}


@dataclass(frozen=True)
class Key:
    """One consumer key; `permissions` is read, write or read_write."""

    key: str
    secret: str
    permissions: str


class Keys:
    """The three keys of a shop, derived from its seed, and the nonces of the last minutes (kept in memory only)."""

    def __init__(self, seed: int, switches: dict[str, Any]) -> None:
        def made(label: str, permissions: str) -> Key:
            key, word = (
                secret(seed, "shop", *part, length=40) for part in ((label + "key",), (label + "secret",))
            )
            return Key("ck_" + key, "cs_" + word, permissions)

        self.main = made("", "read_write")
        self.reader, self.writer = made("read ", "read"), made("write ", "write")
        self._by_key = {key.key: key for key in (self.main, self.reader, self.writer)}
        self._switches = switches
        self._nonces: dict[tuple[str, str], float] = {}

    def check(self, request: Request, method: str, purpose: str, form: str) -> None:
        """Raise Refused unless a key of this shop may do this. `form` is the body, if it is a form."""
        key = self._basic(request) or self._oauth(request, form)
        if key is None:
            word, message = _CANNOT[purpose]
            raise Refused(401, f"woocommerce_rest_cannot_{word}", message)
        needed = "read" if method in _READS else "write"
        if method != "OPTIONS" and needed not in key.permissions:
            raise _denied(f"The API key provided does not have {needed} permissions.")

    def _basic(self, request: Request) -> Key | None:
        if not self._switches["basic_without_tls"]:
            return None
        query = request.query_params
        user, word = query.get("consumer_key", ""), query.get("consumer_secret", "")
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if not (user and word) and scheme.lower() == "basic":
            try:
                user, _, word = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
        key = self._by_key.get(user)
        if key is None or not word:
            return None
        if not hmac.compare_digest(key.secret.encode(), word.encode()):
            raise _denied("Consumer secret is invalid.")
        return key

    def _oauth(self, request: Request, form: str) -> Key | None:
        header = request.headers.get("authorization", "")
        query = request.scope["query_string"].decode("latin-1")
        if "oauth_" not in query and not header.startswith("OAuth ") and "oauth_" not in form:
            return None
        params = php_parameters(query + ("&" + form if form else ""))
        if header.startswith("OAuth "):
            for name, quoted, bare in _HEADER.findall(header):
                params[name] = [(name, unquote(quoted or bare))]
        given = {name: params[name][0][1] for name in _OAUTH if params.get(name) and params[name][0][1]}
        if not given:
            return None
        missing = [name for name in _OAUTH if name not in given]
        if missing:
            words = "parameters" if len(missing) > 1 else "parameter"
            message = f"Missing OAuth {words} {', '.join(missing)}"
            raise Refused(401, "woocommerce_rest_authentication_missing_parameter", message)
        key = self._by_key.get(given["oauth_consumer_key"])
        if key is None:
            raise _denied("Consumer key is invalid.")
        method = given["oauth_signature_method"]
        if method not in _HASHES:
            raise _denied("Invalid signature - signature method is invalid.")
        address = f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope['path']}"
        text = signature_base(request.method, address, params)
        digest = hmac.digest((key.secret + "&").encode(), text.encode(), _HASHES[method])
        signature = given["oauth_signature"].replace(" ", "+")
        if not hmac.compare_digest(base64.b64encode(digest), unquote(signature).encode()):
            raise _denied("Invalid signature - provided signature does not match.")
        self._fresh(key, given["oauth_timestamp"], given["oauth_nonce"])
        return key

    def _fresh(self, key: Key, timestamp: str, nonce: str) -> None:
        window = self._switches["oauth_window_seconds"]
        if not window:
            return
        now = time.time()
        if not timestamp.isdecimal() or abs(int(timestamp) - now) > window:
            raise _denied("Invalid timestamp.")
        # Oldest first: only the front can be past its time.
        while self._nonces and (oldest := next(iter(self._nonces.items())))[1] < now - window:
            del self._nonces[oldest[0]]
        if (key.key, nonce) in self._nonces:
            raise _denied("Invalid nonce - nonce has already been used.")
        self._nonces[key.key, nonce] = now


Parameters = dict[str, list[tuple[str, str]]]


def php_parameters(query: str) -> Parameters:
    """A query as PHP reads it: (full name, value) pairs by the name before the first bracket."""
    found: Parameters = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        base, bracket, rest = name.partition("[")
        pairs = found.setdefault(base, [])
        if bracket and rest.startswith("]"):
            name = f"{base}[{len(pairs)}{rest}"
        known = next((at for at, (other, _) in enumerate(pairs) if other == name), None)
        if not bracket:
            found[base] = [(name, value)]
        elif known is None:
            pairs.append((name, value))
        else:
            pairs[known] = (name, value)
    return found


def signature_base(method: str, address: str, params: Parameters) -> str:
    """The text an OAuth 1.0a signature is made over."""
    pairs = [pair for base in sorted(params) if base != "oauth_signature" for pair in params[base]]
    text = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
    return f"{method.upper()}&{_encoded(address)}&{_encoded(text)}"


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


def _denied(message: str) -> Refused:
    return Refused(401, "woocommerce_rest_authentication_error", message)
