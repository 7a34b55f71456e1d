"""The chart of accounts as two of FreshBooks' interfaces show it: ledger accounts, and journal entry accounts.

Belongs here: accounts of the account's own making beside the default chart (`books.ACCOUNTS`), their ids, the
headings of the older interface, its balances.
Does not belong here: postings (`books`), single journal entries (`journal`).

Facts (freshbooks-api 7.9; the vendor's published captures and a live capture of the sub types): a ledger account is
known by uuid, answers in {"data": ...}, 201 on creation; a sub account names its parent. The older interface knows
accounts with sub accounts, to which all entries are made: "Revenue" 4000 with "Sales" 1, "Operating Expenses" 6000
with the expense accounts, and an account without parts has one sub account of its own name, number 1. A balance is
debit less credit for assets and expenses, and credit less debit for all else, written as a plain number.

Assumed: what is refused (unknown sub type or parent, a number in use) and that it is 422; a number left out is the
next free one; a parent is a top account of the same type.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.freshbooks import books, fields
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, plain
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid, not_found, required
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

TYPES = ("asset", "equity", "expense", "income", "liability")

# (type, name, number of the first account), ids 1 to 10 in this order (live capture).
SUB_TYPES = (
    ("asset", "Cash & Bank", "1000"),
    ("asset", "Current Asset", "1200"),
    ("asset", "Property, Plant, and Equipment", "1500"),
    ("asset", "Long-Term Asset", "1300"),
    ("liability", "Current Liability", "2000"),
    ("liability", "Long-Term Liability", "2500"),
    ("equity", "Equity", "3000"),
    ("income", "Income", "4000"),
    ("expense", "Cost of Goods Sold", "5000"),
    ("expense", "Operating Expense", "6000"),
)

# Sub types whose accounts the older interface shows as sub accounts of one: name and number of that one.
HEADINGS = {"Income": ("Revenue", "4000"), "Operating Expense": ("Operating Expenses", "6000")}

OBJECT = "ledger_account"


def sub_type(id_: int) -> dict[str, Any]:
    """One sub type as the API reads it. 404 if there is none."""
    if not 1 <= id_ <= len(SUB_TYPES):
        raise not_found("sub_type", "Sub type", "id", id_)
    type_, name, base_number = SUB_TYPES[id_ - 1]
    return {"id": id_, "type": type_, "name": name, "base_number": base_number}


class Chart:
    """Table `ledger_account` by uuid: {uuid, account (its key in the ledger), name, number, description, type,
    sub_type, system_account_name, parent_account, auto_created, state, updated_at, heading (uuid), jea_id,
    jesa_id, sub_number}."""

    def __init__(self, world: World) -> None:
        self.world = world
        state = world.state
        self.rows = state.tables(OBJECT)
        self._by_number = state.index(OBJECT, lambda row: row["number"])
        self._by_account = state.index(OBJECT, lambda row: row["account"])
        self._by_parent = state.index(OBJECT, lambda row: row["parent_account"])
        self._by_heading = state.index(OBJECT, lambda row: row["heading"])
        self._by_sub_account = state.index(OBJECT, lambda row: row["jesa_id"])
        self._sums: dict[str, Decimal] = {}
        self._summed = 0
        self._name_accounts()

    def _name_accounts(self) -> None:
        # Accounts of the account's own making must be known to the ledger before anything is posted to them.
        for row in self.rows.values():
            self.world.ledger.accounts.setdefault(row["account"], row["name"])

    def furnish(self) -> None:
        """Make the accounts of the default chart that are not there yet."""
        for number, (name, type_, sub_type) in books.ACCOUNTS.items():
            if self._by_account.first(number) is None:
                self._add({"name": name, "number": number, "type": type_, "sub_type": sub_type}, created=True)
        self.forget()

    def forget(self) -> None:
        """Add up all balances anew, after a reset."""
        self._sums, self._summed = {}, 0

    def _add(self, given: Row, *, created: bool) -> Row:
        state = self.world.state
        id_ = state.next_number("ledger account", 1)
        uuid = self.world.uuid(OBJECT, id_)
        account = given["number"] if given["number"] not in self.world.ledger.accounts or created else uuid
        row: Row = {
            "uuid": uuid,
            "account": account,
            "name": "",
            "number": "",
            "description": "",
            "type": "",
            "sub_type": "",
            "system_account_name": given["name"] if created else None,
            "parent_account": None,
            "auto_created": created,
            "state": "active",
            "updated_at": self._stamp(),
            **given,
            "jea_id": self.world.next_id("journal account"),
            "jesa_id": self.world.next_id("journal sub account"),
        }
        row["heading"] = self._heading(row)
        row["sub_number"] = len(self._by_heading.ids(row["heading"])) + 1
        state.put(OBJECT, uuid, row)
        self.world.ledger.accounts.setdefault(account, row["name"])
        return row

    def _heading(self, row: Row) -> str:
        if row["parent_account"]:
            return self.rows[row["parent_account"]]["heading"]
        name_and_number = HEADINGS.get(row["sub_type"])
        first = self._by_number.first(name_and_number[1]) if name_and_number else None
        return str(first) if first is not None else row["uuid"]

    def _stamp(self) -> str:
        return self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    # -- ledger accounts, by uuid

    def list(self) -> list[dict[str, Any]]:
        """All ledger accounts as the API reads them, by number."""
        return [self.view(row) for row in sorted(self.rows.values(), key=lambda row: row["number"])]

    def get(self, uuid: str) -> Row:
        """The account. 404/1012 if there is none."""
        row = self.rows.get(uuid)
        if row is None:
            raise not_found(OBJECT, "Account", "uuid", uuid)
        return row

    def create(self, given: fields.Given) -> Row:
        """Check and store a new account, and log it."""
        needed = ["name", "sub_type"]
        if self.world.switches["ledger_parent_account"] == "required" and "parent_account" not in given:
            needed.append("parent_account")
        for name in needed:
            if given.get(name) in (None, ""):
                raise required(OBJECT, name)
        type_, sub_type, base = self._sub_type(given)
        parent = self._parent(given, type_)
        row: Row = {
            "name": fields.text(given, "name", OBJECT),
            "number": fields.text(given, "number", OBJECT)
            if given.get("number")
            else self._free(parent, base),
            "description": fields.text(given, "description", OBJECT) if given.get("description") else "",
            "type": type_,
            "sub_type": sub_type,
            "parent_account": parent["uuid"] if parent else None,
        }
        self._refuse_used(row["number"], None)
        row = self._add(row, created=False)
        self.world.state.log("api.create", OBJECT, row["uuid"], {"given": dict(given), "result": row})
        return row

    def update(self, uuid: str, given: fields.Given) -> Row:
        """Change name, number, description, sub type (within the type) or parent, and log it."""
        row = self.get(uuid)
        changed = {**row, "updated_at": self._stamp()}
        for name in ("name", "number"):
            if given.get(name):
                changed[name] = fields.text(given, name, OBJECT)
        if given.get("description") is not None:
            changed["description"] = fields.text(given, "description", OBJECT)
        if given.get("sub_type") is not None:
            type_, changed["sub_type"], _ = self._sub_type(given)
            if type_ != row["type"]:
                raise invalid(OBJECT, "sub_type", given["sub_type"])
        if "parent_account" in given:
            parent = self._parent(given, row["type"])
            if parent and (parent["uuid"] == uuid or self._by_parent.ids(uuid)):
                raise invalid(OBJECT, "parent_account", given["parent_account"])
            changed["parent_account"] = parent["uuid"] if parent else None
        self._refuse_used(changed["number"], uuid)
        self.world.state.put(OBJECT, uuid, changed)
        self.world.state.log("api.update", OBJECT, uuid, {"given": dict(given), "result": changed})
        return changed

    def _sub_type(self, given: fields.Given) -> tuple[str, str, str]:
        known = next((sub for sub in SUB_TYPES if sub[1] == given["sub_type"]), None)
        if known is None:
            raise invalid(OBJECT, "sub_type", given["sub_type"])
        return known

    def _parent(self, given: fields.Given, type_: str) -> Row | None:
        if not given.get("parent_account"):
            return None
        parent = self.rows.get(given["parent_account"])
        if parent is None or parent["type"] != type_ or parent["parent_account"]:
            raise invalid(OBJECT, "parent_account", given["parent_account"])
        return parent

    def _free(self, parent: Row | None, base: str) -> str:
        number = 1
        while True:
            candidate = f"{parent['number']}-{number}" if parent else str(int(base) + number - 1)
            if self._by_number.first(candidate) is None:
                return candidate
            number += 1

    def _refuse_used(self, number: str, own: str | None) -> None:
        if self._by_number.first(number) not in (None, own):
            message = f"The account number '{number}' is already in use."
            raise FreshBooksError(422, 1029, message, OBJECT, "number", number)

    def view(self, row: Row) -> dict[str, Any]:
        """A ledger account as the API reads it."""
        parts = self._by_parent.ids(row["uuid"])
        shown = {
            name: row[name]
            for name in ("uuid", "name", "number", "description", "type", "sub_type", "parent_account")
        }
        if row["system_account_name"]:
            shown["system_account_name"] = row["system_account_name"]
        return shown | {
            "sub_accounts": parts,
            "auto_created": row["auto_created"],
            "state": row["state"],
            "updated_at": row["updated_at"],
            "category_id": None,
            "jea_id": None if row["parent_account"] else row["jea_id"],
            "jesa_id": None if parts else row["jesa_id"],
        }

    # -- accounts and sub accounts of the older interface

    def of_sub_account(self, sub_account_id: int) -> Row | None:
        """The account with this sub_accountid."""
        uuid = self._by_sub_account.first(sub_account_id)
        return None if uuid is None else self.rows[uuid]

    def of_account(self, account: str) -> Row:
        """The account with this key in the ledger."""
        return self.rows[str(self._by_account.first(account))]

    def short_account(self, row: Row) -> dict[str, Any]:
        """The heading an account stands under, as a detail of a journal entry shows it."""
        heading = self.rows[row["heading"]]
        name, number = HEADINGS.get(heading["sub_type"], (heading["name"], heading["number"]))
        return {
            "account_name": name,
            "account_number": number,
            "account_type": heading["type"],
            "accountid": heading["jea_id"],
            "accounting_systemid": self.world.account_id,
            "id": heading["jea_id"],
        }

    def short_sub_account(self, row: Row) -> dict[str, Any]:
        """The sub account of an account, as a detail of a journal entry shows it."""
        return {
            "account_sub_name": row["name"],
            "account_sub_number": str(row["sub_number"]),
            "accounting_systemid": self.world.account_id,
            "id": row["jesa_id"],
            "parentid": self.rows[row["heading"]]["jea_id"],
            "sub_accountid": row["jesa_id"],
        }

    def journal_accounts(self) -> list[dict[str, Any]]:
        """All accounts with their sub accounts and balances, by number."""
        self._add_up()
        headings = sorted(map(str, self._by_heading.keys()), key=lambda uuid: self.rows[uuid]["number"])
        return [self._journal_account(uuid) for uuid in headings]

    def _journal_account(self, uuid: str) -> dict[str, Any]:
        heading = self.rows[uuid]
        common = {
            "account_type": heading["type"],
            "created_at": heading["updated_at"][:19].replace("T", " "),
            "currency_code": self.world.currency,
        }
        total, subs = ZERO, []
        for id_ in self._by_heading.ids(uuid):
            row = self.rows[id_]
            balance = self.natural(row["type"], self._sums.get(row["account"], ZERO))
            total += balance
            subs.append(
                self.short_sub_account(row)
                | common
                | {
                    "balance": plain(balance),
                    "custom": not row["auto_created"],
                    "transaction_posted": row["account"] in self._sums,
                }
            )
        return self.short_account(heading) | common | {"balance": plain(total), "sub_accounts": subs}

    @staticmethod
    def natural(type_: str, debit_less_credit: Decimal) -> Decimal:
        """A balance as it is written for a type of account."""
        return debit_less_credit if type_ in ("asset", "expense") else -debit_less_credit

    def _add_up(self) -> None:
        # The ledger only grows, so only what is new is added; a reset forgets.
        entries = self.world.state.tables("ledger")
        for number in range(self._summed + 1, len(entries) + 1):
            for account, debit, credit in entries[number]["lines"]:
                self._sums[account] = self._sums.get(account, ZERO) + Decimal(debit) - Decimal(credit)
        self._summed = len(entries)
