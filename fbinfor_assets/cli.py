"""The command line `fbinfor`.

Belongs here: commands, their help, how results and errors are shown.
Does not belong here: what a command does (one function elsewhere each); importing Dagster, dbt or Great Expectations
at start (inside the commands that need them only).

Exit codes: 0 all is well, 1 the answer is no (differences, failed checks, something went wrong), 2 wrong usage or input.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    name="fbinfor",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Keeps **FreshBooks** and **Infor M3** in agreement, both ways, to the cent, and proves it.\n\n"
    "Start with `fbinfor demo`: it needs no account and no server. Then `fbinfor up` for the Dagster UI.",
    epilog="Every command has its own --help. Those that report take --json. Files live below --home "
    "(or FBINFOR_HOME, else ./var).",
)
sandbox_app = typer.Typer(
    no_args_is_help=True, help="The vendors' simulators: FreshBooks, Infor M3 and a shop, on loopback."
)
app.add_typer(sandbox_app, name="sandbox")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Home = Annotated[
    Path | None, typer.Option("--home", help="Folder of everything fbinfor writes.", envvar="FBINFOR_HOME")
]
ConnectionsFile = Annotated[
    Path | None,
    typer.Option(
        "--connections", help="Connections file; else config/connections.yml, else the one in --home."
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="Accounting policy; else config/policy.yml (the sandbox has its own)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


def _open(home: Path | None, connections: Path | None, policy: Path | None):
    from fbinfor_assets.app import App

    return App.open(home=home, connections=connections, policy=policy)


def _print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=2, default=_jsonable, ensure_ascii=False) + "\n")


def _jsonable(value: Any) -> str:
    if isinstance(value, Decimal | date | datetime | Path):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def _table(title: str, columns: list[str], rows: list[list[Any]], right: set[int] = frozenset()) -> None:
    table = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


# ------------------------------------------------------------------------------------------------ demo, up, sandbox


@app.command()
def demo(
    orders: Annotated[
        Path | None,
        typer.Option(
            help="Order file (parquet or csv); else the shared one where it is, else made-up orders."
        ),
    ] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of orders.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is made up.")] = 1,
    home: Annotated[Path, typer.Option(help="Folder to work in; made anew each time.")] = Path("var/demo"),
    json_: AsJson = False,
) -> None:
    """Shop orders to FreshBooks to Infor M3 and back, over real HTTP, checked to the cent.

    Starts the simulators, lets orders arrive, goods ship and customers pay by a stated rule, synchronises after each,
    and then checks the result against the simulators' own logs and ledgers. Leaves `summary.json` and the simulators'
    state below --home. Exits 0 only if every check held.

    Example: `fbinfor demo --orders orders.parquet --from 2010-12-01 --to 2010-12-03`
    """
    from fbinfor_assets.demo import run_demo

    summary = run_demo(orders=orders, from_=_day(from_), to=_day(to), seed=seed, home=home, quiet=json_)
    if json_:
        _print_json(summary)
    raise typer.Exit(0 if summary["ok"] else 1)


@sandbox_app.command("serve")
def sandbox_serve(
    orders: Annotated[
        Path | None, typer.Option(help="Order file (parquet or csv); without it, made-up orders.")
    ] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of orders.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of credentials, people and made-up orders.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder that survives; one that exists is reopened.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="FreshBooks here, Infor and the shop on the next two; 0 takes free ones.")
    ] = 0,
    config: Annotated[
        Path | None, typer.Option(help="YAML of switches, sections freshbooks, m3, shop.")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help="YAML of faults to begin with: seed, and the same sections.")
    ] = None,
) -> None:
    """Run the simulators until Ctrl-C; one line of JSON tells where they are once all of them answer.

    The line holds base URLs, credentials and the control-plane URL of each, so that any client can be pointed at them.
    `GET <control_url>/writes` is the log of everything that was changed, `<control_url>/trial-balance` the ledger.

    A file of --faults makes a network and vendors as bad as you like, by seeded chance or at given calls:

        seed: 7
        freshbooks:
          - {do: answer, status: 503, rate: 0.05}
          - {do: lose_answer, method: POST, path: /payments, at: [3, 7]}
        m3:
          - {do: lag, seconds: [0, 5]}

    Kinds: refuse, slow, delay, slow_answer, reset, lose_request, lose_answer, answer (any status, Retry-After),
    truncate, invalid_json, content_type, unauthorised, lose_refresh, lag, page_shift, clock, webhooks. A mistake in the
    file is refused with its line. `GET <control_url>/faults` tells what hit which request; DELETE ends them all.

    Example: `fbinfor sandbox serve --state var/demo/sandbox` reopens what the demo left.
    """
    from fbinfor_assets.sandbox.serve import serve

    raise typer.Exit(serve(orders, _day(from_), _day(to), seed, state, port, config, faults))


@sandbox_app.command("people")
def sandbox_people(
    sandbox: Annotated[str, typer.Option(help="The line `serve` printed, or @FILE that holds it.")],
    seed: Annotated[int, typer.Option(help="The same seed on the same state makes the same edits.")] = 1,
    edits: Annotated[int, typer.Option(help="How many edits.")] = 20,
    per_minute: Annotated[
        float | None, typer.Option(help="At random intervals, so many a minute; else one after the other.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Groups, with commas: client, invoice, payment, expense, bill, customer, order, party."
        ),
    ] = None,
) -> None:
    """Let people edit things by hand on both sides of a sandbox; one line of JSON per edit.

    Names are retyped, addresses and telephones change, clients are archived, entered twice, deleted and restored,
    drafts and payments change, order lines are cancelled, customers blocked: what a synchronisation has to live with.

    Example: `fbinfor sandbox people --sandbox @var/demo/sandbox/sandbox.json --edits 50 --per-minute 30`
    """
    from fbinfor_assets.sandbox.people import main

    arguments = {"--sandbox": sandbox, "--seed": seed, "--edits": edits}
    arguments |= {"--per-minute": per_minute, "--only": only}
    raise typer.Exit(main([f"{name}={value}" for name, value in arguments.items() if value is not None]))


@sandbox_app.command("switches")
def sandbox_switches(
    section: Annotated[str | None, typer.Argument(help="freshbooks, m3 or shop; all without it.")] = None,
    json_: AsJson = False,
) -> None:
    """What can be set where the vendors' behaviour differs by tenant or is not known for sure, and why.

    Set them in a YAML file for `fbinfor sandbox serve --config`, or while it runs by POST <control_url>/switches:

        m3:
          tax_rounding: line
          ar_update: manual
    """
    from fbinfor_assets.sandbox.switches import SECTIONS, rows

    if section is not None and section not in SECTIONS:
        err.print(f"there is no section {section!r}; there are {', '.join(SECTIONS)}")
        raise typer.Exit(2)
    found = [row for row in rows() if section in (None, row["section"])]
    if json_:
        _print_json(found)
        return
    table = Table("section", "switch", "default", "or", "why")
    for row in found:
        others = "any" if row["open"] else ", ".join(map(str, row["others"]))
        table.add_row(row["section"], row["name"], str(row["default"]), others, row["about"])
    out.print(table)


@app.command()
def up(
    home: Home = None,
    connections: ConnectionsFile = None,
    policy: PolicyFile = None,
    port: Annotated[int, typer.Option(help="Port of the Dagster UI; 0 takes a free one.")] = 3000,
    json_: AsJson = False,
) -> None:
    """Everything on loopback: the simulators (unless connections are configured), Dagster's UI, sensors on.

    Prints the addresses; one Ctrl-C ends it all.
    """
    from fbinfor_assets.runtime.up import run_up

    raise typer.Exit(run_up(home=home, connections=connections, policy=policy, port=port, as_json=json_))


# ------------------------------------------------------------------------------------------------ sync, status, plan


@app.command()
def sync(
    home: Home = None,
    connections: ConnectionsFile = None,
    policy: PolicyFile = None,
    once: Annotated[bool, typer.Option(help="One pass only; else passes until one sends nothing.")] = False,
    full: Annotated[bool, typer.Option(help="Build the whole warehouse anew first.")] = False,
    json_: AsJson = False,
) -> None:
    """One full cycle now: land, build, gate, deliver, repeated until a pass sends nothing.

    Each pass is a Dagster run that the UI shows. What is held or refused stays visible in `fbinfor plan`.
    """
    from fbinfor_assets.runtime.sync import run_sync

    with _open(home, connections, policy) as application:
        report = run_sync(application, once=once, full=full, console=None if json_ else err)
        if json_:
            _print_json(report.to_json())
        else:
            _table(
                f"{report.passes} passes in {report.seconds:.1f} s",
                ["object", "sent", "confirmed", "in doubt", "conflict", "dead letters"],
                report.rows(),
                right={1, 2, 3, 4, 5},
            )
        raise typer.Exit(0 if report.ok else 1)


@app.command()
def status(
    home: Home = None, connections: ConnectionsFile = None, policy: PolicyFile = None, json_: AsJson = False
) -> None:
    """How things stand: last build, watermarks, what was sent, what is held, in doubt or dead."""
    from fbinfor_assets.status import read_status

    with _open(home, connections, policy) as application:
        report = read_status(application)
    if json_:
        _print_json(report)
        return
    build = report["build"]
    out.print(
        f"last complete build: generation {build['generation']}, {build['finished_at']}"
        if build
        else "nothing has been built yet: run `fbinfor sync`"
    )
    out.print("flows: " + ", ".join(f"{name} {mode}" for name, mode in report["flows"].items()))
    if report["landings"]:
        _table("landed", ["system", "entity", "versions", "watermark"], report["landings"], right={2})
    if report["intents"]:
        _table("intents", ["object", "state", "count"], report["intents"], right={2})
    rules: dict[tuple[str, str], list[list[Any]]] = {}
    for letter in report["dead_letters"]:
        rules.setdefault((letter[0], letter[2]), []).append(letter)
    for (object_, rule), letters in rules.items():
        _, key, _, field, value, message = letters[0]
        out.print(
            f"[red]{len(letters)} open dead letters[/] {object_}, rule {rule}; for example", soft_wrap=True
        )
        out.print(f"  {key}: {field} = {value!r}: {message}", markup=False, soft_wrap=True)


@app.command()
def plan(
    home: Home = None,
    connections: ConnectionsFile = None,
    policy: PolicyFile = None,
    object_: Annotated[
        str | None, typer.Option("--object", help="Only this outbound object, e.g. m3__orders.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option(help="Land and build first (reads the vendors, sends nothing).")
    ] = False,
    limit: Annotated[int, typer.Option(help="At most so many records per object.")] = 20,
    json_: AsJson = False,
) -> None:
    """What would be sent, field by field, old → new, and what is held and why. Nothing is sent."""
    from fbinfor_assets.status import read_plan

    with _open(home, connections, policy) as application:
        if refresh:
            from fbinfor_assets.runtime.sync import land_and_build

            land_and_build(application, console=None if json_ else err)
        entries = read_plan(application, object_)
    if json_:
        _print_json(entries)
        return
    if not entries:
        out.print("nothing to send and nothing held")
    shown: dict[str, int] = {}
    for entry in entries:
        shown[entry["object"]] = shown.get(entry["object"], 0) + 1
        if shown[entry["object"]] > limit:
            continue
        amount = f"  {entry['amount']} {entry['currency']}" if entry["amount"] is not None else ""
        colour = {"create": "green", "update": "yellow"}.get(entry["operation"], "red")
        out.print(
            f"[{colour}]{entry['operation']:8}[/] {entry['object']}  {entry['business_key']}{amount}  [dim]{entry['reason']}[/]"
        )
        for change in entry["changes"]:
            out.print(f"           {change['field']}: {change['old']!r} → {change['new']!r}", markup=False)
    for name, count in shown.items():
        if count > limit:
            out.print(f"[dim]{name}: {count - limit} more (raise --limit, or --json for all)[/]")


@app.command()
def reconcile(
    home: Home = None, connections: ConnectionsFile = None, policy: PolicyFile = None, json_: AsJson = False
) -> None:
    """Read the shop, FreshBooks and M3 anew and compare them, per document and currency. Exits 1 on differences.

    Every explained part names its cause from the policy's closed list, its counterpart, an owner and an age.
    """
    from fbinfor_assets.reconcile import read_and_reconcile
    from fbinfor_assets.status import pending_causes

    with _open(home, connections, policy) as application:
        result, read = read_and_reconcile(
            shop=application.shop,
            freshbooks=application.freshbooks,
            m3=application.m3,
            policy=application.policy,
            pending=pending_causes(application),
        )
    document = {"read_at": read["read_at"].astimezone(UTC).isoformat(), **result.to_json()}
    if json_:
        _print_json(document)
    else:
        show_reconciliation(document)
    raise typer.Exit(0 if result.ok else 1)


def show_reconciliation(document: dict[str, Any]) -> None:
    """The comparison as tables: totals per pair, explained parts by cause, and every unexplained document."""
    _table(
        f"read {document['read_at']}",
        ["pair", "currency", "documents", "left", "right", "difference", "explained", "unexplained"],
        [[pair[name] for name in pair] for pair in document["pairs"]],
        right={2, 3, 4, 5, 6, 7},
    )
    causes: dict[tuple[str, str, str], list[Any]] = {}
    for part in document["explained"]:
        total = causes.setdefault((part["pair"], part["cause"], part["currency"]), [0, Decimal(0)])
        total[0] += 1
        total[1] += Decimal(part["amount"])
    if causes:
        _table(
            "explained",
            ["pair", "cause", "currency", "documents", "amount"],
            [[*key, *total] for key, total in sorted(causes.items())],
            right={3, 4},
        )
    if document["unexplained"]:
        _table(
            "[red]unexplained[/]",
            ["pair", "document", "left", "right", "amount", "currency", "note"],
            [[part[name] for name in part] for part in document["unexplained"]],
            right={2, 3, 4},
        )
    for duplicate in document["duplicates"]:
        out.print(f"[red]duplicate:[/] {duplicate}")
    free = document["free_goods"]
    if free["documents"]:
        out.print(
            f"free goods: {free['delivered']} of {free['documents']} documents delivered in M3, worth 0.00"
        )
    for problem in free["problems"]:
        out.print(f"[red]free goods:[/] {problem}")
    out.print("[green]agrees[/]" if document["ok"] else "[red]does not agree[/]")


# ------------------------------------------------------------------------------------------------ doctor, sql


@app.command()
def doctor(
    home: Home = None, connections: ConnectionsFile = None, policy: PolicyFile = None, json_: AsJson = False
) -> None:
    """Check configuration, credentials, hosts and stores, one by one, and say what to do where something is wrong."""
    from fbinfor_assets.app import connections_file
    from fbinfor_assets.config import Paths
    from fbinfor_assets.doctor import doctor as examine

    paths = Paths(home)
    checks = examine(connections_file(paths, connections), paths, policy=policy)
    if json_:
        _print_json({"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            out.print("[green]ok  [/]" if check.ok else "[red]FAIL[/]", end=" ")
            out.print(f"{check.name}: {check.detail}", markup=False, soft_wrap=True)
            if not check.ok and check.next_step:
                out.print(f"     next: {check.next_step}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(help="SQL; '-' or nothing reads it from standard input.")
    ] = None,
    home: Home = None,
    limit: Annotated[int, typer.Option(help="At most so many rows; 0 is all.")] = 1000,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json_: AsJson = False,
) -> None:
    """Ask the published snapshot of the warehouse, read-only, also while a run writes.

    Example: `fbinfor sql "select class, documents, net from reports.document_classes"`
    """
    from fbinfor_assets.status import query_snapshot

    text = sys.stdin.read() if query in (None, "-") else query
    if not text or not text.strip():
        raise typer.BadParameter("there is no SQL: give it as the argument or on standard input")
    result = query_snapshot(home, text, limit)
    columns, rows = result.columns, result.rows
    if json_:
        _print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif csv:
        import csv as writer

        sheet = writer.writer(sys.stdout)
        sheet.writerow(columns)
        sheet.writerows(rows)
    else:
        _table("", list(columns), [list(row) for row in rows])
    if result.truncated:
        err.print(f"[dim]cut at {limit} rows; --limit 0 shows all[/]")


# ------------------------------------------------------------------------------------------------ errors


def _expected_errors() -> tuple[type[BaseException], ...]:
    """The errors that speak for themselves; anything else is a defect of ours."""
    from fbinfor_assets.clients.errors import ClientError
    from fbinfor_assets.config import ConfigError
    from fbinfor_assets.delivery.gate import RefusedByGate
    from fbinfor_assets.demo import DemoError
    from fbinfor_assets.domain.policy import PolicyError
    from fbinfor_assets.runtime.up import UpError
    from fbinfor_assets.store import StoreError
    from fbinfor_assets.warehouse import WarehouseError

    return (
        ClientError,
        ConfigError,
        DemoError,
        PolicyError,
        RefusedByGate,
        StoreError,
        UpError,
        WarehouseError,
    )


def main() -> None:
    """Entry point: run a command, turn errors into a sentence and an exit code, never into a bare traceback."""
    # Dagster, dbt and Great Expectations send nothing out, whoever starts them from here.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    try:
        app()
    except KeyboardInterrupt:
        err.print("stopped")
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001  the last place that can still say what happened
        if isinstance(error, _expected_errors()):
            err.print("[red]fbinfor:[/] ", end="")
            err.print(str(error), markup=False)
            raise SystemExit(getattr(error, "exit_code", 1)) from None
        report = Path(os.environ.get("FBINFOR_HOME") or "var") / "logs" / "last-error.txt"
        try:
            report.parent.mkdir(parents=True, exist_ok=True)
            report.write_text(traceback.format_exc())
            where = f"; the details are in {report}"
        except OSError:
            where = ""
        err.print(
            f"fbinfor: {type(error).__name__}: {error} (a defect of fbinfor{where})",
            markup=False,
            style="red",
        )
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
