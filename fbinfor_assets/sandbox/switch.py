"""What a switch is, and reading the switches of one simulator.

Belongs here: the form of a switch, the YAML file, what a state remembers of it.
Does not belong here: the switches themselves (each simulator's `switches`), showing all of them (`switches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from fbinfor_assets.sandbox.state import SandboxError, State


class Switch(NamedTuple):
    """A behaviour that differs by installation or is not known for sure: allowed values, the default (best evidence)
    first, and why it is one. A single int or text allows any value of that type."""

    allowed: tuple[Any, ...]
    about: str

    @property
    def default(self) -> Any:
        """The value of a new state."""
        return self.allowed[0]


def load_switches(
    state: State, path: Path | None, section: str, known: Mapping[str, Switch]
) -> dict[str, Any]:
    """The switches of one simulator: from the YAML's section, else as this state last had them, else default.

    Raises SandboxError for an unknown switch or value.
    """
    given: Any = {}
    if path is not None:
        try:
            given = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(section) or {}
        except (OSError, yaml.YAMLError, AttributeError) as error:
            raise SandboxError(f"the switches in {path} cannot be read: {error}") from error
    for name, value in given.items():
        check_switch(name, value, known, f"{path}: {section}.{name}")
    kept = state.meta.get("switches", {})
    switches = {name: given.get(name, kept.get(name, switch.default)) for name, switch in known.items()}
    state.set_meta("switches", switches)
    state.commit()
    return switches


def check_switch(name: str, value: Any, known: Mapping[str, Switch], where: str) -> None:
    """Raises SandboxError for a name that is no switch or a value that it does not allow; `where` begins the text."""
    if name not in known:
        alike = get_close_matches(name, known)
        hint = f"did you mean {' or '.join(alike)}?" if alike else "`fbinfor sandbox switches` lists all"
        raise SandboxError(f"{where} is no switch; {hint}")
    allowed = known[name].allowed
    open_ended = len(allowed) == 1 and type(value) is type(allowed[0])
    if not open_ended and value not in allowed:
        raise SandboxError(f"{where} is {value!r}; allowed are {', '.join(map(repr, allowed))}")
