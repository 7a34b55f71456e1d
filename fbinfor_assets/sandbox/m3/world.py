"""The stored M3, through which every program module reads and writes: tables, numbers, stamps, change order.

Belongs here: access to the kernel's state by M3 table, LMTS and CHNO, number series, secondary indexes, the
chart of accounts, the registry of transactions.
Does not belong here: any transaction's rules, HTTP, the tables as EXPORTMI shows them (`export.py`).

Stored rows are dicts of text by M3 field name without prefix; only LMTS is an int (epoch milliseconds of the
simulated clock, strictly increasing over all tables). Order lines live inside their order's row and delivery
lines inside their delivery's: one document is one row, and a document of 1,100 lines is one write. Amounts
are text with two decimals in CURRENCY, days are YYYYMMDD.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.ledger import Ledger
from fbinfor_assets.sandbox.m3.mi import CENT, Nok, Options, Record, parse_date, parse_decimal, to_day
from fbinfor_assets.sandbox.m3.purchase_indexes import LedgerChanges, PurchaseIndexes
from fbinfor_assets.sandbox.state import State

Row = dict[str, Any]
Ref = tuple[Any, ...]

TENANT = "FBINFOR_SBX"
COMPANY_NAME = "Sandbox Trading Ltd"
COMPANY, DIVISION, FACILITY, WAREHOUSE, CURRENCY = "100", "AAA", "F01", "001", "GBP"
VAT_PERCENT = {"GB": Decimal(20)}  # by country of delivery; others 0
VAT_CODE = {"GB": "20"}  # VTCD; others "00"
PAYMENT_DAYS = {"T00": 0, "T07": 7, "T14": 14, "T30": 30, "T60": 60}  # payment terms TEPY

RECEIVABLE, VAT_PAYABLE, PREPAYMENTS, GOODS = "1300", "2200", "2400", "3000"
MANUAL_REVENUE, DISCOUNTS, FEES, BAD_DEBTS = "3020", "3030", "5000", "6070"
INVENTORY, VAT_RECOVERABLE, PAYABLE, GOODS_RECEIVED = "1400", "1500", "2000", "2050"
INVOICE_CLEARING = "1450"
COST_OF_GOODS, STOCK_DIFFERENCES, EXPENSES = "4000", "4010", "6000"
ACCOUNTS = {
    "1000": "Bank",
    "1100": "Card clearing",
    "1110": "PayPal clearing",
    RECEIVABLE: "Receivables",
    INVENTORY: "Inventory",
    INVOICE_CLEARING: "Supplier invoices to match",
    VAT_RECOVERABLE: "VAT recoverable",
    PAYABLE: "Payables",
    GOODS_RECEIVED: "Goods received, not invoiced",
    VAT_PAYABLE: "VAT payable",
    PREPAYMENTS: "Customer prepayments",
    GOODS: "Revenue goods",
    "3010": "Revenue freight",
    "3020": "Revenue manual",
    "3030": "Discounts",
    "3040": "Vouchers",
    "3900": "Rounding",
    COST_OF_GOODS: "Cost of goods sold",
    STOCK_DIFFERENCES: "Stock and price differences",
    "5000": "Gateway fees",
    EXPENSES: "Expenses, other",
    "6010": "Advertising",
    "6020": "Rent and premises",
    "6030": "Travel and subsistence",
    "6040": "Office and telephone",
    "6050": "Professional services",
    "6060": "Bank charges",
    "6070": "Bad debts",
    "6080": "Charitable donations",
}
SERVICE_ITEMS = {  # item -> (description, revenue account)
    "FREIGHT": ("Freight", "3010"),
    "MANUAL": ("Manual line", "3020"),
    "DISCOUNT": ("Discount", "3030"),
    "VOUCHER": ("Gift voucher", "3040"),
}
ITEM_TYPES = {"SHG": "Shop goods", "SRV": "Service"}
ORDER_TYPES = {"F01": "Goods", "F02": "Credit", "F03": "Service, invoiced at once"}
PAYMENT_ACCOUNTS = {  # BOPE -> account of the cash; ALC moves none
    "CRD": "1100",
    "PPL": "1110",
    "BNK": "1000",
    "CHQ": "1000",
    "ALC": "",
}
CUSTOMER_TEMPLATE = "FBTPL"
USER = "M3SIM"  # whom the service account works as
USERS = {USER: "Integration", "ANNA": "Anna Lind, finance", "BEN": "Ben Carter, sales desk"}
# Charge CRID -> (description, revenue account), and terms of cash discount TECD -> (days, per cent).
CHARGES = {"FREIGH": ("Freight", "3010"), "INSURE": ("Insurance", "3010"), "HANDLE": ("Handling", "3020")}
CASH_DISCOUNTS = {"C02": (10, Decimal(2)), "C03": (14, Decimal(3))}
# Units an item may be ordered or priced in beside its own -> how many of its own.
ALTERNATE_UNITS = {"DZN": Decimal(12), "HND": Decimal(100)}


class ChangeOrder:
    """References in order of their LMTS, for `LMTS > x` without a scan.

    Entries are only ever added at the end; one whose row has moved on (or was rolled back, or deleted) is
    stale and is passed over by whoever compares it with the row's present stamp.
    """

    def __init__(self, stamp_of: Callable[[Ref], int | None]) -> None:
        self._stamp_of = stamp_of
        self._stamps: list[int] = []
        self._refs: list[Ref] = []
        self._checked = 1000

    def add(self, stamp: int, ref: Ref) -> None:
        # A rolled back transaction gives its stamps back: whatever stands at or after this one came from
        # there.
        while self._stamps and self._stamps[-1] >= stamp:
            self._stamps.pop()
            self._refs.pop()
        self._stamps.append(stamp)
        self._refs.append(ref)
        if len(self._stamps) > self._checked:
            self._compact()

    def fill(self, entries: list[tuple[int, Ref]]) -> None:
        entries.sort(key=lambda entry: entry[0])
        self._stamps = [stamp for stamp, _ in entries]
        self._refs = [ref for _, ref in entries]
        self._checked = 2 * len(entries) + 1000

    def _compact(self) -> None:
        live = [(s, r) for s, r in zip(self._stamps, self._refs, strict=True) if self._stamp_of(r) == s]
        self.fill(live)

    def after(self, stamp: int, *, inclusive: bool = False) -> Iterator[Ref]:
        """Live references with a stamp above (or from) `stamp`, oldest change first."""
        begin = (bisect_left if inclusive else bisect_right)(self._stamps, stamp)
        for position in range(begin, len(self._refs)):
            ref = self._refs[position]
            if self._stamp_of(ref) == self._stamps[position]:
                yield ref


class SortedIds:
    """The ids of one table in ascending order, for lists that start from a key."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def fill(self, ids: Any) -> None:
        self._ids = sorted(ids)

    def add(self, id_: str) -> None:
        position = bisect_left(self._ids, id_)
        if position == len(self._ids) or self._ids[position] != id_:
            insort(self._ids, id_)

    def start(self, first: str) -> Iterator[str]:
        """Ids from `first` on; some may have been deleted since."""
        for position in range(bisect_left(self._ids, first), len(self._ids)):
            yield self._ids[position]


