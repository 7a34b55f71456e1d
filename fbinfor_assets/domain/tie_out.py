"""The shop's net tied out class by class: where each class of lines stands in FreshBooks and M3, and what is between.

Belongs here: the identity of a class and its parts, over documents that were read anew.
Does not belong here: reading (reconcile.py), the comparison per document and its causes (reconciliation.py), which
class a document is (classification.py).

For every class of lines within a class of documents, in one currency:

    shop net = M3 net + rounding + not delivered + held + not posted + by hand + unexplained

and M3 net = FreshBooks net + in transit, but for rounding. The shop's net is exact, as many decimals as it serves;
what M3 and FreshBooks invoiced is in cents. Rounding is taken per document and class, is itemised, and never more
than the policy's tolerance for as many lines; what is left beyond it is unexplained, summed without its sign.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from .classification import CLASSES, LINE_CLASSES, fate_of_line
from .money import document_tolerance
from .reconciliation import (
    FRESHBOOKS_M3,
    SHOP_M3,
    FreshBooksDocument,
    M3Invoice,
    M3Order,
    Pending,
    ShopDocument,
    ShopLines,
    sale_of,
)

ZERO = Decimal("0.00")
POSTED = ("sale", "credit")
BY_HAND = "by_hand"

# What a code is, by the policy's classes; the first pattern that the whole upper-case code matches. M3's service items
# (FREIGHT, ...) are named beside the codes that become them.
_RULES = tuple(
    (line_class, re.compile(pattern))
    for line_class, pattern in (
        ("cost", "AMAZONFEE|B|CRUK|BANK CHARGES"),
        ("freight", "POST|DOT|C2|SHIPPING|FREIGHT"),
        ("manual", "M|S|FEE|MANUAL"),
        ("discount", "D|DISCOUNT"),
        ("voucher", "GIFT_.*|VOUCHER"),
        ("goods", "[0-9]{5}[A-Z]?[A-Z]?|DCGS[A-Z0-9]*|PADS"),
    )
)


@lru_cache(maxsize=16_384)
def class_of_code(code: str) -> str:
    """The class of a line by its stock code or M3 item, as tied out: one of `LINE_CLASSES`, a cost with its code."""
    upper = code.strip().upper()
    for line_class, pattern in _RULES:
        if pattern.fullmatch(upper):
            return f"cost {upper}" if line_class == "cost" else line_class
    return "unknown"


def _without_code(line_class: str) -> str:
    return line_class.split(" ")[0]


def exact_text(amount: Decimal) -> str:
    """`amount` in full, with at least three decimals: the scale of the shop's prices."""
    digits = max(3, -int(amount.normalize().as_tuple().exponent)) if amount else 3
    return f"{amount:.{digits}f}"


@dataclass
class ClassTotal:
    """One class of lines (`line_class`) within one class of documents, in `currency`. See the module for the parts."""

    document_class: str
    line_class: str
    currency: str
    documents: int = 0
    lines: int = 0
    shop_net: Decimal = ZERO
    freshbooks_net: Decimal = ZERO
    m3_net: Decimal = ZERO
    rounding: Decimal = ZERO
    not_delivered: Decimal = ZERO
    held: Decimal = ZERO
    not_posted: Decimal = ZERO
    by_hand: Decimal = ZERO
    in_transit: Decimal = ZERO
    unexplained: Decimal = ZERO

    AMOUNTS = (
        "shop_net",
        "freshbooks_net",
        "m3_net",
        "rounding",
        "not_delivered",
        "held",
        "not_posted",
        "by_hand",
        "in_transit",
        "unexplained",
    )

    def add(self, other: ClassTotal) -> None:
        """Add what `other` counts, but for its documents: one document has lines of several classes."""
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        self.lines += other.lines
        for name in self.AMOUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def figures(self) -> dict[str, object]:
        """Counts and amounts; amounts as decimal text in full, with at least three decimals."""
        amounts = {name: exact_text(getattr(self, name)) for name in self.AMOUNTS}
        return {"documents": self.documents, "lines": self.lines, **amounts}

    def to_json(self) -> dict[str, object]:
        return {
            "document_class": self.document_class,
            "line_class": self.line_class,
            "currency": self.currency,
            **self.figures(),
            "fate": self.fate,
        }

    @property
    def fate(self) -> str:
        """What becomes of such lines, in a sentence for people."""
        if self.document_class == BY_HAND:
            return "entered by hand, not an order of the shop"
        return fate_of_line(self.document_class, _without_code(self.line_class)).sentence


