"""The world around the company: days go by, customers pay, the warehouse ships, somebody edits master data.

Belongs here: what people do, by the stated rule of `habits`, through control planes only.
Does not belong here: any product code; any API a product uses; time that passes by itself (the simulators' clocks).

    python -m fbinfor_assets.sandbox.driver --sandbox @DIR/sandbox.json arrive --date 2010-12-02
    ... pay --date D | ship --date D | edit [--date D] | summary | advance --date D

Each verb is level-triggered: it looks at what the simulators hold, does what is due by its date and not done yet, and
says what it did. Called again with the same date it finds nothing left to do, from the same process or another. All
dates are days of the simulated world; `pay`, `ship` and `edit` first bring the clocks to their date if they are behind.
`advance` lives every day from the clocks' to the given one: arrive, pay, ship.

What is due by a date:

* arrive: every order placed on that day or before is in the shop. The clocks stand at 21:00 UTC, after closing time,
  and early enough that the day is the same in London and New York.
* pay: a payment on each FreshBooks invoice whose customer pays (`habits`), dated the day of the call. Prepaid: as soon
  as the invoice is there, draft or not. Others: once it is sent and its date has come. Nobody pays a deleted invoice,
  one of zero or less, or twice.
* ship: goods orders whose order date is before the day are shipped and invoiced that day; in two parts, the rest not
  before two days after the order (four where it is late) and not on the day of the first part. The order's
  number is that of its FreshBooks invoice (the id ends M3's PYRE), or the one in PYRE itself (SHOP-536414: free goods,
  which have no invoice); an order without either goes by CUOR or its own.
* edit: three M3 customers get another telephone number and town.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import httpx

from fbinfor_assets.sandbox.habits import habit

Row = dict[str, Any]

CLOSING = time(21, tzinfo=UTC)
"""Where the clocks stand after `arrive`: the shop's last order of a day is before nine in the evening."""

_PAGE = 500
_GAP = 40  # rows not asked for that are read along, rather than asking twice
_FULFIL_AT_ONCE = 100
_EDITS = 3
_DRAFT, _DELETED = 1, 1  # FreshBooks: status number of a draft, vis_state of what was deleted
_CENT = Decimal("0.01")
_TOWNS = ("Ludlow", "Whitby", "Totnes", "Alnwick", "Kendal", "Frome", "Hexham", "Bakewell")


class DriverError(Exception):
    """A simulator does not answer, or refused what people did; the text says which and why."""


