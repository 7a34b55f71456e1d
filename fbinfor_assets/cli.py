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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from fbinfor_assets.app import App

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


@contextmanager
def _open(home: Path | None, connections: Path | None, policy: Path | None) -> Iterator[App]:
    """The home's `App`. A sandbox that does not run is an error that says how to start it."""
    from fbinfor_assets.app import App
    from fbinfor_assets.clients.errors import ConnectError
    from fbinfor_assets.config import ConfigError

    with App.open(home=home, connections=connections, policy=policy) as application:
        try:
            yield application
        except ConnectError as error:
            if not application.connections.sandbox:
                raise
            state = application.paths.sandbox
            raise ConfigError(
                str(application.paths.home),
                [f"its sandbox is not running: {error.problem}"],
                f"start it with `fbinfor sandbox serve --state {state}`; "
                f"`fbinfor reconcile --sandbox {state}` starts and stops it itself",
            ) from error


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
    home: Home = None,
    connections: ConnectionsFile = None,
    policy: PolicyFile = None,
    sandbox: Annotated[
        Path | None,
        typer.Option(help="State folder of a sandbox that is not running: it is served meanwhile."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Read the shop, FreshBooks and M3 anew and compare them, per document, class and currency. Exits 1 on differences.

    Every explained part names its cause from the policy's closed list, its counterpart, an owner and an age. The shop's
    net is tied out by class of lines, to its last decimal, with rounding itemised. Nothing is read from our own tables.

    Example: `fbinfor reconcile --sandbox var/demo/sandbox` checks once more what the demo left.
    """
    from fbinfor_assets.reconcile import as_document, read_and_reconcile
    from fbinfor_assets.runtime.sync import bars
    from fbinfor_assets.status import pending_causes

    opened = _open(home, connections, policy) if sandbox is None else _reopened(sandbox, home, policy)
    with opened as application, bars(None if json_ else err) as progress:
        result, read = read_and_reconcile(
            shop=application.shop,
            freshbooks=application.freshbooks,
            m3=application.m3,
            policy=application.policy,
            pending=pending_causes(application),
            progress=progress,
        )
    document = as_document(result, read)
    if json_:
        _print_json(document)
    else:
        show_reconciliation(document)
    raise typer.Exit(0 if document["ok"] else 1)


@contextmanager
def _reopened(state: Path, home: Path | None, policy: Path | None) -> Iterator[App]:
    """The `App` over a sandbox that is served for the time of the block, by default of the home it lies in."""
    from fbinfor_assets.app import App, policy_file
    from fbinfor_assets.config import Paths, load_policy
    from fbinfor_assets.runtime.reopened import home_of, reopened

    paths = Paths(home or home_of(state))
    with reopened(state, paths) as found, App(paths, found, load_policy(policy_file(found, policy))) as made:
        yield made


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
        waiting = f", {free['waiting']} on their way or held" if free["waiting"] else ""
        out.print(
            f"free goods: {free['delivered']} of {free['documents']} documents delivered in M3, worth 0.00{waiting}"
        )
    for problem in free["problems"]:
        out.print(f"[red]free goods:[/] {problem}", soft_wrap=True)
    show_classes(document["classes"])
    out.print("[green]agrees[/]" if document["ok"] else "[red]does not agree[/]")


def show_classes(classes: dict[str, Any]) -> None:
    """The shop's net by class as a table; parts that are nothing everywhere are left out, rounding is itemised."""
    totals = [{"document_class": "together", "line_class": "", **total} for total in classes["totals"]]
    rows = [*classes["rows"], *totals]
    always = ("shop_net", "freshbooks_net", "m3_net", "unexplained")
    some = ("rounding", "not_delivered", "held", "not_posted", "by_hand", "in_transit")
    amounts = [*always[:3], *(name for name in some if any(Decimal(row[name]) for row in totals)), always[3]]
    columns = ["document_class", "line_class", "currency", "documents", "lines", *amounts]
    _table(
        "the shop's net by class",
        [column.replace("_", " ") for column in columns],
        [[row[column] for column in columns] for row in rows],
        right=set(range(3, len(columns))),
    )
    fates = {row["document_class"]: row["fate"] for row in classes["rows"] if Decimal(row["not_posted"])}
    for name, fate in fates.items():
        out.print(f"[dim]{name}:[/] {fate}")
    shown = ("pair", "document", "line_class", "left", "right", "amount", "currency")
    for title, parts in (("rounding", classes["rounding"]), ("[red]unexplained[/]", classes["unexplained"])):
        if parts:
            cells = [[part[name] for name in shown] for part in parts]
            _table(f"{title} by document and class", [*shown], cells, right={3, 4, 5})


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
def report(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="index, reconciliation, sent, ageing, revenue, anomalies; all of them without it.",
        ),
    ] = None,
    home: Home = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the first page in the browser.")] = False,
    refresh: Annotated[
        bool, typer.Option(help="Build the report tables anew first, also if they show the last build.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Write the reports as pages: HOME/reports/*.html, each one file that needs no server and no network.

    Do both systems agree, what was sent and why, who owes what, where every line went, what looks wrong: each page begins
    with the answer in a sentence. Figures come from the published snapshot; report tables that are missing or older than
    the last build are built first. Exits 0 whatever the pages say: `fbinfor reconcile` is the judge.

    Example: `fbinfor report --open`, `fbinfor report ageing --json`
    """
    from fbinfor_assets.app import DBT_PROJECT
    from fbinfor_assets.config import Paths
    from fbinfor_assets.reports import NAMES, make_pages
    from fbinfor_assets.warehouse import Warehouse

    unknown = [name for name in names or () if name not in NAMES]
    if unknown:
        raise typer.BadParameter(f"there is no page {unknown[0]!r}; there are {', '.join(NAMES)}")
    paths = Paths(home)
    written = make_pages(Warehouse(paths.home, DBT_PROJECT), paths.reports, list(names or NAMES), refresh)
    if json_:
        _print_json([page.to_json() for page in written])
    else:
        colours = {"ok": "green", "note": "yellow", "bad": "red"}
        for page in written:
            answer = page.page.answer
            out.print(f"[{colours[answer.state]}]{page.page.name:15}[/]", end=" ")
            out.print(answer.sentence, markup=False, soft_wrap=True)
            out.print(f"{'':15} {page.path}", markup=False, soft_wrap=True)
    if open_:
        import webbrowser

        webbrowser.open(written[0].path.as_uri())


@app.command()
def docs(home: Home = None, json_: AsJson = False) -> None:
    """Write the documentation of the warehouse: every table and column, where it comes from, what is tested of it.

    One HTML page without anything beside it, below --home in docs/. It needs no data; with a built warehouse it also has
    what is in the tables.
    """
    from fbinfor_assets.app import DBT_PROJECT
    from fbinfor_assets.config import Paths
    from fbinfor_assets.warehouse import Warehouse

    page = Warehouse(Paths(home).home, DBT_PROJECT).write_docs()
    if json_:
        _print_json({"page": page})
    else:
        out.print(f"{page}", soft_wrap=True)


@app.command()
def sql(
    query: Annotated[
        str | None,
        typer.Argument(help="A question of the tour by its name, or SQL; '-' reads SQL from standard input."),
    ] = None,
    home: Home = None,
    list_: Annotated[bool, typer.Option("--list", help="List the questions of the tour.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the SQL instead of asking it.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Print DuckDB's plan instead.")] = False,
    tables: Annotated[bool, typer.Option("--tables", help="List the tables of the snapshot.")] = False,
    describe: Annotated[
        str | None, typer.Option(metavar="TABLE", help="The columns of a table, each with its meaning.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A file with SQL; a header as in the tour is read.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Value of a parameter ($NAME); repeatable.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write to a file: csv, json, md, html, parquet or xlsx.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="The format, where the file's ending does not say it.")
    ] = None,
    all_: Annotated[
        bool,
        typer.Option("--all", help="The whole tour: into the folder --out, or one workbook --out FILE.xlsx."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help="At most so many rows; 0 is all. On the screen 1000, else all.", min=0)
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json_: AsJson = False,
) -> None:
    """Ask the published snapshot of the warehouse, read-only, also while a run writes.

    Without arguments it lists the tour: documented questions about this business, each a file of plain SQL.

        fbinfor sql ageing                                   who owes us what
        fbinfor sql order --param order=536365               where an order is in the three systems
        fbinfor sql differences --out differences.xlsx       into Excel; --all --out tour.xlsx takes all
        fbinfor sql --describe reports.sent                  what the columns mean
        fbinfor sql "select class, documents, net from reports.document_classes"

    Amounts have all their digits everywhere; in Excel they are numbers of 15 digits shown with their decimals. A query reads
    the snapshot's tables and nothing else: it cannot write, nor open a file. Exits 2 for a wrong question.
    """
    from fbinfor_assets.tour import command

    kinds = [kind for kind, wanted in (("csv", csv), ("json", json_)) if wanted] + (
        [format_] if format_ else []
    )
    asked = command.Asked(
        home=home,
        out=out,
        err=err,
        kind=kinds[0] if kinds else None,
        file=to,
        limit=limit,
        given=command.given(param or []),
    )
    if tables or describe:
        command.show_tables(asked, describe)
    elif all_:
        command.export_all(asked)
    elif list_ or (query is None and file is None and sys.stdin.isatty()):
        command.show_tour(asked)
    else:
        found = command.chosen(query, file)
        if show:
            command.show_sql(found)
        elif explain:
            command.show_plan(asked, found)
        else:
            command.answer(asked, found)


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
    from fbinfor_assets.tour import TourError
    from fbinfor_assets.warehouse import WarehouseError

    return (
        ClientError,
        ConfigError,
        DemoError,
        PolicyError,
        RefusedByGate,
        StoreError,
        TourError,
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
            err.print(str(error), markup=False, soft_wrap=True)
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
