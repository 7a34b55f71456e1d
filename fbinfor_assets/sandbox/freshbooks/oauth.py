"""The auth family's paths: consent, tokens, identity, and the control plane's verbs about them.

Belongs here: what these URLs mean, how their bodies are read and answered.
Does not belong here: what a token is worth (`auth`), what the page says (`consent`), who the person is (`identity`).

Facts (freshbooks-api 1): two sets of addresses behave alike: /oauth/authorize with /auth/oauth/{token,revoke}, and the
/service/auth/oauth/{authorize,token,revoke,introspect} of the advertised metadata (RFC 8414). The token endpoint reads
a form or JSON. FreshBooks' tutorial posts the token request as multipart form; so that is read as well.

Control plane:
    POST /_sandbox/consent         a person presses Allow, or {"decision": "deny"}: the fields of the authorization
                                   request, client_id and redirect_uri of the first application if left out.
                                   Answers {"location": ...}, where the browser is sent
    GET|POST /_sandbox/apps        the registered applications; a further one {name, redirect_uris, scopes, role}
    POST /_sandbox/expire-tokens   every access token expires now
    POST /_sandbox/rotate-tokens   somebody else used the refresh tokens up: `connection` has the new ones
"""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fbinfor_assets.sandbox.freshbooks import consent, identity, scopes
from fbinfor_assets.sandbox.freshbooks.auth import GRANT_TYPES, Auth, AuthError
from fbinfor_assets.sandbox.freshbooks.families import INVALID_TOKEN
from fbinfor_assets.sandbox.kernel import json_response

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def metadata(base: str) -> dict[str, Any]:
    """RFC 8414, for the host it was asked from. Which methods it names is observed (freshbooks-api 1)."""
    oauth = base + "/service/auth/oauth"
    methods = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": base,
        "authorization_endpoint": oauth + "/authorize",
        "token_endpoint": oauth + "/token",
        "revocation_endpoint": oauth + "/revoke",
        "introspection_endpoint": oauth + "/introspect",
        "scopes_supported": list(scopes.ALL),
        "response_types_supported": ["code"],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
    }


async def _form(request: Request) -> dict[str, Any]:
    """The body as a flat object. Raises AuthError for JSON that is none."""
    kind, raw = request.headers.get("content-type", ""), await request.body()
    if kind.startswith("multipart/form-data"):
        whole = message_from_bytes(
            b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + raw, policy=HTTP
        )
        parts = whole.iter_parts() if whole.is_multipart() else ()
        return {str(part.get_param("name", "", "content-disposition")): part.get_content() for part in parts}
    if "json" not in kind:
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise AuthError(400, "invalid_request", str(error)) from error
    return body if isinstance(body, dict) else {}


def routes(auth: Auth) -> list[Route]:
    """All of it, over one world."""
    world, state = auth.world, auth.world.state

    def decided(ask: consent.Ask, decision: str) -> Response:
        location = consent.allow(auth, ask) if decision == "allow" else consent.deny(ask)
        state.commit()
        return RedirectResponse(location, 302, NO_STORE)

    async def authorize(request: Request) -> Response:
        given = await _form(request) if request.method == "POST" else dict(request.query_params)
        try:
            ask = consent.read(auth, given)
        except consent.PageError as error:
            return HTMLResponse(consent.error_page(error.text), error.status, NO_STORE)
        except consent.Redirect as redirect:
            return RedirectResponse(redirect.location, 302, NO_STORE)
        if request.method == "POST":
            return decided(ask, given.get("decision", "deny"))
        if world.switches["consent"] == "at_once":
            return decided(ask, "allow")
        person = identity.me(world)["email"]
        return HTMLResponse(consent.page(ask, given, world.business_name, person), headers=NO_STORE)

    async def token(request: Request) -> Response:
        answer = auth.token(await _form(request), request.headers.get("authorization", ""))
        state.commit()
        return json_response(answer, headers=NO_STORE)

    async def revoke(request: Request) -> Response:
        auth.revoke(await _form(request), request.headers.get("authorization", ""))
        state.commit()
        return json_response({})

    async def introspect(request: Request) -> Response:
        return json_response(auth.introspect(await _form(request), request.headers.get("authorization", "")))

    async def token_info(request: Request) -> Response:
        info = auth.token_info(request.headers.get("authorization", ""))
        return json_response(INVALID_TOKEN, 401) if info is None else json_response(info)

    async def discovery(request: Request) -> Response:
        return json_response(metadata(str(request.base_url).rstrip("/")))

    async def me(request: Request) -> Response:
        row = auth.check(request.headers.get("authorization", ""), "profile", "GET")
        return json_response({"response": identity.me(world, auth.role(row))})

    async def person(request: Request) -> Response:
        given = {"client_id": auth.client_id, **await _form(request)}
        app = auth.app(given["client_id"])
        given = {"redirect_uri": app["redirect_uris"][0] if app else "", **given}
        try:
            ask = consent.read(auth, given)
        except consent.PageError as error:
            return json_response({"error": error.text}, 400)
        except consent.Redirect as redirect:
            return json_response({"location": redirect.location})
        allowed = given.get("decision", "allow") == "allow"
        location = consent.allow(auth, ask) if allowed else consent.deny(ask)
        state.commit()
        return json_response({"location": location})

    async def apps(request: Request) -> Response:
        if request.method == "GET":
            return json_response({"apps": [auth.app(auth.client_id), *state.tables("app").values()]})
        try:
            row = auth.register(dict(json.loads(await request.body())))
        except (TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        state.commit()
        return json_response(row)

    async def expire_tokens(request: Request) -> Response:
        auth.expire()
        state.commit()
        return json_response({})

    async def rotate_tokens(request: Request) -> Response:
        auth.rotate()
        auth.world.state.commit()
        return json_response({})

    found = [
        Route("/oauth/authorize", authorize, methods=["GET", "POST"]),
        Route("/service/auth/oauth/authorize", authorize, methods=["GET", "POST"]),
        Route("/.well-known/oauth-authorization-server", discovery),
        Route("/auth/api/v1/users/me", me),
        Route("/service/auth/api/v1/users/me", me),
        Route("/_sandbox/consent", person, methods=["POST"]),
        Route("/_sandbox/apps", apps, methods=["GET", "POST"]),
        Route("/_sandbox/expire-tokens", expire_tokens, methods=["POST"]),
        Route("/_sandbox/rotate-tokens", rotate_tokens, methods=["POST"]),
    ]
    for base in ("/auth/oauth", "/service/auth/oauth"):
        found += [
            Route(base + "/token", token, methods=["POST"]),
            Route(base + "/revoke", revoke, methods=["POST"]),
            Route(base + "/introspect", introspect, methods=["POST"]),
            Route(base + "/token/info", token_info),
        ]
    return found
