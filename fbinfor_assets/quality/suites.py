"""Reading the suites: Great Expectations' own JSON, checked before it may judge anything.

Belongs here: the file's form, its hash, and which kinds of expectation are exact on decimals.
Does not belong here: running a suite (`gate`), and the rules themselves (the JSON files).

A suite file is `great_expectations/expectations/<object>.json`, in the form Great Expectations 1.x writes. What our
gate needs more stands in each expectation's `meta`:

    rule     the rule's name in dead letters, `<object's word>.<what must hold>`; unique in the suite
    frame    documents | lines | batch: which frame (see `frames.py`) it is checked on
    stops    row: the row goes to the dead letters | batch: nothing of the batch leaves
    field    what a person looks at first (a column of the frame)
    message  what is wrong, for the person who must act; `{value}` and `{field}` are filled in
    next     what to do about it

`severity: warning` records a failure in the verdict and lets the row pass; `critical` (the default) is enforced.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fbinfor_assets.domain.canonical import NotCanonical, canonical_json

# Checked one by one to be exact on Decimal columns. All that aggregate (sum, mean, quantile, stdev) convert to float
# inside Great Expectations 1.24 (`convert_ndarray_decimal_to_float_dtype`), so a rule about a sum names a column that
# `frames.py` has summed.
EXACT = frozenset(
    {
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_value_lengths_to_be_between",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_null",
        "expect_column_values_to_be_unique",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_match_regex",
        "expect_compound_columns_to_be_unique",
    }
)

_FRAMES = ("documents", "lines", "batch")
_STOPS = ("row", "batch")


class SuiteError(Exception):
    """A suite file cannot be used; the text names the file, the expectation and what to write instead."""


@dataclass(frozen=True)
class Suite:
    """One suite: its object, the hash of its content, and its expectations as Great Expectations serialises them."""

    object: str
    sha: str
    expectations: list[dict[str, Any]]

    def of_frame(self, frame: str) -> list[dict[str, Any]]:
        """The expectations that are checked on one frame, in the file's order."""
        return [expectation for expectation in self.expectations if expectation["meta"]["frame"] == frame]


def suite_sha(content: dict[str, Any]) -> str:
    """Hash of a suite's content as canonical JSON: layout and the order of keys do not count."""
    text = canonical_json(_exact_numbers(content))
    return hashlib.sha256(text.encode()).hexdigest()


def _exact_numbers(value: Any) -> Any:
    """Great Expectations writes bounds as `0.0`; a whole float is that integer, any other cannot be exact."""
    if isinstance(value, dict):
        return {key: _exact_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact_numbers(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def load_suite(suite_dir: Path, object_: str) -> Suite:
    """Read and check the suite of an outbound object.

    Raises `SuiteError` for a missing or broken file, for an expectation without rule, frame, stops, field or message,
    for one that is not exact on decimals, for a bound that is a fraction, and for a suite without any expectation: an
    empty suite would let everything through.
    """
    path = Path(suite_dir) / f"{object_}.json"
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SuiteError(
            f"there is no suite for {object_}: {path.name} cannot be read ({error.strerror}); nothing of this object "
            "is sent without one; restore the file from the repository"
        ) from error
    except ValueError as error:
        raise SuiteError(f"the suite {path.name} is not JSON: {error}; correct it or restore it") from error
    expectations = content.get("expectations") if isinstance(content, dict) else None
    if not expectations:
        raise SuiteError(
            f"the suite {path.name} has no expectations, so it would let everything through; restore it, "
            "or set the flow's mode to observe in policy.yml"
        )
    if content.get("name") != object_:
        raise SuiteError(
            f"the suite {path.name} is named {content.get('name')!r}; its name must be {object_!r}"
        )
    rules: set[str] = set()
    for number, expectation in enumerate(expectations, start=1):
        _check(path.name, number, expectation, rules)
    try:
        sha = suite_sha(content)
    except NotCanonical as error:
        raise SuiteError(
            f"the suite {path.name} holds a fraction ({error}); amounts are compared exactly: compare with a column "
            "(a_to_be_greater_than_b) instead"
        ) from error
    return Suite(object_, sha, expectations)


def _check(file: str, number: int, expectation: Any, rules: set[str]) -> None:
    where = f"the suite {file}, expectation {number}"
    if not isinstance(expectation, dict) or not isinstance(expectation.get("meta"), dict):
        raise SuiteError(f"{where} has no meta: add rule, frame, stops, field and message")
    meta = expectation["meta"]
    for key in ("rule", "frame", "stops", "field", "message"):
        if not isinstance(meta.get(key), str) or not meta[key]:
            raise SuiteError(f"{where} ({meta.get('rule', 'without a rule')}) has no meta.{key}")
    if expectation.get("type") not in EXACT:
        raise SuiteError(
            f"{where} ({meta['rule']}) is of type {expectation.get('type')!r}, which is not exact on decimals or not "
            f"known here; use one of: {', '.join(sorted(EXACT))}"
        )
    if meta["frame"] not in _FRAMES or meta["stops"] not in _STOPS:
        raise SuiteError(f"{where} ({meta['rule']}): frame is one of {_FRAMES}, stops one of {_STOPS}")
    if meta["frame"] == "batch" and meta["stops"] != "batch":
        raise SuiteError(f"{where} ({meta['rule']}) speaks about the batch, so it must stop the batch")
    if meta["rule"] in rules:
        raise SuiteError(f"{where}: rule {meta['rule']} stands twice in the suite")
    rules.add(meta["rule"])
