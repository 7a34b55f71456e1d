"""Proves a period from outside: the simulators' write logs, the order file and the two trial balances, in SQL.

Belongs here: bringing those into DuckDB, running year.sql, printing what it says, comparing it with `fbinfor
reconcile --json`.
Does not belong here: anything of the product. This folder imports nothing of fbinfor_assets (a test sees to it), so a
mistake of the product, or of the reading that `fbinfor reconcile` does, cannot hide itself here.

    python tests/independent/prove.py --sandbox var/demo/sandbox --orders orders.parquet
    python tests/independent/prove.py --sandbox http://127.0.0.1:1/_sandbox,http://127.0.0.1:2/_sandbox --orders orders.csv
    python tests/independent/prove.py ... --out proof.json --against reconcile.json

--sandbox is the state folder of a sandbox that is not running, or the control URLs of a running one (FreshBooks, M3).
The logs are what was applied; the simulators' own tables are not looked at, but for their ledgers, which are the trial
balances. Exit code 0 if everything holds (and agrees), 1 if not, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

SQL = Path(__file__).with_name("year.sql")
COLUMNS = ("ordinal", "invoice_no", "stock_code", "quantity", "invoice_date", "unit_price", "country")
_PAGE = 5000
_AMOUNTS = (
    "shop_net", "freshbooks_net", "m3_net", "rounding", "not_delivered", "held", "not_posted", "by_hand",
    "in_transit", "unexplained",
)  # fmt: skip


class Unusable(Exception):
    """The input cannot be used; the text names it and says what to do."""


Log = Iterable[tuple[int, str, str, str, bytes]]


# ------------------------------------------------------------------------------------------------ where it comes from


class Stopped:
    """The state folder of a sandbox that is not running: SQLite files, read and not changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("freshbooks.db", "m3.db"):
            if not (folder / name).is_file():
                raise Unusable(
                    f"{folder / name} is not there; give the folder that `sandbox serve --state` was given"
                )

    def _connect(self, name: str) -> sqlite3.Connection:
        path = self._folder / f"{name}.db"
        wal = path.with_name(path.name + "-wal")
        # A state that was closed in order is one file; opened as immutable, nothing is written beside it.
        how = "mode=ro" if wal.exists() and wal.stat().st_size else "immutable=1"
        return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)

    def _rows(self, name: str, query: str) -> Iterator[tuple[Any, ...]]:
        try:
            with self._connect(name) as connection:
                yield from connection.execute(query)
        except sqlite3.Error as error:
            raise Unusable(
                f"{self._folder / name}.db cannot be read ({error}); stop its sandbox, or give its control URLs"
            ) from None

    def log(self, name: str) -> Log:
        yield from self._rows(
            name, "select sequence, operation, object, key, body from writes order by sequence"
        )

    def trial_balance(self, name: str) -> list[tuple[str, str, str]]:
        """Debit and credit by account, added up over the ledger's entries."""
        sums: dict[str, list[Decimal]] = {}
        for (body,) in self._rows(name, "select body from rows where kind = 'ledger'"):
            for account, debit, credit in json.loads(body)["lines"]:
                both = sums.setdefault(account, [Decimal(0), Decimal(0)])
                both[0] += Decimal(debit)
                both[1] += Decimal(credit)
        return [(account, str(debit), str(credit)) for account, (debit, credit) in sorted(sums.items())]

    def period(self) -> tuple[str, str]:
        line = json.loads((self._folder / "sandbox.json").read_text(encoding="utf-8"))
        return line["from"], line["to"]


class Running:
    """The control URLs of a sandbox that runs: FreshBooks' and M3's, each ending in /_sandbox."""

    def __init__(self, urls: str) -> None:
        found = [url.strip().rstrip("/") for url in urls.split(",")]
        if len(found) != 2:
            raise Unusable("give two control URLs with a comma between: FreshBooks' and M3's")
        self._urls = dict(zip(("freshbooks", "m3"), found, strict=True))

    def _get(self, name: str, path: str) -> Any:
        url = self._urls[name] + path
        try:
            # On loopback: a proxy of the environment has no business here.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                url, timeout=120
            ) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ValueError) as error:
            raise Unusable(f"{url} does not answer ({error}); is the sandbox running?") from None

    def log(self, name: str) -> Log:
        after = 0
        while writes := self._get(name, f"/writes?after={after}&limit={_PAGE}")["writes"]:
            for write in writes:
                after = write["sequence"]
                body = json.dumps(write["body"], ensure_ascii=False).encode()
                yield after, write["operation"], write["object"], write["key"], body

    def trial_balance(self, name: str) -> list[tuple[str, str, str]]:
        accounts = self._get(name, "/trial-balance")["accounts"]
        return [(row["account"], row["debit"], row["credit"]) for row in accounts]

    def period(self) -> tuple[str, str]:
        return "0001-01-01", "9999-12-31"


