"""The shop's loaded orders on disk: `orders.db` in the state folder, written once, then only read.

Belongs here: grouping order lines into orders, the file's tables, the queries the shop's paths need.
Does not belong here: the shape an order is served in (`woo`); the clock and the write log (kernel's `shop.db`, which
its process holds exclusively: hence a file of its own).
"""

from __future__ import annotations

import hashlib
import itertools
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson
from pysqlite3 import dbapi2 as sqlite

from fbinfor_assets.sandbox.shop.generator import FIRST_DAY, LAST_DAY, generate
from fbinfor_assets.sandbox.shop.orders import OrderRow, read_orders
from fbinfor_assets.sandbox.state import SandboxError

FILE = "orders.db"
FIRST_PRODUCT = 1_000_001
"""Ids of products: above any order of a file, for WooCommerce gives ids to both from one series."""
ZONE = ZoneInfo("Europe/London")
"""The zone of the order file's times and of the shop's own clock face."""

_SCHEMA = """
create table source (name text primary key, value text not null);
create table orders (
  id integer primary key,
  number text not null unique,
  placed_at text not null,     -- UTC, YYYY-MM-DDTHH:MM:SS
  placed_local text not null,  -- Europe/London, the same shape
  customer_id integer,         -- null: walk-in
  country text not null,       -- as the order file spells it
  lines blob not null          -- zlib of JSON: [[stock code, description, quantity, price text], ...]
);
create table customers (
  customer_id integer primary key,
  country text not null,       -- of the customer's first order
  since text not null,         -- UTC, when the first order was placed
  since_local text not null
);
create table products (
  id integer primary key,
  sku text not null unique,    -- the stock code, in the file's own spelling
  name text not null,          -- its first description that is not empty
  price text not null,         -- its first price above zero, decimal text; 0.00 if it has none
  sold integer not null        -- how many the file sells, returns left out
);
"""

_INDEXES = """
create index orders_by_time on orders (placed_at, id);
create index orders_by_customer on orders (customer_id);
create index customers_by_time on customers (since, customer_id);
"""


class Line(NamedTuple):
    """One line of a loaded order; `price` is decimal text in GBP without tax, at least two decimals."""

    sku: str
    description: str | None
    quantity: int
    price: str


@dataclass(frozen=True, slots=True)
class Order:
    """One loaded order. `placed_at` is UTC, `placed_local` Europe/London, both `YYYY-MM-DDTHH:MM:SS` without zone.

    `home_country` is the country of the customer's first order (of this one, for a walk-in).
    """

    id: int
    number: str
    placed_at: str
    placed_local: str
    customer_id: int | None
    country: str
    home_country: str
    lines: list[Line]


class Product(NamedTuple):
    """One stock code of the file, as the shop's catalogue has it."""

    id: int
    sku: str
    name: str
    price: str
    sold: int


class Customer(NamedTuple):
    """One known customer, from the first order on (`since`: UTC, `since_local`: Europe/London)."""

    customer_id: int
    country: str
    since: str
    since_local: str


# ------------------------------------------------------------------------------------------------- loading


def prepare(
    state: Path, orders: Path | None, first_day: date | None, last_day: date | None, seed: int | None
) -> dict[str, str]:
    """Make sure `state` holds loaded orders, and give their source (see `OrderBook.source`).

    Nothing there yet: load `orders`, or made-up ones of `seed` (1) for the asked days. The whole file is checked
    before the folder is made. Already loaded: the arguments that are given must be those it was loaded with.

    Raises OrderFileError (a bad file), SandboxError (the state holds other orders, or cannot be written).
    """
    if (state / FILE).exists():
        with OrderBook(state) as book:
            _same_source(state, book.source, orders, first_day, last_day, seed)
            return book.source
    number = 1 if seed is None else seed
    rows: Iterator[OrderRow]
    if orders is not None:
        rows = read_orders(orders, first_day, last_day)
        source = {"kind": "file", "name": orders.name, "sha256": _digest(orders)}
    else:
        rows = generate(number, first_day or FIRST_DAY, last_day or max(LAST_DAY, first_day or FIRST_DAY))
        source = {"kind": "generator"}
    asked = {"asked_from": first_day, "asked_to": last_day}
    source |= {name: day.isoformat() for name, day in asked.items() if day is not None}
    try:
        return _load(state, rows, source | {"seed": str(number)})
    except (OSError, sqlite.Error) as error:
        raise SandboxError(
            f"the state folder {state} cannot be written ({error}); give another --state"
        ) from error


