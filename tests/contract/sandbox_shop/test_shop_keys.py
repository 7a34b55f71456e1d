"""Who may do what in the shop: keys by Basic, by query and by OAuth 1.0a, signed here independently.

Belongs here: credentials on the wire. Does not belong here: what a known client sees.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_lab import API, FIXTURE_FILE, Shop

from fbinfor_assets.sandbox.shop.keys import php_parameters, signature_base


class Signer:
    """OAuth 1.0a without a token, as RFC 5849 says, written from the RFC alone."""

    def __init__(self, shop: Shop, name: str = "read_write") -> None:
        known = shop.control.get("/_sandbox/connection").json()
        self.key = known["keys"][name]["consumer_key"]
        self.secret = known["keys"][name]["consumer_secret"]
        self.base = known["base_url"] + API
        self._nonce = 0

    def params(
        self, method: str, path: str, query: list[tuple[str, str]], **changes: str
    ) -> list[tuple[str, str]]:
        """The query with its signature; `changes` spoil single OAuth parameters before signing."""
        self._nonce += 1
        oauth = {
            "oauth_consumer_key": self.key,
            "oauth_nonce": f"{time.time_ns()}{self._nonce}",
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(time.time())),
            **changes,
        }
        pairs = sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in [*query, *oauth.items()])
        text = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join([method, quote(self.base + path, safe="~"), quote(text, safe="~")])
        hash_ = {"HMAC-SHA1": hashlib.sha1}.get(oauth["oauth_signature_method"], hashlib.sha256)
        digest = hmac.new(f"{self.secret}&".encode(), base.encode(), hash_).digest()
        return [*query, *oauth.items(), ("oauth_signature", base64.b64encode(digest).decode())]

    def send(
        self, method: str, path: str, query: dict[str, str] | None = None, json: Any = None, **changes: str
    ) -> httpx.Response:
        """A signed request."""
        params = self.params(method, path, list((query or {}).items()), **changes)
        return httpx.request(method, f"{self.base}{path}?{urlencode(params)}", json=json)


@pytest.fixture
def signer(shop: Shop) -> Signer:
    """Signs with the key that may read and write."""
    return Signer(shop)


@pytest.fixture
def strict(run_shop: Callable[..., Shop], tmp_path: Path) -> Iterator[Shop]:
    """A shop that, like WooCommerce without TLS, takes signed requests only."""
    config = tmp_path / "switches.yml"
    config.write_text("shop: {basic_without_tls: false}\n", encoding="utf-8")
    yield run_shop("--orders", str(FIXTURE_FILE), "--config", str(config))


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_request_is_known(signer: Signer, method: str) -> None:
    query = {"per_page": "2", "search": "o'neil & söhne (50 %)~*+", "include[0]": "1", "include[1]": "2"}
    assert signer.send("GET", "/orders", query, oauth_signature_method=method).status_code == 200
    assert signer.send("GET", "/orders/1", oauth_signature_method=method).json()["id"] == 1


def test_the_signature_may_come_in_the_header(signer: Signer) -> None:
    pairs = signer.params("GET", "/orders", [("per_page", "1")])
    header = ", ".join(f'{n}="{quote(v, safe="")}"' for n, v in pairs if n.startswith("oauth_"))
    url = f"{signer.base}/orders?per_page=1"
    assert httpx.get(url, headers={"authorization": f"OAuth {header}"}).status_code == 200


def test_anything_changed_after_signing_is_noticed(signer: Signer) -> None:
    def said(response: httpx.Response) -> tuple[int, str, str]:
        body = response.json()
        return response.status_code, body["code"], body["message"]

    wrong = (
        401,
        "woocommerce_rest_authentication_error",
        "Invalid signature - provided signature does not match.",
    )
    params = signer.params("GET", "/orders", [("per_page", "1")])
    url = f"{signer.base}/orders?{urlencode(params)}"
    assert said(httpx.get(url.replace("per_page=1", "per_page=2"))) == wrong
    assert said(httpx.get(url.replace("/orders?", "/customers?"))) == wrong
    assert said(httpx.post(url, json={})) == wrong
    assert httpx.get(url).status_code == 200, "none of these used the nonce up"


def test_a_nonce_is_good_once(signer: Signer) -> None:
    assert signer.send("GET", "/orders", oauth_nonce="only once").status_code == 200
    again = signer.send("GET", "/orders", oauth_nonce="only once")
    assert (again.status_code, again.json()["message"]) == (
        401,
        "Invalid nonce - nonce has already been used.",
    )


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"oauth_consumer_key": "ck_x"}, "woocommerce_rest_authentication_error", "Consumer key is invalid."),
        ({"oauth_timestamp": "1"}, "woocommerce_rest_authentication_error", "Invalid timestamp."),
        (
            {"oauth_signature_method": "PLAINTEXT"},
            "woocommerce_rest_authentication_error",
            "signature method",
        ),
        ({"oauth_nonce": ""}, "woocommerce_rest_authentication_missing_parameter", "oauth_nonce"),
    ],
)
def test_a_bad_part_of_the_signature_is_named(
    signer: Signer, change: dict[str, str], code: str, said: str
) -> None:
    refused = signer.send("GET", "/orders", **change)
    assert (refused.status_code, refused.json()["code"]) == (401, code)
    assert said in refused.json()["message"]


def test_keys_may_read_or_write_only(shop: Shop) -> None:
    reader, writer = Signer(shop, "read"), Signer(shop, "write")
    assert reader.send("GET", "/orders").status_code == 200
    refused = reader.send("PUT", "/orders/99", json={})
    assert (refused.status_code, refused.json()["message"]) == (
        401,
        "The API key provided does not have write permissions.",
    )
    assert writer.send("GET", "/orders").status_code == 401
    assert writer.send("PUT", "/orders/99", json={}).status_code == 400, "only the order is unknown"


def test_a_key_in_the_query_is_as_good_as_basic(shop: Shop) -> None:
    known = shop.control.get("/_sandbox/connection").json()
    key = {"consumer_key": known["consumer_key"], "consumer_secret": known["consumer_secret"]}
    url = known["base_url"] + API
    assert httpx.get(f"{url}/orders", params=key).status_code == 200
    wrong = httpx.get(f"{url}/orders", params={**key, "consumer_secret": "cs_x"})
    assert wrong.json()["message"] == "Consumer secret is invalid."


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/orders", "woocommerce_rest_cannot_view"),
        ("GET", "/orders/1", "woocommerce_rest_cannot_view"),
        ("POST", "/orders", "woocommerce_rest_cannot_create"),
        ("PUT", "/orders/1", "woocommerce_rest_cannot_edit"),
        ("DELETE", "/orders/1", "woocommerce_rest_cannot_delete"),
        ("POST", "/orders/batch", "woocommerce_rest_cannot_batch"),
    ],
)
def test_who_brings_no_key_is_told_what_is_not_allowed(shop: Shop, method: str, path: str, code: str) -> None:
    base = shop.control.get("/_sandbox/connection").json()["base_url"]
    refused = httpx.request(method, base + API + path)
    assert (refused.status_code, refused.json()["code"]) == (401, code)


def test_without_tls_a_strict_shop_takes_signatures_only(strict: Shop) -> None:
    assert strict.api.get("/orders").status_code == 401
    assert Signer(strict).send("GET", "/orders").status_code == 200


def test_a_post_may_name_another_method(signer: Signer) -> None:
    assert signer.send("POST", "/orders/99", {"_method": "DELETE"}).status_code == 404
    assert signer.send("POST", "/orders/99", {"_method": "GET"}).status_code == 404


# --------------------------------------------------------------------------------------------- small rules


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1&a=2", {"a": [("a", "2")]}),
        ("a[]=1&a[]=2", {"a": [("a[0]", "1"), ("a[1]", "2")]}),
        ("a[x]=1&b=&a[y]=2", {"a": [("a[x]", "1"), ("a[y]", "2")], "b": [("b", "")]}),
        ("a=x+y%2B", {"a": [("a", "x y+")]}),
    ],
)
def test_a_query_is_read_as_php_reads_it(query: str, expected: dict[str, Any]) -> None:
    assert php_parameters(query) == expected


def test_the_text_that_is_signed_is_that_of_the_rfc() -> None:
    # RFC 5849, 3.4.1.1, without what WooCommerce does otherwise: of two parameters of one name PHP keeps the last, and
    # names are sorted before they are encoded.
    query = "b5=%3D%253D&a3=a&a2=r%20b&oauth_nonce=7d8f3e4a&c2="
    assert signature_base("post", "http://example.com/request", php_parameters(query)) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&"
        "a2%3Dr%2520b%26a3%3Da%26b5%3D%253D%25253D%26c2%3D%26oauth_nonce%3D7d8f3e4a"
    )


@given(st.dictionaries(st.text("abcxyz09_", min_size=1, max_size=5), st.text(max_size=8), max_size=6))
def test_plain_parameters_survive_reading(params: dict[str, str]) -> None:
    read = php_parameters(urlencode(params))
    assert (
        {name: pairs[0][1] for name, pairs in read.items()}
        == params
        == dict(parse_qsl(urlencode(params), keep_blank_values=True))
    )
