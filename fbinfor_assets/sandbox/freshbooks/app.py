"""Paths and envelopes of the FreshBooks simulator.

Belongs here: what a URL means, the JSON around an object, the control plane's own verbs.
Does not belong here: any rule about an object.

Envelopes (freshbooks-api 3): {"response": {"result": {"<single>": {}}}}, lists flat in `result`; creates and updates
answer 200; DELETE answers 200 {"response": {}} with a body (the SDK cannot read a 204); users/me has no `result`.

Control plane besides the kernel's:
    POST /_sandbox/people/{object}    object: client, invoice, payment, credit_note. What a person enters by hand: the
                                      fields of the API's object, with "id" to change that one; a payment's amount may
                                      be plain text. Answers {"<object>": ...} with its lines.
    POST /_sandbox/expire-tokens      every access token expires now
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fbinfor_assets.sandbox.freshbooks import document_paths
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.auth import Auth, AuthError
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.families import Families
from fbinfor_assets.sandbox.freshbooks.fields import parse_body
from fbinfor_assets.sandbox.freshbooks.listing import Lister, parse_query
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import create_app, json_response
from fbinfor_assets.sandbox.profiles import freshbooks_seed_parties, read_seed_customers

# (whether the path names an id, HTTP method) -> what is asked for.
VERBS = {
    (False, "GET"): "list",
    (False, "HEAD"): "list",
    (False, "POST"): "create",
    (True, "GET"): "get",
    (True, "HEAD"): "get",
    (True, "PUT"): "update",
    (True, "DELETE"): "delete",
}


def build(world: World, folder: Path) -> Starlette:
    """The application over a world. `folder` holds seed-customers.json, if there is one.

    A new state is filled (tax, pre-existing clients, the first consent) and committed.
    """
    account, auth, lister = Account(world), Auth(world), Lister()
    state = world.state
    by_path: dict[str, Resource] = {resource.path: resource for resource in account.resources}
    by_name: dict[str, Resource] = {resource.single: resource for resource in account.resources}

    def resource_of(request: Request) -> Resource:
        params = request.path_params
        resource = by_path.get(f"{params['family']}/{params['plural']}")
        scope = resource.scope if resource else "profile"
        auth.check(
            request.headers.get("authorization", ""), scope, "GET" if resource is None else request.method
        )
        if params["account"] != world.account_id:
            raise FreshBooksError(403, 1003, "Permission Denied.", "account", "accountid", params["account"])
        if resource is None:
            if params["family"] == "items" and not world.switches["items_feature"]:
                # HTTP 200 with errors inside (freshbooks-api 3).
                raise FreshBooksError(200, 12001, "You do not have access to items.")
            raise FreshBooksError(404, 1012, "Requested resource could not be found.")
        if VERBS["id" in params, request.method] not in resource.verbs:
            raise FreshBooksError(405, None, "The method is not allowed for the requested URL.")
        return resource

    def one(resource: Resource, row: dict[str, Any], request: Request) -> Response:
        include = parse_query(request.scope["query_string"]).include if request.scope["query_string"] else ()
        return json_response({"response": {"result": {resource.single: resource.view(row, include)}}})

    async def collection(request: Request) -> Response:
        raw = await request.body()
        resource = resource_of(request)
        if request.method == "POST":
            row = resource.create(parse_body(raw, resource.single), raw)
            state.commit()
            return one(resource, row, request)
        query = parse_query(request.scope["query_string"])
        return json_response({"response": {"result": resource.page(lister, query)}})

    async def item(request: Request) -> Response:
        raw = await request.body()
        resource = resource_of(request)
        id_text = request.path_params["id"]
        if request.method == "PUT":
            row = resource.update(id_text, parse_body(raw, resource.single), raw)
            state.commit()
            return one(resource, row, request)
        if request.method == "DELETE":
            resource.delete(id_text)
            state.commit()
            return json_response({"response": {}})
        return one(resource, resource.get(id_text), request)

    async def form(request: Request) -> dict[str, Any]:
        raw = await request.body()
        if "json" not in request.headers.get("content-type", ""):
            return dict(parse_qsl(raw.decode("utf-8", "replace")))
        try:
            body = json.loads(raw or b"{}")
        except ValueError as error:
            raise AuthError(400, "invalid_request", str(error)) from error
        return body if isinstance(body, dict) else {}

    async def token(request: Request) -> Response:
        answer = auth.token(await form(request))
        state.commit()
        return json_response(answer)

    async def revoke(request: Request) -> Response:
        auth.revoke(await form(request))
        state.commit()
        return json_response({})

    async def authorize(request: Request) -> Response:
        given = request.query_params
        to = auth.authorize(
            given.get("client_id", ""), given.get("redirect_uri", ""), given.get("scope"), given.get("state")
        )
        state.commit()
        return RedirectResponse(to, 302)

    async def me(request: Request) -> Response:
        auth.check(request.headers.get("authorization", ""), "profile", "GET")
        return json_response({"response": auth.me()})

    async def people(request: Request) -> Response:
        raw = await request.body()
        resource = by_name.get(request.path_params["object"])
        if resource is None:
            return json_response({"error": f"people do not enter this; they enter {', '.join(by_name)}"}, 404)
        try:
            given = dict(json.loads(raw, parse_float=Decimal))
        except (ValueError, TypeError) as error:
            return json_response({"error": f"expected a JSON object of fields: {error}"}, 400)
        id_ = given.pop("id", None)
        if isinstance(given.get("amount"), (str, int)) and resource is account.payments:
            given["amount"] = {"amount": str(given["amount"])}
        row = (
            resource.create(given, raw, "people")
            if id_ is None
            else resource.update(id_, given, raw, "people")
        )
        state.commit()
        return json_response({resource.single: resource.view(row, ("lines",))})

    async def expire_tokens(request: Request) -> Response:
        auth.expire()
        state.commit()
        return json_response({})

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, FreshBooksError)
        return json_response(error.body(world.switches["error_shape"]), error.status)

    def unauthorised(request: Request, error: Exception) -> Response:
        assert isinstance(error, AuthError)
        return json_response(error.body, error.status, error.headers)

    def describe() -> dict[str, Any]:
        access_token, refresh_token = auth.tokens()
        base_url = f"http://127.0.0.1:{app.state.port}"
        return {
            "base_url": base_url,
            "auth_url": base_url,
            "control_url": base_url + "/_sandbox",
            "client_id": auth.client_id,
            "client_secret": auth.client_secret,
            "access_token": access_token,
            "refresh_token": refresh_token,
            "account_id": world.account_id,
            "business_id": world.business_id,
            "redirect_uri": auth.redirect_uri,
        }

    def fill() -> None:
        lister.forget()
        parties = freshbooks_seed_parties(read_seed_customers(folder), world.seed)
        # A customer who orders to two countries is one client.
        unique = {party.customer_id: party.as_dict() for party in reversed(parties)}
        account.seed([unique[number] for number in sorted(unique)])
        auth.seed()
        state.set_meta("seeded", world.seed)
        state.commit()

    if "seeded" not in state.meta:
        fill()
    account.furnish()
    state.commit()
    account_path = "/accounting/account/{account}/{family}/{plural}"
    routes = [
        *document_paths.routes(account, auth),
        *Families(account, auth, lister).routes(),
        Route(account_path + "/{id}", item, methods=["GET", "PUT", "DELETE"]),
        Route(account_path, collection, methods=["GET", "POST"]),
        Route("/auth/oauth/token", token, methods=["POST"]),
        Route("/auth/oauth/revoke", revoke, methods=["POST"]),
        Route("/oauth/authorize", authorize),
        Route("/oauth/authorize/", authorize),
        Route("/auth/api/v1/users/me", me),
        Route("/_sandbox/people/{object}", people, methods=["POST"]),
        Route("/_sandbox/expire-tokens", expire_tokens, methods=["POST"]),
    ]
    app = create_app(
        state,
        world.clock,
        routes,
        name="freshbooks",
        ledger=world.ledger,
        describe=describe,
        reset=fill,
        switches=world.switches,
        known_switches=SWITCHES,
        exception_handlers={FreshBooksError: refused, AuthError: unauthorised},
    )
    return app
