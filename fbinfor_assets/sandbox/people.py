"""People at their keyboards: a stream of edits on both sides, as the staff of a company makes them by hand.

Belongs here: choosing edits, finding what to do them to, how people mistype; through control planes only.
Does not belong here: the edits themselves (`edits`); any product code; the regular world of orders, shipments and
payments (`driver`).

    python -m fbinfor_assets.sandbox.people --sandbox @DIR/sandbox.json --seed N --edits N
        [--per-minute R] [--only client,invoice,payment,expense,bill,customer,order,party]

Groups: `client`, `invoice`, `payment`, `expense`, `bill` in FreshBooks; `customer`, `order` in M3; `party` changes one
and the same party on both sides, differently. Each edit is one line of JSON on stdout: {"edit", "what", "where", "path", "body", "done" or
"refused"}. What a vendor refuses is told, not an error: people try things, too.

The edits follow from the seed and from what the simulators hold: the same seed on the same state makes the same edits.
With --per-minute they come at random intervals of that many a minute, else one after the other.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from fbinfor_assets.sandbox.edits import EDITS, FRESHBOOKS, GROUPS, M3, Edit, Entry
from fbinfor_assets.sandbox.profiles import Profile, profile

Row = dict[str, Any]

_LOOKS = 15  # rows a person looks at before giving up on finding one that fits
_MOST_ROWS = 1000
_FIRST_NEW = 900_000  # customer numbers no order file has

_STREETS = ("Mill Lane", "Station Road", "Church Street", "Quay Side", "Park Avenue", "Market Place")
_SUFFIXES = (("Ltd", "Limited"), ("Limited", "Ltd"), ("&", "and"), (" and ", " & "), ("Co", "Company"))


class PeopleError(Exception):
    """A simulator does not answer; the text says which."""


class People:
    """The staff of one sandbox. `sandbox` is the line `serve` prints, parsed. Every method raises PeopleError."""

    def __init__(self, sandbox: Mapping[str, Any], seed: int) -> None:
        self._planes = {
            name: httpx.Client(base_url=sandbox[name]["control_url"], timeout=60, trust_env=False)
            for name in (FRESHBOOKS, M3)
        }
        self.seed, self.chance = seed, random.Random(seed)
        self._new = _FIRST_NEW + seed % 1000 * 100

    def __enter__(self) -> People:
        return self

    def __exit__(self, *_: object) -> None:
        for plane in self._planes.values():
            plane.close()

    def edits(self, count: int, only: Collection[str] = ()) -> Iterator[Row]:
        """Make so many edits, each when it is asked for, and tell what was done; fewer if there is nothing to edit."""
        known = [edit for edit in EDITS if not only or edit.group in only]
        number = 0
        while number < count:
            entered = self._next(known)
            if not entered:
                return
            for what, entry in entered:
                number += 1
                yield {"edit": number, "what": what, **self._enter(entry)}

    def _next(self, known: list[Edit]) -> list[tuple[str, Entry]]:
        """An edit that can be made; the others are tried if there is nothing to make the first one to."""
        left = list(known)
        while left:
            edit = self.chance.choices(left, [edit.weight for edit in left])[0]
            left.remove(edit)
            entries = edit.make(self)
            if entries:
                return [(edit.name, entry) for entry in entries]
        return []

    def _enter(self, entry: Entry) -> Row:
        where, path, body = entry
        answer = self._ask("POST", where, path, json=body)
        told: Row = {"where": where, "path": path, "body": body}
        if answer.status_code >= 400:
            return told | {"refused": answer.json()}
        result = answer.json()
        kept = next(iter(result.values())) if where == FRESHBOOKS else result
        names = ("id", "cuno", "orno", "vis_state", "stat")
        return told | {"done": {name: kept[name] for name in names if name in kept}}

    # -- what people look at

    def pick(self, where: str, table: str, fits: Callable[[Row], bool] = lambda row: True) -> Row | None:
        """Some row that fits, or None if none of those looked at does."""
        total = self._rows(where, table, 0, 0)["total"]
        for _ in range(_LOOKS if total else 0):
            (row,) = self._rows(where, table, self.chance.randrange(total), 1)["rows"]
            if fits(row):
                return row
        return None

    def first(self, where: str, table: str) -> list[Row]:
        """The first thousand rows of a table."""
        return self._rows(where, table, 0, _MOST_ROWS)["rows"]

    def today(self, where: str) -> str:
        return self._ask("GET", where, "/clock").json()["now"][:10]

    def newcomer(self) -> Profile:
        """Somebody nobody has entered yet."""
        self._new += 1
        return profile(self._new, "United Kingdom", self.seed)

    def phone(self) -> str:
        return f"01632 {self.chance.randrange(1_000_000):06d}"

    def street(self) -> str:
        return f"{self.chance.randint(1, 180)} {self.chance.choice(_STREETS)}"

    def price(self) -> str:
        return f"{self.chance.randint(1, 250)}.{self.chance.randint(0, 99):02d}"

    def retyped(self, text: str) -> str:
        """The same name as another person types it: another suffix, another case, a slip of the finger."""
        ways: list[Callable[[str], str]] = [
            _other_suffix,
            str.upper,
            lambda name: name.replace(" ", "  ", 1),
            lambda name: name + ".",
            self._slip,
        ]
        changed = self.chance.choice(ways)(text)
        return changed if changed != text else self._slip(text)

    def _slip(self, text: str) -> str:
        if len(text) < 4:
            return text + text[-1:]
        at = self.chance.randrange(1, len(text) - 2)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    # -- asking

    def _rows(self, where: str, table: str, offset: int, limit: int) -> Row:
        return self._ask(
            "GET", where, "/state", params={"table": table, "offset": offset, "limit": limit}
        ).json()

    def _ask(self, method: str, where: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._planes[where].request(method, path, **more)
        except httpx.HTTPError as error:
            raise PeopleError(f"{where} does not answer ({error}); is the sandbox running?") from error
        if answer.status_code >= 500:
            raise PeopleError(f"{where} answered {answer.status_code} to {path}: {answer.text[:300]}")
        return answer


def _other_suffix(name: str) -> str:
    for one, other in _SUFFIXES:
        if one in name:
            return name.replace(one, other, 1)
    return name


def _groups(text: str) -> list[str]:
    chosen = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in chosen if word not in GROUPS]
    if unknown or not chosen:
        raise argparse.ArgumentTypeError(f"{text!r}: there are {', '.join(GROUPS)}")
    return chosen


def main(argv: list[str] | None = None) -> int:
    """The command line; one line of JSON per edit. 0 done, 1 the sandbox is not there."""
    parser = argparse.ArgumentParser(
        prog="python -m fbinfor_assets.sandbox.people", description="Let people edit things on both sides."
    )
    add = parser.add_argument
    add("--sandbox", required=True, help="the line serve printed, or @FILE that holds it")
    add("--seed", type=int, default=1, help="the same seed on the same state makes the same edits (1)")
    add("--edits", type=int, default=20, help="how many (20)")
    add(
        "--per-minute", type=float, help="at random intervals, so many a minute; without, one after the other"
    )
    add("--only", type=_groups, default=[], help=f"groups of edits, with commas: {', '.join(GROUPS)}")
    args = parser.parse_args(argv)
    if args.per_minute is not None and args.per_minute <= 0:
        parser.error("--per-minute must be above 0")
    pauses = random.Random(args.seed)
    try:
        text = Path(args.sandbox[1:]).read_text(encoding="utf-8") if args.sandbox[0] == "@" else args.sandbox
        with People(json.loads(text), args.seed) as people:
            for told in people.edits(args.edits, args.only):
                print(json.dumps(told), flush=True)
                if args.per_minute:
                    time.sleep(pauses.expovariate(args.per_minute / 60))
    except PeopleError as error:
        print(f"people: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        text = "--sandbox is not the line serve prints, nor a file that holds it"
        print(f"people: {text} ({error})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
