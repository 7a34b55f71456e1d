"""The shop's paths: WooCommerce's REST API v3, and the control plane's own verbs.

Belongs here: what a URL and a method mean, headers, bodies.
Does not belong here: any rule about an object (its resource), credentials (`keys`), lists (`query`).

What WordPress does with every path: POST, PUT and PATCH change an object, `_method` or X-HTTP-Method-Override may name
the method of a POST; creations answer 201 with a Location; errors are {"code", "message", "data": {"status"}}; a path
nobody registered is 404 rest_no_route, whatever the method. Deviation: OPTIONS answers the methods without a schema.

Control plane besides the kernel's:
    GET  /_sandbox/orders            what was loaded, and how much of it the clock has reached
    POST /_sandbox/people/{object}   order, customer, product, order_note, refund: what a person of the shop does in
                                     its back office: the fields of the API's object, with "id" to change that one, or
                                     {"id": n, "delete": true}; notes and refunds need "order_id". Answers the object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.kernel import create_app, json_response
from fbinfor_assets.sandbox.shop.arrivals import Arrivals
from fbinfor_assets.sandbox.shop.book import OrderBook
from fbinfor_assets.sandbox.shop.customers import Customers
from fbinfor_assets.sandbox.shop.errors import Refused
from fbinfor_assets.sandbox.shop.hooks import Webhooks, accepted
from fbinfor_assets.sandbox.shop.keys import Keys
from fbinfor_assets.sandbox.shop.notes import Notes
from fbinfor_assets.sandbox.shop.products import Products
from fbinfor_assets.sandbox.shop.query import MOST, Json, Query, chosen, truth
from fbinfor_assets.sandbox.shop.refunds import Refunds
from fbinfor_assets.sandbox.shop.resource import Resource
from fbinfor_assets.sandbox.shop.sales import STATUSES, Orders
from fbinfor_assets.sandbox.shop.store import Store
from fbinfor_assets.sandbox.shop.switches import SWITCHES
from fbinfor_assets.sandbox.shop.terms import Terms
from fbinfor_assets.sandbox.shop.world import API, World
from fbinfor_assets.sandbox.state import State
from fbinfor_assets.sandbox.webhooks import Sender

_WRITES = ["POST", "PUT", "PATCH"]
_VERBS = {"POST": "update", "PUT": "update", "PATCH": "update", "DELETE": "delete"}

Answer = Callable[[Request, str, bytes], Response]


def build(state: State, clock: Clock, book: OrderBook, switches: dict[str, Any]) -> Starlette:
    """The shop's application over loaded orders."""
    world = World(state, clock, book, switches)
    keys = Keys(world.seed, switches)
    sender = Sender(state, seed=world.seed, settings={"timeout": 60}, accepts=accepted)
    terms, notes = Terms(world), Notes(world, STATUSES)
    products = Products(world, terms)
    orders = Orders(world, products, notes)
    customers = Customers(world, orders)
    refunds = Refunds(world, orders, products, notes.status_changed)
    orders.customers, notes.order_exists = customers, orders.exists
    webhooks = Webhooks(world, sender, {"order": orders, "customer": customers, "product": products})
    world.notify = webhooks.notify
    arrivals = Arrivals(world, webhooks)
    store = Store(world)
    resources: list[Resource] = [orders, notes, refunds, customers, terms, products, webhooks]

    def guarded(purpose: Callable[[Request, str], str], answer: Answer) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            body = await request.body()
            try:
                method = _method(request)
                keys.check(request, method, purpose(request, method), _form(request, body))
                return answer(request, method, body)
            except Refused as refused:
                return json_response(refused.body, refused.status)

        return handle

    def collection(resource: Resource) -> Answer:
        def answer(request: Request, method: str, body: bytes) -> Response:
            owner = {name: min(id_, MOST) for name, id_ in request.path_params.items()}
            if method == "POST":
                if "create" not in resource.verbs:
                    return no_route()
                document = resource.create(_body(request, body), owner, "api")
                state.commit()
                place = document["_links"]["self"][0]["href"]
                return json_response(chosen(document, request.query_params), 201, {"Location": place})
            if method not in ("GET", "HEAD"):
                return no_route()
            query = Query(request.query_params)
            total, rows = resource.list(query, owner)
            return query.answer(request, total, rows)

        return answer

    def item(resource: Resource) -> Answer:
        def answer(request: Request, method: str, body: bytes) -> Response:
            owner = {name: min(id_, MOST) for name, id_ in request.path_params.items()}
            id_ = owner.pop("id")
            verb = _VERBS.get(method, "get")
            if verb not in resource.verbs:
                return no_route()
            if verb == "get":
                document = resource.get(id_, owner)
            elif verb == "update":
                given = _body(request, body)
                document = resource.update(id_, {n: given[n] for n in given if n != "id"}, owner, "api")
            else:
                given = {**_body(request, body), **request.query_params}
                force = None if "force" not in given else truth(given["force"])
                if str(given.get("reassign", "")).isdecimal():
                    owner["reassign"] = int(given["reassign"])
                document = resource.delete(id_, force, owner, "api")
            state.commit()
            return json_response(chosen(document, request.query_params))

        return answer

    def batch(resource: Resource) -> Answer:
        def answer(request: Request, method: str, body: bytes) -> Response:
            done = resource.batch(_body(request, body), dict(request.path_params), "api")
            state.commit()
            return json_response(done)

        return answer

    def fixed(content: Callable[[], Any]) -> Answer:
        return lambda request, method, body: json_response(content())

    def rows(path: str) -> Answer:
        def answer(request: Request, method: str, body: bytes) -> Response:
            query = Query(request.query_params)
            found = store.lists[path]()
            return query.answer(request, len(found), found[query.offset : query.offset + query.per_page])

        return answer

    def row(path: str) -> Answer:
        return lambda request, method, body: json_response(store.one(path, request.path_params["id"]))

    async def index(request: Request) -> Response:
        return json_response(store.index())

    async def namespace(request: Request) -> Response:
        return json_response(store.namespace(_methods(resources)))

    async def people(request: Request) -> Response:
        given = orjson.loads(await request.body() or b"{}")
        resource = by_name.get(request.path_params["object"])
        if resource is None:
            return json_response({"error": f"object must be one of {', '.join(by_name)}"}, 400)
        owner = {"order_id": int(given.pop("order_id"))} if "order_id" in given else {}
        id_, gone = given.pop("id", None), given.pop("delete", False)
        try:
            if gone:
                document = resource.delete(int(id_), resource not in (orders, products), owner, "people")
            elif id_ is not None and "update" in resource.verbs:
                document = resource.update(int(id_), given, owner, "people")
            else:
                document = resource.create(given, owner, "people")
        except Refused as refused:
            return json_response(refused.body, refused.status)
        state.commit()
        return json_response(document)

    async def loaded(request: Request) -> Response:
        arrived = book.arrived(world.passed())
        return json_response({"source": book.source, "now": clock.true_now().isoformat(), "arrived": arrived})

    async def nowhere(request: Request, _: Exception) -> Response:
        return no_route()

    def describe() -> dict[str, Any]:
        return {
            "base_url": world.home,
            "consumer_key": keys.main.key,
            "consumer_secret": keys.main.secret,
            "keys": {
                key.permissions: {"consumer_key": key.key, "consumer_secret": key.secret}
                for key in (keys.main, keys.reader, keys.writer)
            },
            "seed": world.seed,
            "from": book.source["from"],
            "to": book.source["to"],
        }

    by_name = {resource.name: resource for resource in (orders, customers, products, notes, refunds)}
    every = ["GET", *_WRITES, "DELETE"]
    routes = []
    for resource in resources:
        path = API + resource.path
        if "batch" in resource.verbs:
            routes.append(Route(f"{path}/batch", guarded(_always("batch"), batch(resource)), methods=_WRITES))
        routes.append(Route(path, guarded(_of_collection, collection(resource)), methods=every))
        routes.append(Route(f"{path}/{{id:int}}", guarded(_of_item, item(resource)), methods=every))
    for path, content in store.objects.items():
        routes.append(Route(API + path, guarded(_always("list"), fixed(content))))
    for path in store.lists:
        routes.append(Route(API + path, guarded(_always("list"), rows(path))))
    for path in store.lists:
        routes.append(Route(f"{API}{path}/{{id}}", guarded(_always("get"), row(path))))
    routes += [
        Route(path, _options(methods), methods=["OPTIONS"]) for path, methods in _methods(resources).items()
    ]
    routes += [Route("/wp-json/", index), Route("/wp-json", index), Route(API, namespace)]
    routes += [
        Route("/_sandbox/orders", loaded),
        Route("/_sandbox/people/{object}", people, methods=["POST"]),
    ]
    app = create_app(
        state,
        clock,
        routes,
        name="shop",
        describe=describe,
        reset=arrivals.begin,
        switches=switches,
        known_switches=SWITCHES,
        exception_handlers={404: nowhere, 405: nowhere},
        sender=sender,
        background=[arrivals.run],
    )
    world.port = lambda: app.state.port
    return app


