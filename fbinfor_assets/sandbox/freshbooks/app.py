"""Paths and envelopes of the FreshBooks simulator.

Belongs here: what a URL means, the JSON around an object, the control plane's own verbs.
Does not belong here: any rule about an object.

Envelopes (freshbooks-api 3): {"response": {"result": {"<single>": {}}}}, lists flat in `result`; creates and updates
answer 200; DELETE answers 200 {"response": {}} with a body (the SDK cannot read a 204); users/me has no `result`.

Control plane besides the kernel's:
    POST /_sandbox/people/{object}    object: client, invoice, payment, bill, expense, ... What a person enters by
                                      hand: the fields of the API's object, with "id" to change that one; the amount
                                      of a payment, expense or other income may be plain text. Answers {"<object>":
                                      ...} with its lines.
Further verbs: `oauth`, and `sandbox/webhooks.py` for what is sent to callbacks.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.freshbooks import callbacks as events_callbacks
from fbinfor_assets.sandbox.freshbooks import document_paths, oauth, refusals
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.auth import Auth, Refused
from fbinfor_assets.sandbox.freshbooks.callbacks import Callbacks
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.fields import parse_body
from fbinfor_assets.sandbox.freshbooks.limits import Limits
from fbinfor_assets.sandbox.freshbooks.listing import Lister, parse_query
from fbinfor_assets.sandbox.freshbooks.other_families import OtherFamilies
from fbinfor_assets.sandbox.freshbooks.reports import Reports
from fbinfor_assets.sandbox.freshbooks.resource import Answer, Resource
from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import create_app, json_response
from fbinfor_assets.sandbox.profiles import freshbooks_seed_parties, read_seed_customers
from fbinfor_assets.sandbox.webhooks import Sender

Endpoint = Callable[[Request], Awaitable[Response]]

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
    reports = Reports(account)
    state = world.state
    sender = Sender(state, seed=world.seed)
    callbacks = Callbacks(world, sender)
    by_path: dict[str, Resource] = {resource.path: resource for resource in account.resources}
    by_name: dict[str, Resource] = {resource.single: resource for resource in account.resources}

    def resource_of(request: Request) -> Resource:
        params = request.path_params
        return admitted(by_path.get(f"{params['family']}/{params['plural']}"), request)

    def entered(request: Request, scope: str, method: str) -> None:
        auth.check(request.headers.get("authorization", ""), scope, method)
        account_id = request.path_params["account"]
        if account_id.isdigit():
            # A business id where the account's belongs is not found (freshbooks-api 2: seen live).
            raise FreshBooksError(404, 1012, "Requested resource could not be found.")
        if account_id != world.account_id:
            raise FreshBooksError(403, 1003, "Permission Denied.", "account", "accountid", account_id)

    def admitted(resource: Resource | None, request: Request) -> Resource:
        if resource is None:
            entered(request, "profile", "GET")
        else:
            entered(request, resource.scope, request.method)
        if resource is None:
            raise FreshBooksError(404, 1012, "Requested resource could not be found.")
        if VERBS["id" in request.path_params, request.method] not in resource.verbs:
            raise Refused("method")
        feature = resource.feature
        if feature is not None and not world.switches[feature.switch]:
            # By default HTTP 200 with errors inside (freshbooks-api 3).
            message = f"You do not have access to {feature.words}."
            raise FreshBooksError(world.switches["plan_gate_status"], feature.errno, message)
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

    def computed(resource: Resource, answer: Answer) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            admitted(resource, request)
            result = answer(parse_query(request.scope["query_string"]))
            return json_response({"response": {"result": result}})

        return endpoint

    async def report(request: Request) -> Response:
        entered(request, "reports", "GET")
        result = reports.answer(request.path_params["report"], request.query_params)
        return json_response({"response": {"result": result}})

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
        if isinstance(given.get("amount"), (str, int)) and resource.money_amount:
            given["amount"] = {"amount": str(given["amount"])}
        row = (
            resource.create(given, raw, "people")
            if id_ is None
            else resource.update(id_, given, raw, "people")
        )
        state.commit()
        return json_response({resource.single: resource.view(row, ("lines",))})

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
        *document_paths.routes(account, entered),
        *(
            Route("/accounting/account/{account}/" + path, computed(resource, answer))
            for resource in account.resources
            for path, answer in resource.answers.items()
        ),
        Route("/accounting/account/{account}/reports/accounting/{report}", report),
        Route(account_path + "/{id}", item, methods=["GET", "PUT", "DELETE"]),
        Route(account_path, collection, methods=["GET", "POST"]),
        *OtherFamilies(account, auth, lister).routes(),
        Route("/_sandbox/people/{object}", people, methods=["POST"]),
        *events_callbacks.routes(callbacks, auth, lister),
        *oauth.routes(auth),
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
        exception_handlers=refusals.handlers(world),
        sender=sender,
        rotate_tokens=auth.rotate,
        never_lags=("app", "code", "access_token", "refresh_token"),
    )
    app.add_middleware(Limits, world=world)
    return app
