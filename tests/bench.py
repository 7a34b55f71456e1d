"""`make bench`: what a build costs, as ratios to a full build measured in the same run. Nothing here can fail on a clock.

Belongs here: measuring on a copy of the demo's home. Does not belong here: tests.
Run `make demo` first; writes var/bench/build.json.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fbinfor_assets.app import App

DEMO = Path("var/demo")
OUT = Path("var/bench/build.json")
CHANGES = {"nothing": 0, "5 payments": 5, "200 payments": 200}


def main() -> int:
    """Build costs for three sizes of change; 2 for a missing demo."""
    if not (DEMO / "summary.json").exists():
        print("there is no demo to measure on: run `make demo` first", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(DEMO, home)
        with App.open(home=home) as app:
            warehouse = app.warehouse
            started = time.perf_counter()
            full = warehouse.run_dbt(full=True)
            seconds = {"full": time.perf_counter() - started}
            nodes = {"full": len(full.results)}
            for name, rows in CHANGES.items():
                with warehouse.connect("the benchmark") as con:
                    (generation,) = con.execute("select max(generation) + 1 from ops.builds").fetchone()
                    con.execute(
                        f"update raw.freshbooks__payments set load_generation = {generation} where key in "
                        f"(select key from raw.freshbooks__payments order by key limit {rows})"
                    )
                started = time.perf_counter()
                report = warehouse.run_dbt()
                seconds[name] = time.perf_counter() - started
                nodes[name] = len(report.results)
    figures = {
        name: {
            "seconds": round(value, 2),
            "of a full build": round(value / seconds["full"], 3),
            "dbt nodes": nodes[name],
        }
        for name, value in seconds.items()
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n")
    for name, row in figures.items():
        print(
            f"{name:14} {row['seconds']:6.2f} s  {row['of a full build']:5.3f} of a full build  {row['dbt nodes']} dbt nodes"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
