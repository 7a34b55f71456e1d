"""`fbinfor demo`: the main job from a shop order to figures that agree, on a fresh sandbox, checked from outside.

Belongs here: the order of events, the checks at the end, `summary.json`.
Does not belong here: how people behave (sandbox/driver.py), how anything is synchronised (defs), how it is compared
(domain/reconciliation.py).

Nothing that is checked is read from our own tables: the simulators' logs and ledgers, a fresh read through the
vendors' APIs, and the order file through the shop decide.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from fbinfor_assets.app import CONFIG, ROOT, App
from fbinfor_assets.config import Paths, connections_from_sandbox, load_policy, write_connections
from fbinfor_assets.domain.classification import CLASSES, FATE
from fbinfor_assets.domain.money import to_cents
from fbinfor_assets.domain.reconciliation import Reconciliation, sale_of
from fbinfor_assets.domain.tie_out import TieOut, exact_text
from fbinfor_assets.reconcile import Progress, read_and_reconcile
from fbinfor_assets.runtime.reopened import supervised
from fbinfor_assets.runtime.sync import bars, open_instance, preload
from fbinfor_assets.runtime.up import start_sandbox
from fbinfor_assets.status import pending_causes

FIRST_DAY = date(2010, 12, 1)
LAST_DAY = date(2010, 12, 3)
MARKER = ".fbinfor-demo"
ZERO = Decimal("0.00")

#: M3's accounts by what they hold (the simulator's chart, shown by its trial balance).
REVENUE = ("3000", "3010", "3020", "3030", "3040")
VAT = "2200"
CASH_ACCOUNTS = ("1000", "1100", "1110")
RECEIVABLES = "1300"
PREPAYMENTS = "2400"


class DemoError(Exception):
    """The demo cannot start; nothing was changed. The text names the file or folder and what to do."""

    exit_code = 2


@dataclass
class Checks:
    """What was checked, in sentences; `ok` only if all of it held."""

    failed: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def that(self, holds: bool, sentence: str) -> None:
        (self.held if holds else self.failed).append(sentence)

    @property
    def ok(self) -> bool:
        return not self.failed


def shared_orders() -> Path | None:
    """The order file beside the checkout (or below FBINFOR_SHARED), if it is there."""
    folder = Path(os.environ.get("FBINFOR_SHARED") or ROOT.parent / "shared")
    file = folder / "data" / "online_retail.parquet"
    return file if file.is_file() else None


def run_demo(
    *, orders: Path | None, from_: date | None, to: date | None, seed: int, home: Path, quiet: bool = False
) -> dict[str, Any]:
    """Run it and return the summary, which is also written to `<home>/summary.json`.

    Raises `DemoError` for input that cannot be used, before anything is changed.
    """
    console = Console(stderr=True, highlight=False, quiet=quiet)
    begun = time.monotonic()
    orders = orders or shared_orders()
    first, last = from_ or FIRST_DAY, to or LAST_DAY
    if last < first:
        raise DemoError(f"--to {last} is before --from {first}; give the days in order")
    check_orders(orders, first, last)
    make_anew(home)

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - begun:6.1f} s[/]  {text}")

    with supervised(Paths(home).logs) as supervisor:
        source = orders.name if orders else "made-up orders"
        say(f"starting FreshBooks, Infor M3 and the shop with the orders of {source}, {first} to {last}")
        arguments = ["--from", first.isoformat(), "--to", last.isoformat(), "--seed", str(seed)]
        if orders:
            arguments += ["--orders", str(orders.resolve())]
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(start_sandbox, supervisor, home / "sandbox", arguments)
            preload(home)
            sandbox = starting.result()
        paths = Paths(home)
        connections = connections_from_sandbox(sandbox, paths)
        write_connections(connections, paths.connections)
        with App(paths, connections, load_policy(CONFIG / "policy.sandbox.yml")) as app:
            passes = _live(app, sandbox, first, last, console, say)
            say("reading the shop, FreshBooks and M3 anew, and both ledgers")
            with bars(console) as progress:
                summary = judge(app, sandbox, first, last, passes, progress)
    summary["seconds"] = round(time.monotonic() - begun, 1)
    summary["sandbox"] = str(home / "sandbox")
    summary["orders"] = str(orders) if orders else f"made up with seed {seed}"
    (home / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    if not quiet:
        show(summary, home)
    return summary


def check_orders(orders: Path | None, first: date, last: date) -> None:
    from fbinfor_assets.sandbox.shop.orders import read_orders
    from fbinfor_assets.sandbox.state import SandboxError

    if orders is None:
        return
    try:
        # Reading the first row validates the whole file; nothing has been started or deleted yet.
        next(iter(read_orders(orders, first, last)), None)
    except SandboxError as error:
        raise DemoError(str(error)) from None


def make_anew(home: Path) -> None:
    """Empty the demo's own folder; a folder with anything else in it is left alone (`DemoError`)."""
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        raise DemoError(f"{home} is not a demo's folder; give an empty one to --home, nothing was deleted")
    for entry in home.iterdir() if home.exists() else ():
        # What dbt parsed goes by the content of the project, so it may stay and saves the next demo seconds.
        if entry.name == "dbt":
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).write_text("made by `fbinfor demo`; emptied by the next one\n")


