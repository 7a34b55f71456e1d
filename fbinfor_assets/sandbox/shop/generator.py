"""Made-up orders for a first run without any file: the habits of the real order file, invented throughout.

Belongs here: what a day of the shop looks like (how many documents, of which kinds, how dirty).
Does not belong here: who the customers are (`sandbox.profiles`), reading files (`orders`).

The kinds are those of the real file, because each of them is a rule somewhere in the product: sales, cancellations
(most of an earlier order of the same customer), walk-ins, zero-price documents (free goods, stock adjustments),
freight, manual and discount lines, vouchers, a fee that is a cost, one very long document, lines repeated exactly,
missing descriptions, stock codes in two spellings, a document that spans two minutes.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from fbinfor_assets.sandbox.shop.orders import OrderFileError, OrderRow

FIRST_DAY = date(2010, 12, 1)
LAST_DAY = date(2010, 12, 3)
"""The days of a first run; they are the first days of the real file, so that the two can be compared."""

_FIRST_NUMBER = 536365
_CUSTOMERS = 900
_EARLIER = 300  # how many past orders a cancellation may refer to: about two days

# Share of documents by country, of a thousand; the rest is the United Kingdom.
_ABROAD = {
    "Germany": 24,
    "France": 20,
    "EIRE": 16,
    "Spain": 6,
    "Netherlands": 6,
    "Belgium": 5,
    "Switzerland": 4,
    "Portugal": 4,
    "Australia": 4,
    "Norway": 3,
    "Italy": 3,
    "Channel Islands": 3,
    "Finland": 2,
    "Cyprus": 2,
    "Sweden": 2,
    "USA": 2,
    "Japan": 2,
    "RSA": 1,
    "Unspecified": 1,
}

_ADJUSTMENTS = (None, None, "damaged", "?", "counted", "thrown away", "wrong barcode", "Display", "lost")


@dataclass(frozen=True, slots=True)
class _Line:
    code: str
    text: str | None
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class _Document:
    customer_id: int | None
    country: str
    lines: list[_Line]
    cancels: bool = False
    number: str = ""
    placed_at: datetime | None = None


def generate(seed: int, first_day: date = FIRST_DAY, last_day: date = LAST_DAY) -> Iterator[OrderRow]:
    """Order lines of every day from `first_day` to `last_day` (inclusive), about 140 documents a day, in order of time.

    The same (seed, first_day) gives the same rows; a later `last_day` only adds days. Same columns, zone and
    currency as the order file (see `OrderRow`). Raises OrderFileError when the days run backwards.
    """
    if first_day > last_day:
        raise OrderFileError(f"the asked days run backwards: {first_day} to {last_day}; swap --from and --to")
    return _days(seed, first_day, last_day)


def _days(seed: int, first_day: date, last_day: date) -> Iterator[OrderRow]:
    customers = _customers(seed)
    earlier: deque[_Document] = deque(maxlen=_EARLIER)
    number = _FIRST_NUMBER
    for day in (first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)):
        source = _random(seed, day.isoformat())
        for document in _numbered(_day(source, customers, earlier), day, number, source):
            number = int(document.number.lstrip("C"))
            yield from _rows(document)
        number += source.randint(1, 9)  # the real file's numbers have gaps over night


def _customers(seed: int) -> list[tuple[int, str]]:
    source = _random(seed, "customers")
    numbers = sorted(source.sample(range(12346, 18288), _CUSTOMERS))
    return [(number, _country(source)) for number in numbers]


def _country(source: random.Random) -> str:
    at = source.randrange(1000)
    for name, share in _ABROAD.items():
        at -= share
        if at < 0:
            return name
    return "United Kingdom"


# ------------------------------------------------------------------------------------------------ one day


def _day(
    source: random.Random, customers: list[tuple[int, str]], earlier: deque[_Document]
) -> list[_Document]:
    """The documents of one day in order of time. `earlier` grows by the sales of known customers."""
    makers = (
        [_sale] * source.randint(94, 108)
        + [_walk_in] * source.randint(12, 16)
        + [_cancellation] * source.randint(9, 13)
        + [_foreign_cancellation] * 2
        + [_adjustment] * source.randint(4, 6)
        + [_free_goods] * source.randint(3, 5)
        + [_long_document, _voucher, _manual, _discount, _fee]
    )
    source.shuffle(makers)
    if not earlier:
        # The first cancellation of all needs something to cancel.
        makers.remove(_sale)
        makers.insert(0, _sale)
    documents = []
    for maker in makers:
        document = maker(source, customers, earlier)
        if document.customer_id is not None and not document.cancels and document.lines[0].price > 0:
            earlier.append(document)
        documents.append(document)
    return documents


def _sale(source: random.Random, customers: list[tuple[int, str]], _: deque[_Document]) -> _Document:
    number, country = source.choice(customers)
    lines = _goods(source, _length(source))
    if country == "EIRE":
        lines.append(_Line("C2", "CARRIAGE", 1, Decimal("50.00")))
    elif country != "United Kingdom" and source.random() < 0.8:
        lines.append(_Line("POST", "POSTAGE", source.randint(1, 4), Decimal("18.00")))
    return _Document(number, country, lines)


def _walk_in(source: random.Random, *_: object) -> _Document:
    country = "United Kingdom" if source.random() < 0.94 else source.choice(("EIRE", "Hong Kong", "France"))
    return _Document(None, country, _goods(source, _length(source)))


def _cancellation(
    source: random.Random, customers: list[tuple[int, str]], earlier: deque[_Document]
) -> _Document:
    """Some lines of an earlier order of the same customer, in whole or in part."""
    if not earlier:
        return _foreign_cancellation(source, customers, earlier)
    order = source.choice(earlier)
    lines = source.sample(order.lines, min(len(order.lines), source.choice((1, 1, 1, 2, 2, 5))))
    returned = [replace(line, quantity=-source.randint(1, line.quantity)) for line in lines]
    return _Document(order.customer_id, order.country, returned, cancels=True)


def _foreign_cancellation(
    source: random.Random, customers: list[tuple[int, str]], _: deque[_Document]
) -> _Document:
    """Of an order from before the file begins: nothing in it matches."""
    number, country = source.choice(customers)
    lines = [replace(line, quantity=-line.quantity) for line in _goods(source, source.randint(1, 3))]
    return _Document(number, country, lines, cancels=True)


def _adjustment(source: random.Random, *_: object) -> _Document:
    item = source.choice(_CATALOGUE)
    line = _Line(item.code, source.choice(_ADJUSTMENTS), -source.randint(1, 120), Decimal("0.00"))
    return _Document(None, "United Kingdom", [line])


def _free_goods(source: random.Random, customers: list[tuple[int, str]], _: deque[_Document]) -> _Document:
    item = source.choice(_CATALOGUE)
    known = source.random() < 0.3
    number, country = source.choice(customers) if known else (None, "United Kingdom")
    text = item.text if known else source.choice((None, item.text, "found"))
    return _Document(number, country, [_Line(item.code, text, source.randint(1, 60), Decimal("0.00"))])


def _long_document(source: random.Random, *_: object) -> _Document:
    """The day's sales of another web site, entered as one: about 300 lines and its postage."""
    lines = _goods(source, source.randint(290, 315))
    postage = Decimal(source.randint(20000, 70000)) / 100
    return _Document(None, "United Kingdom", [*lines, _Line("DOT", "DOTCOM POSTAGE", 1, postage)])


