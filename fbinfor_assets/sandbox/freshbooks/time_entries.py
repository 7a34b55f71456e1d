"""Time spent (timetracking family).

Belongs here: a time entry's fields, the sums a list carries. Does not belong here: projects, rates (`tasks`).

Facts (freshbooks-api 9; the vendor's page on time entries; a live capture of an empty list): duration is in seconds;
instants are UTC with Z; `internal` is true without a client; lists hide what is deleted and what a running timer has not
logged yet, unless include_deleted or include_unlogged; their `meta` has total_logged, total_unbilled and two breakdowns;
a PUT replaces the whole entry (switch time_entry_update). The filters are those of the page: project_id is none.

Assumed: is_logged, started_at and, if logged, duration are required; the elements of the breakdowns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import business, fields, listing
from fbinfor_assets.sandbox.freshbooks.errors import invalid, not_found, required
from fbinfor_assets.sandbox.freshbooks.listing import Lister, Query
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

DEFAULTS: Row = {
    "client_id": None,
    "project_id": None,
    "service_id": None,
    "task_id": None,
    "retainer_id": None,
    "pending_client": None,
    "pending_project": None,
    "pending_task": None,
    "note": None,
    "billable": True,
    "billed": False,
    "duration": None,
}

NUMBERS = ("task_id", "retainer_id", "duration", "identity_id")
TEXTS = ("note", "pending_client", "pending_project", "pending_task")


class TimeEntries(Resource):
    """Stored row: DEFAULTS and identity_id, is_logged, started_at, created_at, updated_at, active (not deleted)."""

    single, plural, path = "time_entry", "time_entries", ""
    id_field, title, scope = "id", "Time entry", "time_entries"
    has_vis_state = False

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        self._by_project = state.index(self.single, lambda row: row["project_id"] if row["active"] else None)
        self.filters = {
            "client_id": listing.by_number(state.index(self.single, lambda row: row["client_id"])),
            "identity_id": listing.by_number(state.index(self.single, lambda row: row["identity_id"])),
            "started_from": business.since(lambda row: row["started_at"]),
            "started_to": business.until(lambda row: row["started_at"]),
            "updated_since": business.since(lambda row: row["updated_at"]),
        }
        self.flags = {
            "billable": lambda row: row["billable"],
            "billed": lambda row: row["billed"],
            "active": lambda row: row["active"],
            "is_logged": lambda row: row["is_logged"],
        }

    def logged_on(self, project_id: int) -> int:
        """Seconds logged on a project."""
        return sum(self.rows[id_]["duration"] or 0 for id_ in self._by_project.ids(project_id))

    def page(self, lister: Lister, query: Query) -> dict[str, Any]:
        hidden = {"active": True} if "include_deleted" not in query.include else {}
        hidden |= {"is_logged": True} if "include_unlogged" not in query.include else {}
        asked = {name: value for name, value in query.flags if name in ("billable", "billed")}
        query = replace(query, flags=tuple(sorted((asked | hidden).items())))
        return lister.page(self, query) | self._sums(lister.ids(self, query))

    def _sums(self, ids: list[int]) -> dict[str, Any]:
        rows = [self.rows[id_] for id_ in ids]
        unbilled = (row for row in rows if row["billable"] and not row["billed"])
        return {
            "total_logged": _seconds(rows),
            "total_unbilled": _seconds(unbilled),
            "total_logged_per_team_member": _breakdown(rows, "identity_id"),
            "total_logged_per_client": _breakdown(rows, "client_id"),
        }

    # -- writing

    def get(self, id_text: str | int) -> Row:
        row = super().get(id_text)
        if not row["active"]:
            # Deleted: found no more, except in a list with include_deleted.
            raise not_found(self.single, self.title, self.id_field, id_text)
        return row

    def create_row(self, given: fields.Given) -> Row:
        now = self.world.utc_instant()
        row = self._changed({"identity_id": self.world.identity_id, **DEFAULTS}, given)
        row |= {"created_at": now, "updated_at": now, "active": True}
        return self.put({"id": self.world.next_id(self.single), **row})

    def update_row(self, row: Row, given: fields.Given) -> Row:
        before = row if self.world.switches["time_entry_update"] == "partial" else {**row, **DEFAULTS}
        needed = given if before is not row else {**row, **given}
        changed = self._changed(before, needed)
        return self.put(changed | {"updated_at": self.world.utc_instant()})

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        for name in ("is_logged", "started_at", "duration"):
            if given.get(name) is None and (name != "duration" or given["is_logged"]):
                raise required(self.single, name)
        changed = dict(row)
        changed["is_logged"] = fields.flag(given, "is_logged", self.single)
        try:
            changed["started_at"] = business.utc_text(fields.text(given, "started_at", self.single) or "")
        except ValueError as error:
            raise invalid(self.single, "started_at", given["started_at"]) from error
        for name in ("billable", "billed"):
            if given.get(name) is not None:
                changed[name] = fields.flag(given, name, self.single)
        for name in NUMBERS:
            if given.get(name) is not None:
                changed[name] = fields.integer(given, name, self.single)
        for name in TEXTS:
            if name in given:
                changed[name] = fields.text(given, name, self.single)
        for name, of in (
            ("client_id", self._account.clients),
            ("project_id", self._account.projects),
            ("service_id", self._account.services),
        ):
            if given.get(name) is not None:
                changed[name] = of.live(given, name, self.single)["id"]
        return changed

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        row = self.put(self.get(id_text) | {"active": False, "updated_at": self.world.utc_instant()})
        self.log(f"{actor}.delete", row, {})

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        shown = {name: value for name, value in row.items() if name != "updated_at"}
        timer = None if row["is_logged"] else {"id": str(row["id"]), "is_running": True}
        return shown | {
            "created_at": row["created_at"] + "Z",
            "internal": row["client_id"] is None,
            "started_at": row["started_at"] + "Z",
            "timer": timer,
        }

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("client_id", "project_id", "started_at", "duration", "active")}


def _seconds(rows: Any) -> int:
    return sum(row["duration"] or 0 for row in rows)


def _breakdown(rows: list[Row], by: str) -> list[dict[str, Any]]:
    sums: dict[Any, int] = {}
    for row in rows:
        sums[row[by]] = sums.get(row[by], 0) + (row["duration"] or 0)
    return [{by: key, "total_logged": seconds} for key, seconds in sums.items()]
