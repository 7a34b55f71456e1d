"""The query language and the lists of the families that go by business id: projects, time tracking, comments.

Belongs here: bare filters, sorting, the `meta` block. Does not belong here: paths (`families`), single resources.

Facts (freshbooks-api 3, 5, and live captures cited there): 30 rows a page, at most 100; filters are bare
(`client_id=5`), `search[...]` is ignored here, unknown ones too; a date-time that cannot be read is 422; `sort=key` or
`sort=-key` is echoed in `meta.sort` word for word, known or not; includes are flags (`include_logged_duration=true`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.listing import MAX_PER_PAGE, Filter, Get, Lister, Query, Test
from fbinfor_assets.sandbox.freshbooks.resource import Resource

DEFAULT_PER_PAGE = 30

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def parse_query(raw: bytes) -> tuple[Query, list[str]]:
    """(the list request, `sort` as it came). 422 for a page or per_page that is no positive number."""
    given = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
    page = _positive(given.pop("page", "1"), "page")
    per_page = min(_positive(given.pop("per_page", str(DEFAULT_PER_PAGE)), "per_page"), MAX_PER_PAGE)
    sort = given.pop("sort", "")
    flags = {key: _FLAGS[value.lower()] for key, value in given.items() if value.lower() in _FLAGS}
    query = Query(
        page,
        per_page,
        f"{sort.removeprefix('-')}_{'desc' if sort.startswith('-') else 'asc'}" if sort else "",
        frozenset(key for key, value in flags.items() if value),
        tuple(sorted((key, (value,)) for key, value in given.items() if not key.startswith("search["))),
        tuple(sorted(flags.items())),
    )
    return query, [sort] if sort else []


def _positive(value: str, field: str) -> int:
    if not value.isdigit():
        raise FreshBooksError(422, None, "value is not a valid integer", "", field, value)
    if int(value) < 1:
        raise FreshBooksError(422, None, "ensure this value is greater than 0", "", field, value)
    return int(value)


def since(get: Get) -> Filter:
    """The row's instant (UTC text) is then or later."""

    def test(wanted: list[str]) -> Test:
        return lambda row: get(row)[:19] >= max(wanted)

    return Filter(_instant, test=test)


def until(get: Get) -> Filter:
    """The row's instant (UTC text) is then or earlier."""

    def test(wanted: list[str]) -> Test:
        return lambda row: get(row)[:19] <= min(wanted)

    return Filter(_instant, test=test)


def _instant(key: str, value: str) -> str:
    try:
        return utc_text(value)
    except ValueError:
        why = "input is too short" if len(value) < 10 else "invalid character in year"
        message = f"Input should be a valid datetime or date, {why}"
        raise FreshBooksError(422, 1023, message, "", key, value) from None


def utc_text(value: str) -> str:
    """An ISO date or instant (UTC if it names no zone; a `+` may have become a space) as UTC text. ValueError."""
    text = value.strip()
    parsed = datetime.fromisoformat(f"{text[:19]}+{text[20:]}" if text[19:20] == " " else text)
    instant = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def page(resource: Resource, lister: Lister, raw: bytes) -> dict[str, Any]:
    """The whole answer to a list request: rows under the plural name, and `meta`."""
    query, sort = parse_query(raw)
    result = resource.page(lister, query)
    rows = result.pop(resource.plural)
    return {resource.plural: rows, "meta": {**result, "sort": sort}}