# ------------------------------------------------------------------------------------------------ what happens


@dataclass
class Passes:
    """The passes that were run, and what the last cycle over unchanged systems wrote."""

    count: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    second_cycle_writes: int = -1


def _live(
    app: App, sandbox: dict[str, Any], first: date, last: date, console: Console, say: Callable[[str], None]
) -> Passes:
    """Days go by; after each event the systems are synchronised. Ends with one cycle in which nothing may be written."""
    from fbinfor_assets.sandbox.driver import Driver

    with open_instance(app) as instance, bars(console) as advance, Driver(sandbox) as world:
        from fbinfor_assets.defs.workflows.cycle import Cycle

        cycle = Cycle(app, instance=instance, progress=advance)
        done = Passes()

        def sync(settle: bool) -> None:
            report = cycle.run_until_settled(12 if settle else 1, show=False)
            done.count += len(report.passes)
            done.seconds += report.seconds
            done.errors += report.errors
            sent = {name: count for name, count in report.total("sent").items() if count}
            what = ", ".join(f"{count} {name}" for name, count in sent.items()) or "nothing"
            say(f"  {len(report.passes)} {'pass' if len(report.passes) == 1 else 'passes'}: sent {what}")
            for error in report.errors:
                say(f"  [red]{escape(error)}[/]")

        def people_act(day: date) -> None:
            paid, shipped = world.pay(day), world.ship(day)
            if paid["payments"] or shipped["shipments"]:
                say(
                    f"{day}: {paid['payments']} payments of {paid['amount']} GBP, "
                    f"{shipped['shipments']} shipments invoiced at {shipped['total']} GBP"
                )

        # One pass after each event, as a company's day goes; only the last waits until nothing is left to do.
        day = first
        while day <= last:
            say(f"{day}: {world.arrive(day)['new']} orders arrive")
            sync(settle=False)
            people_act(day)
            day += timedelta(days=1)
        sync(settle=False)
        people_act(last)  # the last day's prepayments, now that their drafts exist
        sync(settle=False)
        for later in (day, day + timedelta(days=1)):
            people_act(later)
            sync(settle=False)
        edited = world.edit_master_data(later)["edited"]
        say(f"{later}: somebody corrects {len(edited)} customers in M3")
        people_act(later)
        sync(settle=True)

        before = written(sandbox)
        report = cycle.run()
        done.count += 1
        done.seconds += report.seconds
        done.errors += report.errors
        done.second_cycle_writes = written(sandbox) - before
        say(f"once more over unchanged systems: {done.second_cycle_writes} writes")
        say("making the reports and publishing the snapshot")
        done.errors += cycle.refresh_reports().errors
        return done


