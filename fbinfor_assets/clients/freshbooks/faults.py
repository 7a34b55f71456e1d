"""FreshBooks' error bodies, in all the shapes they come in, as our errors.

Belongs here: the shapes of freshbooks-api sections 1, 3 and 4 and what each errno means for us.
Does not belong here: HTTP statuses that mean the same everywhere (`wire.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fbinfor_assets.clients.errors import (
    AuthorisationError,
    Call,
    ClientError,
    ErrorClass,
    NotFound,
    Refusal,
    ServerError,
    Unsupported,
    ValidationError,
    request_id,
)
from fbinfor_assets.clients.wire import Answer

# errno, from the catalogue in freshbooks-api section 4
_UNKNOWN_RESOURCE = {"1012"}
_MISSING = {"1001", "1011", "1012"}
_DUPLICATE = {"1019", "1026", "1029", "13002"}
_DENIED = {"1003"}
_WRITE_DENIED = {"1038"}  # a read-only field was sent: the record's fault, although it comes as 403
_NOT_IN_PLAN = {"7005", "12001", "31001", "41001", "41101", "1042"}
_BUSY = {"409"}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value)


def _refusal(code: Any, field: Any, message: Any, value: Any = None) -> Refusal:
    return Refusal(_text(code), _text(field), _text(message) or "no reason given", _text(value))


def _old(errors: Any) -> Iterable[Refusal]:
    for error in errors if isinstance(errors, list) else [errors]:
        if isinstance(error, dict):
            yield _refusal(error.get("errno"), error.get("field"), error.get("message"), error.get("value"))
        else:
            yield _refusal(None, None, error)


def _new(body: dict[str, Any]) -> Iterable[Refusal]:
    details = body.get("details")
    found = False
    for detail in details if isinstance(details, list) else []:
        if not isinstance(detail, dict):
            continue
        metadata = detail.get("metadata")
        if isinstance(metadata, dict):
            found = True
            yield _refusal(
                detail.get("reason"),
                metadata.get("field"),
                metadata.get("message") or body.get("message"),
                metadata.get("value"),
            )
        violations = detail.get("fieldViolations")
        for violation in violations if isinstance(violations, list) else []:
            if isinstance(violation, dict):
                found = True
                yield _refusal(body.get("code"), violation.get("field"), violation.get("description"))
    if not found:
        yield _refusal(body.get("code"), None, body.get("message"))


def refusals(body: Any) -> list[Refusal]:
    """The reasons in an answer; [] if it is no error body. Takes any JSON and never raises.

    Shapes (freshbooks-api 3, 4): `response.errors[]`, gRPC `code/message/details[]`, `errno/message/details[]`,
    `errno/error{field: text}`, OAuth `error/error_description`, `error_type/message/errors[]`, bare `message`.
    """
    if not isinstance(body, dict):
        return []
    response = body.get("response")
    if isinstance(response, dict) and response.get("errors"):
        return list(_old(response["errors"]))
    if isinstance(body.get("errors"), list) and "error_type" in body:
        return [
            _refusal(error.get("error_type"), error.get("field"), error.get("message"))
            for error in body["errors"]
            if isinstance(error, dict)
        ] or [_refusal(body["error_type"], None, body.get("message"))]
    if "error_type" in body:
        return [_refusal(body["error_type"], None, body.get("message"))]
    error = body.get("error")
    if isinstance(error, dict):
        return [_refusal(body.get("errno"), field, message) for field, message in error.items()]
    if isinstance(error, str):
        return [_refusal(body.get("errno", error), None, body.get("error_description") or error)]
    if isinstance(body.get("details"), list) and "errno" in body:
        extra = "; ".join(str(detail) for detail in body["details"])
        return [_refusal(body["errno"], None, f"{body.get('message')} {extra}".strip())]
    if "code" in body and "message" in body:
        return list(_new(body))
    if isinstance(body.get("message"), str):
        return [_refusal(body.get("errno"), None, body["message"])]
    return []


def judge(call: Call, answer: Answer) -> ClientError | None:
    """The error in an answer of 2xx or 4xx, or None.

    A 200 may carry `response.errors` (freshbooks-api 3); on a 2xx only that shape counts as an error, so that a record
    with a field called `message` or `code` is not taken for one.
    """
    if 200 <= answer.status < 300:
        response = answer.body.get("response") if isinstance(answer.body, dict) else None
        if not (isinstance(response, dict) and response.get("errors")):
            return None
    reasons = refusals(answer.body)
    if not reasons:
        return None
    codes = {reason.code for reason in reasons if reason.code}
    text = "; ".join(
        reason.message
        + (f" [errno {reason.code}]" if reason.code else "")
        + (f" [field {reason.field}]" if reason.field else "")
        for reason in reasons
    )
    facts: dict[str, Any] = {
        "errors": reasons,
        "status": answer.status,
        "request_id": request_id(answer.headers),
    }
    if answer.status == 402 or codes & _NOT_IN_PLAN:
        return call.error(
            Unsupported,
            text,
            error_class=ErrorClass.AUTHORISATION,
            next_step="the FreshBooks plan does not include or allow this: raise its limit or switch the flow off",
            **facts,
        )
    if answer.status == 404 or (codes & _UNKNOWN_RESOURCE and not call.writes):
        return call.error(NotFound, text, **facts)
    if codes & _DENIED or (answer.status == 403 and not codes & _WRITE_DENIED):
        return call.error(
            AuthorisationError,
            text,
            next_step="grant the missing scope or role to this identity in FreshBooks and consent again",
            **facts,
        )
    if answer.status == 409 or codes & _BUSY:
        return call.error(
            ServerError, text + ": another request is changing the record, nothing was written", **facts
        )
    if answer.status == 413:
        return call.error(ValidationError, text, error_class=ErrorClass.TOO_LARGE, **facts)
    return call.error(ValidationError, text, error_class=_class_of(codes, reasons), **facts)


def _class_of(codes: set[str], reasons: list[Refusal]) -> ErrorClass:
    if codes & _DUPLICATE or any(
        "already in use" in r.message or "already exists" in r.message for r in reasons
    ):
        # The errno of a repeated invoice number is not known (freshbooks-api 12), its text most likely is this.
        return ErrorClass.DUPLICATE
    if codes & _MISSING:
        return ErrorClass.MISSING
    return ErrorClass.VALUE
