"""Comparing what was sent with what the target gives back.

Belongs here: normalised comparison, pure.
Does not belong here: fetching (writers/), deciding what a difference means (sender.py, the outbound models).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


def number(value: Any) -> Decimal | None:
    """A vendor's number as Decimal: text with '.', blanks around it, '-' before or after it (infor-api 2.3); else None."""
    text = str(value if value is not None else "").strip()
    if text.endswith("-"):
        text = "-" + text[:-1]
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def text_of(value: Any) -> str:
    """A text as both vendors keep it: unset strings come back "" or null, ends trimmed (freshbooks-api 7.1)."""
    return str(value if value is not None else "").replace("\r\n", "\n").strip()


def same_text(sent: Any, got: Any, *, width: int | None = None, fold: bool = False) -> bool:
    """Whether two texts are the same within the target's width (None: any), regardless of case if `fold`."""
    ours, theirs = text_of(sent), text_of(got)
    if width is not None:
        ours, theirs = ours[:width].rstrip(), theirs[:width].rstrip()
    return ours.casefold() == theirs.casefold() if fold else ours == theirs


def same_number(sent: Any, got: Any) -> bool:
    """Whether two numbers are equal whatever their scale; an empty one counts as zero, as in M3's records."""
    ours, theirs = text_of(sent) or "0", text_of(got) or "0"
    return number(ours) == number(theirs) and number(ours) is not None


def describe(differences: Iterable[tuple[str, Any, Any]]) -> str:
    """`field: sent 'a', target holds 'b'` for up to five fields."""
    found = list(differences)
    parts = [
        f"{name}: sent {text_of(sent)!r}, the target holds {text_of(got)!r}" for name, sent, got in found[:5]
    ]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return "; ".join(parts) + more


def totals_apart(
    expected: Mapping[str, Any], got: Mapping[str, Any], tolerance: Decimal
) -> list[tuple[str, Any, Any]]:
    """The totals (`net`, `tax`, `total`; those that `got` has) that differ by more than `tolerance`, same currency."""
    apart = []
    for name in ("net", "tax", "total"):
        if name in expected and name in got:
            ours, theirs = number(expected[name]), number(got[name])
            if ours is None or theirs is None or abs(ours - theirs) > tolerance:
                apart.append((name, expected[name], got[name]))
    return apart
