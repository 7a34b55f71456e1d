"""Staff of the account (users/staffs): the people who own documents and spend money.

Belongs here: the staff list. Does not belong here: who may sign in (`auth`), time they log (`time_entries`).

Facts (the vendor's page on staff, and its published captures): staff cannot be created here; the resource is kept for
classic accounts; the owner has userid 1; deleting the owner is 403/1003; the filters are those of the page. The auth
family lists the same people as members of the business, with the identity_id that time entries need.
Assumed: a new account has the owner and one member of staff; `rate` is a decimal text.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from fbinfor_assets.sandbox.freshbooks import fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import plain
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

OWNER = 1

# Which are "" and which null when unset is as captured.
TEXTS: dict[str, str | None] = {
    "fname": "",
    "lname": "",
    "display_name": "",
    "email": "",
    "organization": "",
    "note": None,
    "bus_phone": "",
    "home_phone": None,
    "mob_phone": "",
    "fax": "",
    "p_street": "",
    "p_street2": "",
    "p_city": "",
    "p_province": "",
    "p_code": "",
    "p_country": "",
    "currency_code": None,
    "language": "en",
}

PHONES = ("bus_phone", "home_phone", "mob_phone", "fax")

# (given name, family name, role, level) of the people a new account has.
SEED = (("Sandbox", "Owner", "admin", 1), ("Morgan", "Fielding", "staff", 0))


class Staff(Resource):
    """Stored row: the texts above, username, role, level, rate (decimal text or None), vis_state, stamps."""

    single, plural, path = "staff", "staffs", "users/staffs"
    id_field, title, scope = "userid", "Staff", "teams"
    verbs: ClassVar[frozenset[str]] = frozenset({"list", "get", "update", "delete"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.filters = {
            "userid": listing.by_id(),
            "userids": listing.by_id(),
            "user_levels": listing.is_text(lambda row: row["role"]),
            "user_like": listing.like(*(_get(name) for name in ("fname", "lname", "organization"))),
            "note_like": listing.like(_get("note")),
            "phone_like": listing.like(*map(_get, PHONES)),
            "email_like": listing.like(_get("email")),
        }

    def furnish(self) -> None:
        """Make the people every account has, if it has none yet."""
        if self.rows:
            return
        for fname, lname, role, level in SEED:
            given = {"fname": fname, "lname": lname, "email": f"{lname.casefold()}@sandbox.example"}
            given |= {"organization": self.world.business_name if level else ""}
            self.put(self._new(given, OWNER if level else None) | {"role": role, "level": level})

    def members(self) -> list[dict[str, Any]]:
        """The people of the business as the auth family lists them."""
        world = self.world
        return [
            {
                "id": world.business_id + row["id"],
                "group_id": world.business_id,
                "role": "owner" if row["id"] == OWNER else "business_employee",
                "identity_id": world.identity_id if row["id"] == OWNER else row["id"],
                "identity_uuid": world.uuid("identity", row["id"]),
                "first_name": row["fname"],
                "last_name": row["lname"],
                "language": row["language"],
                "email": row["email"],
                "company": world.business_name,
                "business_id": world.business_id,
                "unacknowledged_change": False,
                "active": row["vis_state"] == ACTIVE,
            }
            for row in self.rows.values()
        ]

    def create_row(self, given: fields.Given) -> Row:
        """Someone was invited: by people only, for the API does not offer it."""
        return self.put(self._new(given, None))

    def _new(self, given: fields.Given, id_: int | None) -> Row:
        row: Row = {
            "id": 0,
            **TEXTS,
            "role": "staff",
            "level": 0,
            "rate": None,
            "signup_date": self.world.utc_stamp(),
            "updated": self.world.stamps()[0],
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        row["id"] = id_ or self.world.next_id(self.single)
        row["display_name"] = row["display_name"] or f"{row['fname']} {row['lname']}".strip()
        row["username"] = f"{row['fname']}{row['lname']}{row['id']}".casefold()
        return row

    def owner(self) -> dict[str, Any]:
        """The owner as documents include it."""
        row = self.rows[OWNER]
        return {name: row[name] for name in ("email", "fname", "lname", "organization")} | {"userid": OWNER}

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: fields.Given) -> Row:
        changed = dict(row)
        for name in TEXTS:
            if name in given:
                changed[name] = fields.text(given, name, self.single)
        if given.get("rate") is not None:
            changed["rate"] = plain(fields.number(given, "rate", self.single))
        return changed

    def before_delete(self, row: Row) -> None:
        if row["id"] == OWNER:
            raise FreshBooksError(403, 1003, "Permission Denied.")

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        return {
            "accounting_systemid": self.world.account_id,
            "api_token": None,
            "last_login": None,
            "num_logins": 0,
            "userid": row["id"],
            **row,
        }

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("email", "display_name", "role", "vis_state")}


def _get(name: str) -> listing.Get:
    return lambda row: row[name]
