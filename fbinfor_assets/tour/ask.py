"""Asking the published snapshot of a home: a question of the tour by its name, or any SELECT.

Belongs here: finding the snapshot, giving a question its parameters.
Does not belong here: what may be asked and how a mistake reads (warehouse/question.py), showing the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fbinfor_assets.app import DBT_PROJECT
from fbinfor_assets.config import Paths
from fbinfor_assets.tour.queries import TourQuery, find
from fbinfor_assets.warehouse import Question, Warehouse

if TYPE_CHECKING:
    import polars


def snapshot_of(home: Path | str | None) -> Warehouse:
    """The warehouse of a home (None: FBINFOR_HOME, else ./var), for reading its snapshot."""
    return Warehouse(Paths(home).home, DBT_PROJECT)


def published_at(home: Path | str | None) -> datetime:
    """When the snapshot in place was made, UTC. Raises `FileNotFoundError` if there is none."""
    return datetime.fromtimestamp(snapshot_of(home).snapshot_path.stat().st_mtime, UTC)


def is_name(text: str) -> bool:
    """Whether a text names a question of the tour: one word. SQL has more."""
    return text.replace("_", "").replace("-", "").isalnum()


@contextmanager
def prepared(
    home: Path | str | None, query: TourQuery | str, given: Mapping[str, str]
) -> Iterator[tuple[Question, dict[str, Any]]]:
    """A checked question and the values of its parameters, not yet run; a plain SELECT takes them as texts.

    Raises `TourError` for a value that does not fit, and `SnapshotMissing` or `SnapshotRefused`.
    """
    text, values = (query.sql, query.values(given)) if isinstance(query, TourQuery) else (query, dict(given))
    with snapshot_of(home).question(text) as question:
        yield question, values


def frame(
    query: str, home: Path | str | None = None, **parameters: str | int | Decimal | date
) -> polars.DataFrame:
    """The answer as a polars frame. `query`: the name of a question of the tour, or a SELECT; `home` as elsewhere.

    DECIMAL stays Decimal of the same scale, instants are in UTC. Raises `TourError`, `SnapshotMissing`, `SnapshotRefused`.
    """
    asked = find(query) if is_name(query) else query
    with prepared(home, asked, {name: str(value) for name, value in parameters.items()}) as (
        question,
        values,
    ):
        return question.run(values).frame()