# ------------------------------------------------------------------------------------------------ into DuckDB


def _load_log(con: duckdb.DuckDBPyConnection, table: str, log: Log, folder: Path) -> None:
    path = folder / f"{table}.ndjson"
    with path.open("wb") as file:
        for sequence, operation, object_, key, body in log:
            head = json.dumps({"sequence": sequence, "operation": operation, "object": object_, "key": key})
            file.write(head[:-1].encode() + b', "body": ' + bytes(body) + b"}\n")
    con.execute(
        f"create table {table} as select * replace (if(object in ('client', 'customer', 'item'), null, body) as body)"
        " from read_json(?, format = 'newline_delimited', columns = "
        "{sequence: 'bigint', operation: 'varchar', object: 'varchar', key: 'varchar', body: 'json'})",
        [str(path)],
    )
    path.unlink()


def _load_orders(con: duckdb.DuckDBPyConnection, orders: Path) -> None:
    if not orders.is_file():
        raise Unusable(f"{orders} is not there; give the order file (parquet or csv) that the shop served")
    types = "{'invoice_no': 'varchar', 'stock_code': 'varchar', 'unit_price': 'decimal(12,3)', 'quantity': 'bigint'}"
    reader = (
        "read_parquet(?)" if orders.suffix == ".parquet" else f"read_csv(?, header = true, types = {types})"
    )
    try:
        con.execute(
            "create table order_file as select row_number() over () as ordinal, invoice_no, stock_code,"
            " quantity::bigint as quantity, invoice_date::timestamp as invoice_date,"
            f" unit_price::decimal(12, 3) as unit_price, country from {reader}",
            [str(orders)],
        )
    except duckdb.Error as error:
        raise Unusable(f"{orders} is not an order file: {error}") from None


def prove(
    source: Stopped | Running, orders: Path, first: str | None = None, last: str | None = None
) -> dict[str, Any]:
    """Run the proof. Amounts are decimal text as `fbinfor reconcile --json` writes them, in GBP.

    first, last: local days of the orders (ISO, both included); else those the sandbox was made with.
    Raises Unusable.
    """
    begin, end = source.period()
    with (
        tempfile.TemporaryDirectory(prefix="proof-") as scratch,
        duckdb.connect(":memory:", config={"threads": "2", "memory_limit": "1500MB"}) as con,
    ):
        con.execute(f"set temp_directory = '{scratch}'")
        for name in ("freshbooks", "m3"):
            _load_log(con, f"{name}_log", source.log(name), Path(scratch))
        _load_orders(con, orders)
        con.execute("create table trial_balance (system varchar, account varchar, debit decimal(18, 2),"
                    " credit decimal(18, 2), balance decimal(18, 2))")  # fmt: skip
        for name in ("freshbooks", "m3"):
            for account, debit, credit in source.trial_balance(name):
                con.execute(
                    "insert into trial_balance values (?, ?, ?, ?, ?::decimal(18, 2) - ?::decimal(18, 2))",
                    [name, account, debit, credit, debit, credit],
                )
        con.execute(
            "create table period as select ?::date as first_day, ?::date as last_day",
            [first or begin, last or end],
        )
        con.execute(SQL.read_text(encoding="utf-8"))
        return _answer(con)


# ------------------------------------------------------------------------------------------------ what it says