@dataclass(frozen=True)
class Part:
    """A rounding difference, or what is unexplained, of the lines of one class in one document."""

    pair: str
    document: str
    document_class: str
    line_class: str
    currency: str
    left: Decimal
    right: Decimal
    amount: Decimal
    tolerance: Decimal

    def to_json(self) -> dict[str, object]:
        texts = ("pair", "document", "document_class", "line_class", "currency")
        amounts = ("left", "right", "amount", "tolerance")
        return {
            **{name: getattr(self, name) for name in texts},
            **{name: exact_text(getattr(self, name)) for name in amounts},
        }


@dataclass
class TieOut:
    """All classes. `ok` is true exactly if no class has an unexplained part."""

    classes: dict[tuple[str, str, str], ClassTotal] = field(default_factory=dict)
    totals: dict[str, ClassTotal] = field(default_factory=dict)
    rounding: list[Part] = field(default_factory=list)
    unexplained: list[Part] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.unexplained

    def rows(self) -> list[ClassTotal]:
        """The classes in the order of the policy: documents, then lines, then currency."""
        documents = (*CLASSES, BY_HAND)
        return [
            self.classes[key]
            for key in sorted(
                self.classes,
                key=lambda key: (documents.index(key[0]), LINE_CLASSES.index(_without_code(key[1])), key),
            )
        ]

    def to_json(self) -> dict[str, object]:
        return {
            "rows": [row.to_json() for row in self.rows()],
            "totals": [
                {"currency": currency, **total.figures()} for currency, total in sorted(self.totals.items())
            ],
            "rounding": [part.to_json() for part in self.rounding],
            "unexplained": [part.to_json() for part in self.unexplained],
        }


@dataclass
class _Sale:
    """Everything that belongs to one sale, by class of line. Amounts are negative for credits, in all systems."""

    shop: ShopDocument | None = None
    order: M3Order | None = None
    documents: list[FreshBooksDocument] = field(default_factory=list)
    invoices: list[M3Invoice] = field(default_factory=list)

    @property
    def sent(self) -> list[FreshBooksDocument]:
        return [one for one in self.documents if one.kind == "credit_note" or one.state != "draft"]

    @property
    def currency(self) -> str:
        # Nothing else is made for a sale than what one of these started.
        return next(iter([*([self.shop] if self.shop else []), *self.documents, *self.invoices])).currency


def tie_out(
    *,
    shop: Iterable[ShopDocument],
    freshbooks: Iterable[FreshBooksDocument],
    orders: Iterable[M3Order],
    invoices: Iterable[M3Invoice],
    go_live: date,
    pending: Mapping[str, Pending] | None = None,
) -> TieOut:
    """Tie the shop's net out by class. The documents carry their net `by_class`, as `class_of_code` says.

    `pending` maps a sale's number to the intent or dead letter that holds it on our side.
    """
    result = TieOut()
    for number, sale in sorted(_sales(shop, freshbooks, orders, invoices).items()):
        if sale.shop or sale.documents or sale.invoices:
            _tie_out_sale(result, number, sale, go_live, pending or {})
    return result


