"""The parsed dbt project for the definitions, without loading dbt's command line into this process.

Belongs here: finding the manifest that the warehouse keeps, and having it made by a process of its own when there is none.
Does not belong here: parsing (warehouse/dbt_runner.py), what becomes of the nodes (`specs.py`).

Loading dbt's command line costs seconds and a hundred megabytes; a code location, a sensor tick or `fbinfor --help` must
not pay for it (tests/conventions proves it).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from fbinfor_assets.app import DBT_PROJECT
from fbinfor_assets.config import Paths
from fbinfor_assets.warehouse.dbt_runner import DbtRunner
from fbinfor_assets.warehouse.errors import DbtBroken


def load_manifest(paths: Paths | None = None, project: Path = DBT_PROJECT) -> dict[str, Any]:
    """dbt's manifest of `project` as it is now, kept below `paths.home`/dbt; parsed only when the project changed.

    Raises `DbtBroken` with dbt's own words if the project does not parse.
    """
    paths = paths or Paths()
    runner = DbtRunner(project, paths.warehouse, paths.home / "dbt")
    kept = runner.work / "manifests" / f"{runner.project_sha()[:20]}.json"
    if not kept.exists():
        parse = subprocess.run(
            [sys.executable, "-m", __name__, str(project), str(paths.home)],
            capture_output=True,
            text=True,
            check=False,
        )
        if parse.returncode != 0:
            raise DbtBroken(parse.stderr.strip() or f"parsing {project} ended with code {parse.returncode}")
        kept = Path(parse.stdout.strip().splitlines()[-1])
    return orjson.loads(kept.read_bytes())


def main() -> None:
    """`python -m fbinfor_assets.defs.warehouse.manifest PROJECT HOME`: parse, print the manifest's path."""
    project, home = Path(sys.argv[1]), Paths(sys.argv[2])
    try:
        print(DbtRunner(project, home.warehouse, home.home / "dbt").manifest_path())
    except DbtBroken as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
