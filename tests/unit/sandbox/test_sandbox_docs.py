"""docs/sandbox.md says of the switches what the simulators have; `FBINFOR_UPDATE_SNAPSHOTS=1` writes the tables anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from fbinfor_assets.sandbox.switches import SECTIONS, markdown, rows

PAGE = Path(__file__).parents[3] / "docs" / "sandbox.md"


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_has_the_switches_of_each_simulator(section: str) -> None:
    block = re.compile(rf"(<!-- switches: {section} -->\n)(.*?)(<!-- end -->)", re.S)
    text = PAGE.read_text(encoding="utf-8")
    wanted = f"\n{markdown(section)}\n\n"
    if os.environ.get("FBINFOR_UPDATE_SNAPSHOTS"):
        text = block.sub(lambda found: found[1] + wanted + found[3], text)
        PAGE.write_text(text, encoding="utf-8")
    found = block.search(text)
    assert found is not None
    assert found[2] == wanted, (
        "make it anew: FBINFOR_UPDATE_SNAPSHOTS=1 pytest tests/unit/sandbox/test_sandbox_docs.py"
    )


def test_every_switch_says_why_it_is_one_and_its_default_is_allowed() -> None:
    for row in rows():
        assert len(row["about"]) > 10, row["name"]
        assert row["default"] not in row["others"], row["name"]
        assert row["open"] or all(type(value) is type(row["default"]) for value in row["others"]), row["name"]
