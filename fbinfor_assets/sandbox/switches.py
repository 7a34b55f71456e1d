"""All switches of all simulators, to be looked up: what can be set, what it is by default, why it is a switch.

Belongs here: gathering and showing them (`fbinfor sandbox switches`, the tables of docs/sandbox.md).
Does not belong here: the switches themselves (each simulator's `switches`), reading and checking a file (`kernel`).
"""

from __future__ import annotations

from typing import Any

from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES as FRESHBOOKS
from fbinfor_assets.sandbox.m3.switches import SWITCHES as M3
from fbinfor_assets.sandbox.shop.switches import SWITCHES as SHOP

SECTIONS = {"freshbooks": FRESHBOOKS, "m3": M3, "shop": SHOP}
"""Section of the YAML file -> switches by name."""


def rows() -> list[dict[str, Any]]:
    """Every switch: section, name, default, others (list of the other allowed values; any value of the default's type
    if `open`), about."""
    return [
        {
            "section": section,
            "name": name,
            "default": switch.default,
            "others": list(switch.allowed[1:]),
            "open": len(switch.allowed) == 1,
            "about": switch.about,
        }
        for section, switches in SECTIONS.items()
        for name, switch in switches.items()
    ]


def markdown(section: str) -> str:
    """The switches of one section as a table."""
    lines = ["| switch | default | or | why |", "|---|---|---|---|"]
    for row in rows():
        if row["section"] == section:
            others = "any" if row["open"] else ", ".join(f"`{_written(value)}`" for value in row["others"])
            default = f"`{_written(row['default'])}`" if row["default"] != "" else "none"
            about = row["about"].replace("|", "\\|")
            lines.append(f"| `{row['name']}` | {default} | {others} | {about} |")
    return "\n".join(lines)


def _written(value: Any) -> str:
    # As YAML writes it.
    return str(value).lower() if isinstance(value, bool) else str(value)