def _sales(
    shop: Iterable[ShopDocument],
    freshbooks: Iterable[FreshBooksDocument],
    orders: Iterable[M3Order],
    invoices: Iterable[M3Invoice],
) -> dict[str, _Sale]:
    sales: dict[str, _Sale] = defaultdict(_Sale)
    for document in shop:
        sales[document.number].shop = document
    number_of: dict[tuple[str, str], str] = {}
    for document in freshbooks:
        number = sale_of(document.number)
        sales[number].documents.append(document)
        number_of[(document.kind, document.id)] = number
    sale_of_order: dict[str, str] = {}
    for order in orders:
        kind = "credit_note" if order.credit else "invoice"
        number = number_of.get((kind, order.freshbooks_id), f"PYRE of {order.number}")
        sales[number].order = order
        sale_of_order[order.number] = number
    for invoice in invoices:
        sales[sale_of_order[invoice.order_number]].invoices.append(invoice)
    return sales


def _tie_out_sale(
    result: TieOut, number: str, sale: _Sale, go_live: date, pending: Mapping[str, Pending]
) -> None:
    currency = sale.currency
    document_class = sale.shop.document_class if sale.shop else BY_HAND
    lines = sale.shop.by_class if sale.shop else {}
    freshbooks = _sum((one.by_class, -1 if one.kind == "credit_note" else 1) for one in sale.sent)
    m3 = _sum((one.by_class, 1) for one in sale.invoices)
    waiting = sale.order.open_by_class if sale.order else {}
    held = sale.shop is not None and (sale.shop.day < go_live or number in pending)

    total = result.totals.setdefault(currency, ClassTotal("", "", currency))
    total.documents += 1
    for line_class in sorted({*lines, *freshbooks, *m3, *waiting}):
        shop = lines.get(line_class, ShopLines(0, ZERO))
        one = ClassTotal(
            document_class,
            line_class,
            currency,
            lines=shop.lines,
            shop_net=shop.net,
            freshbooks_net=freshbooks.get(line_class, ZERO),
            m3_net=m3.get(line_class, ZERO),
            not_delivered=waiting.get(line_class, ZERO),
        )
        rest = one.shop_net - one.m3_net - one.not_delivered
        if document_class == BY_HAND and sale.documents:
            one.by_hand = rest
        elif document_class not in (*POSTED, BY_HAND):
            one.not_posted = one.shop_net
            _leave(result, one, number, SHOP_M3, one.shop_net, one.m3_net, rest - one.shop_net, ZERO)
        elif sale.order is None and held:
            one.held = rest
        else:
            tolerance = document_tolerance(shop.lines) if sale.order and shop.lines else ZERO
            one.rounding = _leave(result, one, number, SHOP_M3, one.shop_net, one.m3_net, rest, tolerance)

        rest = one.freshbooks_net - one.m3_net
        if len(sale.sent) != len(sale.invoices):
            one.in_transit = -rest
        else:
            tolerance = document_tolerance(shop.lines)
            _leave(result, one, number, FRESHBOOKS_M3, one.freshbooks_net, one.m3_net, rest, tolerance)

        key = (document_class, line_class, currency)
        kept = result.classes.setdefault(key, ClassTotal(*key))
        kept.documents += 1
        kept.add(one)
        total.add(one)


def _leave(
    result: TieOut,
    one: ClassTotal,
    document: str,
    pair: str,
    left: Decimal,
    right: Decimal,
    rest: Decimal,
    tolerance: Decimal,
) -> Decimal:
    """Itemise what is left of a class in a document: within the tolerance it is rounding and given back, else
    unexplained."""
    if not rest:
        return ZERO
    part = Part(
        pair, document, one.document_class, one.line_class, one.currency, left, right, rest, tolerance
    )
    if abs(rest) <= tolerance:
        result.rounding.append(part)
        return rest
    one.unexplained += abs(rest)
    result.unexplained.append(part)
    return ZERO


def _sum(parts: Iterable[tuple[Mapping[str, Decimal], int]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for by_class, sign in parts:
        for line_class, net in by_class.items():
            sums[line_class] += sign * net
    return dict(sums)
