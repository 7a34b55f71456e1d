"""Clients of the account (users/clients).

Belongs here: the fields of a client, its balances, the clients that exist from the start.
Does not belong here: documents; finding a client for a shop customer (that is the product's work).

Facts (freshbooks-api 7.1): e-mail addresses may repeat; a client created with only an e-mail gets it as
organization; username is made up; signup_date is UTC while updated is US/Eastern; fields that are not known are
dropped without a word (seen on items).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import extras, fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, money
from fbinfor_assets.sandbox.freshbooks.contacts import TEXTS as CONTACT_TEXTS
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

# Which of them are "" and which null when unset is inconsistent in the captures; this is one such mixture.
TEXTS: dict[str, str | None] = {
    "organization": "",
    "fname": "",
    "lname": "",
    "email": "",
    "username": "",
    "bus_phone": "",
    "home_phone": None,
    "mob_phone": "",
    "fax": "",
    "note": None,
    "p_street": "",
    "p_street2": "",
    "p_city": "",
    "p_province": "",
    "p_code": "",
    "p_country": "",
    "s_street": "",
    "s_street2": "",
    "s_city": "",
    "s_province": "",
    "s_code": "",
    "s_country": "",
    "vat_name": None,
    "vat_number": "",
    "currency_code": None,
    "language": None,
    "company_industry": None,
    "company_size": None,
}

FLAGS = {
    "allow_email_include_pdf": False,
    "allow_late_fees": True,
    "allow_late_notifications": True,
    "notified": False,
    "pref_email": True,
    "pref_gmail": False,
}

NAMES = ("organization", "fname", "lname", "email")


class Clients(Resource):
    """Stored row: the texts and flags above, contacts, vis_state, signup_date, updated."""

    single, plural, path = "client", "clients", "users/clients"
    id_field, title, scope = "userid", "Client", "clients"
    vis_state_verified = True

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        emails = state.index(self.single, lambda row: (row["email"] or "").casefold() or None)
        users = state.index(self.single, lambda row: (row["username"] or "").casefold() or None)
        phones = ("bus_phone", "home_phone", "mob_phone", "fax")
        address = [f"{kind}_{part}" for kind in "ps" for part in _ADDRESS]
        self.filters = {
            "email": listing.by_text(emails, fold=True),
            "email_like": listing.like(_get("email")),
            "fname_like": listing.like(_get("fname")),
            "lname_like": listing.like(_get("lname")),
            "organization_like": listing.like(_get("organization")),
            "address_like": listing.like(*map(_get, address)),
            "note_like": listing.like(_get("note")),
            "phone_like": listing.like(*map(_get, phones)),
            "user_like": listing.like(*map(_get, (*NAMES, "username"))),
            "username": listing.by_text(users, fold=True),
            "userid": listing.by_id(),
            "userids": listing.by_id(),
            "updated_min": listing.from_day(_get("updated")),
            "updated_max": listing.to_day(_get("updated")),
        }
        self.flags = {
            "has_credit": lambda row: bool(account.open_credit(row["id"])),
            "has_draft": lambda row: any(i["status"] == 1 for i in account.invoices.of_client(row["id"])),
            "has_outstanding": lambda row: bool(account.outstanding(row["id"])),
            "has_overdue": lambda row: any(
                map(account.invoices.overdue, account.invoices.of_client(row["id"]))
            ),
        }
        self.sorts = {
            "organization_name": lambda row: (row["organization"] or "").casefold(),
            "fullname": lambda row: f"{row['fname'] or ''} {row['lname'] or ''}".casefold(),
            "email": lambda row: (row["email"] or "").casefold(),
            "updated": lambda row: row["updated"],
        }
        self._active = state.index(self.single, lambda row: row["vis_state"] == ACTIVE or None)

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        limit = self.world.switches["client_limit"]
        if limit and len(self._active.ids(True)) >= limit:
            raise FreshBooksError(402, 7005, f"Client limit of {limit} reached", "client")
        if not any(given.get(name) for name in NAMES) and self.world.switches["empty_client"] == "refuse":
            raise required("client", "email")
        row: Row = {"id": 0, **TEXTS, **FLAGS, "contacts": [], "vis_state": ACTIVE}
        row = self._changed(row, given)
        if not any(row[name] for name in ("organization", "fname", "lname")):
            row["organization"] = row["email"]
        row["id"] = id_ = self.world.next_id(self.single)
        row["username"] = row["username"] or _username(row)
        row["currency_code"] = row["currency_code"] or self.world.currency
        row["language"] = row["language"] or self.world.language
        row["signup_date"] = self.world.utc_stamp()
        row["updated"] = self.world.stamps()[0]
        self.world.state.put(self.single, id_, row)
        self._account.contacts.follow([], row)
        return row

    def update_row(self, row: Row, given: fields.Given) -> Row:
        changed = self.put(self.touched(self._changed(row, given)))
        if changed["contacts"] is not row["contacts"]:
            self._account.contacts.follow(row["contacts"], changed)
        return changed

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        for name in given:
            if name in TEXTS:
                changed[name] = fields.text(given, name, "client")
            elif name in FLAGS:
                changed[name] = fields.flag(given, name, "client")
        if given.get("contacts") is not None:
            changed["contacts"] = self._contacts(given["contacts"])
        extras.change_late(changed, given, "client")
        return changed

    def _contacts(self, given: Any) -> list[Row]:
        if not isinstance(given, list) or not all(isinstance(contact, dict) for contact in given):
            raise invalid("client", "contacts", given)
        contacts = []
        for contact in given:
            texts = {n: fields.text(contact, n, "contact") if n in contact else "" for n in CONTACT_TEXTS}
            contacts.append({"contactid": self.world.state.next_number("id:contact", 1001), **texts})
        return contacts

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        id_ = row["id"]
        view = {
            "accounting_systemid": self.world.account_id,
            "direct_link_token": None,
            "has_retainer": None,
            "last_activity": None,
            "last_login": None,
            "level": 0,
            "num_logins": 0,
            "retainer_id": None,
            "role": "client",
            "statement_token": None,
            "subdomain": None,
            "userid": id_,
            "uuid": self.world.uuid("client", id_),
            **{name: value for name, value in row.items() if name not in extras.STORED},
        }
        contacts = view.pop("contacts")
        if "contacts" in include:
            view["contacts"] = [{**contact, "userid": id_} for contact in contacts]
        if "outstanding_balance" in include:
            view["outstanding_balance"] = _balances(self._account.outstanding(id_))
        if "grand_total_balance" in include:
            # Assumed: outstanding less credit not yet used.
            total = self._account.outstanding(id_)
            for code, amount in self._account.open_credit(id_).items():
                total[code] = total.get(code, ZERO) - amount
            view["grand_total_balance"] = _balances(total)
        return view | extras.show_late(row, include)

    # -- clients that exist from the start

    def seed(self, profiles: list[Mapping[str, Any]]) -> None:
        """Clients the account holds before the first request, as people typed them: 90 days old, no reference
        of ours. `profiles`: the profile generator's fields."""
        then = self.world.clock.now() - timedelta(days=90)
        for profile in profiles:
            row = self.create_row(
                {
                    "organization": profile["company"],
                    "fname": profile["first_name"],
                    "lname": profile["last_name"],
                    "email": profile["email"],
                    "bus_phone": profile["phone"],
                    "p_street": profile["street"],
                    "p_city": profile["city"],
                    "p_code": profile["postcode"],
                    "p_country": profile["country_name"],
                    "vat_number": profile["vat_number"],
                }
            )
            stamp = self.world.eastern_stamp(then)
            self.put({**row, "signup_date": self.world.utc_stamp(then), "updated": stamp})

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("email", "organization", "note", "vis_state")}


_ADDRESS = ("street", "street2", "city", "province", "code", "country")


def _get(name: str) -> listing.Get:
    return lambda row: row[name]


def _username(row: Row) -> str:
    base = re.sub(r"[^a-z0-9]", "", (row["fname"] or "").casefold() + (row["lname"] or "").casefold())
    base = base or re.sub(r"[^a-z0-9]", "", (row["organization"] or "").casefold()) or "client"
    return f"{base[:20]}{row['id']}"


def _balances(amounts: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    return [{"amount": money(str(amount), code)} for code, amount in sorted(amounts.items())]