class Driver:
    """The people of one sandbox. `sandbox` is the line `serve` prints, as JSON text or already parsed.

    Amounts in answers are decimal text in GBP. Every method raises DriverError.
    """

    def __init__(self, sandbox: str | Mapping[str, Any]) -> None:
        line: Mapping[str, Any] = json.loads(sandbox) if isinstance(sandbox, str) else sandbox
        self._planes = {
            name: _Plane(name, line[name]["control_url"]) for name in ("freshbooks", "infor", "shop")
        }
        self._invoices = _Table(self._planes["freshbooks"], "invoice")
        self._deliveries = _Table(self._planes["infor"], "ODHEAD")
        self._numbers: dict[str, str] = {}
        self._shipped_on: dict[str, str] = {}

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for plane in self._planes.values():
            plane.close()

    # -- the verbs

    def arrive(self, until: date) -> Row:
        """Let the time of all three come to the end of a day. {"date", "moved", "arrived" orders in all, "new"}."""
        shop = self._planes["shop"]
        before = shop.get("/orders")["arrived"]["documents"]
        moved = self._reach(until)
        after = shop.get("/orders")["arrived"]["documents"]
        return {"date": until.isoformat(), "moved": moved, "arrived": after, "new": after - before}

    def pay(self, day: date) -> Row:
        """Customers pay what is due. {"date", "payments", "amount", "prepayments", "by_type": {type: amount}}."""
        self._reach(day)
        count = prepayments = 0
        by_type: dict[str, Decimal] = {}
        for row in self._due_invoices():
            amount = _payable(row, day)
            if amount is None:
                continue
            paying = habit(row["invoice_number"])
            note = f"Payment for {row['invoice_number']}"
            body = {"invoiceid": row["id"], "amount": str(amount), "date": day.isoformat()}
            self._planes["freshbooks"].post("/people/payment", body | {"type": paying.method, "note": note})
            count += 1
            prepayments += row["status"] == _DRAFT
            by_type[paying.method] = by_type.get(paying.method, Decimal("0.00")) + amount
        return {
            "date": day.isoformat(),
            "payments": count,
            "prepayments": prepayments,
            "amount": str(sum(by_type.values(), Decimal("0.00"))),
            "by_type": {type_: str(amount) for type_, amount in sorted(by_type.items())},
        }

    def ship(self, day: date) -> Row:
        """The warehouse ships what is due. {"date", "shipments", "whole", "first_parts", "rests", "net", "total",
        "refused": [{"orno", "error"}]}; net and total are of the invoices that were made."""
        self._reach(day)
        planned: dict[str, list[Row]] = {"whole": [], "first_parts": [], "rests": []}
        open_orders = self._planes["infor"].get("/open-orders")["orders"]
        if open_orders:
            self._learn()
        for order in open_orders:
            part = self._due_part(order, day)
            if part is not None:
                kind, lines = part
                planned[kind].append({"orno": order["orno"], "lines": lines})
        shipments, refused = self._fulfil(day, [order for orders in planned.values() for order in orders])
        failed = {order["orno"] for order in refused}
        made = [shipment["invoice"] for shipment in shipments if shipment["invoice"]]
        for shipment in shipments:
            self._shipped_on[shipment["orno"]] = _basic(day)
        return {
            "date": day.isoformat(),
            "shipments": len(shipments),
            **{
                kind: sum(order["orno"] not in failed for order in orders) for kind, orders in planned.items()
            },
            "net": str(sum((Decimal(invoice["net"]) for invoice in made), Decimal("0.00"))),
            "total": str(sum((Decimal(invoice["total"]) for invoice in made), Decimal("0.00"))),
            "refused": refused,
        }

    def edit_master_data(self, day: date | None = None) -> Row:
        """Somebody corrects telephone and town of three M3 customers. {"edited": [{"cuno", "PHNO", "TOWN"}]}.

        The three are those of lowest sha256 among the customers a product made (CUNO FB...), or else among all. Another
        `day` brings other values; the same day again, or no day again, changes nothing.
        """
        if day is not None:
            self._reach(day)
        customers = list(_Table(self._planes["infor"], "OCUSMA").unfinished())
        wanted = {row["CUNO"]: _new_contact(row["CUNO"], day) for row in customers}
        done = [row for row in customers if row.get("PHNO") == wanted[row["CUNO"]]["PHNO"]]
        ours = [row for row in customers if row["CUNO"].startswith("FB")] or customers
        todo = sorted((row["CUNO"] for row in ours if row not in done), key=_hash)[
            : max(0, _EDITS - len(done))
        ]
        for cuno in todo:
            self._planes["infor"].post("/people/customer", {"cuno": cuno, "fields": wanted[cuno]})
        return {"edited": [{"cuno": cuno, **wanted[cuno]} for cuno in todo]}

    def advance(self, until: date) -> list[Row]:
        """Live every day up to and including `until`: arrive, pay, ship. The three answers of each day."""
        now = datetime.fromisoformat(self._planes["shop"].get("/clock")["now"])
        days = (until - now.date()).days
        return [
            {"arrive": self.arrive(day), "pay": self.pay(day), "ship": self.ship(day)}
            for day in (now.date() + timedelta(days=n) for n in range(days + 1))
        ]

    def summary(self) -> Row:
        """The world as it stands: the time, what has arrived, how many of each thing, both trial balances."""
        shop = self._planes["shop"].get("/orders")
        found: Row = {"now": shop["now"], "shop": {**shop["arrived"], "source": shop["source"]}}
        for name in ("freshbooks", "infor"):
            plane = self._planes[name]
            balance = plane.get("/trial-balance")
            accounts = {f"{row['account']} {row['name']}": row["balance"] for row in balance["accounts"]}
            found[name] = {
                "counts": plane.get("/state")["tables"],
                "currency": balance["currency"],
                "balances": accounts,
            }
        found["infor"]["open_orders"] = len(self._planes["infor"].get("/open-orders")["orders"])
        return found

    # -- time

    def _reach(self, day: date) -> bool:
        target = datetime.combine(day, CLOSING).isoformat()
        # The shop last: no order comes from a day the books have not reached.
        return any([plane.post("/clock", {"to": target})["moved"] for plane in self._planes.values()])

    # -- paying

    def _due_invoices(self) -> Iterator[Row]:
        for row in self._invoices.unfinished(_no_more_payments):
            self._numbers[str(row["id"])] = row["invoice_number"]
            yield row

    # -- shipping

    def _learn(self) -> None:
        """Read what was added since: numbers of FreshBooks invoices, days of M3 deliveries."""
        for row in self._invoices.unfinished(_no_more_payments):
            self._numbers[str(row["id"])] = row["invoice_number"]
        for row in self._deliveries.unfinished(lambda _: True):
            self._shipped_on[row["ORNO"]] = max(row["DLDT"], self._shipped_on.get(row["ORNO"], ""))

    def _due_part(self, order: Row, day: date) -> tuple[str, Any] | None:
        """What of an open order ships today: (kind, lines as the fulfilment verb takes them), or None."""
        ordered = datetime.strptime(order["ordt"], "%Y%m%d").replace(tzinfo=UTC).date()
        if day <= ordered:
            return None
        ways = habit(self._number_of(order))
        lines = order["lines"]
        before = self._shipped_on.get(order["orno"])
        if before is not None:
            due = day >= ordered + timedelta(days=4 if ways.rest_late else 2) and before < _basic(day)
            return ("rests", "all") if due else None
        if not ways.splits or len(lines) < 2 or any(line["quantity"].startswith("-") for line in lines):
            return "whole", "all"
        first = sorted(lines, key=lambda line: int(line["ponr"]))[: (len(lines) + 1) // 2]
        return "first_parts", [{"ponr": line["ponr"], "quantity": line["quantity"]} for line in first]

    def _number_of(self, order: Row) -> str:
        system, _, reference = order["pyre"].partition("-")
        if system == "SHOP" and reference:
            return reference
        return self._numbers.get(reference.rsplit("-", 1)[-1]) or order["cuor"] or order["orno"]

    def _fulfil(self, day: date, orders: list[Row]) -> tuple[list[Row], list[Row]]:
        """Ship, many at once; where one of the many is refused, one by one. (shipments, refused)."""
        plane, shipments, refused = self._planes["infor"], [], []
        for at in range(0, len(orders), _FULFIL_AT_ONCE):
            some = orders[at : at + _FULFIL_AT_ONCE]
            answer, _ = plane.try_post("/fulfil", {"date": day.isoformat(), "orders": some})
            if answer is not None:
                shipments += answer["fulfilled"]
                continue
            for order in some:
                answer, error = plane.try_post("/fulfil", {"date": day.isoformat(), **order})
                if answer is not None:
                    shipments.append(answer)
                else:
                    refused.append({"orno": order["orno"], "error": error})
        return shipments, refused


# ------------------------------------------------------------------------------------------- the rules applied


def _payable(row: Row, day: date) -> Decimal | None:
    """What the customer pays on this invoice today, in the invoice's currency; None for nothing."""
    amount, paid = Decimal(row["amount"]), Decimal(row["paid"])
    if row["vis_state"] == _DELETED or amount <= 0 or row["create_date"] > day.isoformat():
        return None
    paying = habit(row["invoice_number"])
    if paying.prepaid:
        return amount if not paid else None
    if row["status"] == _DRAFT or paying.pays == "nothing":
        return None
    if paying.pays == "half":
        return (amount / 2).quantize(_CENT, ROUND_HALF_UP) if not paid else None
    return amount - paid if amount > paid else None


def _no_more_payments(row: Row) -> bool:
    """Whether no later day can bring a payment on this FreshBooks invoice."""
    amount, paid = Decimal(row["amount"]), Decimal(row["paid"])
    if row["vis_state"] == _DELETED:
        return True
    if row["status"] == _DRAFT:
        # The invoice of a prepaid order may still change, but it has had its one payment.
        return bool(paid) and habit(row["invoice_number"]).prepaid
    pays = habit(row["invoice_number"]).pays
    return amount <= 0 or pays == "nothing" or (bool(paid) and (pays == "half" or paid >= amount))


def _new_contact(cuno: str, day: date | None) -> Row:
    number = int(_hash(f"{cuno}/{day or ''}"), 16)
    return {"PHNO": f"01632 {number % 1_000_000:06d}", "TOWN": _TOWNS[number // 1_000_000 % len(_TOWNS)]}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _basic(day: date) -> str:
    return day.strftime("%Y%m%d")


# ------------------------------------------------------------------------------------------ the control planes


class _Plane:
    """The control plane of one simulator."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        # Control planes are on loopback: a proxy of the environment has no business here.
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        return self._answer("GET", path, params=params)[0]

    def post(self, path: str, body: Row) -> Any:
        answer, error = self._answer("POST", path, json=body)
        if answer is None:
            raise DriverError(f"{self._name} refused {path} {body}: {error}")
        return answer

    def try_post(self, path: str, body: Row) -> tuple[Any, str]:
        """The answer, or None and the reason of a refusal."""
        return self._answer("POST", path, json=body)

    def _answer(self, method: str, path: str, **more: Any) -> tuple[Any, str]:
        try:
            response = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise DriverError(
                f"{self._name} does not answer at {self._client.base_url}{path} ({error}); is the sandbox running?"
            ) from error
        if response.is_success:
            return response.json(), ""
        if response.status_code >= 500 or method == "GET":
            raise DriverError(
                f"{self._name} answered {response.status_code} to {method} {path}: {response.text[:500]}"
            )
        return None, response.text


class _Table:
    """One table of a simulator, of which only new and unfinished rows are read again.

    Rows keep their place in order of arrival, so a place identifies a row for as long as the simulator runs.
    """

    def __init__(self, plane: _Plane, kind: str) -> None:
        self._plane, self._kind = plane, kind
        self._seen = 0
        self._pending: list[int] = []

    def unfinished(self, finished: Callable[[Row], bool] = lambda _: False) -> Iterator[Row]:
        """Every row that was not finished when last read, and every new one."""
        asked, pending = set(self._pending), []
        for start, count in _ranges(self._pending):
            for at, row in enumerate(self._read(start, count), start):
                if at in asked:
                    if not finished(row):
                        pending.append(at)
                    yield row
        seen = self._seen
        while rows := self._read(seen, _PAGE):
            for at, row in enumerate(rows, seen):
                if not finished(row):
                    pending.append(at)
                yield row
            seen += len(rows)
        self._seen, self._pending = seen, pending

    def _read(self, offset: int, limit: int) -> list[Row]:
        return self._plane.get("/state", table=self._kind, offset=offset, limit=limit)["rows"]


def _ranges(places: list[int]) -> Iterator[tuple[int, int]]:
    """(first, count) of few and not too long ranges that cover ascending places."""
    start = last = -1
    for place in places:
        if start < 0:
            start = place
        elif place - last > _GAP or place - start >= _PAGE:
            yield start, last - start + 1
            start = place
        last = place
    if start >= 0:
        yield start, last - start + 1


def main(argv: list[str] | None = None) -> int:
    """The command line; prints the answer as JSON. 0 done, 1 the sandbox refused or is not there."""
    parser = argparse.ArgumentParser(
        prog="python -m fbinfor_assets.sandbox.driver", description="Let the world go on."
    )
    parser.add_argument("--sandbox", required=True, help="the line serve printed, or @FILE that holds it")
    parser.add_argument("verb", choices=("arrive", "pay", "ship", "edit", "advance", "summary"))
    parser.add_argument("--date", type=date.fromisoformat, help="day of the simulated world, YYYY-MM-DD")
    args = parser.parse_args(argv)
    if args.date is None and args.verb not in ("edit", "summary"):
        parser.error(f"{args.verb} needs --date YYYY-MM-DD")
    try:
        text = Path(args.sandbox[1:]).read_text(encoding="utf-8") if args.sandbox[0] == "@" else args.sandbox
        with Driver(text) as driver:
            verbs: dict[str, Callable[[], Any]] = {
                "arrive": lambda: driver.arrive(args.date),
                "pay": lambda: driver.pay(args.date),
                "ship": lambda: driver.ship(args.date),
                "edit": lambda: driver.edit_master_data(args.date),
                "advance": lambda: driver.advance(args.date),
                "summary": driver.summary,
            }
            print(json.dumps(verbs[args.verb](), indent=1))
    except (OSError, ValueError, KeyError) as error:
        print(
            f"driver: --sandbox is not the line serve prints, nor a file that holds it ({error})",
            file=sys.stderr,
        )
        return 1
    except DriverError as error:
        print(f"driver: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