def no_route() -> Response:
    """What WordPress answers where nothing is registered."""
    message = "No route was found matching the URL and request method."
    return json_response({"code": "rest_no_route", "message": message, "data": {"status": 404}}, 404)


def _method(request: Request) -> str:
    if request.method != "POST":
        return request.method
    override = request.query_params.get("_method") or request.headers.get("x-http-method-override")
    return override.upper() if override else "POST"


def _always(purpose: str) -> Callable[[Request, str], str]:
    return lambda request, method: purpose


def _of_collection(request: Request, method: str) -> str:
    return "create" if method == "POST" else "list"


def _of_item(request: Request, method: str) -> str:
    return _VERBS.get(method, "get")


def _methods(resources: Sequence[Resource]) -> dict[str, list[str]]:
    """The methods of every path of the resources."""
    found: dict[str, list[str]] = {}
    for resource in resources:
        verbs, path = resource.verbs, API + resource.path
        found[path] = ["GET", *(["POST"] if "create" in verbs else [])]
        one = ["GET", *(_WRITES if "update" in verbs else []), *(["DELETE"] if "delete" in verbs else [])]
        found[f"{path}/{{id:int}}"] = one
        if "batch" in verbs:
            found[f"{path}/batch"] = _WRITES
    return found


def _options(methods: list[str]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        content = {"namespace": "wc/v3", "methods": methods, "endpoints": [{"methods": methods, "args": {}}]}
        return json_response(content, headers={"Allow": ", ".join(methods)})

    return answer


def _form(request: Request, body: bytes) -> str:
    """The body, if it is a form: PHP counts its fields among the parameters."""
    kind = request.headers.get("content-type", "")
    return body.decode("utf-8", "replace") if kind.startswith("application/x-www-form-urlencoded") else ""


def _body(request: Request, raw: bytes) -> Json:
    """The fields a request sends: JSON, or a form without nested fields, over those of the query."""
    form = _form(request, raw)
    if form or not raw:
        return dict(parse_qsl(form, keep_blank_values=True))
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(400, "rest_invalid_json", "Invalid JSON body passed.", json_error_code=4) from None
    return body if isinstance(body, dict) else {}
