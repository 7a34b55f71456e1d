"""The consent page: what an application asks of a person, and the answer that goes back to it.

Belongs here: the check of an authorization request, the HTML a person sees, the addresses a browser is sent to.
Does not belong here: tokens (`auth`), paths (`oauth`).

Facts (freshbooks-api 1): query client_id, response_type=code, redirect_uri, optional scope, state and PKCE; one unknown
scope rejects the whole consent; the page has an Allow button that leads back with code and state. An unknown client
was seen to be answered 500. How other refusals reach the application is RFC 6749's way: by error and
error_description in the redirect, but a wrong redirect URI is told to the person only. The person is logged in
already: there is one in the sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from fbinfor_assets.sandbox.freshbooks import scopes
from fbinfor_assets.sandbox.freshbooks.auth import Auth
from fbinfor_assets.sandbox.state import Row

INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed."
DENIED = "The resource owner or authorization server denied the request."

FIELDS = (
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


class PageError(Exception):
    """A refusal that the person reads and the application never hears of."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Redirect(Exception):
    """A refusal that goes back to the application by the redirect."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True, slots=True)
class Ask:
    """A valid authorization request."""

    app: Row
    redirect_uri: str
    scope: str
    state: str
    challenge: str
    method: str

    def back(self, **answer: str) -> str:
        """The address that leads back to the application with an answer and its own state."""
        return self.redirect_uri + "?" + urlencode(answer | ({"state": self.state} if self.state else {}))

    def refused(self, error: str, description: str) -> str:
        """The address that leads back with a refusal."""
        return self.back(error=error, error_description=description)


def read(auth: Auth, given: Mapping[str, str]) -> Ask:
    """Check an authorization request. Raises PageError or Redirect."""
    app = auth.app(given.get("client_id", ""))
    if app is None:
        raise PageError(500, "Client authentication failed due to unknown client.")
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in app["redirect_uris"]:
        raise PageError(400, "The requested redirect uri is malformed or doesn't match client redirect URI.")
    asked = given.get("scope") or None
    scope = scopes.granted(asked, tuple(app["scopes"]))
    challenge, method = given.get("code_challenge", ""), given.get("code_challenge_method") or "plain"
    ask = Ask(app, redirect_uri, scope or "", given.get("state", ""), challenge, method)
    # Left out by some callers; whether that is refused is unknown, so it is not.
    if given.get("response_type", "code") != "code":
        raise Redirect(
            ask.refused(
                "unsupported_response_type", "The authorization server does not support this response type."
            )
        )
    if method not in ("S256", "plain"):
        raise Redirect(ask.refused("invalid_request", "The code challenge method must be plain or S256."))
    if scope is None:
        if auth.world.switches["scope_refusal"] == "page":
            raise PageError(400, INVALID_SCOPE)
        raise Redirect(ask.refused("invalid_scope", INVALID_SCOPE))
    return ask


def allow(auth: Auth, ask: Ask) -> str:
    """The person says yes: the address that leads back with a code."""
    return ask.back(code=auth.code(ask.app, ask.redirect_uri, ask.scope, ask.challenge, ask.method))


def deny(ask: Ask) -> str:
    """The person says no: the address that leads back without one."""
    return ask.refused("access_denied", DENIED)


# -- the page

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b2733; background: #f3f5f7; margin: 0 }
main { max-width: 32rem; margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid #d5dbe1 }
h1 { font-size: 1.3rem; margin-top: 0 } ul { columns: 2; padding-left: 1.2rem; font-size: .9rem }
button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem; border: 1px solid #0b6b4f; cursor: pointer }
button[value=allow] { background: #0b6b4f; color: #fff } button[value=deny] { background: #fff; color: #0b6b4f }
small { color: #5b6875 }
"""


def _document(title: str, content: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body><main>{content}</main></body></html>\n"
    )


def page(ask: Ask, given: Mapping[str, str], business: str, person: str) -> str:
    """The page that asks: the application, what it wants, Allow and Deny. The form brings the request back."""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(given[name])}">'
        for name in FIELDS
        if name in given
    )
    wants = "".join(f"<li>{escape(object)}: {how}</li>" for object, how in scopes.in_words(ask.scope))
    name = escape(ask.app["name"])
    return _document(
        f"Authorize {ask.app['name']}",
        f"<h1>Allow {name} to use {escape(business)}?</h1><p>You are signed in as {escape(person)}."
        f" {name} asks for:</p><ul>{wants}</ul>"
        f'<form method="post">{hidden}<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>'
        f"<p><small>You will be sent to {escape(ask.redirect_uri)}. Simulated account.</small></p>",
    )


def error_page(text: str) -> str:
    """The page that says why nothing can be asked."""
    return _document("An error has occurred", f"<h1>An error has occurred</h1><p>{escape(text)}</p>")
