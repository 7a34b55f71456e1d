"""M3's and the gateway's refusals as our errors.

Belongs here: the meaning of M3 message ids and error types, and cleaning up message texts.
Does not belong here: transport and HTTP statuses (`wire.py`), what a caller does about it (`delivery`).

A business refusal comes with HTTP 200 and its text in the user's language (infor-api 2.3): only codes decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
)

_MESSAGE_ID = re.compile(r"^[A-Z][A-Z0-9_]{3}[0-9]{3}$")  # MSID:A7, such as XRE0103, WFAC302, X_01003
_FIELD = re.compile(r"^[A-Z][A-Z0-9]{3}$")
_BY_FIELD = re.compile(
    r"^W[A-Z]{2,3}[0-9]{1,2}(0[1-4])$"
)  # W<field><nn>01 invalid, 02 empty, 03 unknown, 04 exists

_DENIED = re.compile(r"^(XAU\d{4}|X_01003)$")
_CHANGED_MEANWHILE = {"XUP0001", "XDE0001", "XAD0001"}
_TYPES = {
    "MandatoryInputFieldNotFound": ErrorClass.MISSING,
    "InputFieldTooLong": ErrorClass.VALUE,
}


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int) else ""


def refusal_of(result: Mapping[str, Any]) -> Refusal | None:
    """What one result of a transaction says went wrong, None if nothing did. Takes any JSON object, never raises.

    The text is padded with blanks and may end in field and message id ("Record does not exist   CUNO   XRE0103",
    infor-api 2.3); both are taken out of it, and used where the fields of their own are missing.
    """
    code, field, kind = (_text(result.get(name)) for name in ("errorCode", "errorField", "errorType"))
    message = _text(result.get("errorMessage"))
    if not (message or code or kind):
        return None
    words = message.split()
    if len(words) > 1 and (words[-1] == code or (not code and _MESSAGE_ID.match(words[-1]))):
        code = words.pop()
        if len(words) > 1 and (words[-1] == field or (not field and _FIELD.match(words[-1]))):
            field = words.pop()
    return Refusal(code or kind or None, field or None, " ".join(words) or kind or code, None)


def error_of(call: Call, result: Mapping[str, Any], not_found: Iterable[str]) -> ClientError | None:
    """The error in one result of a transaction, or None if it went through.

    `not_found` are the message ids that mean "no such record" for a read; `XRE0103` always does, for a write too.
    """
    refusal = refusal_of(result)
    if refusal is None:
        return None
    code = refusal.code or ""
    kind = _text(result.get("errorType"))
    text = (
        refusal.message
        + (f" [{code}]" if code else "")
        + (f" [field {refusal.field}]" if refusal.field else "")
    )
    reasons = (refusal,)
    if code == "XRE0103" or (not call.writes and code in set(not_found)):
        return call.error(NotFound, text, errors=reasons)
    if kind == "TransactionNotFound":
        return call.error(
            Unsupported,
            text,
            errors=reasons,
            next_step="check that the tenant has this MI program and transaction",
        )
    if _DENIED.match(code):
        return call.error(
            AuthorisationError,
            text,
            errors=reasons,
            next_step="give the service user access to this company, division and MI program",
        )
    if code in _CHANGED_MEANWHILE:
        return call.error(
            ServerError, text + ": somebody else is changing the record, nothing was written", errors=reasons
        )
    return call.error(ValidationError, text, errors=reasons, error_class=_class_of(code, kind))


def _class_of(code: str, kind: str) -> ErrorClass:
    if code == "XRE0104":
        return ErrorClass.DUPLICATE
    by_field = _BY_FIELD.match(code)
    if by_field:
        return {
            "01": ErrorClass.VALUE,
            "02": ErrorClass.MISSING,
            "03": ErrorClass.MISSING,
            "04": ErrorClass.DUPLICATE,
        }[by_field.group(1)]
    return _TYPES.get(kind, ErrorClass.VALUE)


def gateway_refusals(body: Any) -> list[Refusal]:
    """The reasons in an error body of the gateway or the token endpoint. Takes any JSON, never raises.

    No Infor source shows these bodies (infor-api 1.2, 1.4), so several shapes are tried and none is relied on.
    """
    if not isinstance(body, dict):
        return []
    error = body.get("error")
    if isinstance(error, dict):
        return [
            Refusal(
                _text(error.get("code")) or None, None, _text(error.get("message")) or "no reason given", None
            )
        ]
    if isinstance(error, str):
        return [Refusal(error, None, _text(body.get("error_description")) or error, None)]
    message = _text(body.get("message")) or _text(body.get("Message"))
    return [Refusal(_text(body.get("code")) or None, None, message, None)] if message else []
