"""What `fbinfor sql` does: one function for each thing it can be asked to do.

Belongs here: which answer goes where (terminal, standard output, file), hints beside it on standard error.
Does not belong here: the command's options and their help (cli.py), asking, laying out, writing files.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from fbinfor_assets.tour import export
from fbinfor_assets.tour.ask import is_name, prepared, published_at
from fbinfor_assets.tour.queries import TourError, TourQuery, find, has_header, queries, read
from fbinfor_assets.tour.screen import show
from fbinfor_assets.tour.tables import find_table
from fbinfor_assets.tour.tables import tables as tables_of
from fbinfor_assets.warehouse import QueryResult, Question

_SCREEN_ROWS = 1000
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class Asked:
    """How the answer is wanted. `kind`: a format of export.FORMATS or None; `limit`: rows, None for the usual, 0 for all."""

    home: Path | None
    out: Console
    err: Console
    kind: str | None
    file: Path | None
    limit: int | None
    given: dict[str, str]


def given(params: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE texts as a mapping. Raises `TourError`."""
    found = {}
    for text in params:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise TourError(f"--param takes NAME=VALUE, not {text!r}")
        found[name.strip().removeprefix("$")] = value
    return found


def chosen(query: str | None, file: Path | None) -> TourQuery | str:
    """The question of the tour, or the SQL: from the argument, a file, or standard input. Raises `TourError`."""
    if query not in (None, "-") and file is not None:
        raise TourError("give the SQL as an argument or with --file, not both")
    if file is not None:
        if not file.is_file():
            raise TourError(f"there is no file {file}")
        if has_header(file):
            return read(file)
    text = file.read_text("utf-8") if file else sys.stdin.read() if query in (None, "-") else str(query)
    if not text.strip():
        raise TourError("there is no SQL: give it as the argument, with --file or on standard input")
    return find(text.strip()) if query not in (None, "-") and is_name(text.strip()) else text


def answer(asked: Asked, query: TourQuery | str) -> None:
    """Ask, and put the answer where it is wanted."""
    title = query.title if isinstance(query, TourQuery) else ""
    kind = export.format_of(asked.file, asked.kind) if asked.file else asked.kind
    if kind is not None and asked.file is None and kind not in export.TEXTS:
        raise TourError(f"{kind} does not go to a terminal: name a file with --out")
    with prepared(asked.home, query, asked.given) as (question, values):
        started = time.monotonic()
        with _patience(asked.err):
            question.run(values)
        if asked.file is not None:
            if asked.limit:
                raise TourError("--limit is for the screen; write `limit` in the SQL to export fewer rows")
            rows = export.write(question, asked.file, str(kind), title)
            asked.err.print(f"{rows} rows in {asked.file}", highlight=False, markup=False)
            return
        limit = asked.limit if asked.limit is not None else _SCREEN_ROWS if kind is None else 0
        result = question.rows(limit or None)
        seconds = time.monotonic() - started
    if kind is not None:
        sys.stdout.write(export.text_of(result, kind, title))
    else:
        show(result, asked.out, title)
        _beside(asked, query, result, seconds)
    if result.truncated:
        asked.err.print(f"[dim]cut at {limit} rows; --limit 0 shows all[/]")


def show_tour(asked: Asked) -> None:
    """The questions of the tour."""
    rows = [(query.name, query.title, query.question, _parameters(query)) for query in queries().values()]
    _listed(asked, ("name", "title", "question", "parameters"), rows)
    if asked.kind is None:
        asked.err.print("[dim]ask one with `fbinfor sql NAME`; --show prints its SQL[/]")


def show_tables(asked: Asked, name: str | None) -> None:
    """Every table with its meaning, or the columns of one."""
    if name is None:
        rows = [(table.full_name, table.rows, table.about) for table in tables_of(asked.home)]
        _listed(asked, ("table", "rows", "about"), rows, ("VARCHAR", "BIGINT", "VARCHAR"))
        return
    table = find_table(asked.home, name)
    if asked.kind == "json":
        sys.stdout.write(json.dumps(asdict(table), indent=2, ensure_ascii=False) + "\n")
        return
    if asked.kind is None:
        asked.out.print(Text(f"{table.full_name}: {table.about} {table.rows} rows.".replace("..", ".")))
    rows = [(column.name, column.type, column.about) for column in table.columns]
    _listed(asked, ("column", "type", "about"), rows)


