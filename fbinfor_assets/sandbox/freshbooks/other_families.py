"""The families of paths beside accounting: projects, time tracking, comments, payments, uploads, ledger accounts, and
the team, which the auth family lists.

Belongs here: their paths, envelopes and error bodies. Does not belong here: any rule about an object.

Facts (freshbooks-api 3, 4, 9): each family has an envelope and an error body of its own; lists of the business families
carry `meta`; their DELETE answers 204; a project is read at `project/{id}` and at `projects/{id}`; ledger accounts
answer in {"data": ...} and 201 on creation, uploads 201; `/payments/.../gateway` is application/vnd.api+json.

Assumed: a business that is not the token's is not found, an account that is not is denied, as in accounting;
the error bodies where the reference shows the shape but not the words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.freshbooks import business, chart, payment_options, uploads
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.auth import Auth
from fbinfor_assets.sandbox.freshbooks.errors import Body, FreshBooksError
from fbinfor_assets.sandbox.freshbooks.fields import parse_body, parse_json
from fbinfor_assets.sandbox.freshbooks.listing import Lister
from fbinfor_assets.sandbox.freshbooks.projects import ABILITIES
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.kernel import json_response

Handler = Callable[[Request, bytes], Response]

# errno of the accounting family -> how the business families say it.
BUSINESS_WORDS = {
    1001: "field required",
    1015: "value is not a valid number",
    1031: "value could not be parsed to a boolean",
    1033: "invalid date format",
}


def _business_body(error: FreshBooksError) -> Body:
    if error.status == 404:
        return {"error": "Requested resource could not be found."}
    if error.status == 422:
        return {"errno": 2001, "error": {error.field: BUSINESS_WORDS.get(error.errno or 0, error.message)}}
    return {"message": error.message}


def _payments_body(error: FreshBooksError) -> Body:
    if error.status == 404:
        return {"error_type": "not_found", "message": "The requested resource was not found."}
    if error.status != 422:
        return {
            "error_type": "denied" if error.status == 403 else "invalid_request",
            "message": error.message,
        }
    detail = {"error_type": "validation", "message": error.message, "field": error.field}
    return {"error_type": "validation", "message": error.message, "errors": [detail]}


def _ledger_body(error: FreshBooksError) -> Body:
    status = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND"}.get(error.status, "INVALID_ARGUMENT")
    metadata = {"message": error.message, "field": error.field}
    detail = {"reason": error.message, "metadata": metadata}
    return {"errors": {"message": error.message, "status": status, "details": [detail]}}


def _auth_body(error: FreshBooksError) -> Body:
    return {"error": "not_found", "error_description": error.message}


def _uploads_body(error: FreshBooksError) -> Body:
    return {"error": error.message}


BODIES: dict[str, Callable[[FreshBooksError], Body]] = {
    "projects": _business_body,
    "timetracking": _business_body,
    "comments": _business_body,
    "payments": _payments_body,
    "ledger": _ledger_body,
    "uploads": _uploads_body,
    "auth": _auth_body,
}


class OtherFamilies:
    """Routes over one account."""

    def __init__(self, account: Account, auth: Auth, lister: Lister) -> None:
        self.account, self.auth, self.lister = account, auth, lister
        self.world = account.world

    def routes(self) -> list[Route]:
        """All paths of these families."""
        return [
            *self._business_routes(),
            *self._ledger_routes(),
            *self._payments_routes(),
            self._team(),
            *self._upload_routes(),
        ]

    def _route(self, path: str, family: str, scope: str, handlers: dict[str, Handler]) -> Route:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            try:
                self._check(request, family, scope)
                answer = handlers["GET" if request.method == "HEAD" else request.method](request, raw)
            except FreshBooksError as error:
                return json_response(BODIES[family](error), error.status)
            self.world.state.commit()
            return answer

        return Route(path, endpoint, methods=list(handlers))

    def _check(self, request: Request, family: str, scope: str) -> None:
        # How a 401 or 403 reads follows from the path (`families.family`).
        self.auth.check(request.headers.get("authorization", ""), scope, request.method)
        given = request.path_params
        mine = (self.world.account_id, str(self.world.business_id), self.world.business_uuid)
        named = (given.get("account", mine[0]), given.get("business", mine[1]), given.get("uuid", mine[2]))
        if named[0] != mine[0] and not named[0].isdigit():
            raise FreshBooksError(403, 1003, "Permission Denied.", "account", "accountid", named[0])
        if named != mine:
            raise FreshBooksError(404, 1012, "Business not found.", "business", "business_id", named[1])

    # -- projects, timetracking, comments

    def _business_routes(self) -> list[Route]:
        account = self.account
        projects, services, entries = account.projects, account.services, account.time_entries
        routes = []
        for family, resource, collections in (
            ("projects", projects, ("projects", "project")),
            ("timetracking", entries, ("time_entries",)),
            ("comments", services, ("services", "service")),
        ):
            for name in collections:
                path = f"/{family}/business/{{business}}/{name}"
                routes.append(self._route(path, family, resource.scope, self._collection(resource)))
                routes.append(self._route(path + "/{id}", family, resource.scope, self._item(resource)))
        rate = {"GET": self._rate, "POST": self._set_rate, "PUT": self._set_rate}
        comments = "/comments/business/{business}"
        routes += [
            self._route(f"{comments}/service/{{id}}/rate", "comments", services.scope, rate),
            self._route(f"{comments}/service_rates", "comments", services.scope, {"GET": self._rates}),
            self._route(
                f"{comments}/project/{{id}}",
                "comments",
                projects.scope,
                {"DELETE": self._item(projects)["DELETE"]},
            ),
        ]
        return routes

    def _collection(self, resource: Resource) -> dict[str, Handler]:
        def list_(request: Request, raw: bytes) -> Response:
            return json_response(business.page(resource, self.lister, request.scope["query_string"]))

        def create(request: Request, raw: bytes) -> Response:
            return self._one(resource, resource.create(parse_body(raw, resource.single), raw), request)

        return {"GET": list_, "POST": create}

    def _item(self, resource: Resource) -> dict[str, Handler]:
        def get(request: Request, raw: bytes) -> Response:
            row = resource.get(request.path_params["id"])
            if resource is not self.account.projects:
                return self._one(resource, row, request)
            include = business.parse_query(request.scope["query_string"])[0].include
            abilities = [{"name": name, "value": True} for name in ABILITIES]
            return json_response(
                {"project": self.account.projects.whole(row, include), "abilities": abilities}
            )

        def update(request: Request, raw: bytes) -> Response:
            given = parse_body(raw, resource.single)
            return self._one(resource, resource.update(request.path_params["id"], given, raw), request)

        def delete(request: Request, raw: bytes) -> Response:
            resource.delete(request.path_params["id"])
            return Response(status_code=204)

        return {"GET": get, "PUT": update, "DELETE": delete}

    def _one(self, resource: Resource, row: dict[str, Any], request: Request) -> Response:
        include = business.parse_query(request.scope["query_string"])[0].include
        return json_response({resource.single: resource.view(row, include)})

    def _rate(self, request: Request, raw: bytes) -> Response:
        return json_response({"service_rate": self.account.services.rate(request.path_params["id"])})

    def _set_rate(self, request: Request, raw: bytes) -> Response:
        self.account.services.set_rate(request.path_params["id"], parse_body(raw, "service_rate"))
        return self._rate(request, raw)

    def _rates(self, request: Request, raw: bytes) -> Response:
        services = self.account.services
        rated = [
            id_ for id_, row in services.rows.items() if row["rate"] is not None and not row["vis_state"]
        ]
        return json_response({"service_rates": [services.rate(str(id_)) for id_ in rated]})

    # -- the team, which the auth family lists

    def _team(self) -> Route:
        def team(request: Request, raw: bytes) -> Response:
            world = self.world
            group = {
                "id": world.business_id,
                "category": "business",
                "members": self.account.staff.members(),
            }
            business_ = {
                "id": world.business_id,
                "business_uuid": world.business_uuid,
                "name": world.business_name,
                "account_id": world.account_id,
                "active": True,
                "business_group": group,
            }
            return json_response({"response": business_})

        path = "/auth/api/v1/users/business/{business}"
        return self._route(path, "auth", self.account.staff.scope, {"GET": team})

    # -- ledger accounts

    def _ledger_routes(self) -> list[Route]:
        accounts = self.account.chart
        path = "/accounting/businesses/{uuid}/ledger_accounts/accounts"
        scope = self.account.journal_entries.scope

        def data(content: Any, status: int = 200) -> Response:
            return json_response({"data": content}, status)

        def create(request: Request, raw: bytes) -> Response:
            return data(accounts.view(accounts.create(parse_json(raw, chart.OBJECT))), 201)

        def update(request: Request, raw: bytes) -> Response:
            given = parse_json(raw, chart.OBJECT)
            return data(accounts.view(accounts.update(request.path_params["id"], given)))

        def get(request: Request, raw: bytes) -> Response:
            return data(accounts.view(accounts.get(request.path_params["id"])))

        def sub_types(request: Request, raw: bytes) -> Response:
            return data([chart.sub_type(number) for number in range(1, len(chart.SUB_TYPES) + 1)])

        def sub_type(request: Request, raw: bytes) -> Response:
            id_ = request.path_params["id"]
            return data(chart.sub_type(int(id_) if id_.isdigit() else 0))

        types = [{"name": name} for name in chart.TYPES]
        handlers = {
            path: {"GET": lambda request, raw: data(accounts.list()), "POST": create},
            path + "/{id}": {"GET": get, "PUT": update},
            "/accounting/ledger_accounts/types": {"GET": lambda request, raw: data(types)},
            "/accounting/ledger_accounts/sub_types": {"GET": sub_types},
            "/accounting/ledger_accounts/sub_types/{id}": {"GET": sub_type},
        }
        return [self._route(at, "ledger", scope, by_method) for at, by_method in handlers.items()]

    # -- online payments

    def _payments_routes(self) -> list[Route]:
        options, scope = self.account.payment_options, payment_options.SCOPE

        def answer(content: dict[str, Any]) -> Response:
            return json_response({"payment_options": content})

        def defaults(request: Request, raw: bytes) -> Response:
            return answer(options.defaults(request.query_params.get("entity_type", "invoice")))

        def get(request: Request, raw: bytes) -> Response:
            return answer(options.get(request.path_params["entity"], request.path_params["id"]))

        def create(request: Request, raw: bytes) -> Response:
            given = parse_json(raw, payment_options.OBJECT)
            return answer(options.create(request.path_params["entity"], request.path_params["id"], given))

        def gateway(request: Request, raw: bytes) -> Response:
            content = orjson.dumps({"gateway_connections": options.connections()})
            return Response(content, media_type="application/vnd.api+json")

        path = "/payments/account/{account}"
        handlers: dict[str, dict[str, Handler]] = {
            path + "/payment_options": {"GET": defaults},
            path + "/gateway": {"GET": gateway},
            path + "/{entity}/{id}/payment_options": {"GET": get, "POST": create},
        }
        return [self._route(at, "payments", scope, by_method) for at, by_method in handlers.items()]

    # -- uploads

    def _upload_routes(self) -> list[Route]:
        files = self.account.uploads

        def store(request: Request, raw: bytes) -> Response:
            kind = request.path_params["kind"]
            if kind not in uploads.KINDS:
                raise FreshBooksError(404, 1012, "Not found")
            stored = files.store(kind, request.headers.get("content-type", ""), raw)
            link = f"{request.base_url}service/uploads/{kind}/{stored['jwt']}"
            return json_response({uploads.KINDS[kind]: stored, "link": link}, 201)

        def fetch(request: Request, raw: bytes) -> Response:
            row, content = files.get(request.path_params["kind"], request.path_params["jwt"])
            quoted = row["original"].encode("ascii", "replace").decode().replace('"', "")
            headers = {"X-Filename": quoted, "Content-Disposition": f'inline; filename="{quoted}"'}
            return Response(content, headers=headers, media_type=row["media_type"])

        async def link(request: Request) -> Response:
            # What the answer's `link` points to: the jwt itself is the permission.
            try:
                return fetch(request, b"")
            except FreshBooksError as error:
                return json_response(_uploads_body(error), error.status)

        return [
            self._route("/uploads/account/{account}/{kind}", "uploads", uploads.SCOPE, {"POST": store}),
            self._route("/uploads/{kind}/{jwt}", "uploads", uploads.SCOPE, {"GET": fetch}),
            Route("/service/uploads/{kind}/{jwt}", link),
        ]