class World:
    """The state of the simulated M3 and everything the programs share."""

    def __init__(self, state: State, clock: Clock, switches: Mapping[str, Any]) -> None:
        self.state, self.clock, self.switches = state, clock, switches
        self.ledger = Ledger(state, CURRENCY, ACCOUNTS)
        self.orders_of_customer = state.index("OOHEAD", lambda row: row["CUNO"])
        self.orders_of_reference = state.index("OOHEAD", lambda row: row["PYRE"] or None)
        self.batches_of_reference = state.index("OXHEAD", lambda row: row["PYRE"] or None)
        # By payer, because the credit limit is the payer's.
        self.unfinished_orders = state.index(
            "OOHEAD", lambda row: row["PYNO"] if row["ORSL"] < "66" else None
        )
        self.addresses_of_customer = state.index("OCUSAD", lambda row: row["CUNO"])
        self.batches_of_customer = state.index("OXHEAD", lambda row: row["CUNO"])
        self.deliveries_of_order = state.index("ODHEAD", lambda row: row["ORNO"])
        self.deliveries_of_invoice = state.index("ODHEAD", lambda row: row["IVNO"] or None)
        self.invoices_of_order = state.index("OINVOH", lambda row: row["ORNO"])
        self.invoices_of_number = state.index("OINVOH", lambda row: row["IVNO"])
        self.invoices_of_payer = state.index("OINVOH", lambda row: row["PYNO"])
        self.invoices_of_year = state.index("OINVOH", lambda row: row["YEA4"])
        self.ledger_of_item = state.index("FSLEDG", item_key)
        self.ledger_of_number = state.index("FSLEDG", lambda row: row["CINO"])
        self.ledger_of_check = state.index("FSLEDG", lambda row: row["CKNO"] or None)
        self.ledger_of_payer = state.index("FSLEDG", lambda row: row["PYNO"])
        # What is closed (RECO 9) sums to nothing.
        self.open_of_payer = state.index("FSLEDG", lambda row: row["PYNO"] if row["RECO"] != "9" else None)
        self.items_of_customer = state.index("FSLEDG", lambda row: row["CUNO"])
        self.deletions_of_table = state.index("deleted", lambda row: row["FILE"])
        self.changes = {kind: ChangeOrder(self._stamp_finder(kind)) for kind in _NESTING}
        self.sorted = {"OCUSMA": SortedIds(), "MITMAS": SortedIds()}
        self.customer_names = SortedIds()  # what `name_key` gives; of a renamed customer the old one stays
        # Order -> (the stored row, what of it is still to deliver): right as long as it is that very row.
        self.rest_values: dict[str, tuple[Row, Decimal]] = {}
        self.last_day = self.today()
        self.tables: Mapping[str, Any] = {}  # the tables of EXPORTMI, put in by whoever assembles the world
        self.purchases = PurchaseIndexes(state)
        self.changes["FGLEDG"] = LedgerChanges(state)
        self.sorted["CIDMAS"] = SortedIds()
        self.derived: dict[str, Any] = {}  # what a module computed from the tables and keeps in memory
        self.reindex()

    # -- rows

    def _stamp_finder(self, kind: str) -> Callable[[Ref], int | None]:
        parent, nested = _NESTING[kind]

        def of_row(ref: Ref) -> int | None:
            row = self.state.get(parent, ref[0])
            return None if row is None else row["LMTS"]

        def of_line(ref: Ref) -> int | None:
            row = self.state.get(parent, ref[0])
            if row is None or ref[1] >= len(row["lines"]):
                return None
            return row["lines"][ref[1]]["LMTS"]

        return of_line if nested else of_row

    def reindex(self) -> None:
        """Build the change orders anew from the tables (at start and after a reset)."""
        self.derived.clear()
        for kind, (parent, nested) in _NESTING.items():
            entries: list[tuple[int, Ref]] = []
            for id_, row in self.state.tables(parent).items():
                if nested:
                    entries += ((line["LMTS"], (id_, at)) for at, line in enumerate(row["lines"]))
                else:
                    entries.append((row["LMTS"], (id_,)))
            self.changes[kind].fill(entries)
        for kind, ids in self.sorted.items():
            ids.fill(self.state.tables(kind))
        self.customer_names.fill(name_key(row) for row in self.state.tables("OCUSMA").values())

    def save(self, kind: str, id_: str | int, row: Row) -> Row:
        """Store a row with a new LMTS (and change date), entering lines without one into the change order.

        A line that is new or was changed must come without LMTS; it gets its own stamp. Gives the stored row.
        """
        lines_kind = _LINES_OF.get(kind)
        stamped: list[tuple[int, Ref]] = []
        if lines_kind is not None:
            lines = row["lines"]
            for at, line in enumerate(lines):
                if "LMTS" not in line:
                    stamp = self.clock.stamp_ms()
                    lines[at] = {**line, "LMTS": stamp}
                    stamped.append((stamp, (id_, at)))
        stamp = self.clock.stamp_ms()
        row = {**row, "LMTS": stamp, "LMDT": self.today()}
        self.state.put(kind, id_, row)
        # Only now: a change order drops whatever the stored rows do not confirm.
        for line_stamp, ref in stamped:
            self.changes[lines_kind].add(line_stamp, ref)
        self.changes[kind].add(stamp, (id_,))
        if kind in self.sorted:
            self.sorted[kind].add(str(id_))
        if kind == "OCUSMA":
            self.customer_names.add(name_key(row))
        return row

    def remove(self, kind: str, id_: str | int, *keys: str) -> None:
        """Delete a row and keep what SES120MI tells of deletions: table, keys after the company, stamp.

        Without `keys` the id is the only one. Raises KeyError if there is no such row.
        """
        self.state.delete(kind, id_)
        number = self.state.next_number("deleted")
        born = self.born()
        deletion = {"FILE": kind, "KEYS": [COMPANY, *(keys or (str(id_),))], "USID": USER}
        deletion |= {"RGDT": born["RGDT"], "RGTM": born["RGTM"], "LMTS": self.clock.stamp_ms()}
        self.state.put("deleted", number, deletion)

    def unfinished(self) -> Iterator[Row]:
        """Every order with something left to deliver."""
        for payer in list(self.unfinished_orders.keys()):
            for orno in self.unfinished_orders.ids(payer):
                yield self.order(str(orno))

    def customer(self, cuno: str, field_name: str = "CUNO") -> Row:
        """A customer. Raises Nok WCU0203."""
        row = self.state.get("OCUSMA", cuno.upper())
        if row is None:
            raise Nok("WCU0203", field_name, cuno)
        return row

    def order(self, orno: str) -> Row:
        """A customer order. Raises Nok XRE0103."""
        row = self.state.get("OOHEAD", orno.upper())
        if row is None:
            raise Nok("XRE0103", "ORNO")
        return row

    def batch(self, orno: str) -> Row:
        """A batch order by its temporary number. Raises Nok XRE0103."""
        row = self.state.get("OXHEAD", orno.upper())
        if row is None:
            raise Nok("XRE0103", "ORNO")
        return row

    # -- time and numbers

    def now(self) -> datetime:
        return self.clock.now()

    def today(self) -> str:
        """The simulated day (UTC) as YYYYMMDD."""
        return self.clock.now().strftime("%Y%m%d")

    def born(self) -> Row:
        """Entry date, time and the first change number of a new row."""
        now = self.clock.now()
        return {"RGDT": now.strftime("%Y%m%d"), "RGTM": now.strftime("%H%M%S"), "CHNO": "1"}

    def voucher(self) -> str:
        return str(self.state.next_number("VONO", 10000001))

    def vat_percent(self, country: str) -> Decimal:
        """Per cent of VAT for goods delivered to a country."""
        return VAT_PERCENT.get(country, Decimal(0))

    def vat(self, nets: list[Decimal], percent: Decimal) -> Decimal:
        """VAT on the line nets of one document at one rate, half up (switch `tax_rounding`)."""
        if self.switches["tax_rounding"] == "line":
            return sum((half_up(net * percent / 100) for net in nets), Decimal("0.00"))
        return half_up(sum(nets, Decimal("0.00")) * percent / 100)

    def post(
        self,
        day: str,
        text: str,
        lines: list[tuple[str, Decimal]],
        refs: Mapping[str, Any],
        details: list[Row] | None = None,
    ) -> str:
        """Post one voucher of (account, signed amount: debit positive) and give its number VONO.

        `details` belong to the lines one by one: their dimensions AIT2 ... AIT7, VTXT, VTCD.
        """
        vono = self.voucher()
        sides = [(a, max(x, Decimal(0)), max(-x, Decimal(0))) for a, x in lines]
        kept: Row = {**refs, "LMTS": self.clock.stamp_ms(), **self.born()}
        if details is not None:
            # The ledger leaves out lines of nothing.
            kept["details"] = [detail for (_, x), detail in zip(lines, details, strict=True) if x]
        self.ledger.post(to_day(day), vono, text, sides, kept)
        return vono

    # -- receivables that several programs need

    def open_amount(self, key: Ref) -> Decimal:
        """What is still open on one AR item (PYNO, CINO, INYR): positive owed to us, negative owed to the
        payer."""
        rows = (self.state.tables("FSLEDG")[id_] for id_ in self.ledger_of_item.ids(key))
        return sum((Decimal(row["CUAM"]) for row in rows), Decimal("0.00"))

    def address(self, cuno: str, kind: str, adid: str) -> Row | None:
        """An address of a customer (OCUSAD), or None; `kind` is ADRT without leading zeros."""
        return self.state.get("OCUSAD", f"{cuno}/{kind}/{adid.upper()}")

    def next_change(self, row: Row) -> str:
        """CHNO after one more change: three digits, wraps (infor-api 2.5)."""
        return str(int(row["CHNO"]) % 999 + 1)


