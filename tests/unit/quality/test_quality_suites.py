"""The suites: what they must say about themselves, and which files are refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from decimal import Decimal

import pytest
from quality_rows import ROOT, SETTINGS, SUITES, good, judged, numbered

from fbinfor_assets.quality import SuiteError, gate, load_suite
from fbinfor_assets.quality.frames import OBJECTS, columns


@pytest.fixture
def suites(tmp_path):
    return shutil.copytree(SUITES, tmp_path / "expectations")


def edit(suites, object_: str, change) -> None:
    path = suites / f"{object_}.json"
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def test_every_outbound_object_has_a_suite_and_no_suite_is_left_over():
    assert {path.stem for path in SUITES.glob("*.json")} == set(OBJECTS)


@pytest.mark.parametrize("object_", OBJECTS)
def test_rules_speak_only_about_columns_that_exist(object_):
    known = columns(object_)
    for expectation in load_suite(SUITES, object_).expectations:
        kwargs = expectation["kwargs"]
        named = [kwargs[k] for k in ("column", "column_A", "column_B") if k in kwargs] + kwargs.get(
            "column_list", []
        )
        named += [kwargs["row_condition"]["column"]["name"]] if "row_condition" in kwargs else []
        assert set(named) <= set(known[expectation["meta"]["frame"]]), expectation["meta"]["rule"]


@pytest.mark.parametrize("object_", OBJECTS)
def test_rules_ask_only_for_lists_that_the_settings_have(object_):
    for expectation in load_suite(SUITES, object_).expectations:
        values = expectation["kwargs"].get("value_set")
        if isinstance(values, dict):
            assert values["$PARAMETER"] in SETTINGS.sets, expectation["meta"]["rule"]


@pytest.mark.parametrize("object_", OBJECTS)
def test_every_rule_says_what_to_do_next(object_):
    for expectation in load_suite(SUITES, object_).expectations:
        assert expectation["meta"].get("next"), expectation["meta"]["rule"]


def test_great_expectations_itself_reads_the_project_and_every_suite(tmp_path):
    import great_expectations

    project = shutil.copytree(ROOT / "great_expectations", tmp_path / "great_expectations")
    context = great_expectations.get_context(mode="file", context_root_dir=project)
    for object_ in OBJECTS:
        read = context.suites.get(object_)
        written = json.loads((SUITES / f"{object_}.json").read_text("utf-8"))["expectations"]
        assert [e.meta["rule"] for e in read.expectations] == [e["meta"]["rule"] for e in written]


def test_the_folder_of_suites_holds_no_python():
    # A .py file in it would turn the folder into a package that shadows the library.
    assert list((ROOT / "great_expectations").rglob("*.py")) == []


def test_the_hash_of_a_suite_follows_its_meaning_not_its_layout(suites):
    before = load_suite(suites, "m3__items").sha
    path = suites / "m3__items.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=7, sort_keys=True), "utf-8")
    assert load_suite(suites, "m3__items").sha == before
    edit(suites, "m3__items", lambda c: c["expectations"].pop())
    assert load_suite(suites, "m3__items").sha != before


def test_a_missing_suite_lets_nothing_out(suites):
    (suites / "m3__items.json").unlink()
    with pytest.raises(SuiteError, match="no suite for m3__items"):
        gate("m3__items", [good("m3__items")], suite_dir=suites, mapping_version="x", settings=SETTINGS)


def test_an_empty_suite_lets_nothing_out(suites):
    edit(suites, "m3__items", lambda c: c["expectations"].clear())
    with pytest.raises(SuiteError, match="let everything through"):
        gate("m3__items", [good("m3__items")], suite_dir=suites, mapping_version="x", settings=SETTINGS)


def test_an_expectation_that_is_not_exact_on_decimals_is_refused(suites):
    def change(content):
        content["expectations"][0]["type"] = "expect_column_sum_to_be_between"

    edit(suites, "m3__orders", change)
    with pytest.raises(SuiteError, match="not exact on decimals"):
        load_suite(suites, "m3__orders")


def test_a_bound_that_is_a_fraction_is_refused(suites):
    def change(content):
        content["expectations"][-1]["kwargs"]["max_value"] = 0.1

    edit(suites, "m3__orders", change)
    with pytest.raises(SuiteError, match="holds a fraction"):
        load_suite(suites, "m3__orders")


@pytest.mark.parametrize("key", ["rule", "frame", "stops", "field", "message"])
def test_an_expectation_without_its_meta_is_refused(suites, key):
    edit(suites, "m3__items", lambda c: c["expectations"][3]["meta"].pop(key))
    with pytest.raises(SuiteError, match=f"no meta.{key}"):
        load_suite(suites, "m3__items")


def test_a_rule_that_cannot_be_evaluated_stops_everything(suites):
    def change(content):
        content["expectations"][-1]["kwargs"]["column"] = "no.such.column"

    edit(suites, "m3__items", change)
    with pytest.raises(SuiteError, match="could not be evaluated"):
        gate("m3__items", [good("m3__items")], suite_dir=suites, mapping_version="x", settings=SETTINGS)


def test_a_warning_is_recorded_and_holds_nothing_up(suites):
    def change(content):
        rule = next(e for e in content["expectations"] if e["meta"]["rule"] == "item.itds_width")
        rule["kwargs"]["max_value"] = 5
        rule["severity"] = "warning"

    edit(suites, "m3__items", change)
    row = good("m3__items")
    result = gate("m3__items", [row], suite_dir=suites, mapping_version="x", settings=SETTINGS)
    assert list(result.payload_shas) == [row["business_key"]] and result.quarantined == []
    assert [entry.rule for entry in result.warnings] == ["item.itds_width"]


def test_the_shipped_suites_hold_no_warning_severity_for_money():
    for object_ in OBJECTS:
        severities = {e.get("severity", "critical") for e in load_suite(SUITES, object_).expectations}
        assert severities == {"critical"}, object_


def test_judging_a_thousand_orders_takes_seconds_not_minutes():
    rows = [numbered("m3__orders", n) for n in range(1, 1001)]
    high = dataclasses.replace(SETTINGS, guard_creates=1000, guard_amount=Decimal(1_000_000))
    assert len(judged("m3__orders", *rows, settings=high).payload_shas) == 1000
