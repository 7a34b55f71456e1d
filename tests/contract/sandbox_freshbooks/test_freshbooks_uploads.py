"""Uploads and online payment options of the FreshBooks simulator (freshbooks-api 3, 9)."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.freshbooks.uploads import multipart_file

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 5


def upload(simulator, kind="images", name="logo.png", content=PNG, field="content"):
    url = f"/uploads/account/{simulator.connection['account_id']}/{kind}"
    return simulator.http.post(url, files={field: (name, content, "image/png")})


@pytest.mark.parametrize(("kind", "key"), [("images", "image"), ("attachments", "attachment")])
def test_a_file_is_answered_by_its_jwt_and_read_back_byte_for_byte(simulator, kind, key):
    answer = upload(simulator, kind)
    assert answer.status_code == 201
    stored = answer.json()[key]
    assert stored["jwt"] == stored["public_id"]
    assert stored["filename"].startswith("upload-")
    read = simulator.http.get(f"/uploads/{kind}/{stored['jwt']}")
    assert (read.content, read.headers["content-type"]) == (PNG, "image/png")
    assert read.headers["x-filename"] == "logo.png"
    # The link needs no token: the jwt is the permission.
    assert httpx.get(answer.json()["link"]).content == PNG


def test_a_file_is_of_its_kind_only(simulator):
    jwt = upload(simulator).json()["image"]["jwt"]
    answer = simulator.http.get(f"/uploads/attachments/{jwt}")
    assert (answer.status_code, answer.json()) == (404, {"error": "File not found."})


@pytest.mark.parametrize("sent", ["nothing", "another field", "json"])
def test_without_the_field_content_there_is_nothing_to_upload(simulator, sent):
    url = f"/uploads/account/{simulator.connection['account_id']}/images"
    answer = {
        "nothing": lambda: simulator.http.post(url),
        "another field": lambda: upload(simulator, field="file"),
        "json": lambda: simulator.http.post(url, json={"content": "x"}),
    }[sent]()
    assert (answer.status_code, answer.json()) == (400, {"error": "Content is required"})


def test_an_upload_survives_a_restart(fresh):
    simulator = fresh()
    jwt = upload(simulator).json()["image"]["jwt"]
    simulator.end()
    simulator.start()
    assert simulator.http.get(f"/uploads/images/{jwt}").content == PNG


@given(content=st.binary(), name=st.from_regex(r"[A-Za-z0-9 ._-]{1,20}", fullmatch=True), more=st.booleans())
def test_any_bytes_come_out_of_a_multipart_body_as_they_went_in(content, name, more):
    files = {"other": ("x", b"y", "text/plain")} if more else {}
    request = httpx.Request("POST", "http://x", files=files | {"content": (name, content, "image/png")})
    found = multipart_file(request.headers["content-type"], request.read(), "content")
    assert found == (name, "image/png", content)


# ------------------------------------------------------------------------------ online payment options


def options(simulator, path, body=None):
    url = f"/payments/account/{simulator.connection['account_id']}/{path}"
    return simulator.http.get(url) if body is None else simulator.http.post(url, json=body)


def test_the_accounts_defaults_are_not_those_of_an_invoice(own):
    simulator = own()
    defaults = options(simulator, "payment_options?entity_type=invoice").json()["payment_options"]
    assert (defaults["gateway_name"], defaults["entity_id"]) == ("stripe", None)
    path = f"invoice/{simulator.invoice()['id']}/payment_options"
    answer = options(simulator, path)
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")
    simulator.http.post("/_sandbox/switches", json={"payment_options_unset": "defaults"})
    assert options(simulator, path).json()["payment_options"]["gateway_name"] == "stripe"


def test_options_set_on_an_invoice_are_read_back_and_allow_its_gateway(simulator):
    invoice = simulator.invoice()
    path = f"invoice/{invoice['id']}/payment_options"
    body = {
        "gateway_name": "fbpay",
        "entity_id": invoice["id"],
        "entity_type": "invoice",
        "has_credit_card": True,
    }
    made = options(simulator, path, body).json()["payment_options"]
    assert (made["gateway_name"], made["entity_id"]) == ("fbpay", str(invoice["id"]))
    assert (made["has_credit_card"], made["has_ach_transfer"]) == (True, False)
    assert options(simulator, path).json()["payment_options"] == made
    shown = simulator.read(invoice, "allowed_gateways")["allowed_gateways"]
    assert [(gateway["gatewayid"], gateway["gateway_name"]) for gateway in shown] == [(30, "fbpay")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "gateway_name"),
        ({"gateway_name": "bank"}, "gateway_name"),
        ({"gateway_name": "stripe", "has_credit_card": "x"}, "has_credit_card"),
    ],
)
def test_wrong_options_are_refused_in_the_families_own_shape(simulator, body, field):
    answer = options(simulator, f"invoice/{simulator.invoice()['id']}/payment_options", body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (answer.json()["error_type"], error["field"]) == ("validation", field)
    assert answer.json()["message"]


def test_a_recurring_template_has_options_too_and_an_unknown_document_has_none(simulator, tools):
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-31", "frequency": "m"}
    profile = tools.one(simulator.post("/invoice_profiles/invoice_profiles", {"invoice_profile": body}))
    path = f"invoice_profile/{profile['id']}/payment_options"
    assert options(simulator, path, {"gateway_name": "stripe"}).status_code == 200
    for path in ("invoice/1/payment_options", "estimate/1/payment_options"):
        assert options(simulator, path).status_code == 404


def test_the_gateways_of_the_account_come_as_json_api(simulator):
    answer = options(simulator, "gateway")
    assert answer.headers["content-type"] == "application/vnd.api+json"
    (connections,) = answer.json()["gateway_connections"]
    assert set(connections) == {"fbpay", "stripe", "paypal"}
