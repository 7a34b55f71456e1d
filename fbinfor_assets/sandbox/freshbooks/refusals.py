"""How a refusal that was raised becomes an answer.

Belongs here: which exception is answered with which body, and what selects the old or the new (gRPC) shape.
Does not belong here: the bodies (`errors`, `families`, `callbacks`), the reasons.

Every path answers JSON, the consent page aside: an unknown path is 404 and a wrong method 405 in the words of its
family. OPTIONS, of which nothing is known, names the methods and asks for no token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fbinfor_assets.sandbox.freshbooks import families, oauth
from fbinfor_assets.sandbox.freshbooks.auth import AuthError, Refused
from fbinfor_assets.sandbox.freshbooks.callbacks import EventsError
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import json_response


def handlers(world: World) -> Mapping[Any, Any]:
    """The exception handlers of the application."""
    switches = world.switches

    def shape(request: Request) -> str:
        wanted = switches["error_shape"]
        if wanted != "by_header":
            return wanted
        headers = request.headers
        return "new" if "api-version" in headers or "x-api-version" in headers else "old"

    def by_resource(request: Request, error: Exception) -> Response:
        assert isinstance(error, FreshBooksError)
        return json_response(error.body(shape(request)), error.status)

    def by_events(request: Request, error: Exception) -> Response:
        assert isinstance(error, EventsError)
        return error.answer(shape(request))

    def by_token_endpoint(request: Request, error: Exception) -> Response:
        assert isinstance(error, AuthError)
        return json_response(error.body, error.status, oauth.NO_STORE)

    def before(request: Request, reason: families.Reason, scope: str = "") -> Response:
        body = families.refusal(
            families.family(request.url.path),
            reason,
            scope,
            shape=shape(request),
            unauthenticated=switches["unauthenticated_body"],
        )
        return json_response(body, families.STATUS[reason])

    def by_auth(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return before(request, error.reason, error.scope)

    def by_router(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code not in (404, 405):
            return json_response({"error": error.detail}, error.status_code)
        allowed = dict(error.headers or {})
        if request.method == "OPTIONS" and error.status_code == 405:
            return Response(status_code=204, headers=allowed)
        answer = before(request, "path" if error.status_code == 404 else "method")
        answer.headers.update(allowed)
        return answer

    return {
        FreshBooksError: by_resource,
        EventsError: by_events,
        AuthError: by_token_endpoint,
        Refused: by_auth,
        HTTPException: by_router,
    }