def written(sandbox: dict[str, Any]) -> int:
    """How many changes the vendors' logs hold that came through their APIs (not by people)."""
    return sum(1 for name in ("freshbooks", "infor") for _ in api_writes(sandbox[name]["control_url"]))


def api_writes(control_url: str) -> Iterator[dict[str, Any]]:
    """The write log of one simulator without what people did through the control plane."""
    after = 0
    while True:
        page = httpx.get(
            f"{control_url}/writes", params={"after": after, "limit": 5000}, timeout=60, trust_env=False
        )
        page.raise_for_status()
        writes = page.json()["writes"]
        if not writes:
            return
        for write in writes:
            after = write["sequence"]
            if not write["operation"].startswith("people."):
                yield write


def trial_balance(control_url: str) -> dict[str, dict[str, Decimal]]:
    """A ledger's trial balance by account: debit, credit, balance in the company's currency."""
    answer = httpx.get(f"{control_url}/trial-balance", timeout=60, trust_env=False)
    answer.raise_for_status()
    return {
        row["account"]: {side: Decimal(row[side]) for side in ("debit", "credit", "balance")}
        for row in answer.json()["accounts"]
    }


# ------------------------------------------------------------------------------------------------ what is checked


def judge(
    app: App,
    sandbox: dict[str, Any],
    first: date,
    last: date,
    passes: Passes,
    progress: Progress | None = None,
) -> dict[str, Any]:
    result, read = read_and_reconcile(
        shop=app.shop,
        freshbooks=app.freshbooks,
        m3=app.m3,
        policy=app.policy,
        pending=pending_causes(app),
        progress=progress,
    )
    tied: TieOut = read["tie_out"]
    checks = Checks()
    _check_classes(checks, tied)
    _check_once(checks, read)
    _check_tax(checks, read)
    _check_ledger(checks, read, trial_balance(sandbox["infor"]["control_url"]))
    checks.that(result.ok, f"unexplained is 0.00 in every pair ({len(result.unexplained)} documents are not)")
    free = result.free_goods
    checks.that(
        not free.problems and free.delivered == free.documents,
        f"free goods are delivered in M3 once, worth 0.00: {free.delivered} of {free.documents} documents"
        + "".join(f"; {problem}" for problem in free.problems[:5]),
    )
    checks.that(
        not result.duplicates, "no document stands twice: " + ("; ".join(result.duplicates) or "none")
    )
    checks.that(
        passes.second_cycle_writes == 0,
        f"a second cycle writes nothing ({passes.second_cycle_writes} writes)",
    )
    checks.that(not passes.errors, "every pass went through: " + ("; ".join(passes.errors) or "no error"))
    classes = {
        name: {
            "count": sum(1 for document in read["shop"] if document.document_class == name),
            "net": exact_text(sum((row.shop_net for row in tied.rows() if row.document_class == name), ZERO)),
            "fate": FATE[name],
        }
        for name in CLASSES
    }
    return {
        "ok": checks.ok,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "documents": classes,
        "documents_total": {
            "count": len(read["shop"]),
            "net": exact_text(sum((row.shop_net for row in tied.rows()), ZERO)),
        },
        "differences": _differences(result),
        "explained": [part.to_json() for part in result.explained],
        "unexplained": [part.to_json() for part in result.unexplained],
        "pairs": result.to_json()["pairs"],
        "classes": tied.to_json(),
        "free_goods": result.free_goods.to_json(),
        "second_cycle_writes": passes.second_cycle_writes,
        "passes": passes.count,
        "pass_seconds": round(passes.seconds, 1),
        "checks": {"held": checks.held, "failed": checks.failed},
        "read_at": read["read_at"].isoformat(),
    }


