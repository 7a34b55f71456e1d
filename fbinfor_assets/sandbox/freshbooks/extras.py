"""What a document or client carries besides its own fields, shown only when a request includes it.

Belongs here: presentation, gateways, late fee, late reminders, owner, contacts, system, audit log: how a request
gives them and how `include[]` shows them.
Does not belong here: lines (`document`), the online payment options of a document (`payment_options`).

Facts (freshbooks-api 5, 7.2; the vendor's page on invoice presentation): a new invoice has the style of the last one
made, unless the request gives a `presentation` or `use_default_presentation: false`; theme_layout is simple, modern
or classic; gateway 30 is fbpay, 26 stripe, 7 paypal; a late fee has the fields of `LATE_FEE`.
Assumed: the fields of a late reminder and of an audit log line, for no capture shows one; secondary contacts only.

A stored row holds an extra only if it was given: half a million documents do not.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.amounts import plain
from fbinfor_assets.sandbox.freshbooks.errors import invalid
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account
    from fbinfor_assets.sandbox.freshbooks.world import World

GATEWAYS = {30: "fbpay", 26: "stripe", 7: "paypal"}

LAYOUTS, FONTS = ("simple", "modern", "classic"), ("modern", "classic")
DATE_FORMATS = ("mm/dd/yyyy", "dd/mm/yyyy", "yyyy-mm-dd")

PRESENTATION: Row = {
    "date_format": "dd/mm/yyyy",
    "description_heading": None,
    "hours_heading": None,
    "image_banner_position_y": 0,
    "image_banner_src": None,
    "image_logo_src": None,
    "item_heading": None,
    "label": None,
    "quantity_heading": None,
    "rate_heading": None,
    "task_heading": None,
    "theme_font_name": "modern",
    "theme_layout": "simple",
    "theme_primary_color": "#4e80ba",
    "time_entry_notes_heading": None,
    "unit_cost_heading": None,
}

_CHOICES = {"date_format": DATE_FORMATS, "theme_font_name": FONTS, "theme_layout": LAYOUTS}

LATE_FEE: Row = {
    "compounded_taxes": False,
    "days": 0,
    "enabled": False,
    "first_tax_name": None,
    "first_tax_percent": None,
    "repeat": False,
    "second_tax_name": None,
    "second_tax_percent": None,
    "type": "percent",
    "value": "0",
}

LATE_REMINDER: Row = {"body": "", "delay": 0, "enabled": False, "position": 1}

# Field of a request -> where a row keeps it.
GIVEN = {
    "presentation": "presentation",
    "allowed_gatewayids": "gateways",
    "late_fee": "late_fee",
    "late_reminders": "late_reminders",
}

# Where a row keeps what was given; hidden from the plain view.
STORED = (*GIVEN.values(), "audit")


def change(changed: Row, given: fields.Given, object: str) -> None:
    """Take over the extras of a request. Raises FreshBooksError."""
    if given.get("presentation") is not None:
        changed["presentation"] = _presentation(changed.get("presentation", {}), given, object)
    if given.get("allowed_gatewayids") is not None:
        changed["gateways"] = _gateways(given["allowed_gatewayids"], object)
    change_late(changed, given, object)


def change_late(changed: Row, given: fields.Given, object: str) -> None:
    """Take over late fee and reminders, which a client has too."""
    if given.get("late_fee") is not None:
        changed["late_fee"] = _late_fee(changed.get("late_fee", {}), given["late_fee"])
    if given.get("late_reminders") is not None:
        changed["late_reminders"] = _late_reminders(given["late_reminders"], object)


def inherit_presentation(row: Row, given: fields.Given, world: World) -> None:
    """Give a new document the style of the last one made, and let the next one have this one's."""
    if "presentation" in row:
        world.state.set_meta("presentation", row["presentation"])
    elif given.get("use_default_presentation") is not False and "presentation" in world.state.meta:
        row["presentation"] = world.state.meta["presentation"]


def note(changed: Row, action: str, stamp: str) -> None:
    """Remember in the audit log that something happened to the document, such as "sent"."""
    changed["audit"] = [*changed.get("audit", ()), [action, stamp]]


