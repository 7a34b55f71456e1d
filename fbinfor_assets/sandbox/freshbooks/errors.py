"""FreshBooks' refusals: one exception for the accounting family, both body shapes, and the usual reasons.

Belongs here: status, errno, message, field, object, value of each kind of refusal (freshbooks-api 4).
Does not belong here: the checks that raise them; the error bodies of the auth family (`auth`).

Where the reference knows an errno but not its HTTP status, 422 is assumed, as for all value errors seen.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


class FreshBooksError(Exception):
    """A refusal by the accounting family, answered with `status` and `body()`."""

    def __init__(
        self, status: int, errno: int | None, message: str, object: str = "", field: str = "", value: Any = ""
    ) -> None:
        super().__init__(message)
        self.status, self.errno, self.message = status, errno, message
        self.object, self.field, self.value = object, field, "" if value is None else str(value)

    def body(self, shape: str = "old") -> Body:
        """The JSON body: `old` {"response": {"errors": [...]}} or `new`, gRPC style."""
        detail = {"field": self.field, "message": self.message, "object": self.object, "value": self.value}
        if shape == "old":
            errno = {} if self.errno is None else {"errno": self.errno}
            return {"response": {"errors": [errno | detail]}}
        return {
            "code": {400: 3, 403: 7, 404: 5}.get(self.status, 3),
            "message": f"Request failed with status_code: {self.status}",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": str(self.errno or self.status),
                    "domain": "accounting.api.freshbooks.com",
                    "metadata": detail,
                }
            ],
        }


def required(object: str, field: str) -> FreshBooksError:
    """422/1001: the text is seen, the code inferred (freshbooks-api 4)."""
    return FreshBooksError(422, 1001, f"'{field}' is a required field.", object, field)


def invalid(object: str, field: str, value: Any) -> FreshBooksError:
    """422/1004, as seen for an unknown expenseid."""
    return FreshBooksError(422, 1004, f"Invalid value '{value}' for field '{field}'.", object, field, value)


def not_a_number(object: str, field: str, value: Any) -> FreshBooksError:
    """422/1015, as seen for a text given as invoice status."""
    return FreshBooksError(422, 1015, f"The field '{field}' must be a number.", object, field, value)


def out_of_range(object: str, field: str, value: Any) -> FreshBooksError:
    """422/1030; the code is in the catalogue, the message is assumed."""
    return FreshBooksError(422, 1030, f"The field '{field}' is out of range.", object, field, value)


def not_a_date(object: str, field: str, value: Any) -> FreshBooksError:
    """422/1033; the message is assumed."""
    return FreshBooksError(422, 1033, f"The field '{field}' must be a date.", object, field, value)


def negative(object: str, field: str, value: Any) -> FreshBooksError:
    """422/1025; the message is assumed."""
    return FreshBooksError(422, 1025, f"The field '{field}' must be positive.", object, field, value)


def not_found(object: str, title: str, field: str, value: Any) -> FreshBooksError:
    """404/1012, as seen for a client."""
    return FreshBooksError(404, 1012, f"{title} not found.", object, field, value)


def deleted(object: str, title: str, field: str, value: Any) -> FreshBooksError:
    """422/1011: the code is in the catalogue, when it is used is unknown (switch write_to_deleted)."""
    return FreshBooksError(422, 1011, f"{title} has been deleted.", object, field, value)


def not_allowed(object: str) -> FreshBooksError:
    """405 for what cannot be done to this kind of object, not even by hand; all of it is assumed."""
    return FreshBooksError(405, 405, "The method is not allowed for this resource.", object)


def read_only(object: str, field: str, value: Any) -> FreshBooksError:
    """403/1038, as seen for due_date."""
    return FreshBooksError(403, 1038, f"Write access denied for field {field}", object, field, value)


def filter_error(field: str, value: Any, *, date: bool) -> FreshBooksError:
    """422/1023 or 1024: a known filter with a value of the wrong type; the message is assumed."""
    kind = "date" if date else "number"
    return FreshBooksError(
        422, 1023 if date else 1024, f"The filter '{field}' must be a {kind}.", "", field, value
    )
