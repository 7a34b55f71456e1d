"""The parameters of a list: page, order, filters; and the answer with its headers.

Belongs here: what WordPress' lists have in common. Does not belong here: which filters a resource knows.

Facts: per_page 1..100 (10), page from 1; X-WP-Total and X-WP-TotalPages and a Link header; a page past the end is an
empty list; `after`, `before`, `modified_after`, `modified_before` exclude the bound itself and are local time of the
shop (Europe/London) unless they name a zone or `dates_are_gmt=true`; unknown parameters are ignored, bad values of
known ones are 400. `_fields` names the fields wanted, `a.b` one inside another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from fbinfor_assets.sandbox.faults import page_shift
from fbinfor_assets.sandbox.kernel import json_response
from fbinfor_assets.sandbox.shop.book import ZONE
from fbinfor_assets.sandbox.shop.errors import invalid_parameter, not_of_type, not_one_of
from fbinfor_assets.sandbox.shop.table import Selection, Table
from fbinfor_assets.sandbox.shop.world import stored

Json = dict[str, Any]

_MAXIMUM = 100
MOST = 2**48
"""No id is as large; what a request names beyond it is as unknown as this one."""


class Query:
    """One list request: its selection for a table, its page, its answer."""

    def __init__(self, params: QueryParams) -> None:
        self._params = params
        self.selection = Selection([], [])
        self.per_page = self._integer("per_page", 10, 1, _MAXIMUM)
        self._page = self._integer("page", 1, 1, None)
        self.offset = self._integer("offset", min(self._page, MOST) * self.per_page - self.per_page, 0, None)
        if self.offset:
            self.offset = max(self.offset + page_shift(), 0)

    # -- what a resource asks for

    def text(self, name: str) -> str:
        """A parameter's text, "" if it was not given."""
        return self._params.get(name, "").strip()

    def words(self, name: str) -> list[str]:
        """A list parameter: `a=1,2`, `a[]=1&a[]=2` or `a[0]=1&a[1]=2`."""
        given = [
            text
            for key, text in self._params.multi_items()
            if key == name or (key.startswith(name + "[") and key.endswith("]"))
        ]
        return [word.strip() for text in given for word in text.split(",") if word.strip()]

    def where(self, condition: str, *values: Any) -> None:
        """A condition over `{column}` names."""
        self.selection.where.append(condition)
        self.selection.values.extend(values)

    def bounds(self, column: str, after: str, before: str) -> None:
        """Two date parameters as bounds of a column."""
        for name, sign in ((after, ">"), (before, "<")):
            if self._params.get(name):
                self.where(f"{{{column}}} {sign} ?", stored(self._instant(name)))

    def integers(self, name: str, column: str, *, other_than: bool = False) -> None:
        """A list of ids as a condition."""
        words = self.words(name)
        if not words:
            return
        if not all(word.isdecimal() for word in words):
            raise invalid_parameter(name, f"{name}[0] is not of type integer.")
        marks = ", ".join("?" * len(words))
        ids = (min(int(word), MOST) for word in words)
        self.where(f"{{{column}}} {'not in' if other_than else 'in'} ({marks})", *ids)

    def texts(self, name: str, column: str) -> None:
        """A list of texts as a condition."""
        words = self.words(name)
        if words:
            self.where(f"{{{column}}} in ({', '.join('?' * len(words))})", *words)

    def one_of(self, name: str, allowed: Sequence[str]) -> list[str]:
        """The words of a parameter whose values are listed."""
        words = self.words(name)
        if any(word not in allowed for word in words):
            raise not_one_of(name, allowed)
        return words

    def page(
        self, table: Table, sorts: Mapping[str, str], default: str = "date", direction: str = "desc"
    ) -> tuple[int, list[int]]:
        """Total and ids of the page asked for; `sorts` are the columns by their `orderby` names."""
        wanted, direction = self.sorting([*sorts, "include"], default, direction)
        if wanted == "include":
            return self._in_given_order(table)
        return table.page(self.selection, sorts[wanted], direction, self.per_page, self.offset)

    def sorting(self, names: Sequence[str], default: str, direction: str) -> tuple[str, str]:
        """`orderby` and `order`."""
        wanted = self._params.get("orderby", default)
        direction = self._params.get("order", direction)
        if wanted not in names:
            raise not_one_of("orderby", sorted(names))
        if direction not in ("asc", "desc"):
            raise not_one_of("order", ("asc", "desc"))
        return wanted, direction

    def _in_given_order(self, table: Table) -> tuple[int, list[int]]:
        found = set(table.all(self.selection)) if self.words("include") else set()
        ids = [id_ for id_ in dict.fromkeys(int(word) for word in self.words("include")) if id_ in found]
        return len(ids), ids[self.offset : self.offset + self.per_page]

    def slice(self, rows: Sequence[Any]) -> tuple[int, list[Any]]:
        """Total and page of a short list, by `include` and `exclude`."""
        for name, wanted in (("include", True), ("exclude", False)):
            ids = {int(word) for word in self.words(name) if word.isdecimal()}
            if ids:
                rows = [row for row in rows if (row["id"] in ids) is wanted]
        return len(rows), list(rows[self.offset : self.offset + self.per_page])

    # -- the answer

    def answer(self, request: Request, total: int, rows: Iterable[Json]) -> Response:
        """The page with its headers."""
        pages = math.ceil(total / self.per_page)
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        links = []
        if self._page > 1:
            links.append(f'<{self._link(request, min(self._page - 1, pages))}>; rel="prev"')
        if self._page < pages:
            links.append(f'<{self._link(request, self._page + 1)}>; rel="next"')
        if links:
            headers["Link"] = ", ".join(links)
        return json_response([chosen(row, self._params) for row in rows], headers=headers)

    def _link(self, request: Request, page: int) -> str:
        params = {**self._params, "page": page}
        return f"{request.url.replace(query='')}?{urlencode(params)}"

    def _integer(self, name: str, default: int, low: int, high: int | None) -> int:
        text = self._params.get(name)
        if text is None:
            return default
        if not text.isdecimal():
            raise not_of_type(name, "integer")
        value = min(int(text[:30]), MOST)
        if high is not None and not low <= value <= high:
            raise invalid_parameter(name, f"{name} must be between {low} (inclusive) and {high} (inclusive)")
        if value < low:
            raise invalid_parameter(name, f"{name} must be greater than or equal to {low}")
        return value

    def _instant(self, name: str) -> datetime:
        # A "+" that was not encoded arrives as a blank.
        text = self._params[name].replace(" ", "+") if "T" in self._params[name] else self._params[name]
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise invalid_parameter(name, "Invalid date.") from None
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC if truth(self._params.get("dates_are_gmt")) else ZONE)
        return value.astimezone(UTC)


def truth(given: Any) -> bool:
    """A boolean as WordPress reads one from a query or a body."""
    return given is True or str(given).lower() in ("1", "true")


def chosen(document: Json, params: Mapping[str, str]) -> Json:
    """The fields of a document that `_fields` names, all without it."""
    wanted = params.get("_fields")
    if not wanted:
        return document
    found: Json = {}
    for path in (word.strip() for word in wanted.split(",")):
        source, target = document, found
        *outer, last = path.split(".")
        for name in outer:
            source = source.get(name, {}) if isinstance(source, dict) else {}
            target = target.setdefault(name, {})
        if isinstance(source, dict) and last in source and isinstance(target, dict):
            target[last] = source[last]
    return found