# Kinds with a change order: kind -> (stored table, whether its rows are lines inside that table's rows).
_NESTING = {
    "OCUSMA": ("OCUSMA", False),
    "MITMAS": ("MITMAS", False),
    "OCUSAD": ("OCUSAD", False),
    "OXHEAD": ("OXHEAD", False),
    "OXLINE": ("OXHEAD", True),
    "OOHEAD": ("OOHEAD", False),
    "OOLINE": ("OOHEAD", True),
    "ODHEAD": ("ODHEAD", False),
    "ODLINE": ("ODHEAD", True),
    "OINVOH": ("OINVOH", False),
    "FSLEDG": ("FSLEDG", False),
    "ARPBHD": ("ARPBHD", False),
    "ARPBLN": ("ARPBHD", True),
    "OSYTXH": ("OSYTXH", False),
    "OSYTXL": ("OSYTXH", True),
    "CIDMAS": ("CIDMAS", False),
    "MPHEAD": ("MPHEAD", False),
    "MPLINE": ("MPHEAD", True),
    "FAPIBH": ("FAPIBH", False),
    "FAPIBL": ("FAPIBH", True),
    "FPLEDG": ("FPLEDG", False),
    "MITBAL": ("MITBAL", False),
}
_LINES_OF = {parent: kind for kind, (parent, nested) in _NESTING.items() if nested}


