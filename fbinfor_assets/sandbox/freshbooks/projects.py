"""Projects of the business (projects family).

Belongs here: a project's fields, its team, the time logged on it as a sum.
Does not belong here: time entries (`time_entries`), services (`tasks`), paths and envelopes (`families`).

Facts (freshbooks-api 5, 9; the vendor's page on projects and its captures): a PUT needs the title, all else may be left
out; lists and writes answer `group_id`, reading one answers the whole `group` and, beside the project, `abilities`;
logged_duration (seconds) is null unless include_logged_duration; stamps are UTC without Z; sorts are created_at,
due_date and title; amounts are texts without a currency.

Assumed: only the title is required; a deleted project is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import business, fields
from fbinfor_assets.sandbox.freshbooks.amounts import cents
from fbinfor_assets.sandbox.freshbooks.errors import invalid, required
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

PROJECT_TYPES = ("fixed_price", "hourly_rate")
BILLING_METHODS = ("business_rate", "project_rate", "service_rate", "team_member_rate")

FLAGS = {"internal": False, "active": True, "complete": False, "sample": False}
NUMBERS = ("budget", "project_manager_id", "retainer_id")
AMOUNTS = ("fixed_price", "rate")

# What the owner may do with any project; read beside a single one.
ABILITIES = ("can_edit", "can_archive", "can_delete", "can_view_discuss_tab")


class Projects(Resource):
    """Stored row: the fields above, title, description, due_date, client_id, project_type, billing_method, services
    (their ids), group_id, expense_markup, created_at, updated_at."""

    single, plural, path = "project", "projects", ""
    id_field, title, scope = "id", "Project", "projects"
    has_vis_state = False

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        self.filters = {"updated_since": business.since(lambda row: row["updated_at"])}
        self.flags = {"active": lambda row: row["active"], "complete": lambda row: row["complete"]}
        self.sorts = {
            "created_at": lambda row: row["created_at"],
            "due_date": lambda row: row["due_date"] or "",
            "title": lambda row: row["title"].casefold(),
        }

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        now = self.world.utc_instant()
        row: Row = {
            "id": 0,
            "title": "",
            "description": None,
            "due_date": None,
            "client_id": None,
            **FLAGS,
            **dict.fromkeys((*NUMBERS, *AMOUNTS)),
            "billing_method": None,
            "project_type": "fixed_price" if given.get("fixed_price") else "hourly_rate",
            "expense_markup": "0",
            "services": [],
            "group_id": 0,
            "created_at": now,
            "updated_at": now,
        }
        row = self._changed(row, given)
        row["id"] = self.world.next_id(self.single)
        row["group_id"] = self.world.next_id("group")
        return self.put(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self.put(self._changed(row, given) | {"updated_at": self.world.utc_instant()})

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        if not given.get("title"):
            raise required(self.single, "title")
        changed = dict(row)
        for name in ("title", "description"):
            if name in given:
                changed[name] = fields.text(given, name, self.single)
        if "due_date" in given:
            changed["due_date"] = self._due_date(given)
        if "client_id" in given:
            changed["client_id"] = self._client_id(given)
        for name in FLAGS:
            if given.get(name) is not None:
                changed[name] = fields.flag(given, name, self.single)
        for name in NUMBERS:
            if name in given:
                changed[name] = None if given[name] is None else fields.integer(given, name, self.single)
        for name in AMOUNTS:
            if name in given:
                changed[name] = (
                    None if given[name] is None else str(cents(fields.number(given, name, self.single)))
                )
        if given.get("expense_markup") is not None:
            changed["expense_markup"] = str(fields.number(given, "expense_markup", self.single))
        for name, allowed in (("project_type", PROJECT_TYPES), ("billing_method", BILLING_METHODS)):
            if given.get(name) is not None:
                changed[name] = fields.choice(given, name, self.single, allowed)
        if given.get("services") is not None:
            changed["services"] = self._services(given["services"])
        return changed

    def _due_date(self, given: Mapping[str, Any]) -> str | None:
        value = given["due_date"]
        if value is None:
            return None
        # The NODE SDK sends an instant here.
        day = value[:10] if isinstance(value, str) and value[10:11] == "T" else value
        return fields.day({"due_date": day}, "due_date", self.single)

    def _client_id(self, given: Mapping[str, Any]) -> int | None:
        if given["client_id"] is None:
            return None
        return self._account.clients.live(given, "client_id", self.single)["id"]

    def _services(self, wanted: Any) -> list[int]:
        if not isinstance(wanted, list) or not all(isinstance(service, dict) for service in wanted):
            raise invalid(self.single, "services", wanted)
        kept = [service for service in wanted if not service.get("vis_state")]
        return [self._account.services.live(service, "id", "service")["id"] for service in kept]

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        row = self.get(id_text)
        self.world.state.delete(self.single, row["id"])
        self.log(f"{actor}.delete", row, {})

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        services = self._account.services
        logged = (
            self._account.time_entries.logged_on(row["id"]) if "include_logged_duration" in include else None
        )
        return {
            "billed_amount": "0.00",
            "billed_status": "unbilled",
            "logged_duration": logged,
            **row,
            "services": [services.view(services.rows[id_]) for id_ in row["services"]],
        }

    def whole(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        """A project read alone: with its team instead of the team's id."""
        view = self.view(row, include)
        group_id = view.pop("group_id")
        if "skip_group" not in include:
            view["group"] = {"id": group_id, "members": [self._owner(group_id)], "pending_invitations": []}
        return view

    def _owner(self, group_id: int) -> dict[str, Any]:
        owner = self._account.staff.owner()
        return {
            "id": group_id,
            "identity_id": self.world.identity_id,
            "role": "owner",
            "first_name": owner["fname"],
            "last_name": owner["lname"],
            "email": owner["email"],
            "company": self.world.business_name,
            "active": True,
        }

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("title", "client_id", "active", "complete")}
