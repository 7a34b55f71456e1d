"""Reports of the account (reports/accounting/...): sums over documents and the ledger, computed when asked.

Belongs here: which report adds up what, and its shape.
Does not belong here: documents, postings (each resource).

Facts: the result keys, entry fields and `download_token` are those of the NODE SDK's report models and the Postman
captures; the dates are bare `start_date` and `end_date`, without them a report covers today only, and `search[...]`
dates are ignored without a word (freshbooks-api 11). Amounts are in the account's base currency, except payments
collected, which has one total per currency.

Assumed: all reports are on the accrual basis (by document date, drafts and deleted documents left out); ageing counts
days from the due date to the end date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from fbinfor_assets.sandbox.freshbooks import bill_lines, expenses, lines
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, money, tax_shares
from fbinfor_assets.sandbox.freshbooks.books import ACCOUNTS
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.resource import DELETED
from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

AGES = ("0-30", "31-60", "61-90", "91+")


class Reports:
    """The reports over one account. Every method takes the first and last day, YYYY-MM-DD, both included."""

    def __init__(self, account: Account) -> None:
        self._account, self._world = account, account.world
        self._known: dict[str, tuple[str, Callable[[str, str], Row]]] = {
            "payments_collected": ("payments_collected", self.payments_collected),
            "profitloss_entity": ("profitloss", self.profit_and_loss),
            "profitloss": ("profitloss", self.profit_and_loss),
            "taxsummary": ("taxsummary", self.taxes),
            "trial_balance": ("trial_balance", self.trial_balance),
            "accounts_aging": ("accounts_aging", self.ageing),
        }

    def answer(self, name: str, query: Mapping[str, str]) -> Row:
        """The `result` of a report. 404/1012 for an unknown one, 422/1033 or 1007 for bad dates."""
        known = self._known.get(name)
        if known is None:
            raise FreshBooksError(404, 1012, "Requested resource could not be found.", "report", "", name)
        today = self._world.today().isoformat()
        start, end = (_day(query, field, today) for field in ("start_date", "end_date"))
        if start > end:
            raise FreshBooksError(
                422, 1007, "The start date is after the end date.", "report", "start_date", start
            )
        key, report = known
        token = secret(self._world.seed, "report", name, start, end, length=64)
        head = {"start_date": start, "end_date": end, "download_token": token}
        return {key: {**head, **report(start, end)}}

    # -- over documents

    def payments_collected(self, start: str, end: str) -> Row:
        """Receipts and applied credit by payment date; one total per currency."""
        invoices, clients, credits = (
            resource.rows
            for resource in (self._account.invoices, self._account.clients, self._account.credit_notes)
        )
        found, totals = [], dict[str, Decimal]()
        for row in self._account.payments.rows.values():
            if row["vis_state"] == DELETED or not start <= row["date"] <= end:
                continue
            code, invoice = row["currency_code"], invoices[row["invoiceid"]]
            credit = credits.get(row["creditid"]) if row["creditid"] is not None else None
            totals[code] = totals.get(code, ZERO) + Decimal(row["amount"])
            found.append(
                {
                    "amount": money(row["amount"], code),
                    "client": clients[row["clientid"]]["organization"],
                    "clientid": row["clientid"],
                    "credit_number": credit["credit_number"] if credit else None,
                    "creditid": row["creditid"],
                    "date": row["date"],
                    "description": row["note"],
                    "from_credit": credit is not None,
                    "invoice_number": invoice["invoice_number"],
                    "invoiceid": invoice["id"],
                    "method": row["type"],
                }
            )
        found.sort(key=lambda entry: (entry["date"], entry["invoiceid"]))
        sums = [money(str(total), code) for code, total in sorted(totals.items())]
        return {
            "clientids": [],
            "currency_codes": sorted(totals),
            "payment_methods": [],
            "payments": found,
        } | {"totals": sums}

    def taxes(self, start: str, end: str) -> Row:
        """Per tax name: on sent invoices (collected), and on expenses and bills (paid)."""
        collected, paid = dict[str, list[Decimal]](), dict[str, list[Decimal]]()
        invoiced = ZERO
        for row in self._account.invoices.rows.values():
            day = self._account.invoices.posting_date(row)
            if day is None or not start <= day <= end or row["currency_code"] != self._world.currency:
                continue
            invoiced += Decimal(row["amount"])
            shares = tax_shares(lines.unpack(row["lines"]), Decimal(row["discount_value"]))
            for name, (base, tax) in shares.items():
                _add(collected, name, base, tax)
        for name, base, tax in self._taxes_paid(start, end):
            _add(paid, name, base, tax)
        entries = []
        for name in sorted({*collected, *paid}):
            base_in, tax_in = collected.get(name, [ZERO, ZERO])
            base_out, tax_out = paid.get(name, [ZERO, ZERO])
            amounts = {
                "net_tax": tax_in - tax_out,
                "net_taxable_amount": base_in - base_out,
                "tax_collected": tax_in,
                "tax_paid": tax_out,
                "taxable_amount_collected": base_in,
                "taxable_amount_paid": base_out,
            }
            entries.append({"tax_name": name} | {key: self._money(value) for key, value in amounts.items()})
        return {
            "cash_based": False,
            "currency_code": self._world.currency,
            "taxes": entries,
            "total_invoiced": self._money(invoiced),
        }

    def _taxes_paid(self, start: str, end: str) -> Iterator[tuple[str, Decimal, Decimal]]:
        for resource, day, of_row in (
            (self._account.expenses, "date", expenses.taxes_paid),
            (
                self._account.bills,
                "issue_date",
                lambda row: bill_lines.taxes_paid(lines.unpack(row["lines"])),
            ),
        ):
            for row in resource.rows.values():
                in_books = row["vis_state"] != DELETED and row["currency_code"] == self._world.currency
                if in_books and start <= row[day] <= end:
                    yield from of_row(row)

    def ageing(self, start: str, end: str) -> Row:
        """What clients owe at the end date, by days past due, one row per client."""
        owed: dict[int, list[Decimal]] = {}
        last = date.fromisoformat(end)
        for row in self._account.invoices.rows.values():
            day = self._account.invoices.posting_date(row)
            left = self._account.invoices.outstanding(row)
            if day is None or day > end or not left or row["currency_code"] != self._world.currency:
                continue
            days = (last - date.fromisoformat(self._account.invoices.due_date(row))).days
            at = 0 if days <= 30 else 1 if days <= 60 else 2 if days <= 90 else 3
            owed.setdefault(row["customerid"], [ZERO] * len(AGES))[at] += left
        accounts = []
        for client_id, ages in sorted(owed.items()):
            client = self._account.clients.rows[client_id]
            who = {name: client[name] for name in ("email", "fname", "lname", "organization")}
            accounts.append(self._aged(ages) | who | {"userid": client_id})
        totals = [sum(column, ZERO) for column in zip(*owed.values(), strict=True)] or [ZERO] * len(AGES)
        return self._company() | {"accounts": accounts, "totals": self._aged(totals)}

    def _aged(self, ages: list[Decimal]) -> Row:
        named = {name: self._money(amount) for name, amount in zip(AGES, ages, strict=True)}
        return named | {"total": self._money(sum(ages, ZERO))}

    # -- over the ledger

    def profit_and_loss(self, start: str, end: str) -> Row:
        """Income less expenses, one entry per account of the chart that moved."""
        moved = self._movements(start, end)
        income = [self._entry(n, -moved[n], "credit") for n in sorted(moved) if _kind(n) == "income"]
        expenses = [self._entry(n, moved[n], "debit") for n in sorted(moved) if _kind(n) == "expense"]
        earned = sum((-moved[n] for n in moved if _kind(n) == "income"), ZERO)
        spent = sum((moved[n] for n in moved if _kind(n) == "expense"), ZERO)
        code = self._world.currency
        return self._company() | {
            "cash_based": False,
            "labels": [],
            "resolution": None,
            "income": income,
            "expenses": expenses,
            "total_income": self._line("Gross Profit", earned, "credit"),
            "total_expenses": self._line("Total Expenses", spent, "debit"),
            "net_profit": self._line(f"Net Profit ({code})", earned - spent, "credit"),
        }

    def trial_balance(self, start: str, end: str) -> Row:
        """Debits and credits of every account that moved, netted to one side."""
        rows = []
        for number, balance in sorted(self._movements(start, end).items()):
            rows.append(
                {
                    "account_name": self._world.ledger.accounts[number],
                    "account_number": number,
                    "account_sub_name": None,
                    "account_sub_number": None,
                    "credit": self._money(max(-balance, ZERO)),
                    "debit": self._money(max(balance, ZERO)),
                    "sub_accountid": None,
                }
            )
        return self._company() | {"data": rows}

    def _movements(self, start: str, end: str) -> dict[str, Decimal]:
        moved: dict[str, Decimal] = {}
        for entry in self._world.state.tables("ledger").values():
            if start <= entry["date"] <= end:
                for number, debit, credit in entry["lines"]:
                    moved[number] = moved.get(number, ZERO) + Decimal(debit) - Decimal(credit)
        return moved

    def _entry(self, number: str, amount: Decimal, side: str) -> Row:
        return self._line(self._world.ledger.accounts[number], amount, side)

    def _line(self, description: str, amount: Decimal, side: str) -> Row:
        total = self._money(amount)
        return {"children": [], "data": [], "description": description, "entry_type": side, "total": total}

    def _company(self) -> Row:
        return {"company_name": self._world.business_name, "currency_code": self._world.currency}

    def _money(self, amount: Decimal) -> dict[str, str]:
        return money(str(amount), self._world.currency)


def _kind(number: str) -> str:
    # A sub account that somebody added ("1000-1") is of its parent's kind.
    known = ACCOUNTS.get(number) or ACCOUNTS.get(number.split("-")[0])
    return known[1] if known else "expense"


def _day(query: Mapping[str, str], field: str, default: str) -> str:
    text = query.get(field) or default
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = f"The field '{field}' must be a date."
        raise FreshBooksError(422, 1033, message, "report", field, text) from None


def _add(sums: dict[str, list[Decimal]], name: str, base: Decimal, tax: Decimal) -> None:
    kept = sums.setdefault(name, [ZERO, ZERO])
    kept[0] += base
    kept[1] += tax
