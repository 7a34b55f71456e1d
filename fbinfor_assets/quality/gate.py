"""The gate: a suite over a batch, and what may leave afterwards.

Belongs here: running Great Expectations over the frames, and sorting its findings into quarantine and stop.
Does not belong here: keeping verdicts and dead letters (`defs/gates`), the rules (JSON), the columns (`frames.py`).

Row-level findings take the row out of the batch; a batch-level finding lets nothing out. What passed is named by the
hash of its payload, so that the sender can refuse any other bytes (DESIGN 6.2).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from fbinfor_assets.quality.frames import OBJECTS, Frames, GateSettings, build
from fbinfor_assets.quality.suites import Suite, SuiteError, load_suite

_SHOWN = 20


@dataclass(frozen=True)
class Quarantined:
    """One row that broke one rule: it does not leave. `value` is the offending value as text."""

    business_key: str
    rule: str
    field: str
    value: str | None
    message: str


@dataclass(frozen=True)
class BatchError:
    """A reason why nothing of the batch leaves."""

    rule: str
    field: str
    value: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


@dataclass(frozen=True)
class GateResult:
    """What the gate decided.

    `passed`: False if a batch-level rule failed; then `payload_shas` is empty. `payload_shas`: business key → hash of
    the payload, of the rows that may leave. `quarantined`: one entry per row and broken rule. `warnings`: findings of
    rules with severity `warning`, which hold nothing up.
    """

    object: str
    passed: bool
    suite_sha: str
    mapping_version: str
    rows_in: int
    quarantined: list[Quarantined] = field(default_factory=list)
    payload_shas: dict[str, str] = field(default_factory=dict)
    batch_errors: list[BatchError] = field(default_factory=list)
    warnings: list[Quarantined] = field(default_factory=list)

    @property
    def quarantined_keys(self) -> set[str]:
        return {entry.business_key for entry in self.quarantined}


def gate(
    object_: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    suite_dir: Path,
    mapping_version: str,
    settings: GateSettings,
) -> GateResult:
    """Judge the outbound rows of one object by its suite.

    `rows`: dicts with business_key, operation, target_ref, remote_id, payload (parsed), payload_sha, document_date,
    currency, amount (`Decimal` or None). An empty batch passes without running anything, but not without a suite.

    Raises `SuiteError` when the suite cannot be used, `ValueError` for an unknown object.
    """
    if object_ not in OBJECTS:
        raise ValueError(f"{object_!r} is not an outbound object; known are: {', '.join(OBJECTS)}")
    suite = load_suite(suite_dir, object_)
    rows = list(rows)
    if not rows:
        return GateResult(object_, True, suite.sha, mapping_version, 0)
    frames = build(object_, rows, settings)
    quarantined: list[Quarantined] = []
    warnings: list[Quarantined] = []
    stops: list[BatchError] = []
    for finding in _findings(suite, frames, settings):
        if finding.severity == "warning":
            warnings.extend(finding.rows)
        elif finding.stops_batch:
            stops.append(finding.as_batch_error())
        else:
            quarantined.extend(finding.rows)
    if stops:
        return GateResult(
            object_, False, suite.sha, mapping_version, len(rows), quarantined, {}, stops, warnings
        )
    held = {entry.business_key for entry in quarantined}
    passed = {
        document["business_key"]: document["payload_sha"]
        for document in frames.documents
        if document["business_key"] not in held
    }
    return GateResult(object_, True, suite.sha, mapping_version, len(rows), quarantined, passed, [], warnings)


# ---- running a suite ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Finding:
    """One expectation that did not hold, with the rows it names."""

    meta: Mapping[str, str]
    severity: str
    rows: list[Quarantined]
    frame: str

    @property
    def stops_batch(self) -> bool:
        return self.meta["stops"] == "batch"

    def as_batch_error(self) -> BatchError:
        first = self.rows[0]
        message = first.message
        if self.frame != "batch":
            keys = list(dict.fromkeys(entry.business_key for entry in self.rows))
            more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
            message = f"{message} (in {', '.join(keys[:_SHOWN])}{more})"
        return BatchError(self.meta["rule"], self.meta["field"], first.value, message)


def _findings(suite: Suite, frames: Frames, settings: GateSettings) -> Iterable[_Finding]:
    for name in ("batch", "documents", "lines"):
        rows = getattr(frames, name)
        expectations = suite.of_frame(name)
        if not rows or not expectations:
            continue
        for expectation, positions in _run(suite.object, name, expectations, rows, settings):
            meta = expectation["meta"]
            entries: dict[str, Quarantined] = {}
            for position in positions:
                row = rows[position]
                key = row.get("business_key") or "the batch"
                # One dead letter per row and rule: the first line that breaks it shows what is wrong.
                entries.setdefault(key, _entry(key, expectation, row, name))
            yield _Finding(meta, expectation.get("severity", "critical"), list(entries.values()), name)


def _entry(key: str, expectation: Mapping[str, Any], row: Mapping[str, Any], frame: str) -> Quarantined:
    meta = expectation["meta"]
    kwargs = expectation["kwargs"]
    named = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    named += kwargs.get("column_list", [])
    value = ", ".join(f"{column}={_shown(row.get(column))}" for column in named) if len(named) > 1 else None
    if value is None:
        value = None if not named or row.get(named[0]) is None else _shown(row[named[0]])
    message = meta["message"].format(value=value if value is not None else "nothing", field=meta["field"])
    if frame == "lines":
        message = f"line {row['line_no']}: {message}"
    if meta.get("next"):
        message = f"{message}. Next: {meta['next']}"
    return Quarantined(key, meta["rule"], meta["field"], value, message)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _run(
    object_: str,
    frame: str,
    expectations: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    settings: GateSettings,
) -> list[tuple[dict[str, Any], list[int]]]:
    """The expectations that failed, each with the positions of the rows that broke it.

    Raises `SuiteError` if Great Expectations could not evaluate one: a rule that cannot be read must not pass.
    """
    import pandas

    batch_definition, suite_class = _engine()
    batch = batch_definition.get_batch(
        batch_parameters={"dataframe": pandas.DataFrame(rows, columns=list(rows[0]), dtype=object)}
    )
    parameters = {name: list(values) for name, values in settings.sets.items()}

    def outcomes(some: list[dict[str, Any]], result_format: Any) -> dict[str, Any]:
        suite = suite_class(
            name=f"{object_}.{frame}",
            expectations=[{key: value for key, value in e.items() if key != "id"} for e in some],
        )
        result = batch.validate(suite, result_format=result_format, expectation_parameters=parameters)
        by_rule = {outcome.expectation_config.meta["rule"]: outcome for outcome in result.results}
        for expectation in some:
            rule = expectation["meta"]["rule"]
            problem = _exception(by_rule[rule].exception_info) if rule in by_rule else "it was left out"
            if problem:
                raise SuiteError(
                    f"rule {rule} of {object_} could not be evaluated ({problem}); nothing is sent until it can: "
                    f"correct great_expectations/expectations/{object_}.json"
                )
        return by_rule

    # Whether a rule holds costs a third of finding the rows that break it, and nearly all rules nearly always hold.
    held = outcomes(expectations, "BOOLEAN_ONLY")
    broken = [expectation for expectation in expectations if not held[expectation["meta"]["rule"]].success]
    if not broken:
        return []
    # Positions, not key columns: `unexpected_index_column_names` is quadratic in the number of failures (measured).
    named = outcomes(broken, {"result_format": "COMPLETE", "include_unexpected_rows": False})
    found = []
    for expectation in broken:
        positions = named[expectation["meta"]["rule"]].result["unexpected_index_list"]
        if not positions:
            rule = expectation["meta"]["rule"]
            raise SuiteError(
                f"rule {rule} of {object_} failed without naming a row; nothing is sent until it does"
            )
        found.append((expectation, [int(position) for position in positions]))
    return found


def _exception(info: Mapping[str, Any]) -> str | None:
    """Great Expectations reports an exception flat, or one per metric."""
    for entry in (info, *(inner for inner in info.values() if isinstance(inner, Mapping))):
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "no message").splitlines()[0]
    return None


def preload() -> None:
    """Import Great Expectations now (seconds of CPU), so that the first gate does not have to."""
    _engine()


@lru_cache(maxsize=1)
def _engine() -> tuple[Any, Any]:
    """One in-memory context per process: nothing is read from or written to disk, nothing is reported anywhere."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported
    from great_expectations.data_context.types.base import ProgressBarsConfig

    import great_expectations

    # It tells of a temporary folder each time, at a level that it sets for itself; no person here could use that.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("gate").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole"), great_expectations.ExpectationSuite
