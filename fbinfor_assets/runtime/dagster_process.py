"""Starts one of Dagster's own programs on the fixed SQLite: `python -m fbinfor_assets.runtime.dagster_process webserver …`.

Belongs here: the swap of the SQLite library before Dagster is imported. Does not belong here: anything else.
"""

from __future__ import annotations

import sys

from fbinfor_assets.runtime.sqlite import use_fixed_sqlite

PROGRAMS = ("webserver", "daemon", "dagster")


def main() -> None:
    """Run the program named by the first argument with the rest. Exits 2 for an unknown one."""
    if len(sys.argv) < 2 or sys.argv[1] not in PROGRAMS:
        print(
            f"usage: python -m fbinfor_assets.runtime.dagster_process {{{'|'.join(PROGRAMS)}}} …",
            file=sys.stderr,
        )
        raise SystemExit(2)
    use_fixed_sqlite()
    program = sys.argv.pop(1)
    if program == "webserver":
        from dagster_webserver.cli import main as run
    elif program == "daemon":
        from dagster._daemon.cli import main as run
    else:
        from dagster._cli import main as run
    run()


if __name__ == "__main__":
    main()
