"""Callbacks of the FreshBooks simulator over real HTTP (freshbooks-api 8, 9; FreshBooks' page on webhooks)."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from fnmatch import fnmatch

import httpx
import pytest
from callback_receiver import Post, Receiver, Watcher
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.freshbooks import events

FIELDS = ["name", "object_id", "account_id", "business_id", "identity_id", "user_id"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    listening = Receiver()
    yield listening
    listening.close()


@pytest.fixture
def watcher(own, receiver: Receiver) -> Callable[..., Watcher]:
    """An integration at a simulator with these switches: watcher(sign_verification=False)."""
    return lambda **switches: Watcher(own(**switches), receiver)


# -- registering and verifying


def test_a_new_callback_is_unverified_and_its_uri_is_sent_the_verifier(watcher):
    at = watcher()
    callback = at.register("invoice.create")
    assert set(callback) == {"callbackid", "event", "uri", "verified", "updated_at"}
    assert callback["verified"] is False
    (post,) = at.receiver.got("/hook")
    assert post.headers["content-type"] == "application/x-www-form-urlencoded"
    assert list(post.form) == [*FIELDS, "verifier"]
    assert post.told == ("callback.verify", str(callback["callbackid"]))
    assert post.form["account_id"] == at.simulator.connection["account_id"]


@pytest.mark.parametrize("signs", [True, False])
def test_whether_the_verification_is_signed_is_a_switch(watcher, signs):
    at = watcher(sign_verification=signs)
    at.register("invoice")
    (post,) = at.receiver.got("/hook")
    assert post.signed_by(post.form["verifier"]) is signs


def test_giving_the_verifier_back_verifies_and_a_wrong_one_does_not(watcher):
    at = watcher()
    callback = at.register("client")
    verifier = at.receiver.got("/hook")[0].form["verifier"]
    wrong = at.put(callback, verifier="guessed")
    assert (wrong.status_code, wrong.json()["errno"]) == (422, 422)
    # The documented example also repeats the id in the body.
    right = at.put(callback, callback_id=callback["callbackid"], verifier=verifier)
    assert right.json()["response"]["result"]["callback"]["verified"] is True


def test_resend_sends_the_same_verifier_again_until_the_callback_is_verified(watcher):
    at = watcher()
    callback = at.register("client")
    assert at.put(callback, resend=True).status_code == 200
    first, second = at.receiver.got("/hook", 2)
    assert first.form == second.form
    at.put(callback, verifier=first.form["verifier"])
    at.put(callback, resend=True)
    assert len(at.settle()) == 2


def test_another_uri_has_to_be_verified_anew(watcher):
    at = watcher()
    callback, verifier = at.watch("client")
    changed = at.put(callback, uri=at.receiver.url + "/other").json()["response"]["result"]["callback"]
    assert (changed["verified"], changed["uri"]) == (False, at.receiver.url + "/other")
    assert at.receiver.got("/other")[0].form["verifier"] != verifier
    at.simulator.client()
    assert [post.path for post in at.settle()] == ["/other"]


@pytest.mark.parametrize(
    ("callback", "details"),
    [
        ({"event": "invoice.pay", "uri": "https://a.example/x"}, ["event: Value error, Unrecognized event."]),
        (
            {"event": "no", "uri": "no"},
            [
                "event: Value error, Unrecognized event.",
                "uri: Input should be a valid URL, relative URL without a base",
            ],
        ),
        (
            {"event": "bill_payment.create", "uri": "https://a.example"},
            ["event: Value error, Unrecognized event."],
        ),
        ({"event": "invoice", "uri": "ftp://a.example"}, ["uri: URL scheme should be 'http' or 'https'"]),
        ({}, ["event: Field required", "uri: Field required"]),
    ],
)
def test_an_unknown_event_or_a_bad_uri_is_422_with_each_fault(watcher, callback, details):
    at = watcher()
    answer = at.simulator.http.post(at.path, json={"callback": callback})
    assert answer.status_code == 422
    assert answer.json() == {
        "errno": 422,
        "message": "The request was well-formed but was unable to be followed due to semantic errors.",
        "details": details,
    }


def test_the_grpc_shape_names_the_faults_as_field_violations(watcher):
    at = watcher(error_shape="new")
    answer = at.simulator.http.post(at.path, json={"callback": {"event": "no", "uri": "https://a.example"}})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, 3)
    violation = {"field": "event", "description": "Value error, Unrecognized event."}
    assert body["details"][0]["fieldViolations"] == [violation]


def test_what_is_no_json_is_400_and_an_unknown_callback_404_in_the_events_shape(watcher):
    at = watcher()
    broken = at.simulator.http.post(at.path, content=b"{not json")
    assert (broken.status_code, broken.json()["errno"]) == (400, 400)
    missing = at.simulator.http.get(at.path + "/1")
    assert (missing.status_code, missing.json()["errno"]) == (404, 404)
    assert missing.json()["message"] == "Requested resource could not be found."


def test_a_list_has_15_a_page_and_its_event_filter_also_finds_the_bare_noun(watcher):
    at = watcher()
    at.simulator.http.post("/_sandbox/webhooks", json={"hold": True})
    for number in range(16):
        at.register("client.create", f"/{number}")
    wild = at.register("client", "/wild")
    at.register("invoice", "/invoice")
    result = at.simulator.http.get(at.path).json()["response"]["result"]
    assert (result["per_page"], result["pages"], result["total"]) == (15, 2, 18)
    found = at.simulator.http.get(at.path + "?search%5Bevent%5D=client.update").json()["response"]["result"]
    assert [callback["callbackid"] for callback in found["callbacks"]] == [wild["callbackid"]]


@pytest.mark.parametrize(
    ("switch", "status", "body"), [("no_content", 204, b""), ("empty_response", 200, b'{"response":{}}')]
)
def test_a_deleted_callback_is_gone_and_told_nothing_not_even_what_waits(watcher, switch, status, body):
    at = watcher(callback_delete=switch)
    callback, _ = at.watch("client")
    at.simulator.http.post("/_sandbox/webhooks", json={"hold": True})
    at.simulator.client()
    gone = at.simulator.http.delete(f"{at.path}/{callback['callbackid']}")
    assert (gone.status_code, gone.content) == (status, body)
    at.simulator.http.post("/_sandbox/webhooks", json={"hold": False})
    at.simulator.client()
    assert at.settle() == []
    assert at.simulator.http.get(f"{at.path}/{callback['callbackid']}").status_code == 404


def test_watching_needs_the_scope_of_the_noun(watcher):
    at = watcher()
    given = {name: at.simulator.connection[name] for name in ("client_id", "client_secret", "redirect_uri")}
    location = at.simulator.http.post("/_sandbox/consent", json={"scope": "user:clients:read"}).json()[
        "location"
    ]
    code = httpx.URL(location).params["code"]
    grant = {**given, "grant_type": "authorization_code", "code": code}
    token = httpx.post(at.simulator.base_url + "/auth/oauth/token", data=grant).json()["access_token"]
    uri = at.receiver.url + "/hook"
    with httpx.Client(base_url=at.simulator.base_url, headers={"Authorization": "Bearer " + token}) as http:
        assert http.post(at.path, json={"callback": {"event": "client", "uri": uri}}).status_code == 200
        refused = http.post(at.path, json={"callback": {"event": "invoice", "uri": uri}})
    assert refused.status_code == 403
    assert "user:invoices:read" in refused.json()["message"]


@pytest.mark.parametrize(
    ("switch", "form"), [("iso", "2011-03-01T00:0?:??Z"), ("eastern", "2011-02-28 19:0?:??")]
)
def test_the_stamp_is_iso_or_eastern(watcher, switch, form):
    assert fnmatch(watcher(callback_stamps=switch).register("client")["updated_at"], form)


# -- events


def test_an_event_is_a_signed_form_in_the_documented_order(watcher):
    at = watcher()
    _, verifier = at.watch("client.create")
    client = at.simulator.client()
    (post,) = at.receiver.got("/hook")
    assert list(post.form) == FIELDS
    assert post.told == ("client.create", str(client["id"]))
    assert post.form["business_id"] == str(at.simulator.connection["business_id"])
    assert post.signed_by(verifier)


def test_each_callback_is_signed_with_its_own_verifier(watcher):
    at = watcher()
    _, first = at.watch("client", "/a")
    _, second = at.watch("client.create", "/b")
    at.simulator.client()
    (a,), (b,) = at.receiver.got("/a"), at.receiver.got("/b")
    assert a.form == b.form
    assert (a.signed_by(first), a.signed_by(second)) == (True, False)
    assert (b.signed_by(second), b.signed_by(first)) == (True, False)


def test_the_bare_noun_hears_create_update_and_delete_in_order(watcher):
    at = watcher()
    at.watch("client")
    client = at.simulator.client()
    at.simulator.put(f"/users/clients/{client['id']}", {"client": {"note": "x"}})
    at.simulator.put(f"/users/clients/{client['id']}", {"client": {"vis_state": 1}})
    at.simulator.put(f"/users/clients/{client['id']}", {"client": {"vis_state": 0}})
    names = [post.form["name"] for post in at.receiver.got("/hook", 4)]
    assert names == ["client.create", "client.update", "client.delete", "client.update"]


VENDOR = {"vendor_name": "Mill", "currency_code": "GBP", "language": "en"}
INCOME = {
    "amount": {"amount": "5.00", "code": "GBP"},
    "category_name": "rentals",
    "date": "2011-03-01",
    "payment_type": "Cash",
    "source": "Shelf",
}


@pytest.mark.parametrize(
    ("path", "noun", "fields"),
    [
        ("/items/items", "item", {"name": "Mug"}),
        ("/taxes/taxes", "tax", {"name": "GST", "amount": "5"}),
        ("/bill_vendors/bill_vendors", "bill_vendor", VENDOR),
    ],
)
def test_resources_that_know_nothing_of_callbacks_are_told_of_all_the_same(watcher, path, noun, fields):
    at = watcher()
    at.watch(noun)
    made = at.simulator.post(path, {noun: fields}).json()["response"]["result"][noun]
    id_ = str(made.get("id") or made["vendorid"])
    at.simulator.put(f"{path}/{id_}", {noun: fields})
    assert [post.told for post in at.receiver.got("/hook", 2)] == [
        (f"{noun}.create", id_),
        (f"{noun}.update", id_),
    ]


def test_other_income_has_no_event(watcher):
    at = watcher()
    for noun in sorted(events.NOUNS):
        at.watch(noun, f"/{noun}")
    assert at.simulator.post("/other_incomes/other_incomes", {"other_income": INCOME}).status_code == 200
    assert at.settle() == []


def test_one_event_hears_only_itself_and_an_unverified_callback_hears_nothing(watcher):
    at = watcher()
    at.watch("client.delete", "/deleted")
    at.register("client", "/unverified")
    at.receiver.got("/unverified")
    client = at.simulator.client()
    at.simulator.put(f"/users/clients/{client['id']}", {"client": {"vis_state": 1}})
    told = [(post.path, post.form["name"]) for post in at.settle()]
    assert told == [("/unverified", "callback.verify"), ("/deleted", "client.delete")]


def test_what_people_do_is_told_as_what_the_api_does(watcher):
    at = watcher()
    at.watch("client")
    people = at.simulator.http.post("/_sandbox/people/client", json={"organization": "By Hand Ltd"}).json()
    assert at.receiver.got("/hook")[0].told == ("client.create", str(people["client"]["id"]))


def test_a_refused_write_is_not_told(watcher):
    at = watcher()
    at.watch("invoice")
    invoice = at.simulator.invoice()
    at.receiver.got("/hook")
    refused = at.simulator.put(f"/invoices/invoices/{invoice['id']}", {"invoice": {"due_date": "2011-03-09"}})
    assert refused.status_code == 403
    assert [post.form["name"] for post in at.settle()] == ["invoice.create"]


@pytest.mark.parametrize("follows", [True, False])
def test_whether_a_payment_also_updates_its_invoice_is_a_switch(watcher, follows):
    at = watcher(payment_updates_invoice_event=follows)
    invoice = at.simulator.sent()
    at.watch("payment")
    at.watch("invoice.update", "/invoice")
    payment = at.simulator.pay(invoice, "10.00")
    assert at.receiver.got("/hook")[0].told == ("payment.create", str(payment["id"]))
    updates = [post.told for post in at.settle() if post.path == "/invoice"]
    assert updates == ([("invoice.update", str(invoice["id"]))] if follows else [])


def test_an_overpayment_makes_a_credit_note_and_deleting_the_payment_deletes_it(watcher):
    at = watcher()
    invoice = at.simulator.sent()
    at.watch("credit_note")
    payment = at.simulator.pay(invoice, "1000.00")
    at.simulator.put(f"/payments/payments/{payment['id']}", {"payment": {"vis_state": 1}})
    credit = str(payment["overpaymentid"])
    told = [post.told for post in at.receiver.got("/hook", 2)]
    assert told == [("credit_note.create", credit), ("credit_note.delete", credit)]


def test_sending_an_invoice_by_email_is_an_event_of_its_own(watcher):
    at = watcher()
    at.watch("invoice.sendByEmail")
    invoice = at.simulator.invoice()
    at.simulator.change(invoice, action_email=True, email_recipients=["a@b.example"])
    assert [post.told for post in at.settle()] == [("invoice.sendByEmail", str(invoice["id"]))]


# -- delivery


def test_what_was_written_before_a_kill_is_told_after_it(fresh, receiver):
    at = Watcher(fresh(), receiver)
    _, verifier = at.watch("client")
    at.simulator.http.post("/_sandbox/webhooks", json={"hold": True})
    client = at.simulator.client()
    at.simulator.end(signal.SIGKILL)
    at.simulator.arguments = ()
    at.simulator.start()
    at.simulator.http.post("/_sandbox/webhooks", json={"hold": False})
    (post,) = receiver.got("/hook")
    assert post.told == ("client.create", str(client["id"]))
    assert post.signed_by(verifier)
    # The callback itself is known to the new process.
    at.simulator.client()
    receiver.got("/hook", 2)


def test_a_forged_callback_does_not_bear_the_verifiers_signature(watcher):
    at = watcher()
    _, verifier = at.watch("client")
    at.simulator.http.post("/_sandbox/webhooks", json={"forge": 1})
    at.simulator.client()
    assert sorted(post.signed_by(verifier) for post in at.receiver.got("/hook", 2)) == [False, True]


def test_after_refusals_in_a_row_a_callback_is_disabled_only_if_a_switch_says_so(watcher):
    at = watcher(callback_disabled_after=2)
    callback, _ = at.watch("client")
    at.receiver.status = 500
    for _ in range(3):
        at.simulator.client()
        at.settle()
    assert len(at.receiver.posts) == 2
    answer = at.simulator.http.get(f"{at.path}/{callback['callbackid']}")
    assert answer.json()["response"]["result"]["callback"]["verified"] is False


# -- the signature


def test_the_documented_message_has_the_signature_of_the_documented_formula():
    fields = dict(
        name="invoice.create",
        object_id="1234567",
        account_id="6BApk",
        business_id="6543",
        identity_id="1234",
        user_id="1",
    )
    verifier = "scADVVi5QuKuj5qTjVkbJNYQe7V7USpGd"
    assert events.signature(verifier, fields) == "/S03vyYmI7CekM4YXBHUhs9o5rnMtqGLrW3aA8S9gPc="


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1), st.text(min_size=1))
def test_a_receiver_that_reads_the_form_finds_the_signature(fields, verifier):
    headers = {"x-freshbooks-hmac-sha256": events.signature(verifier, fields)}
    assert Post("/", headers, events.body(fields).decode()).signed_by(verifier)