def name_key(row: Mapping[str, Any]) -> str:
    """Where a customer stands in a list by name: capitals and small letters are one, ties by number."""
    return f"{row['CUNM'].upper():<36}{row['CUNO']}"


def item_key(row: Mapping[str, Any]) -> Ref:
    """The AR item a ledger row belongs to."""
    return (row["PYNO"], row["CINO"], row["INYR"])


def half_up(amount: Decimal) -> Decimal:
    """To the cent, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


# ------------------------------------------------------------------------------------- transactions


@dataclass(slots=True)
class Call:
    """One transaction under way: its checked input and how the answer is wanted."""

    world: World
    record: Record
    options: Options
    operation: str
    sent: Record = field(default_factory=dict)

    def text(self, name: str, fallback: str = "") -> str:
        """An input value; `fallback` when absent or empty."""
        return self.record.get(name) or fallback

    def number(self, name: str) -> int:
        """An input whole number, 0 when absent or empty. Raises Nok XNU0000."""
        return int(parse_decimal(self.text(name, "0"), name, 0))

    def day(self, name: str, fallback: str = "") -> str:
        """An input date as YYYYMMDD. Raises Nok XDT0001."""
        return parse_date(self.record.get(name, ""), name, fallback, self.options.dateformat)

    def wrote(self, object_: str, key: str | int) -> None:
        """Enter this call in the write log, with the record as it was sent."""
        self.world.state.log(self.operation, object_, key, self.sent)


Handler = Callable[[Call], Iterable[Row]]
HANDLERS: dict[tuple[str, str], Handler] = {}


def transaction(program: str, name: str) -> Callable[[Handler], Handler]:
    """Register the handler of one MI transaction.

    A handler gives rows (records of a Get or Lst, the outputs of a write). It raises Nok before its first
    change, or not at all: a bulk commits once, and a refused transaction must leave nothing behind.
    """

    def register(handler: Handler) -> Handler:
        HANDLERS[(program, name)] = handler
        return handler

    return register