def _dicts(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _text(value: Any, decimals: int) -> Any:
    return f"{value:.{decimals}f}" if isinstance(value, Decimal) else value


def _figures(row: dict[str, Any], decimals: int = 3) -> dict[str, Any]:
    counts = {name: int(row[name]) for name in ("documents", "lines") if name in row}
    return {name: _text(value, decimals) for name, value in row.items()} | counts


def _answer(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    broken = [
        row | {"broken": int(row["broken"])} for row in _dicts(con, "select * from proof_checks order by 1")
    ]
    return {
        "ok": not broken,
        "broken": broken,
        "pairs": [_figures(row, 2) for row in _dicts(con, "select * from proof_pairs order by pair")],
        "classes": {
            "rows": [_figures(row) for row in _dicts(con, "select * from proof_classes order by all")],
            "totals": [_figures(row) for row in _dicts(con, "select * from proof_totals")],
            "rounding": [_figures(row) for row in _dicts(con, "select * from proof_rounding order by all")],
        },
        "free_goods": _figures(_dicts(con, "select * from proof_free_goods")[0]),
        "figures": [_figures(row, 2) for row in _dicts(con, "select * from proof_figures")],
        "ledger": [_figures(row, 2) for row in _dicts(con, "select * from proof_ledger order by all")],
        "writes": {
            name: con.execute(f"select count(*) from {name}_log").fetchall()[0][0]
            for name in ("freshbooks", "m3")
        },
    }


def differences(proof: dict[str, Any], reconciled: dict[str, Any]) -> list[str]:
    """Every figure that `fbinfor reconcile --json` and the proof do not have alike, as sentences."""
    found: list[str] = []

    def compare(what: str, ours: dict[Any, dict[str, Any]], theirs: dict[Any, dict[str, Any]]) -> None:
        for key in sorted({*ours, *theirs}):
            one, other = ours.get(key), theirs.get(key)
            if one is None or other is None:
                found.append(
                    f"{what} {key}: only in {'the proof' if other is None else 'the reconciliation'}"
                )
                continue
            found.extend(
                f"{what} {key}: {name} is {one[name]} in the proof, {other.get(name)} in the reconciliation"
                for name in one
                if one[name] != other.get(name)
            )

    def by(rows: Iterable[dict[str, Any]], key: tuple[str, ...], names: tuple[str, ...]) -> dict[Any, Any]:
        return {tuple(row[part] for part in key): {name: row[name] for name in names} for row in rows}

    pair = (("pair", "currency"), ("documents", "left", "right", "difference"))
    compare("pair", by(proof["pairs"], *pair), by(reconciled["pairs"], *pair))
    figures = ("documents", "lines", *_AMOUNTS)
    for part, key in (("rows", ("document_class", "line_class", "currency")), ("totals", ("currency",))):
        compare(
            "class" if part == "rows" else "total",
            by(proof["classes"][part], key, figures),
            by(reconciled["classes"][part], key, figures),
        )
    rounded = (("document", "line_class", "currency"), ("amount",))
    theirs = [part for part in reconciled["classes"]["rounding"] if part["pair"] == "shop-m3"]
    compare("rounding", by(proof["classes"]["rounding"], *rounded), by(theirs, *rounded))
    free = reconciled.get("free_goods") or {}
    found += [
        f"free goods: {name} is {count} in the proof, {free[name]} in the reconciliation"
        for name, count in proof["free_goods"].items()
        if name in free and free[name] != count
    ]
    if not reconciled["ok"]:
        found.append("the reconciliation itself does not agree")
    return found


def _source(sandbox: str) -> Stopped | Running:
    return Running(sandbox) if "://" in sandbox else Stopped(Path(sandbox))


def main(argv: list[str] | None = None) -> int:
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="prove.py",
        description="Prove a period from the write logs, the order file and the trial balances.",
    )
    parser.add_argument(
        "--sandbox", required=True, help="state folder of a stopped sandbox, or two control URLs"
    )
    parser.add_argument(
        "--orders", required=True, type=Path, help="the order file the shop served (parquet or csv)"
    )
    parser.add_argument("--from", dest="first", help="first day of the orders; else as the sandbox was made")
    parser.add_argument("--to", dest="last", help="last day, included")
    parser.add_argument("--out", type=Path, help="write the proof here as JSON")
    parser.add_argument(
        "--against",
        type=Path,
        help="compare with what `fbinfor reconcile --json` printed, or with a demo's summary.json",
    )
    arguments = parser.parse_args(argv)
    try:
        proof = prove(_source(arguments.sandbox), arguments.orders, arguments.first, arguments.last)
        reconciled = json.loads(arguments.against.read_text(encoding="utf-8")) if arguments.against else None
    except (Unusable, OSError, ValueError) as error:
        print(f"prove: {error}", file=sys.stderr)
        return 2
    if reconciled is not None:
        proof["differences"] = differences(proof, reconciled)
    text = json.dumps(proof, indent=2, ensure_ascii=False)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    for row in proof["broken"]:
        print(f"BROKEN {row['broken']} times: {row['check']}; for example {row['example']}", file=sys.stderr)
    for sentence in proof.get("differences", ()):
        print(f"DIFFERS: {sentence}", file=sys.stderr)
    net = ", ".join(f"{total['shop_net']} {total['currency']}" for total in proof["classes"]["totals"])
    held = proof["ok"] and not proof.get("differences")
    print(f"{'proved' if held else 'NOT proved'}: the file's net of {net} tied out by class", file=sys.stderr)
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
