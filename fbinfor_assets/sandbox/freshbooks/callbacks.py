"""Callbacks (events/callbacks): who is told of events, and the proof that they want to be.

Belongs here: registering, verifying, listing, changing and deleting callbacks; telling them.
Does not belong here: what a message says (`events`), its delivery and vices (`sandbox/webhooks.py`).

Facts (freshbooks-api 8): a new callback is unverified and is sent `callback.verify` with its verifier, which a PUT
gives back; `resend` has it sent again; the verifier then signs every event of this callback. The id is `callbackid`.
A list shows 15 a page; FreshBooks' page on webhooks lists the filter `event`, which also finds the bare noun. The
scope of the watched noun is needed. Validation is answered 422 by the newer body with errno, and 400 by the gRPC body
(freshbooks-api 3, 4; switch `error_shape`).

Assumed: reading the noun is enough to watch it; another uri has to be verified anew, with a new verifier; nothing is
sent again for a callback that is verified (as the classic API says); a wrong verifier is a validation error. Order
of the verification's fields: those of an event, then the verifier.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.freshbooks import events, families, listing, scopes
from fbinfor_assets.sandbox.freshbooks.auth import Auth, Refused
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import json_response, secret
from fbinfor_assets.sandbox.state import Id, Row
from fbinfor_assets.sandbox.webhooks import Attempt, Sender

INVALID = "The request was well-formed but was unable to be followed due to semantic errors."
INVALID_RPC = "Invalid data in this request."
NOT_FOUND = "Requested resource could not be found."

Violations = tuple[tuple[str, str], ...]


class EventsError(Exception):
    """A refusal by the events family. `violations`: (field, what is wrong with it)."""

    def __init__(self, status: int, message: str, violations: Violations = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.violations = status, message, violations

    def answer(self, shape: str) -> Response:
        """As the body of this shape wants it."""
        status, message = self.status, self.message
        if shape == "new" and self.violations:
            status, message = 400, INVALID_RPC
        return json_response(families.events_refusal(status, message, self.violations, shape=shape), status)


def _invalid(*violations: tuple[str, str]) -> EventsError:
    return EventsError(422, INVALID, violations)


class Callbacks(Resource):
    """Stored row: id, event, uri, verified, verifier, failures (refused deliveries in a row), updated_at."""

    single, plural, path = "callback", "callbacks", "events/callbacks"
    id_field, title, scope = "callbackid", "Callback", "profile"
    has_vis_state = False

    def __init__(self, world: World, sender: Sender) -> None:
        super().__init__(world)
        self._sender = sender
        state = world.state
        self._watching = state.index(self.single, lambda row: row["event"] if row["verified"] else None)
        uris = state.index(self.single, lambda row: row["uri"])
        self.filters = {
            "event": listing.Filter(lambda key, value: value, test=_watches),
            "uri": listing.by_text(uris),
            "callbackid": listing.by_id(),
        }
        state.listeners.append(self._heard)
        sender.attempted.append(self._attempted)

    # -- writing

    def create_row(self, given: Mapping[str, Any]) -> Row:
        violations = tuple(
            (name, fault) for name in ("event", "uri") if (fault := _fault(name, given.get(name)))
        )
        if violations:
            raise _invalid(*violations)
        row = {"id": self.world.next_id(self.single), "event": given["event"], "uri": given["uri"]}
        return self._unverified(row)

    def update_row(self, row: Row, given: Mapping[str, Any]) -> Row:
        violations = tuple(
            (name, fault)
            for name in ("event", "uri")
            if given.get(name) is not None and (fault := _fault(name, given[name]))
        )
        if violations:
            raise _invalid(*violations)
        if given.get("verifier") is not None:
            if str(given["verifier"]) != row["verifier"]:
                raise _invalid(("verifier", "Value error, Verifier does not match."))
            row = {**row, "verified": True, "failures": 0}
        row = {**row, "event": given.get("event") or row["event"], "updated_at": self._now()}
        if given.get("uri") not in (None, row["uri"]):
            self._sender.withdraw(_hook(row))
            return self._unverified({**row, "uri": given["uri"]})
        if given.get("resend") and not row["verified"]:
            self._send_verifier(row)
        return self.put(row)

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        row = self.get(id_text)
        self.world.state.delete(self.single, row["id"])
        self._sender.withdraw(_hook(row))
        self.log(f"{actor}.delete", row, {})

    def get(self, id_text: str | int) -> Row:
        row = self.rows.get(int(id_text)) if str(id_text).isdigit() else None
        if row is None:
            raise EventsError(404, NOT_FOUND)
        return row

    def _unverified(self, row: Row) -> Row:
        number = str(self.world.state.next_number("verifier"))
        verifier = secret(self.world.seed, "verifier", number, length=33)
        row = {**row, "verified": False, "verifier": verifier, "failures": 0, "updated_at": self._now()}
        self._send_verifier(row)
        return self.put(row)

    def _now(self) -> str:
        return self.world.clock.now().astimezone(UTC).isoformat(timespec="seconds")

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        at = row["updated_at"].replace("+00:00", "Z")
        if self.world.switches["callback_stamps"] == "eastern":
            at = self.world.eastern_stamp(datetime.fromisoformat(row["updated_at"]))
        names = ("event", "uri", "verified")
        return {"callbackid": row["id"], **{name: row[name] for name in names}, "updated_at": at}

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("event", "uri", "verified")}

    # -- telling

    def _heard(self, operation: str, object: str, key: Id, body: bytes) -> None:
        # Called for every line of the write log, so that no resource has to know of callbacks.
        if not self.rows:
            return
        follow = self.world.switches["payment_updates_invoice_event"]
        for event, object_id in events.of_log_line(
            operation, object, key, body, payment_updates_invoice=follow
        ):
            for id_ in (*self._watching.ids(event), *self._watching.ids(events.parent(event))):
                self._send(self.rows[id_], events.message(self.world, event, object_id))

    def _send(self, row: Row, fields: dict[str, str], *, signed: bool = True) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if signed:
            headers[events.SIGNATURE] = events.signature(row["verifier"], fields)
        forged = {events.SIGNATURE: events.signature("no verifier of this account", fields)}
        self._sender.send(_hook(row), row["uri"], headers, events.body(fields), forged)

    def _send_verifier(self, row: Row) -> None:
        fields = events.message(self.world, "callback.verify", str(row["id"]))
        signed = self.world.switches["sign_verification"]
        self._send(row, fields | {"verifier": row["verifier"]}, signed=signed)

    def _attempted(self, hook: str, delivered: bool, queued: Row, attempt: Attempt) -> None:
        row = self.rows.get(int(hook.removeprefix("callback ")))
        limit = self.world.switches["callback_disabled_after"]
        if row is None or not limit or (delivered and not row["failures"]):
            return
        failures = 0 if delivered else row["failures"] + 1
        self.put({**row, "failures": failures, "verified": row["verified"] and failures < limit})


def _hook(row: Row) -> str:
    return f"callback {row['id']}"


def _watches(wanted: list[str]) -> listing.Test:
    found = {*wanted, *map(events.parent, wanted)}
    return lambda row: row["event"] in found


def _fault(name: str, value: Any) -> str:
    """What is wrong with a field, in the words of the service's validation; empty if nothing is."""
    if value is None:
        return "Field required"
    if not isinstance(value, str):
        return "Input should be a valid string"
    if name == "event":
        return "" if value in events.EVENTS else "Value error, Unrecognized event."
    try:
        parts = urlsplit(value)
    except ValueError:
        return "Input should be a valid URL"
    if not parts.scheme or "://" not in value:
        return "Input should be a valid URL, relative URL without a base"
    if parts.scheme not in ("http", "https"):
        return "URL scheme should be 'http' or 'https'"
    return "" if parts.hostname else "Input should be a valid URL, empty host"


