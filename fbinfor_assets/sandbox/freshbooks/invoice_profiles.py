"""Recurring templates (invoice_profiles/invoice_profiles) and the invoices they make.

Belongs here: a template's fields, when its next invoice is due, making it.
Does not belong here: invoices themselves (`invoices`), totals (`document`).

Facts (freshbooks-api 5, 7; the vendor's page on invoice profiles): a new template's create_date must be today or
later, 422/16003 else; frequency is a number and d, w, m or y ("m", "2w"); numberRecurring 0 goes on for ever; an
invoice it made has `parent` = the template's id, a generation_date, and is sent if send_email is true; `disable`
stops it. The filters are those of the page.

Assumed: an invoice is made when the simulated clock passes its day, never at the creation itself; dates count from
create_date (31 January, then 28 February, then 31 March); the fields of the include `tracking`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import document, extras, fields, lines, listing
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, Line, money
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid, negative, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

TEXTS: dict[str, str | None] = {
    "notes": "",
    "terms": None,
    "po_number": None,
    "address": "",
    "payment_details": "",
    "bill_gateway": None,
}

FLAGS = {
    "auto_bill": False,
    "disable": False,
    "include_unbilled_time": False,
    "require_auto_bill": False,
    "send_email": True,
    "send_gmail": False,
}

LINE_TYPES = (lines.NORMAL, lines.UNBILLED_TIME)

# How time entries are grouped on the invoice; shown only when included.
PROJECT_FORMAT: Row = {
    "group_by": "service",
    "method": "detailed",
    "show_date": True,
    "show_notes": True,
    "show_pname": True,
    "show_staff": True,
    "show_tname": True,
    "show_total_hours": False,
}

# What an invoice takes from its template.
COPIED = ("currency_code", "language", "due_offset_days", "discount_value", *document.SNAPSHOT)
COPIED_TEXTS = ("notes", "terms", "po_number", "address", "payment_details")


class InvoiceProfiles(Resource):
    """Stored row: as `create_row` shows; amounts as decimal text in `currency_code`."""

    single, plural = "invoice_profile", "invoice_profiles"
    path = "invoice_profiles/invoice_profiles"
    id_field, title, scope = "profileid", "Invoice profile", "invoices"

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        by_client = state.index(self.single, lambda row: row["customerid"])
        self._running = state.index(self.single, lambda row: _running(row) or None)
        self.filters = {
            "profileid": listing.by_id(),
            "profileids": listing.by_id(),
            "currency_code": listing.is_text(lambda row: row["currency_code"]),
            "clientid": listing.by_number(by_client),
            "clientids": listing.by_number(by_client),
            "include_unbilled_time": listing.is_text(lambda row: str(row["include_unbilled_time"])),
        }
        world.clock.listeners.append(self.generate)

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("customerid", "create_date", "frequency"):
            if given.get(name) in (None, ""):
                raise required(self.single, name)
        client = self._account.clients.live(given, "customerid", self.single)
        row: Row = {
            "id": 0,
            "customerid": client["id"],
            "create_date": "",
            "frequency": "",
            "numberRecurring": 0,
            "occurrences_to_date": 0,
            "due_offset_days": 0,
            "retainer_id": None,
            "currency_code": client["currency_code"],
            "language": client["language"],
            **TEXTS,
            **FLAGS,
            **document.copy_of(client),
            **document.NOTHING,
            "updated": self.world.stamps()[0],
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        if row["create_date"] < self.world.today().isoformat():
            message = (
                "'Create Date' is an invalid value: "
                "The date for a new recurring profile must be today or later."
            )
            raise FreshBooksError(422, 16003, message, self.single, "create_date", given["create_date"])
        row["id"] = self.world.next_id(self.single)
        return self.put(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        document.change_client(changed, given, self.single, self._account)
        document.change_texts(changed, given, self.single, TEXTS)
        for name in FLAGS:
            if given.get(name) is not None:
                changed[name] = fields.flag(given, name, self.single)
        if given.get("create_date") is not None:
            changed["create_date"] = fields.day(given, "create_date", self.single)
        if given.get("frequency") is not None:
            changed["frequency"] = _frequency(given)
        for name in ("numberRecurring", "due_offset_days"):
            if given.get(name) is not None:
                changed[name] = fields.integer(given, name, self.single)
                if changed[name] < 0:
                    raise negative(self.single, name, given[name])
        if given.get("project_format") is not None:
            changed["project_format"] = _project_format(given["project_format"])
        document.change_lines(changed, row, given, self.single, self._account, LINE_TYPES)
        extras.change(changed, given, self.single)
        return changed

    # -- invoices

    def next_day(self, row: Row) -> date | None:
        """The day of the next invoice, None if there will be none."""
        number = row["occurrences_to_date"]
        if not _running(row):
            return None
        return _later(date.fromisoformat(row["create_date"]), row["frequency"], number)

    def generate(self, now: datetime) -> None:
        """Make all invoices whose day has come: called whenever the clock jumps."""
        for id_ in self._running.ids(True):
            while self._make_next(self.rows[id_]):
                pass

    def _make_next(self, row: Row) -> bool:
        day = self.next_day(row)
        client = self._account.clients.rows[row["customerid"]]
        if day is None or day > self.world.today() or client["vis_state"] == DELETED:
            return False
        given = {name: row[name] for name in COPIED} | {
            name: row[name] for name in COPIED_TEXTS if row[name] is not None
        }
        given |= {
            "customerid": row["customerid"],
            "create_date": day.isoformat(),
            "generation_date": day.isoformat(),
            "parent": row["id"],
            "lines": [
                _given(line, row["currency_code"])
                for line in lines.unpack(row["lines"])
                if line.get("type") != lines.UNBILLED_TIME
            ],
            "status": 2 if row["send_email"] else 1,
        }
        given |= {name: row[kept] for name, kept in extras.GIVEN.items() if kept in row}
        self._account.invoices.create(given, actor="system")
        self.put({**row, "occurrences_to_date": row["occurrences_to_date"] + 1})
        return True

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        hidden = (*extras.STORED, "project_format")
        view = {
            "accounting_systemid": self.world.account_id,
            "ext_archive": None,
            "ownerid": 1,
            "profileid": row["id"],
            "total_accrued_revenue": None,
            **{name: value for name, value in row.items() if name not in hidden},
        }
        document.show_worth(view, row, "profileid", row["updated"], with_lines="lines" in include)
        if "project_format" in include:
            view["project_format"] = {**PROJECT_FORMAT, **row.get("project_format", {})}
        if "next_issue_date" in include:
            day = self.next_day(row)
            view["next_issue_date"] = day.isoformat() if day else None
        if "tracking" in include:
            view["tracking"] = [
                {
                    "invoiceid": made["id"],
                    "invoice_number": made["invoice_number"],
                    "date": made["create_date"],
                }
                for made in self._account.invoices.of_profile(row["id"])
            ]
        if "total_accrued_revenue" in include:
            made = self._account.invoices.of_profile(row["id"])
            total = sum((fields.number(invoice, "amount", self.single) for invoice in made), ZERO)
            view["total_accrued_revenue"] = money(str(total), row["currency_code"])
        return view | extras.show(row, include, "profileid", self._account)

    def summary(self, row: Row) -> dict[str, Any]:
        names = ("customerid", "create_date", "frequency", "numberRecurring", "occurrences_to_date", "amount")
        return {name: row[name] for name in (*names, "vis_state")}


def _running(row: Row) -> bool:
    more = not row["numberRecurring"] or row["occurrences_to_date"] < row["numberRecurring"]
    return more and not row["disable"] and row["vis_state"] != DELETED


def _frequency(given: Mapping[str, Any]) -> str:
    value = fields.text(given, "frequency", "invoice_profile") or ""
    if not re.fullmatch(r"([1-9]\d?)?[dwmy]", value):
        raise invalid("invoice_profile", "frequency", value)
    return value


def _later(start: date, frequency: str, times: int) -> date:
    number, unit = int(frequency[:-1] or 1) * times, frequency[-1]
    if unit in "dw":
        return start + timedelta(days=number * (7 if unit == "w" else 1))
    months = start.month - 1 + number * (12 if unit == "y" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def _project_format(wanted: Any) -> Row:
    if not isinstance(wanted, dict):
        raise invalid("invoice_profile", "project_format", wanted)
    return {
        name: fields.flag(wanted, name, "project_format")
        if isinstance(default, bool)
        else fields.text(wanted, name, "project_format")
        for name, default in PROJECT_FORMAT.items()
        if wanted.get(name) is not None
    }


def _given(line: Line, currency: str) -> Row:
    # A stored line as a request would write it, for the invoice goes the way of all invoices.
    given = {
        "name": line.get("name"),
        "description": line.get("description"),
        "qty": line["qty"],
        "unit_cost": {"amount": line["unit_cost"], "code": currency},
        "compounded_tax": line.get("compounded", False),
    }
    for number, (name, percent) in enumerate(line.get("taxes", ()), 1):
        given |= {f"taxName{number}": name, f"taxAmount{number}": percent}
    return given
