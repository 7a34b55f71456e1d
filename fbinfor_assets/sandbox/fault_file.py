"""The file of `--faults`: which faults each simulator begins with.

Belongs here: reading the YAML, and saying at which line what is wrong.
Does not belong here: what a fault may say (`fault_kinds`).

    seed: 7                # of all chances; 0 when left out
    freshbooks:            # a section per simulator: freshbooks, m3, shop
      - {do: answer, status: 503, rate: 0.05}
      - {do: lose_answer, method: POST, path: /invoices/invoices, at: [3, 7]}
    m3:
      - {do: lose_answer, transaction: [Confirm, AddBatchLine], rate: 0.1, until: 600}
      - {do: lag, seconds: [0, 5]}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fbinfor_assets.sandbox.fault_kinds import FaultError
from fbinfor_assets.sandbox.faults import Faults

SECTIONS = ("freshbooks", "m3", "shop")


class FaultFileError(Exception):
    """A mistake in the file: the text names the file, the line and what is wrong."""


def load(path: Path, section: str, faults: Faults) -> None:
    """Plan one simulator's section. All sections must have their shape. Raises FaultFileError."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except OSError as error:
        raise FaultFileError(
            f"{path} cannot be read ({error.strerror}); check the path of --faults"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultFileError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if root is None:
        return
    seed, nodes = 0, []
    for name, node in _entries(path, root, "the file is a mapping of seed, freshbooks, m3 and shop"):
        if name == "seed":
            seed = _value(node)
            if type(seed) is not int:
                raise _error(path, node, f"seed: is {seed!r}; it must be a whole number")
        elif name not in SECTIONS:
            raise _error(path, node, f"{name} is no section; there are seed, {', '.join(SECTIONS)}")
        elif not isinstance(node, yaml.SequenceNode):
            raise _error(path, node, f"{name}: a section is a list of faults")
        elif name == section:
            nodes = node.value
    for number, node in enumerate(nodes, 1):
        fields = dict(_entries(path, node, f"{section}, fault {number}: a fault is a mapping of fields"))
        try:
            faults.check(_value(node))
        except FaultError as error:
            raise _error(
                path, fields.get(error.field, node), f"{section}, fault {number}: {error}"
            ) from error
    try:
        faults.from_file(seed, [_value(node) for node in nodes])
    except ValueError as error:
        raise FaultFileError(f"{path}: {section}: {error}") from error


def _entries(path: Path, node: yaml.Node, otherwise: str) -> list[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise _error(path, node, otherwise)
    return [(str(key.value), value) for key, value in node.value]


def _value(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _error(path: Path, node: yaml.Node, text: str) -> FaultFileError:
    return FaultFileError(f"{path}, line {node.start_mark.line + 1}: {text}")
