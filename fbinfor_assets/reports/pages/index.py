"""The index: the answer of each page, and a way to it.

Belongs here: what all pages say together. Does not belong here: figures of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from fbinfor_assets.reports.content import Page


def page(pages: Sequence[Page]) -> Page:
    """The first page is the judge: what the reconciliation says stands at the top."""
    first = pages[0]
    return Page(
        name="index",
        title="Reports",
        question="How do FreshBooks, Infor M3 and the shop stand?",
        standing=first.standing,
        answer=first.answer,
        figures=first.figures,
        charts=first.charts[:2],
        cards=pages,
    )
