"""One batch through its gate, and what came of it kept: the verdict, the dead letters.

Belongs here: reading the batch, judging it, recording, and which rows of a batch a verdict lets through.
Does not belong here: rules and running them (quality), Dagster (`assets.py`), sending (delivery).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fbinfor_assets.app import SUITES
from fbinfor_assets.defs.gates.settings import gate_settings
from fbinfor_assets.domain.canonical import NotCanonical, canonical_json
from fbinfor_assets.domain.policy import Policy
from fbinfor_assets.quality import GateResult, Quarantined, gate
from fbinfor_assets.store import Store, dead_letters, verdicts
from fbinfor_assets.store.dead_letters import Letter
from fbinfor_assets.store.verdicts import Verdict
from fbinfor_assets.warehouse import BuildNotComplete, Warehouse

_KEPT_WARNINGS = 100


@dataclass(frozen=True)
class Judgement:
    """One recorded verdict: its id, the build that it is about, and what the gate found."""

    verdict_id: str
    generation: int
    result: GateResult
    new_dead_letters: int
    resolved_dead_letters: int


class NotCovered(Exception):
    """A batch that its verdict does not cover; nothing of it may be sent. The text says what to do."""


def gate_and_record(
    store: Store,
    warehouse: Warehouse,
    object_: str,
    generation: int | None,
    run_id: str | None,
    *,
    policy: Policy,
    suite_dir: Path = SUITES,
) -> Judgement:
    """Judge what the last build wants to write of an outbound object, and keep verdict and dead letters.

    `generation`: of the build to judge, None for the last one. A dead letter of the gate is resolved when its record
    passes, or when nothing is to be written for it any more.

    Raises `BuildNotComplete` if the last build is not complete or not of that generation, `SuiteError` if the suite cannot
    be used: then there is no verdict, and nothing is sent.
    """
    with warehouse.connect(f"the gate of {object_}") as con:
        rows = warehouse.outbound_rows(object_)
        build = warehouse.last_build()
        assert build is not None  # outbound_rows has refused already
        if generation is not None and build.generation != generation:
            raise BuildNotComplete(
                f"{object_} was to be judged as of generation {generation}, but the last build is {build.generation}; "
                "run the gate again"
            )
        settings = gate_settings(policy, con)
    mapping_version = build.project_sha or "unknown"
    result = gate(object_, rows, suite_dir=suite_dir, mapping_version=mapping_version, settings=settings)
    by_key = {row["business_key"]: row for row in rows}
    with store.write() as tx:
        verdict_id = verdicts.add(
            tx,
            object=object_,
            generation=build.generation,
            suite_sha=result.suite_sha,
            mapping_version=mapping_version,
            passed=result.passed,
            rows_in=result.rows_in,
            rows_quarantined=len(result.quarantined_keys),
            payloads=result.payload_shas.items(),
            run_id=run_id,
            detail=_detail(result, by_key),
        )
        letters = [_letter(object_, entry, by_key[entry.business_key]) for entry in result.quarantined]
        new = dead_letters.add(tx, letters, source="gate", run_id=run_id)
        resolved = dead_letters.resolve(tx, object_, _healed(tx, object_, result))
    return Judgement(verdict_id, build.generation, result, new, resolved)


def covered(store: Store, warehouse: Warehouse, object_: str) -> tuple[str, list[dict[str, Any]]]:
    """The verdict over what the last build wants to write, and the rows that it lets through.

    Raises `NotCovered` unless there is a passed verdict over exactly this batch: of this generation, with every row either
    let through or quarantined by it, to the byte. Raises `BuildNotComplete` like reading the batch does.
    """
    with warehouse.connect(f"sending {object_}"):
        rows = warehouse.outbound_rows(object_)
        build = warehouse.last_build()
    with store.read() as tx:
        verdict = verdicts.latest(tx, object_)
        allowed = verdicts.payloads(tx, verdict.id) if verdict else set()
    if verdict is None or build is None or verdict.generation != build.generation:
        about = (
            f"its newest verdict is about generation {verdict.generation}"
            if verdict
            else "it was never judged"
        )
        raise NotCovered(
            f"{object_}: {about}, the build is of generation {build.generation if build else 0}; nothing was sent. "
            f"Run the gate first (asset gates/{object_})"
        )
    if not verdict.passed:
        raise NotCovered(
            f"{object_}: verdict {verdict.id} stopped this batch ({_reasons(verdict)}); nothing was sent. "
            "Correct what it names and run again"
        )
    held = {(entry["key"], entry["sha"]) for entry in (verdict.detail or {}).get("quarantined", [])}
    passed = []
    for row in rows:
        named = (row["business_key"], row["payload_sha"])
        if named in allowed:
            passed.append(row)
        elif named not in held:
            raise NotCovered(
                f"{object_} {row['business_key']} ({row['target_ref']}): its payload {str(row['payload_sha'])[:12]} was not "
                f"seen by verdict {verdict.id}; it was changed after the gate. Nothing was sent. Run the gate again"
            )
    return verdict.id, passed


def _detail(result: GateResult, by_key: dict[str, dict[str, Any]]) -> dict[str, Any]:
    rules: dict[str, list[str]] = {}
    for entry in result.quarantined:
        rules.setdefault(entry.business_key, []).append(entry.rule)
    return {
        "quarantined": [
            {"key": key, "sha": by_key[key]["payload_sha"], "rules": broken} for key, broken in rules.items()
        ],
        "batch_errors": [asdict(error) for error in result.batch_errors],
        "warnings": [asdict(entry) for entry in result.warnings[:_KEPT_WARNINGS]],
    }


def _letter(object_: str, entry: Quarantined, row: dict[str, Any]) -> Letter:
    try:
        payload: str | None = canonical_json(row["payload"])
    except NotCanonical:
        payload = None  # the letter's own message says what is wrong with it
    return Letter(
        object=object_,
        business_key=entry.business_key,
        rule=entry.rule,
        message=entry.message,
        field=entry.field,
        value=entry.value,
        payload=payload,
        payload_sha=row["payload_sha"],
    )


def _healed(tx: Any, object_: str, result: GateResult) -> list[str]:
    """Records whose only open letters are the gate's and which it does not hold any more."""
    sources: dict[str, set[str]] = {}
    for letter in dead_letters.open_letters(tx, object_):
        sources.setdefault(letter.business_key, set()).add(letter.source)
    return [key for key, found in sources.items() if found == {"gate"} and key not in result.quarantined_keys]


def _reasons(verdict: Verdict) -> str:
    errors = (verdict.detail or {}).get("batch_errors", [])
    return "; ".join(f"{error['rule']}: {error['message']}" for error in errors) or "without a reason kept"