def _differences(result: Reconciliation) -> dict[str, dict[str, str]]:
    """Unexplained amounts per pair and currency, as decimal text."""
    found: dict[str, dict[str, str]] = {}
    for (pair, currency), total in sorted(result.totals.items()):
        found.setdefault(pair, {})[currency] = f"{total.unexplained:.2f}"
    return found


def _check_classes(checks: Checks, tied: TieOut) -> None:
    """The shop's net stands class by class where it belongs, to its last decimal."""
    for currency, total in sorted(tied.totals.items()):
        checks.that(
            total.shop_net
            == total.m3_net
            + total.rounding
            + total.not_delivered
            + total.held
            + total.not_posted
            + total.by_hand,
            f"the shop's net of {exact_text(total.shop_net)} {currency} = M3 {exact_text(total.m3_net)}"
            f" + rounding {exact_text(total.rounding)} + not delivered {exact_text(total.not_delivered)}"
            f" + held {exact_text(total.held)} + not posted {exact_text(total.not_posted)}",
        )
    wrong = [f"{part.document} ({part.line_class}, {part.amount})" for part in tied.unexplained]
    checks.that(not wrong, f"every class ties out in every document (not so: {wrong[:5] or 'none'})")


def _check_once(checks: Checks, read: dict[str, Any]) -> None:
    """Every accepted order once in FreshBooks and once in M3, and nothing else there."""
    accepted = {d.number: d for d in read["shop"] if d.document_class in ("sale", "credit")}
    books: dict[str, set[str]] = {}
    for document in read["freshbooks"]:
        books.setdefault(sale_of(document.number), set()).add(document.number)
    numbers = [document.number for document in read["freshbooks"]]
    missing = sorted(set(accepted) - set(books))
    checks.that(not missing, f"every accepted order is in FreshBooks (missing: {missing[:5] or 'none'})")
    strange = sorted(set(books) - set(accepted))
    checks.that(
        not strange, f"FreshBooks has no document of ours without an accepted order ({strange[:5] or 'none'})"
    )
    checks.that(len(numbers) == len(set(numbers)), "no FreshBooks document number stands twice")
    by_id = {(document.kind, document.id): sale_of(document.number) for document in read["freshbooks"]}
    ordered: dict[str, int] = {}
    for order in read["orders"]:
        sale = by_id.get(("credit_note" if order.credit else "invoice", order.freshbooks_id), order.number)
        ordered[sale] = ordered.get(sale, 0) + 1
    wrong = sorted(number for number in accepted if ordered.get(number) != 1)
    checks.that(not wrong, f"every accepted order is in M3 exactly once (not so: {wrong[:5] or 'none'})")
    checks.that(set(ordered) <= set(accepted), "M3 has no order of ours without an accepted order")


def _check_tax(checks: Checks, read: dict[str, Any]) -> None:
    """20 % VAT where the policy says so: the shop's documents and M3's invoices, each on its own net."""
    wrong = [d.number for d in read["shop"] if d.tax not in (ZERO, to_cents(d.net * Decimal("0.20")))]
    checks.that(not wrong, f"the shop's VAT is 20 % or 0 (not so: {wrong[:5] or 'none'})")
    taxed = {
        d.number: d.tax != 0 for d in read["shop"] if d.document_class in ("sale", "credit") and d.net != 0
    }
    by_id = {(document.kind, document.id): sale_of(document.number) for document in read["freshbooks"]}
    sale_of_order = {
        order.number: by_id.get(("credit_note" if order.credit else "invoice", order.freshbooks_id))
        for order in read["orders"]
    }
    wrong = []
    for invoice in read["invoices"]:
        rate = Decimal("0.20") if taxed.get(sale_of_order.get(invoice.order_number) or "") else Decimal(0)
        if invoice.tax != to_cents((invoice.total - invoice.tax) * rate):
            wrong.append(invoice.number)
    checks.that(
        not wrong, f"M3's VAT is 20 % where the shop's is and 0 elsewhere (not so: {wrong[:5] or 'none'})"
    )