def _same_source(
    state: Path,
    source: dict[str, str],
    orders: Path | None,
    first_day: date | None,
    last_day: date | None,
    seed: int | None,
) -> None:
    differing = []
    if orders is not None:
        if not orders.is_file():
            differing.append(f"{orders} (there is no such file)")
        elif source.get("sha256") != _digest(orders):
            differing.append(f"the orders of {source.get('name', 'the generator')}, not of {orders}")
    for name, day in (("from", first_day), ("to", last_day)):
        if day is not None and day.isoformat() not in (source.get(f"asked_{name}"), source[f"{name}"]):
            differing.append(f"--{name} {source[name]}, not {day}")
    if seed is not None and str(seed) != source["seed"]:
        differing.append(f"--seed {source['seed']}, not {seed}")
    if differing:
        raise SandboxError(
            f"the state folder {state} was made with {'; '.join(differing)}. Leave those arguments out to reopen it, or"
            " give another --state folder"
        )


def _load(state: Path, rows: Iterable[OrderRow], source: dict[str, str]) -> dict[str, str]:
    state.mkdir(parents=True, exist_ok=True)
    part = state / (FILE + ".part")
    part.unlink(missing_ok=True)
    con = sqlite.connect(str(part), isolation_level=None)
    try:
        # No journal: the file has its name only when it is complete.
        con.execute("pragma journal_mode = off")
        con.execute("pragma synchronous = off")
        con.executescript(_SCHEMA)
        con.execute("begin")
        totals = _insert(con, rows)
        source = source | totals
        con.executemany("insert into source values (?, ?)", source.items())
        con.execute("commit")
        con.executescript(_INDEXES)
    finally:
        con.close()
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(state / FILE)
    return source


def _insert(con: Any, rows: Iterable[OrderRow]) -> dict[str, str]:
    documents = lines_count = 0
    net = Decimal(0)
    catalogue: dict[str, list[Any]] = {}
    first = last = None
    for number, group in itertools.groupby(rows, key=lambda row: row.invoice_no):
        members = list(group)
        head = members[0]
        lines = [
            [row.stock_code, row.description, row.quantity, price_text(row.unit_price)] for row in members
        ]
        for line in lines:
            _catalogue_line(catalogue, *line)
        lines_count += len(lines)
        net += sum((row.quantity * row.unit_price for row in members), Decimal(0))
        day = head.invoice_date.date()
        first, last = min(first or day, day), max(last or day, day)
        placed_at, placed_local = _stamps(head.invoice_date)
        known = con.execute("select id, lines from orders where number = ?", (number,)).fetchone()
        if known:
            # The file returns to a document it had left: its lines follow those already there.
            con.execute(
                "update orders set lines = ? where id = ?", (_pack(_unpack(known[1]) + lines), known[0])
            )
            continue
        documents += 1
        con.execute(
            "insert into orders values (?, ?, ?, ?, ?, ?, ?)",
            (documents, number, placed_at, placed_local, head.customer_id, head.country, _pack(lines)),
        )
        if head.customer_id is not None:
            con.execute(
                "insert into customers values (?, ?, ?, ?) on conflict (customer_id) do nothing",
                (head.customer_id, head.country, placed_at, placed_local),
            )
    con.executemany(
        "insert into products values (?, ?, ?, ?, ?)",
        ((FIRST_PRODUCT + at, sku, *rest) for at, (sku, rest) in enumerate(sorted(catalogue.items()))),
    )
    return {
        "documents": str(documents),
        "lines": str(lines_count),
        "net": f"{net.normalize() + Decimal('0.000'):f}",
        "from": str(first),
        "to": str(last),
    }


def _catalogue_line(
    catalogue: dict[str, list[Any]], sku: str, description: str | None, quantity: int, price: str
) -> None:
    product = catalogue.setdefault(sku, ["", "0.00", 0])
    product[0] = product[0] or (description or "").strip()
    if product[1] == "0.00" and not price.startswith("-"):
        product[1] = price
    product[2] += max(quantity, 0)


def price_text(price: Decimal) -> str:
    """Decimal text of a price: trailing zeros dropped, but never below two decimals (2.550000 -> 2.55)."""
    short = price.normalize()
    return f"{short if -short.as_tuple().exponent > 2 else price.quantize(Decimal('0.01')):f}"


def _stamps(local: datetime) -> tuple[str, str]:
    at = local.replace(tzinfo=ZONE).astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S"), local.strftime("%Y-%m-%dT%H:%M:%S")