def _voucher(source: random.Random, *_: object) -> _Document:
    voucher = _Line("gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", 1, Decimal("16.67"))
    return _Document(None, "United Kingdom", [*_goods(source, 2), voucher])


def _manual(source: random.Random, customers: list[tuple[int, str]], _: deque[_Document]) -> _Document:
    number, country = source.choice(customers)
    manual = _Line("M", "Manual", source.randint(1, 3), Decimal(source.randint(100, 9000)) / 100)
    return _Document(number, country, [*_goods(source, source.randint(0, 4)), manual])


def _discount(source: random.Random, customers: list[tuple[int, str]], _: deque[_Document]) -> _Document:
    number, country = source.choice(customers)
    discount = _Line("D", "Discount", -1, Decimal(source.randint(200, 4500)) / 100)
    return _Document(number, country, [discount], cancels=True)


def _fee(source: random.Random, *_: object) -> _Document:
    """What a market place or the bank kept: in the file a document like any other, in truth a cost."""
    code, text = source.choice((("AMAZONFEE", "AMAZON FEE"), ("BANK CHARGES", "Bank Charges")))
    line = _Line(code, text, -1, Decimal(source.randint(1000, 20000)) / 100)
    return _Document(None, "United Kingdom", [line], cancels=True)


def _length(source: random.Random) -> int:
    return min(1 + int(source.expovariate(1 / 13)), 120)