def routes(callbacks: Callbacks, auth: Auth, lister: listing.Lister) -> list[Route]:
    """/events/account/{account}/events/callbacks and its single objects."""
    world = callbacks.world

    def permitted(request: Request) -> Row:
        row = auth.bearer(request.headers.get("authorization", ""))
        if row is None:
            raise Refused("unauthenticated")
        account = request.path_params["account"]
        if account != world.account_id:
            raise Refused("path" if account.isdigit() else "role")
        return row

    def watch(token: Row, event: Any, method: str) -> None:
        object = events.NOUNS.get(events.parent(str(event)))
        if object is not None:
            auth.permit(token, scopes.needed(object, "GET"), method)

    def one(row: Row) -> Response:
        return json_response({"response": {"result": {"callback": callbacks.view(row)}}})

    async def collection(request: Request) -> Response:
        raw = await request.body()
        token = permitted(request)
        if request.method == "POST":
            given = _given(raw)
            watch(token, given.get("event"), "POST")
            row = callbacks.create(given, raw)
            world.state.commit()
            return one(row)
        try:
            query = listing.parse_query(request.scope["query_string"])
            return json_response({"response": {"result": lister.page(callbacks, query)}})
        except FreshBooksError as error:
            raise _invalid((error.field, error.message)) from error

    async def item(request: Request) -> Response:
        raw = await request.body()
        token = permitted(request)
        id_text = request.path_params["id"]
        watch(token, callbacks.get(id_text)["event"], request.method)
        if request.method == "PUT":
            given = _given(raw)
            watch(token, given.get("event"), "PUT")
            row = callbacks.update(id_text, given, raw)
            world.state.commit()
            return one(row)
        if request.method == "DELETE":
            callbacks.delete(id_text)
            world.state.commit()
            empty = world.switches["callback_delete"] == "no_content"
            return Response(status_code=204) if empty else json_response({"response": {}})
        return one(callbacks.get(id_text))

    path = "/events/account/{account}/events/callbacks"
    return [
        Route(path + "/{id}", item, methods=["GET", "PUT", "DELETE"]),
        Route(path, collection, methods=["GET", "POST"]),
    ]


def _given(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
        orjson.loads(raw)  # the write log keeps the body as it came, and only takes strict JSON
    except ValueError as error:
        raise EventsError(400, str(error)) from error
    given = body.get("callback") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise _invalid(("callback", "Field required"))
    return given
