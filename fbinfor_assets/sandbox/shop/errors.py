"""WordPress' refusals: one exception, and the usual reasons.

Belongs here: status, code, message and data of each kind of refusal, as the REST server of WordPress and WooCommerce's
controllers give them. Does not belong here: the checks that raise them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Refused(Exception):
    """A request answered with `status` and WordPress' error body {"code", "message", "data": {"status", ...}}."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, "data": {"status": status, **data}}


class RefusedBare(Refused):
    """An error made with a bare number in place of its data, as the refunds controller does.

    WordPress finds no status in such data, answers 500, and shows the number as `data`.
    """

    def __init__(self, number: int, code: str, message: str) -> None:
        super().__init__(500, code, message)
        self.body["data"] = number


def invalid_parameter(name: str, reason: str) -> Refused:
    """400 for a parameter whose value breaks its schema."""
    return Refused(
        400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: reason}, details={}
    )


def not_one_of(name: str, allowed: Iterable[str]) -> Refused:
    """400 for a value outside an enumeration."""
    return invalid_parameter(name, f"{name} is not one of {', '.join(allowed)}.")


def not_of_type(name: str, kind: str) -> Refused:
    """400 for a value of another JSON type."""
    return invalid_parameter(name, f"{name} is not of type {kind}.")


def missing_parameters(names: list[str]) -> Refused:
    """400 for required parameters that were left out."""
    return Refused(
        400, "rest_missing_callback_param", f"Missing parameter(s): {', '.join(names)}", params=names
    )


def invalid_id(post_type: str, status: int = 404) -> Refused:
    """An unknown id; WooCommerce says 404 to a read or delete, and 400 to an update."""
    return Refused(status, f"woocommerce_rest_{post_type}_invalid_id", "Invalid ID.")


def invalid_resource(status: int = 404) -> Refused:
    """The same for customers, which are users and no posts."""
    return Refused(status, "woocommerce_rest_invalid_id", "Invalid resource ID.")


def already_there(post_type: str) -> Refused:
    """400: an `id` given to a creation."""
    return Refused(400, f"woocommerce_rest_{post_type}_exists", f"Cannot create existing {post_type}.")


def no_trash(what: str) -> Refused:
    """501: only `force=true` deletes a thing that has no trash."""
    return Refused(501, "woocommerce_rest_trash_not_supported", f"{what} do not support trashing.")
