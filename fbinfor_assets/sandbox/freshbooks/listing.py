"""Lists: paging, filters, sorting.

Belongs here: the query language of the accounting family (freshbooks-api 5) and how a list is selected.
Does not belong here: which filters a resource knows (the resource), how a row reads.

Facts: default 15 rows a page, more than 100 are silently 100, a page beyond the end is an empty list with the same
total. `search[key]=v`, `search[keys][]=v`, `_min`/`_max`, booleans bare and in any case (`has_credit=True`).
**Unknown filters and sort keys are silently ignored and the full set comes back.** Deleted rows are hidden unless
`search[vis_state]` asks for them. Date filters on `updated` are as fine as a day, in US/Eastern.

Assumed: the order without a known sort key is by id (switch list_order), so that pages are stable, but as
the captured lists show it for expenses and other income (newest date first) and categories (by name); a bad page or
per_page is 422/1014, 422/1013.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fbinfor_assets.sandbox.faults import page_shift
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, filter_error
from fbinfor_assets.sandbox.state import Index, Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.resource import Resource

Get = Callable[[Row], Any]
Test = Callable[[Row], bool]
Flag = Callable[[Row], bool]
Sort = Callable[[Row], Any]

DEFAULT_PER_PAGE, MAX_PER_PAGE = 15, 100


@dataclass(frozen=True, slots=True)
class Filter:
    """One known search key: `parse` its text (FreshBooksError if it cannot), then narrow by id, index or test.

    `test` makes, of the parsed values, a predicate on rows.
    """

    parse: Callable[[str, str], Any]
    index: Index | None = None
    by_id: bool = False
    test: Callable[[list[Any]], Test] | None = None


def _text(key: str, value: str) -> str:
    return value


def _folded(key: str, value: str) -> str:
    return value.casefold()


def _number(key: str, value: str) -> int:
    if not value.strip().isdigit():
        raise filter_error(key, value, date=False)
    return int(value)


def _decimal(key: str, value: str) -> Decimal:
    try:
        parsed = Decimal(value)
    except InvalidOperation:
        parsed = Decimal("NaN")
    if not parsed.is_finite():
        raise filter_error(key, value, date=False)
    return parsed


def _day(key: str, value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise filter_error(key, value, date=True) from None


def by_id() -> Filter:
    """Equals the id (or one of several)."""
    return Filter(_number, by_id=True)


def by_number(index: Index) -> Filter:
    """Equals a whole number, by index."""
    return Filter(_number, index=index)


def by_text(index: Index, *, fold: bool = False) -> Filter:
    """Equals a text, by index; `fold` ignores case (the index holds folded keys)."""
    return Filter(_folded if fold else _text, index=index)


def is_text(get: Get) -> Filter:
    """Equals a text, by looking at every row."""
    return Filter(_folded, test=lambda wanted: lambda row: (get(row) or "").casefold() in wanted)


def like(*gets: Get) -> Filter:
    """One of the row's texts contains the value, in any case (assumed: contains)."""

    def test(wanted: list[str]) -> Test:
        # The newline keeps a value from matching across two fields.
        return lambda row: all(w in "\n".join([get(row) or "" for get in gets]).casefold() for w in wanted)

    return Filter(_folded, test=test)


def from_day(get: Get) -> Filter:
    """The row's date or stamp is on that day or later."""

    def test(wanted: list[str]) -> Test:
        day = max(wanted)
        return lambda row: get(row)[:10] >= day

    return Filter(_day, test=test)


def to_day(get: Get) -> Filter:
    """The row's date or stamp is on that day or earlier."""

    def test(wanted: list[str]) -> Test:
        day = min(wanted)
        return lambda row: get(row)[:10] <= day

    return Filter(_day, test=test)


def at_least(get: Get) -> Filter:
    """The row's amount (decimal text) is the value or more."""
    return Filter(_decimal, test=lambda wanted: lambda row: Decimal(get(row)) >= max(wanted))


def at_most(get: Get) -> Filter:
    """The row's amount (decimal text) is the value or less."""
    return Filter(_decimal, test=lambda wanted: lambda row: Decimal(get(row)) <= min(wanted))


@dataclass(frozen=True, slots=True)
class Query:
    """A list request taken apart. `search` and `flags` still hold unknown keys."""

    page: int
    per_page: int
    sort: str
    include: frozenset[str]
    search: tuple[tuple[str, tuple[str, ...]], ...]
    flags: tuple[tuple[str, bool], ...]