def _check_ledger(checks: Checks, read: dict[str, Any], ledger: dict[str, dict[str, Decimal]]) -> None:
    """I13: revenue, VAT and cash of each sale stand in M3's ledger exactly once."""
    none = {"debit": ZERO, "credit": ZERO, "balance": ZERO}
    net = sum((invoice.total - invoice.tax for invoice in read["invoices"]), ZERO)
    tax = sum((invoice.tax for invoice in read["invoices"]), ZERO)
    posted = -sum((ledger.get(account, none)["balance"] for account in REVENUE), ZERO)
    checks.that(posted == net, f"revenue in M3 {posted:.2f} = net of its invoices {net:.2f}")
    vat = -ledger.get(VAT, none)["balance"]
    checks.that(vat == tax, f"VAT in M3 {vat:.2f} = VAT of its invoices {tax:.2f}")
    received = sum((payment.amount for payment in read["payments"]), ZERO)
    cash = sum((ledger.get(account, none)["balance"] for account in CASH_ACCOUNTS), ZERO)
    checks.that(cash == received, f"cash in M3 {cash:.2f} = payments in FreshBooks {received:.2f}")
    still_open = sum((invoice.open for invoice in read["invoices"]), ZERO)
    receivable = ledger.get(RECEIVABLES, none)["balance"]
    checks.that(
        receivable == still_open,
        f"receivables in M3 {receivable:.2f} = open on its invoices {still_open:.2f}",
    )
    on_account = sum(
        (
            r.amount if r.kind == "on_account" else -r.amount if r.kind == "allocation" else ZERO
            for r in read["receipts"]
        ),
        ZERO,
    )
    prepaid = -ledger.get(PREPAYMENTS, none)["balance"]
    checks.that(
        prepaid == on_account, f"prepayments in M3 {prepaid:.2f} = not yet allocated {on_account:.2f}"
    )
    both = [sum((row[side] for row in ledger.values()), ZERO) for side in ("debit", "credit")]
    checks.that(both[0] == both[1], f"M3's ledger balances: debit {both[0]:.2f}, credit {both[1]:.2f}")


# ------------------------------------------------------------------------------------------------ showing it


def show(summary: dict[str, Any], home: Path) -> None:
    """The summary as a person reads it."""
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title="shop documents", title_justify="left", header_style="bold")
    for column, justify in (
        ("class", "left"),
        ("documents", "right"),
        ("net GBP", "right"),
        ("fate", "left"),
    ):
        table.add_column(column, justify=justify)
    for name, row in summary["documents"].items():
        table.add_row(name, str(row["count"]), row["net"], row["fate"])
    total = summary["documents_total"]
    table.add_row("together", str(total["count"]), total["net"], "", style="bold")
    console.print(table)
    table = Table(title="agreement", title_justify="left", header_style="bold")
    names = ("pair", "currency", "documents", "left", "right", "explained", "unexplained")
    for name in names:
        table.add_column(name, justify="left" if name in ("pair", "currency") else "right")
    for pair in summary["pairs"]:
        table.add_row(*(str(pair[name]) for name in names))
    console.print(table)
    for sentence in summary["checks"]["held"]:
        console.print(f"[green]holds[/]  {sentence}")
    for sentence in summary["checks"]["failed"]:
        console.print(f"[red]FAILS[/]  {sentence}")
    verdict = "[green]everything agrees[/]" if summary["ok"] else "[red]it does not agree[/]"
    console.print(
        f"\n{verdict} after {summary['passes']} passes, {summary['seconds']} s. The figures: {home / 'summary.json'}"
    )
    console.print(
        f"Check it yourself: fbinfor reconcile --sandbox {summary['sandbox']}"
        f" (or keep it running: fbinfor sandbox serve --state {summary['sandbox']})",
        soft_wrap=True,
    )
    console.print(f"Ask it: fbinfor sql --home {home} ageing (without a name: all questions of the tour)")
