"""Whether the shop, FreshBooks and M3 agree, document by document, and why not where they do not.

Belongs here: the comparison itself and the policy's closed list of causes.
Does not belong here: reading the systems (reconcile.py), the tie-out by class (tie_out.py), the staged comparison for
analysts (dbt reports).

A difference is explained only by a cause that names its counterpart, an amount, an owner and a greatest age
(POLICY, "Differences"). Past that age, or without a counterpart, it is unexplained. Unexplained amounts are summed
without their signs, so that two mistakes cannot cancel out. Amounts of two currencies are never added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .money import document_tolerance

CAUSES = (
    "not delivered yet",
    "prepaid",
    "in transit",
    "rounding",
    "fee",
    "exchange",
    "discount taken",
    "write-off",
    "late document",
    "before go-live",
    "made by hand",
    "held",
)

ZERO = Decimal("0.00")

SHOP_FRESHBOOKS = "shop-freshbooks"
SHOP_M3 = "shop-m3"
FRESHBOOKS_M3 = "freshbooks-m3"
CASH = "freshbooks-m3 cash"
SETTLED = "freshbooks-m3 settled"
OPEN = "freshbooks-m3 open"
PAIRS = (SHOP_FRESHBOOKS, SHOP_M3, FRESHBOOKS_M3, CASH, SETTLED, OPEN)


@dataclass(frozen=True)
class ShopLines:
    """Lines of one class in a shop document: how many, and their exact net (negative for credits)."""

    lines: int
    net: Decimal


@dataclass(frozen=True)
class ShopDocument:
    """A shop order or cancellation: gross `total` in `currency` (negative for credits), its class and number of lines.

    `net` is in cents, `by_class` holds the lines exactly as served, by class of line.
    """

    number: str
    document_class: str
    day: date
    currency: str
    net: Decimal
    tax: Decimal
    total: Decimal
    lines: int
    by_class: Mapping[str, ShopLines] = field(default_factory=dict)


@dataclass(frozen=True)
class FreshBooksDocument:
    """An invoice (kind `invoice`, state `draft` or `sent`) or a goodwill credit note (kind `credit_note`).

    `by_class` is the net of its lines by class of line, positive as FreshBooks shows it.
    """

    id: str
    number: str
    kind: str
    state: str
    day: date
    currency: str
    total: Decimal
    paid: Decimal
    outstanding: Decimal
    by_class: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class FreshBooksPayment:
    """A payment that moved cash: `amount` with the excess that FreshBooks split off, `applied` to the invoice."""

    id: str
    invoice_id: str
    day: date
    currency: str
    amount: Decimal
    applied: Decimal


@dataclass(frozen=True)
class M3Order:
    """A customer order; `freshbooks_id` from our reference in PYRE, `total` gross as M3 calculated it.

    `open_by_class` is the net of what is still to deliver or to invoice, by class of line.
    """

    number: str
    freshbooks_id: str
    credit: bool
    day: date
    currency: str
    total: Decimal
    open_by_class: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class M3Invoice:
    """An invoice (negative for credits) of an order: gross `total`, the `tax` in it, and what is still open.

    `by_class` is the net of its lines by class of line.
    """

    number: str
    order_number: str
    day: date
    currency: str
    total: Decimal
    tax: Decimal
    open: Decimal
    by_class: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class M3Receipt:
    """A posting in the receivables ledger with our reference: kind `receipt`, `on_account` or `allocation`."""

    payment_id: str
    kind: str
    day: date
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class FreeGoodsOrder:
    """An M3 order whose PYRE names the shop order of free goods; `total` gross, `delivered` from its lowest status."""

    number: str
    shop_number: str
    day: date
    currency: str
    total: Decimal
    delivered: bool


@dataclass(frozen=True)
class Pending:
    """Why our side is holding a document: an intent or a dead letter by id, with its cause."""

    id: str
    cause: str


@dataclass(frozen=True)
class Explained:
    """One explained part of a difference."""

    pair: str
    document: str
    counterpart: str
    cause: str
    amount: Decimal
    currency: str
    since: date
    age_days: int
    max_age_days: int | None
    owner: str

    def to_json(self) -> dict[str, object]:
        return {
            "pair": self.pair,
            "document": self.document,
            "counterpart": self.counterpart,
            "cause": self.cause,
            "amount": f"{self.amount:.2f}",
            "currency": self.currency,
            "since": self.since.isoformat(),
            "age_days": self.age_days,
            "max_age_days": self.max_age_days,
            "owner": self.owner,
        }


@dataclass(frozen=True)
class Unexplained:
    """A difference that no cause explains: `left` and `right` in `currency`, `amount` what is left over."""

    pair: str
    document: str
    left: Decimal
    right: Decimal
    amount: Decimal
    currency: str
    note: str

    def to_json(self) -> dict[str, object]:
        return {
            "pair": self.pair,
            "document": self.document,
            "left": f"{self.left:.2f}",
            "right": f"{self.right:.2f}",
            "amount": f"{self.amount:.2f}",
            "currency": self.currency,
            "note": self.note,
        }


@dataclass
class PairTotal:
    """Totals of one pair in one currency."""

    left: Decimal = ZERO
    right: Decimal = ZERO
    explained: Decimal = ZERO
    unexplained: Decimal = ZERO
    documents: int = 0


@dataclass
class FreeGoods:
    """Free goods, which no amount can compare: each document is delivered by one M3 order worth 0.00, or a problem.

    `documents` are those that the policy delivers; `waiting` of them are on their way or held, for less than the
    policy's greatest age. `problems` are sentences.
    """

    documents: int = 0
    delivered: int = 0
    waiting: int = 0
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        return {
            "documents": self.documents,
            "delivered": self.delivered,
            "waiting": self.waiting,
            "problems": self.problems,
        }


@dataclass
class Reconciliation:
    """The whole comparison. `ok` is true exactly if nothing is unexplained, no document stands twice and no free goods
    are missing."""

    totals: dict[tuple[str, str], PairTotal] = field(default_factory=lambda: defaultdict(PairTotal))
    explained: list[Explained] = field(default_factory=list)
    unexplained: list[Unexplained] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    free_goods: FreeGoods = field(default_factory=FreeGoods)

    @property
    def ok(self) -> bool:
        return not self.unexplained and not self.duplicates and not self.free_goods.problems

    def to_json(self) -> dict[str, object]:
        return {
            "ok": self.ok,
            "pairs": [
                {
                    "pair": pair,
                    "currency": currency,
                    "documents": total.documents,
                    "left": f"{total.left:.2f}",
                    "right": f"{total.right:.2f}",
                    "difference": f"{total.left - total.right:.2f}",
                    "explained": f"{total.explained:.2f}",
                    "unexplained": f"{total.unexplained:.2f}",
                }
                for (pair, currency), total in sorted(
                    self.totals.items(), key=lambda item: (PAIRS.index(item[0][0]), item[0][1])
                )
            ],
            "explained": [part.to_json() for part in self.explained],
            "unexplained": [part.to_json() for part in self.unexplained],
            "duplicates": self.duplicates,
            "free_goods": self.free_goods.to_json(),
        }


class _Book:
    """Collects comparisons into a `Reconciliation`."""

    def __init__(self, today: date, timing_max_days: int) -> None:
        self.result = Reconciliation()
        self.today = today
        self.timing_max_days = timing_max_days

    def compare(
        self,
        pair: str,
        document: str,
        currency: str,
        left: Decimal,
        right: Decimal,
        *,
        lines: int,
        reasons: Iterable[tuple[str, str, Decimal, date, str]] = (),
        counterpart: str | None = None,
        day: date | None = None,
    ) -> None:
        """Compare one document. `reasons` are (cause, counterpart, amount, since, owner), taken as far as they reach."""
        total = self.result.totals[(pair, currency)]
        total.documents += 1
        total.left += left
        total.right += right
        rest = left - right
        note = "no counterpart" if counterpart is None else f"against {counterpart}"
        for cause, other, amount, since, owner in reasons:
            if rest == 0 or amount == 0:
                continue
            timed = cause in ("not delivered yet", "in transit")
            age = (self.today - since).days
            if timed and age > self.timing_max_days:
                note = f"{cause} since {since}, {age} days: longer than {self.timing_max_days}"
                continue
            self._explain(pair, document, other, cause, amount, currency, since, owner, timed)
            total.explained += amount
            rest -= amount
        if rest != 0 and counterpart is not None and abs(rest) <= document_tolerance(lines):
            self._explain(
                pair, document, counterpart, "rounding", rest, currency, day or self.today, "finance", False
            )
            total.explained += rest
            rest = ZERO
        if rest != 0:
            total.unexplained += abs(rest)
            self.result.unexplained.append(Unexplained(pair, document, left, right, rest, currency, note))

    def _explain(
        self,
        pair: str,
        document: str,
        counterpart: str,
        cause: str,
        amount: Decimal,
        currency: str,
        since: date,
        owner: str,
        timed: bool,
    ) -> None:
        if cause not in CAUSES:
            raise ValueError(f"{cause!r} is not one of the policy's causes")
        age = (self.today - since).days
        limit = self.timing_max_days if timed else None
        self.result.explained.append(
            Explained(pair, document, counterpart, cause, amount, currency, since, age, limit, owner)
        )


def sale_of(number: str) -> str:
    """The sale that a FreshBooks invoice number belongs to: `536365-2` belongs to `536365`."""
    base, dash, rest = number.rpartition("-")
    return base if dash and rest.isdigit() and int(rest) > 1 and base else number


def reconcile(
    *,
    shop: Iterable[ShopDocument],
    freshbooks: Iterable[FreshBooksDocument],
    payments: Iterable[FreshBooksPayment],
    orders: Iterable[M3Order],
    invoices: Iterable[M3Invoice],
    receipts: Iterable[M3Receipt],
    today: date,
    go_live: date,
    timing_max_days: int,
    pending: Mapping[str, Pending] | None = None,
) -> Reconciliation:
    """Compare the three systems as just read.

    `pending` maps a document (sale number, or `payment:<id>`) to the intent or dead letter that holds it on our side.
    Documents of classes other than sale and credit take no part: they are counted by class elsewhere.
    """
    pending = pending or {}
    book = _Book(today, timing_max_days)

    sales = {document.number: document for document in shop if document.document_class in ("sale", "credit")}
    by_sale: dict[str, list[FreshBooksDocument]] = defaultdict(list)
    by_id: dict[tuple[str, str], FreshBooksDocument] = {}
    numbers: set[tuple[str, str]] = set()
    for document in freshbooks:
        if (document.kind, document.number) in numbers:
            book.result.duplicates.append(
                f"FreshBooks {document.kind} {document.number} exists more than once"
            )
        numbers.add((document.kind, document.number))
        by_sale[sale_of(document.number)].append(document)
        by_id[(document.kind, document.id)] = document

    order_of: dict[str, M3Order] = {}
    for order in orders:
        source = by_id.get(("credit_note" if order.credit else "invoice", order.freshbooks_id))
        sale = sale_of(source.number) if source else f"PYRE of {order.number}"
        if sale in order_of:
            book.result.duplicates.append(
                f"M3 orders {order_of[sale].number} and {order.number} are both of {sale}"
            )
        order_of[sale] = order
    invoices_of: dict[str, list[M3Invoice]] = defaultdict(list)
    for invoice in invoices:
        invoices_of[invoice.order_number].append(invoice)

    def held(sale: str, amount: Decimal, since: date) -> list[tuple[str, str, Decimal, date, str]]:
        if since < go_live:
            return [("before go-live", sale, amount, since, "finance")]
        if sale in pending:
            return [(pending[sale].cause, pending[sale].id, amount, since, "finance")]
        return []

    for sale in sorted({*sales, *by_sale, *order_of}):
        shop_document = sales.get(sale)
        books = sorted(by_sale.get(sale, []), key=lambda document: (len(document.number), document.number))
        order = order_of.get(sale)
        posted = sorted(
            invoices_of.get(order.number, []) if order else [], key=lambda one: (one.day, one.number)
        )
        lines = shop_document.lines if shop_document else 1
        freshbooks_total = sum(((-b.total if b.kind == "credit_note" else b.total) for b in books), ZERO)
        posted_total = sum((invoice.total for invoice in posted), ZERO)

        if shop_document:
            missing = shop_document.total - freshbooks_total
            book.compare(
                SHOP_FRESHBOOKS,
                sale,
                shop_document.currency,
                shop_document.total,
                freshbooks_total,
                lines=lines,
                reasons=[] if books else held(sale, missing, shop_document.day),
                counterpart=books[0].number if books else None,
                day=shop_document.day,
            )
            undelivered = order.total - posted_total if order else ZERO
            book.compare(
                SHOP_M3,
                sale,
                shop_document.currency,
                shop_document.total,
                posted_total,
                lines=lines,
                reasons=(
                    [("not delivered yet", order.number, undelivered, order.day, "warehouse")]
                    if order and abs(order.total) - abs(posted_total) > document_tolerance(lines)
                    else held(sale, shop_document.total - posted_total, shop_document.day)
                    if not order
                    else []
                ),
                counterpart=order.number if order else None,
                day=shop_document.day,
            )

        # The k-th M3 invoice of a sale stands against its k-th FreshBooks invoice; drafts are not posted.
        sent = [b for b in books if b.kind == "credit_note" or b.state != "draft"]
        for index in range(max(len(sent), len(posted))):
            ours = sent[index] if index < len(sent) else None
            theirs = posted[index] if index < len(posted) else None
            currency = ours.currency if ours else theirs.currency
            left = (-ours.total if ours.kind == "credit_note" else ours.total) if ours else ZERO
            right = theirs.total if theirs else ZERO
            reasons: list[tuple[str, str, Decimal, date, str]] = []
            if ours and not theirs and ours.kind == "credit_note" and order:
                reasons = [("not delivered yet", order.number, left, order.day, "warehouse")]
            elif ours and not theirs:
                reasons = held(sale, left, ours.day)
            elif theirs and not ours:
                reasons = [("in transit", theirs.number, -right, theirs.day, "fbinfor")]
            document = ours.number if ours else f"{sale} (M3 {theirs.number})"
            book.compare(
                FRESHBOOKS_M3,
                document,
                currency,
                left,
                right,
                lines=lines,
                reasons=reasons,
                counterpart=theirs.number if theirs and ours else None,
                day=ours.day if ours else theirs.day,
            )
            if ours and theirs and ours.kind == "invoice":
                book.compare(
                    OPEN,
                    ours.number,
                    currency,
                    ours.outstanding,
                    theirs.open,
                    lines=lines,
                    counterpart=theirs.number,
                    day=ours.day,
                )

    posted_of: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    strays: dict[str, str] = {}
    for receipt in receipts:
        posted_of[receipt.payment_id][receipt.kind] += receipt.amount
        strays[receipt.payment_id] = receipt.currency
    for payment in payments:
        key = f"payment:{payment.id}"
        strays.pop(payment.id, None)
        kinds = posted_of[payment.id]
        received = kinds["receipt"] + kinds["on_account"]
        settled = kinds["receipt"] + kinds["allocation"]
        waiting = kinds["on_account"] - kinds["allocation"]
        unposted = [] if received else held(key, payment.amount, payment.day)
        book.compare(CASH, key, payment.currency, payment.amount, received, lines=1, reasons=unposted)
        document = by_id.get(("invoice", payment.invoice_id))
        if document is not None and document.state == "draft" and waiting > 0:
            parked = min(waiting, payment.applied)
            unposted = [("prepaid", f"P{payment.id}", parked, payment.day, "finance")]
        book.compare(SETTLED, key, payment.currency, payment.applied, settled, lines=1, reasons=unposted)
    for payment_id, currency in sorted(strays.items()):
        kinds = posted_of[payment_id]
        total = kinds["receipt"] + kinds["on_account"]
        book.compare(CASH, f"M3 receipt of payment {payment_id}", currency, ZERO, total, lines=1)
    return book.result


def check_free_goods(
    shop: Iterable[ShopDocument],
    orders: Iterable[FreeGoodsOrder],
    *,
    today: date,
    go_live: date,
    timing_max_days: int,
    pending: Mapping[str, Pending] | None = None,
) -> FreeGoods:
    """Whether M3 delivers each document of free goods once, worth 0.00, and nothing else as free goods.

    A document before `go_live` is never delivered by us. One that is not delivered yet, or that our side holds
    (`pending`, by order number), is waiting; without an order, or past `timing_max_days`, it is a problem.
    """
    documents = {document.number: document for document in shop if document.document_class == "free_goods"}
    orders_of: dict[str, list[FreeGoodsOrder]] = defaultdict(list)
    for order in orders:
        orders_of[order.shop_number].append(order)
    found = FreeGoods()
    for number in sorted({*documents, *orders_of}):
        document, made = documents.get(number), orders_of.get(number, [])
        names = ", ".join(order.number for order in made)
        if document is None:
            found.problems.append(
                f"M3 order {names} delivers free goods of {number}, which is no such document"
            )
            continue
        if not made and document.day < go_live:
            continue
        found.documents += 1
        if len(made) > 1:
            found.problems.append(f"free goods of {number} stand {len(made)} times in M3: {names}")
        found.problems += [
            f"free goods of {number} are worth {order.total:.2f} {order.currency} in M3 order {order.number}"
            for order in made
            if order.total != 0
        ]
        if made and all(order.delivered for order in made):
            found.delivered += 1
        elif (made and (today - document.day).days <= timing_max_days) or (
            not made and number in (pending or {})
        ):
            found.waiting += 1
        else:
            what = f"M3 order {names} is not delivered" if made else "there is no M3 order"
            found.problems.append(f"free goods of {number} of {document.day}: {what}")
    return found
