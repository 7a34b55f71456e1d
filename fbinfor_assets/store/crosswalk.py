"""Which id here is which id there.

Belongs here: one row per pair of ids of one entity, unique in both directions.
Does not belong here: how two records were found to be the same (dbt's matched models).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, insert, or_, select

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction

# Each link asks with six variables.
_CHUNK = 500


class CrosswalkConflict(Exception):
    """An id is already linked to another one. The text names both; a person decides which link is right."""


@dataclass(frozen=True)
class Link:
    """`left_id` of `left_system` is `right_id` of `right_system`. `entity` is party, item, document or payment."""

    entity: str
    left_system: str
    left_id: str
    right_system: str
    right_id: str


def conflicts(tx: Transaction, links: list[Link]) -> dict[Link, str]:
    """The links that contradict one that stands (or another of the list), each with the sentence that says how."""
    standing = _touching(tx, links)
    refused: dict[Link, str] = {}
    for link in links:
        left = standing.setdefault(_left(link), link)
        right = standing.setdefault(_right(link), link)
        for other in (left, right):
            if other != link:
                refused[link] = (
                    f"{link.entity} {link.left_system} {link.left_id} cannot be linked to {link.right_system} "
                    f"{link.right_id}: the crosswalk links {other.left_system} {other.left_id} to "
                    f"{other.right_system} {other.right_id}"
                )
    return refused


def put(tx: Transaction, links: list[Link], method: str) -> int:
    """Write links that do not stand yet and return how many were new.

    `method` says how the pair was found, e.g. `created` for a record that we made. Raises `CrosswalkConflict` if an
    id is already linked to another one; nothing of the list is written then.
    """
    refused = conflicts(tx, links)
    if refused:
        raise CrosswalkConflict("; ".join(refused.values()))
    standing = set(_touching(tx, links).values())
    new = [link for link in dict.fromkeys(links) if link not in standing]
    if new:
        extra = {"method": method, "created_at": tx.now, "change_seq": tx.change_seq}
        tx.execute(insert(schema.crosswalk), [vars(link) | extra for link in new])
    return len(new)


def right_of(tx: Transaction, entity: str, left_system: str, left_id: str, right_system: str) -> str | None:
    """The id in `right_system`, or None."""
    t = schema.crosswalk
    return tx.execute(
        select(t.c.right_id).where(
            t.c.entity == entity,
            t.c.left_system == left_system,
            t.c.left_id == left_id,
            t.c.right_system == right_system,
        )
    ).scalar_one_or_none()


def _left(link: Link) -> tuple[str, ...]:
    return ("left", link.entity, link.left_system, link.right_system, link.left_id)


def _right(link: Link) -> tuple[str, ...]:
    return ("right", link.entity, link.left_system, link.right_system, link.right_id)


def _touching(tx: Transaction, links: list[Link]) -> dict[tuple[str, ...], Link]:
    t = schema.crosswalk
    found: dict[tuple[str, ...], Link] = {}
    for start in range(0, len(links), _CHUNK):
        chunk = links[start : start + _CHUNK]
        sides = [
            and_(
                t.c.entity == link.entity,
                t.c.left_system == link.left_system,
                t.c.right_system == link.right_system,
                or_(t.c.left_id == link.left_id, t.c.right_id == link.right_id),
            )
            for link in chunk
        ]
        for row in tx.execute(
            select(t.c.entity, t.c.left_system, t.c.left_id, t.c.right_system, t.c.right_id).where(
                or_(*sides)
            )
        ):
            link = Link(*row)
            found[_left(link)] = found[_right(link)] = link
    return found
