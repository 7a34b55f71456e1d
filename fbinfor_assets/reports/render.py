"""A page as one HTML file that needs nothing else: styles, script and charts are in it, and nothing may be fetched.

Belongs here: the template's environment, escaping, the content security policy.
Does not belong here: what a page says (pages/), where files go (write.py).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from fbinfor_assets.reports import charts
from fbinfor_assets.reports.content import NUMERIC, Column, Page, long_day, number, text


def html(page: Page, names: dict[str, str]) -> str:
    """The file's text. `names`: the pages to link to, name → title. Everything from the data is escaped."""
    from markupsafe import Markup

    style, script = _style(), _template("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page,
            names=names,
            # Ours or Vega's, escaped there.
            style=Markup(style),
            script=Markup(script),
            svg=lambda chart: Markup(charts.svg(chart)),
            policy="; ".join(
                (
                    "default-src 'none'",
                    f"style-src {_hash(style)}",
                    f"script-src {_hash(script)}",
                    "base-uri 'none'",
                    "form-action 'none'",
                )
            ),
        )
    )


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": _cell, "css": _css, "long_day": long_day, "number": number}
    return environment


def _cell(row: Any, column: Column) -> str:
    return text(row.get(column.name), column.kind)


def _css(column: Column, value: Any = None) -> str:
    """The classes of a cell: n for numbers, neg below zero, z for zero, s for a sentence."""
    if column.kind in NUMERIC:
        sign = "" if value is None else " neg" if value < 0 else " z" if value == 0 else ""
        return f"n{sign}"
    return {"sentence": "s", "name": "m", "key": "d", "date": "d", "instant": "d"}.get(column.kind, "")


@cache
def _template(name: str) -> str:
    return resources.files("fbinfor_assets.reports").joinpath("templates", name).read_text("utf-8")


@cache
def _style() -> str:
    """page.css with the charts' colours for a dark screen behind it: one palette for both."""
    dark = "".join(
        f'.chart [fill="{light}"]{{fill:{dark}}}.chart [stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in charts.PALETTE.values()
    )
    return f"{_template('page.css')}@media screen and (prefers-color-scheme: dark){{{dark}}}"


def _hash(inline: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
