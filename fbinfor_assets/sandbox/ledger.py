"""A double-entry ledger kept in a simulator's state, so that a test can read a trial balance.

Belongs here: entries, the rule that each balances, the trial balance.
Does not belong here: which document posts where (each simulator's own posting module), any vendor's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.state import State

Line = tuple[str, Decimal, Decimal]

ZERO = Decimal("0.00")


class UnbalancedError(ValueError):
    """An entry whose debits and credits differ, or that names an unknown account: a bug of the simulator."""


class Ledger:
    """Entries in one currency (`currency`), in the state's table `ledger`; durable with the state's commit.

    `accounts` is the chart: account number -> name. Amounts are Decimals of that currency.
    """

    def __init__(self, state: State, currency: str, accounts: Mapping[str, str]) -> None:
        self._state = state
        self.currency = currency
        self.accounts = dict(accounts)

    def post(
        self, day: date, voucher: str, text: str, lines: Iterable[Line], refs: Mapping[str, Any] | None = None
    ) -> int | None:
        """Post one entry of (account, debit, credit) lines on a day and give its number.

        A negative debit is a credit and the other way round; lines of nothing are left out, and an entry of
        nothing (free goods) is not posted: None. Raises UnbalancedError; nothing is posted then.
        """
        kept = []
        balance = Decimal(0)
        for account, debit, credit in lines:
            if account not in self.accounts:
                raise UnbalancedError(f"voucher {voucher}: account {account} is not in the chart")
            net = debit - credit
            balance += net
            if net:
                kept.append([account, str(max(net, ZERO)), str(max(-net, ZERO))])
        if balance:
            raise UnbalancedError(f"voucher {voucher} does not balance: debit less credit is {balance}")
        if not kept:
            return None
        number = self._state.next_number("ledger")
        entry = {
            "number": number,
            "date": day.isoformat(),
            "voucher": voucher,
            "text": text,
            "currency": self.currency,
            "lines": kept,
            "refs": dict(refs or {}),
        }
        self._state.put("ledger", number, entry)
        return number

    def trial_balance(self, to: date | None = None, *, by_day: bool = False) -> dict[str, Any]:
        """Sums per account of all entries dated up to and including `to`.

        {"currency", "to", "accounts": [{"account", "name", "debit", "credit", "balance"}], "debit", "credit"},
        amounts as decimal text, balance = debit less credit; every account of the chart is there.
        `by_day` adds "days": [{"date", "accounts": [...]}], the movements of each day.
        """
        last = to.isoformat() if to else None
        sums: dict[str, list[Decimal]] = {account: [ZERO, ZERO] for account in self.accounts}
        days: dict[str, dict[str, list[Decimal]]] = {}
        for entry in self._state.tables("ledger").values():
            if last is not None and entry["date"] > last:
                continue
            day = days.setdefault(entry["date"], {})
            for account, debit, credit in entry["lines"]:
                for into in (sums[account], day.setdefault(account, [ZERO, ZERO])):
                    into[0] += Decimal(debit)
                    into[1] += Decimal(credit)
        answer = {
            "currency": self.currency,
            "to": last,
            "accounts": self._rows(sums),
            "debit": str(sum((d for d, _ in sums.values()), ZERO)),
            "credit": str(sum((c for _, c in sums.values()), ZERO)),
        }
        if by_day:
            answer["days"] = [{"date": day, "accounts": self._rows(days[day])} for day in sorted(days)]
        return answer

    def _rows(self, sums: Mapping[str, list[Decimal]]) -> list[dict[str, str]]:
        return [
            {
                "account": account,
                "name": self.accounts[account],
                "debit": str(debit),
                "credit": str(credit),
                "balance": str(debit - credit),
            }
            for account, (debit, credit) in sorted(sums.items())
        ]