def _goods(source: random.Random, count: int) -> list[_Line]:
    lines: list[_Line] = []
    for _ in range(count):
        if lines and source.random() < 0.02:
            lines.append(lines[-1])  # exactly the same line again, as in the real file
            continue
        item = source.choice(_CATALOGUE)
        code = item.code.lower() if source.random() < 0.01 else item.code
        quantity = source.choice((1, 1, 1, 2, 2, 3, 4, 6, 6, 8, 10, 12, 12, 24, 48))
        price = item.price if quantity < 24 else (item.price * 85 / 100).quantize(Decimal("0.01"))
        lines.append(_Line(code, item.text, quantity, price))
    return lines


# --------------------------------------------------------------------------------------- numbers and times


def _numbered(
    documents: list[_Document], day: date, last_number: int, source: random.Random
) -> Iterator[_Document]:
    """Numbers rise through the day; opening hours are 8 to 18, local time, to the minute."""
    opening = datetime.combine(day, time(8))
    minutes = sorted(source.randrange(600) for _ in documents)
    number = last_number
    for document, minute in zip(documents, minutes, strict=True):
        number += 1 if source.random() < 0.9 else 2
        prefix = "C" if document.cancels else ""
        yield replace(document, number=f"{prefix}{number}", placed_at=opening + timedelta(minutes=minute))


def _rows(document: _Document) -> Iterator[OrderRow]:
    assert document.placed_at is not None  # given by _numbered
    for place, line in enumerate(document.lines):
        # A long document was keyed while the minute turned: its lines carry two minutes.
        later = timedelta(minutes=1) if place >= 150 else timedelta()
        yield OrderRow(
            document.number,
            line.code,
            line.text,
            line.quantity,
            document.placed_at + later,
            line.price,
            document.customer_id,
            document.country,
        )


# ------------------------------------------------------------------------------------------- the catalogue


_LOOKS = ("RED SPOTTY", "BLUE STRIPE", "VINTAGE", "IVORY", "PINK PAISLEY", "GREEN LEAF", "SILVER", "RUSTIC")
_THINGS = (
    *(
        "LUNCH BAG",
        "CAKE STAND",
        "TEA TOWEL",
        "LANTERN",
        "NAPKINS PACK OF 20",
        "PICTURE FRAME",
        "HOT WATER BOTTLE",
    ),
    *(
        "DOORMAT",
        "ALARM CLOCK",
        "BUNTING",
        "TRINKET BOX",
        "STORAGE JAR",
        "CUSHION COVER",
        "WALL CLOCK",
        "MUG",
    ),
    *("T-LIGHT HOLDER", "PENCIL CASE", "PARTY CUPS", "GARDEN SIGN", "COAT HOOKS", "LETTER RACK", "EGG CUPS"),
)
_PENCE = (85, 125, 165, 210, 255, 295, 375, 425, 495, 595, 795, 850, 1275)


def _catalogue() -> tuple[_Line, ...]:
    items = []
    for place, (look, thing) in enumerate((look, thing) for thing in _THINGS for look in _LOOKS):
        letter = "ABCDEFGL"[place % 8] if place % 3 == 0 else ""
        price = Decimal(_PENCE[place * 7 % len(_PENCE)]) / 100
        items.append(_Line(f"{20700 + place * 17}{letter}", f"{look} {thing}", 1, price))
    return tuple(items)


_CATALOGUE = _catalogue()


def _random(seed: int, purpose: str) -> random.Random:
    digest = hashlib.sha256(f"{seed}/shop/{purpose}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))
