"""`make bench-demo`: the demo's days, and ten times as many, in one run: what the second costs of the first.

Belongs here: running `fbinfor demo` twice and the ratio. Does not belong here: tests (nothing fails on a clock).

Cost should follow the change and not the table: with ten times the days every table is ten times as long at the end.
Writes var/bench/demo.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fbinfor_assets.demo import FIRST_DAY, LAST_DAY

OUT = Path("var/bench/demo.json")
TIMES, AT_MOST = 10, 12


def run(days: int, home: Path) -> dict[str, Any]:
    """The demo over so many days from its first, as a process of its own; its summary."""
    last = FIRST_DAY + timedelta(days=days - 1)
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.cli",
        "demo",
        "--from",
        str(FIRST_DAY),
        "--to",
        str(last),
    ]
    subprocess.run([*command, "--home", str(home), "--json"], stdout=subprocess.DEVNULL, check=False)
    return json.loads((home / "summary.json").read_text())


def main() -> int:
    """Both runs and their ratio; 1 if one of them does not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--days", type=int, default=(LAST_DAY - FIRST_DAY).days + 1, help="of the shorter run"
    )
    days: int = parser.parse_args().days
    figures: dict[str, Any] = {}
    for name, count in (("short", days), ("long", days * TIMES)):
        with tempfile.TemporaryDirectory() as folder:
            summary = run(count, Path(folder) / "home")
        figures[name] = {
            "days": count,
            "to": str(date.fromisoformat(summary["to"])),
            "documents": summary["documents_total"]["count"],
            "passes": summary["passes"],
            "seconds": summary["seconds"],
            "ok": summary["ok"],
        }
        print(f"{name:6} {json.dumps(figures[name])}", flush=True)
    figures["ratio"] = round(figures["long"]["seconds"] / figures["short"]["seconds"], 2)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n")
    print(
        f"{TIMES} times the days took {figures['ratio']} times as long (at most {AT_MOST}); the figures: {OUT}"
    )
    return 0 if figures["short"]["ok"] and figures["long"]["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
