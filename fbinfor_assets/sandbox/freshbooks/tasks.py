"""Billable work: tasks (projects/tasks, by account) and services (comments, by business), two views of one thing.

Belongs here: the list of what the business does, and its hourly rates.
Does not belong here: time spent on it (`time_entries`), projects (`projects`).

Facts (the vendor's pages on tasks and services): each task is a service and the other way round; the filters of tasks
are those of the page, services have none; both need the scope billable_items; a service's rate is a text and is made
by POST and changed by PUT; `include_task_id` adds the task's id to a service.
Assumed: task and service have the same id, and the service's rate is the task's; a service without a rate answers 404.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fbinfor_assets.sandbox.freshbooks import fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import money
from fbinfor_assets.sandbox.freshbooks.errors import negative, not_found, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row


class Tasks(Resource):
    """Stored row: id, name, description, rate (decimal text, None if never set) in rate_code, billable, tax1, tax2,
    project_default, updated, vis_state."""

    single, plural, path = "task", "tasks", "projects/tasks"
    id_field, title, scope = "taskid", "Task", "billable_items"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        rate = _rate
        self.filters = {
            "taskid": listing.by_id(),
            "taskids": listing.by_id(),
            "rate_min": listing.at_least(rate),
            "rate_max": listing.at_most(rate),
            "updated_min": listing.from_day(lambda row: row["updated"]),
            "updated_max": listing.to_day(lambda row: row["updated"]),
            "billable": listing.is_text(lambda row: str(row["billable"])),
        }
        self.flags = {"billable": lambda row: row["billable"]}

    def create_row(self, given: fields.Given) -> Row:
        if not (given.get("name") or given.get("tname")):
            raise required(self.single, "name")
        row: Row = {
            "id": 0,
            "name": "",
            "description": None,
            "rate": None,
            "rate_code": self.world.currency,
            "billable": True,
            "tax1": 0,
            "tax2": 0,
            "project_default": False,
            "updated": self.world.stamps()[0],
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        row["id"] = self.world.next_id(self.single)
        return self.put(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: fields.Given) -> Row:
        changed = dict(row)
        # tname and tdesc are the classic names of the same two fields; NODE sends both.
        for name, field in (
            ("tname", "name"),
            ("name", "name"),
            ("tdesc", "description"),
            ("description",) * 2,
        ):
            if given.get(name) is not None:
                changed[field] = fields.text(given, name, self.single)
        for name in ("billable", "project_default"):
            if given.get(name) is not None:
                changed[name] = fields.flag(given, name, self.single)
        for name in ("tax1", "tax2"):
            if given.get(name) is not None:
                changed[name] = fields.integer(given, name, self.single)
        if given.get("rate") is not None:
            code = given["rate"].get("code") if isinstance(given["rate"], dict) else None
            changed["rate_code"] = code or row["rate_code"]
            amount = fields.money(given, "rate", self.single, changed["rate_code"])
            if amount < 0:
                raise negative(self.single, "rate", amount)
            changed["rate"] = str(amount)
        return changed

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        view = {
            "accounting_systemid": self.world.account_id,
            "taskid": row["id"],
            "tdesc": row["description"],
            "tname": row["name"],
            **row,
            "rate": money(_rate(row), row["rate_code"]),
        }
        del view["rate_code"]
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("name", "rate", "billable", "vis_state")}


class Services(Resource):
    """The same rows as a project sees them."""

    single, plural, path = "service", "services", ""
    id_field, title, scope = "id", "Service", "billable_items"

    def __init__(self, world: World, tasks: Tasks) -> None:
        super().__init__(world)
        self._tasks = tasks
        self.rows, self.by_vis_state = tasks.rows, tasks.by_vis_state

    def put(self, row: Row) -> Row:
        return self._tasks.put(row)

    def create_row(self, given: fields.Given) -> Row:
        return self._tasks.create_row(given)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self._tasks.update_row(row, given)

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        shown = {name: row[name] for name in ("id", "name", "billable", "project_default", "vis_state")}
        with_task = {"task_id": row["id"]} if "include_task_id" in include else {}
        return {"business_id": self.world.business_id, **shown, **with_task}

    def summary(self, row: Row) -> dict[str, Any]:
        return self._tasks.summary(row)

    # -- rates

    def rate(self, service_id: str) -> dict[str, Any]:
        """The rate of a service as the API reads it. 404 if none was set."""
        row = self.get(service_id)
        if row["rate"] is None:
            raise not_found("service_rate", "Service rate", "id", service_id)
        return {"rate": row["rate"], "business_id": self.world.business_id, "service_id": row["id"]}

    def set_rate(self, service_id: str, given: fields.Given) -> None:
        """Set the rate of a service, in the account's currency, and log it."""
        if given.get("rate") is None:
            raise required("service_rate", "rate")
        amount = str(fields.number(given, "rate", "service_rate"))
        row = self._tasks.update_row(self.get(service_id), {"rate": {"amount": amount}})
        self.log("api.update", row, given)


def _rate(row: Row) -> str:
    return row["rate"] or "0.00"