def parse_query(raw: bytes) -> Query:
    """Read a query string. 422/1014 or 422/1013 for a page or per_page that is no positive number."""
    page, per_page, sort = 1, DEFAULT_PER_PAGE, ""
    include: set[str] = set()
    search: dict[str, list[str]] = {}
    flags: dict[str, bool] = {}
    for key, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        if key == "page":
            page = _positive(value, 1014, key)
        elif key == "per_page":
            per_page = min(_positive(value, 1013, key), MAX_PER_PAGE)
        elif key == "sort":
            sort = value
        elif key in ("include[]", "include"):
            include.update(value.split(","))  # one a parameter, or several with commas (seen on profiles)
        elif key.startswith("search["):
            search.setdefault(key[7:].removesuffix("[]").removesuffix("]"), []).append(value)
        elif value.lower() in ("true", "false"):
            flags[key] = value.lower() == "true"
    return Query(
        page,
        per_page,
        sort,
        frozenset(include),
        tuple(sorted((key, tuple(values)) for key, values in search.items())),
        tuple(sorted(flags.items())),
    )


def _positive(value: str, errno: int, field: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise FreshBooksError(422, errno, f"Invalid value '{value}' for field '{field}'.", "", field, value)
    return int(value)


def first_place(query: Query) -> int:
    """The place, from 0, of the first row of the page that is asked for."""
    start = (query.page - 1) * query.per_page
    return max(start + page_shift(), 0) if start else 0


class Lister:
    """Answers list requests of all resources. Remembers the last selections, so that paging costs a page."""

    def __init__(self) -> None:
        self._remembered: dict[Any, list[int]] = {}
        self._at: Any = None

    def forget(self) -> None:
        """Forget all selections, after a reset."""
        self._remembered.clear()
        self._at = None

    def page(self, resource: Resource, query: Query) -> dict[str, Any]:
        """The `result` of a list: rows under the plural key, page, pages, per_page, total."""
        ids = self.ids(resource, query)
        start = first_place(query)
        chosen = ids[start : start + query.per_page]
        return {
            resource.plural: [resource.view(resource.rows[id_], query.include) for id_ in chosen],
            "page": query.page,
            "pages": -(-len(ids) // query.per_page),
            "per_page": query.per_page,
            "total": len(ids),
        }

    def ids(self, resource: Resource, query: Query) -> list[int]:
        """Ids of all rows a list request means, in order, whatever the page."""
        state = resource.world.state
        # A selection holds until anything is written or the day changes (overdue).
        at = (state.last_sequence, resource.world.today())
        if at != self._at:
            self._remembered.clear()
            self._at = at
        key = (resource.single, query.sort, query.search, query.flags)
        ids = self._remembered.get(key)
        if ids is None:
            ids = self._remembered[key] = select(resource, query)
        return ids


def select(resource: Resource, query: Query) -> list[int]:
    """Ids of all rows a list request means, in order."""
    candidates: Iterable[Any] | None = None
    tests: list[Test] = []
    vis_state: int | None = None
    for key, values in query.search:
        if key == "vis_state":
            if _knows_vis_state(resource):
                vis_state = _number(key, values[-1])
            continue
        known = resource.filters.get(key)
        if known is None:
            continue
        wanted = [known.parse(key, value) for value in values]
        if known.by_id or known.index is not None:
            found = wanted if known.index is None else [i for w in wanted for i in known.index.ids(w)]
            candidates = set(found) if candidates is None else candidates & set(found)  # type: ignore[operator]
        elif known.test is not None:
            tests.append(known.test(wanted))
    for key, value in query.flags:
        if key in resource.flags:
            tests.append(_is(resource.flags[key], value))
    if resource.has_vis_state:
        shown = (0, 2) if vis_state is None else (vis_state,)
        if candidates is None:
            # The whole table, by index: a list after every write must not look at each row.
            candidates = [i for state in shown for i in resource.by_vis_state.ids(state)]
        else:
            tests.append(lambda row: row["vis_state"] in shown)
    rows = resource.rows
    ids = rows.keys() if candidates is None else (i for i in candidates if i in rows)
    # Cheap tests first: vis_state before anything that adds up other rows.
    tests.reverse()
    chosen: list[Any] = [i for i in ids if all(test(rows[i]) for test in tests)] if tests else list(ids)
    # Ids were given in ascending order; sorting what is almost sorted costs next to nothing.
    chosen.sort(reverse=resource.world.switches["list_order"] == "descending")
    if resource.order is not None:
        field, descending = resource.order
        chosen.sort(key=lambda i: rows[i][field], reverse=descending)
    name, _, direction = query.sort.rpartition("_")
    if name in resource.sorts and direction in ("asc", "desc"):
        by = resource.sorts[name]
        chosen.sort(key=lambda i: by(rows[i]), reverse=direction == "desc")
    return chosen


def _knows_vis_state(resource: Resource) -> bool:
    return resource.has_vis_state and (
        resource.vis_state_verified or resource.world.switches["vis_state_filter"] == "all"
    )


def _is(flag: Flag, value: bool) -> Test:
    return lambda row: flag(row) is value