def show_sql(query: TourQuery | str) -> None:
    """The SQL as it is in its file."""
    sys.stdout.write(query.path.read_text("utf-8") if isinstance(query, TourQuery) else query.rstrip() + "\n")


def show_plan(asked: Asked, query: TourQuery | str) -> None:
    """DuckDB's plan of a query that is not run."""
    with prepared(asked.home, query, asked.given) as (question, values):
        sys.stdout.write(question.explain(values) + "\n")


def export_all(asked: Asked) -> None:
    """The whole tour: a file for each question in a folder, or a sheet for each in one workbook. Raises `TourError`."""
    if asked.file is None:
        raise TourError("--all needs --out: a folder, or a file ending in .xlsx")
    if asked.given:
        raise TourError("--all asks every question as it stands; --param is for one of them")
    if asked.file.suffix.lower() == ".xlsx":
        _export_workbook(asked)
        return
    kind = asked.kind or "csv"
    export.format_of(asked.file / "x", kind)
    asked.file.mkdir(parents=True, exist_ok=True)
    for query, question in _each(asked):
        path = asked.file / f"{query.name}.{kind}"
        rows = export.write(question, path, kind, query.title)
        asked.err.print(f"{rows} rows in {path}", highlight=False, markup=False)


def _export_workbook(asked: Asked) -> None:
    import polars

    frames = [(query, question.frame()) for query, question in _each(asked)]
    contents = polars.DataFrame(
        [(query.name, query.title, query.question, frame.height, query.reading) for query, frame in frames],
        schema=["sheet", "title", "question", "rows", "reading"],
        orient="row",
    )
    assert asked.file is not None
    export.workbook(asked.file, [("tour", contents), *((query.name, frame) for query, frame in frames)])
    asked.err.print(f"{len(frames)} sheets in {asked.file}", highlight=False, markup=False)


def _each(asked: Asked) -> Iterator[tuple[TourQuery, Question]]:
    for query in queries().values():
        with prepared(asked.home, query, {}) as (question, values), _patience(asked.err):
            yield query, question.run(values)


def _beside(asked: Asked, query: TourQuery | str, result: QueryResult, seconds: float) -> None:
    """What helps to read an answer, on standard error, so that a pipe gets the rows alone."""
    if isinstance(query, TourQuery) and query.reading:
        asked.err.print(Text(query.reading, style="dim"))
    at = published_at(asked.home)
    rows = f"{len(result.rows)} row{'' if len(result.rows) == 1 else 's'}"
    asked.err.print(Text(f"{rows} in {seconds:.2f} s, snapshot of {at:%Y-%m-%d %H:%M:%S} UTC", style="dim"))


def _listed(
    asked: Asked, columns: Sequence[str], rows: Sequence[tuple], types: Sequence[str] | None = None
) -> None:
    result = QueryResult(tuple(columns), tuple(types or ["VARCHAR"] * len(columns)), list(rows), False)
    if asked.kind is None:
        show(result, asked.out)
    elif asked.kind in export.TEXTS:
        sys.stdout.write(export.text_of(result, asked.kind))
    else:
        raise TourError(f"a list is printed as one of {', '.join(export.TEXTS)}")


def _parameters(query: TourQuery) -> str:
    return ", ".join(
        one.name if one.default is None else f"{one.name}={one.default}" for one in query.parameters
    )


@contextmanager
def _patience(err: Console) -> Iterator[None]:
    """A sign of life on a terminal while a question takes long, and how to stop it."""
    if not err.is_terminal:
        yield
        return
    columns = (SpinnerColumn(), TextColumn("asking; Ctrl-C stops it"), TimeElapsedColumn())
    progress = Progress(*columns, console=err, transient=True)
    progress.add_task("")
    timer = threading.Timer(_PATIENCE_SECONDS, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        progress.stop()