def _pack(lines: list[list[Any]]) -> bytes:
    return zlib.compress(orjson.dumps(lines), 1)


def _unpack(blob: bytes) -> list[list[Any]]:
    return orjson.loads(zlib.decompress(blob))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------------------------------------- reading


class OrderBook:
    """Read access to the loaded orders. Instants (`now`, bounds) are UTC text as stored; bounds are exclusive."""

    def __init__(self, state: Path) -> None:
        path = state / FILE
        if not path.exists():
            raise SandboxError(
                f"there are no loaded orders in {state}; start with --orders FILE, or without --state"
            )
        # Immutable: loading replaces the whole file by its finished successor, nobody writes into it.
        self._con = sqlite.connect(
            f"file:{quote(str(path))}?immutable=1", uri=True, check_same_thread=False, isolation_level=None
        )
        self.source: dict[str, str] = dict(self._con.execute("select name, value from source"))

    def __enter__(self) -> OrderBook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    @property
    def first_day(self) -> date:
        """Local day of the first order."""
        return date.fromisoformat(self.source["from"])

    @property
    def connection(self) -> Any:
        """The open file, for the lists that merge it with what changed since (`table`)."""
        return self._con

    def orders(self, ids: Sequence[int]) -> dict[int, Order]:
        """Orders by id; unknown ids are left out."""
        found = self._con.execute(
            f"select {_ORDER_COLUMNS} from orders o left join customers c using (customer_id)"
            f" where o.id in ({_marks(ids)})",
            ids,
        )
        return {row[0]: _order(row) for row in found}

    def customers(self, ids: Sequence[int]) -> dict[int, Customer]:
        """The same for customers."""
        columns = ", ".join(Customer._fields)
        query = f"select {columns} from customers where customer_id in ({_marks(ids)})"
        return {row[0]: Customer._make(row) for row in self._con.execute(query, ids)}

    def products(self, ids: Sequence[int]) -> dict[int, Product]:
        """The same for products."""
        query = f"select * from products where id in ({_marks(ids)})"
        return {row[0]: Product._make(row) for row in self._con.execute(query, ids)}

    def product_ids(self) -> dict[str, int]:
        """Every stock code with the id of its product."""
        return dict(self._con.execute("select sku, id from products"))

    def arrivals(self, after: str, until: str) -> list[tuple[int, int | None]]:
        """(order id, its customer if this is the first order of that one) of the orders placed after the one
        instant and not after the other, in order of time."""
        query = (
            "select o.id, case when c.since = o.placed_at then c.customer_id end from orders o"
            " left join customers c using (customer_id)"
            " where o.placed_at > ? and o.placed_at <= ? order by o.placed_at, o.id"
        )
        return list(self._con.execute(query, (after, until)))

    def last_arrival(self, until: str) -> str | None:
        """When the newest order of those not after an instant was placed, if there is one."""
        query = "select max(placed_at) from orders where placed_at <= ?"
        return self._con.execute(query, (until,)).fetchone()[0]

    def next_arrival(self, after: str) -> str | None:
        """When the first order after an instant is placed, if there is one."""
        return self._con.execute(
            "select min(placed_at) from orders where placed_at > ?", (after,)
        ).fetchone()[0]

    def seed_customers(self) -> list[tuple[int, str]]:
        """(customer_id, country of the first order) of every known customer, by number."""
        return list(self._con.execute("select customer_id, country from customers order by customer_id"))

    def arrived(self, now: str) -> dict[str, Any]:
        """How much of the source has arrived by `now` (UTC): documents, and the last one's number and time."""
        count = self._con.execute("select count(*) from orders where placed_at <= ?", (now,)).fetchone()[0]
        last = self._con.execute(
            "select number, placed_at from orders where placed_at <= ? order by placed_at desc, id desc limit 1",
            (now,),
        ).fetchone()
        return {"documents": count, "last_number": last and last[0], "last_placed_at": last and last[1]}


def _marks(ids: Sequence[int]) -> str:
    return ", ".join("?" * len(ids))


_ORDER_COLUMNS = "o.id, o.number, o.placed_at, o.placed_local, o.customer_id, o.country, c.country, o.lines"


def _order(row: Sequence[Any]) -> Order:
    id_, number, placed_at, placed_local, customer_id, country, home, lines = row
    return Order(
        id_,
        number,
        placed_at,
        placed_local,
        customer_id,
        country,
        home or country,
        [Line(*line) for line in _unpack(lines)],
    )