def show(row: Row, include: Collection[str], owner: str, account: Account) -> dict[str, Any]:
    """The included extras of a document; `owner` names its id field, such as invoiceid."""
    if not include:
        return {}
    id_ = row["id"]
    shown: dict[str, Any] = {}
    if "presentation" in include:
        shown["presentation"] = {**PRESENTATION, **row.get("presentation", {}), owner: id_}
    if "allowed_gateways" in include:
        shown["allowed_gateways"] = [
            {
                "allowedid": number,
                "connectionid": account.world.uuid("connection", number).replace("-", ""),
                "gateway_name": GATEWAYS[number],
                "gatewayid": number,
                "id": number,
            }
            for number in row.get("gateways", ())
        ]
    if "owner" in include:
        shown["owner"] = account.staff.owner()
    if "contacts" in include:
        client = account.clients.rows.get(row["customerid"], {})
        shown["contacts"] = [{**contact, owner: id_} for contact in client.get("contacts", ())]
    if "system" in include:
        shown["system"] = account.systems.view(account.systems.get(account.world.system_id))
    if "audit_logs" in include:
        shown["audit_logs"] = _audit(row, owner)
    return shown | show_late(row, include)


def show_late(row: Row, include: Collection[str]) -> dict[str, Any]:
    """Late fee and reminders of a document or client, if included."""
    shown: dict[str, Any] = {}
    if "late_fee" in include:
        shown["late_fee"] = {**LATE_FEE, **row["late_fee"]} if "late_fee" in row else None
    if "late_reminders" in include:
        shown["late_reminders"] = row.get("late_reminders", [])
    return shown


def _audit(row: Row, owner: str) -> list[Row]:
    first = [["created", row["created_at"]]] if "created_at" in row else []
    return [
        {"action": action, "created_at": stamp, owner: row["id"], "userid": 1}
        for action, stamp in (*first, *row.get("audit", ()))
    ]


def _presentation(before: Row, given: fields.Given, object: str) -> Row:
    wanted = given["presentation"]
    if not isinstance(wanted, dict):
        raise invalid(object, "presentation", wanted)
    style = dict(before)
    for name in PRESENTATION:
        if name not in wanted:
            continue
        if name in _CHOICES:
            style[name] = fields.choice(wanted, name, "presentation", _CHOICES[name])
        elif name == "image_banner_position_y":
            style[name] = fields.integer(wanted, name, "presentation") if wanted[name] is not None else 0
        else:
            style[name] = fields.text(wanted, name, "presentation")
    return style


def _gateways(wanted: Any, object: str) -> list[int]:
    if not isinstance(wanted, list):
        raise invalid(object, "allowed_gatewayids", wanted)
    return [
        fields.choice(
            {"allowed_gatewayids": number if not str(number).isdigit() else int(number)},
            "allowed_gatewayids",
            object,
            tuple(GATEWAYS),
        )
        for number in wanted
    ]


def _late_fee(before: Row, wanted: Any) -> Row:
    if not isinstance(wanted, dict):
        raise invalid("late_fee", "late_fee", wanted)
    fee = dict(before)
    for name, default in LATE_FEE.items():
        if name not in wanted:
            continue
        if wanted[name] is None:
            fee[name] = default
        elif isinstance(default, bool):
            fee[name] = fields.flag(wanted, name, "late_fee")
        elif name == "type":
            fee[name] = fields.choice(wanted, name, "late_fee", ("percent", "flat"))
        elif name == "days":
            fee[name] = fields.integer(wanted, name, "late_fee")
        elif name.endswith("_name"):
            fee[name] = fields.text(wanted, name, "late_fee")
        else:
            fee[name] = plain(fields.number(wanted, name, "late_fee"))
    return fee


def _late_reminders(wanted: Any, object: str) -> list[Row]:
    if not isinstance(wanted, list) or not all(isinstance(reminder, dict) for reminder in wanted):
        raise invalid(object, "late_reminders", wanted)
    reminders = []
    for number, given in enumerate(wanted, 1):
        reminder = {**LATE_REMINDER, "position": number}
        if given.get("body") is not None:
            reminder["body"] = fields.text(given, "body", "late_reminder")
        if given.get("enabled") is not None:
            reminder["enabled"] = fields.flag(given, "enabled", "late_reminder")
        for name in ("delay", "position"):
            if given.get(name) is not None:
                reminder[name] = fields.integer(given, name, "late_reminder")
        reminders.append(reminder)
    return reminders
