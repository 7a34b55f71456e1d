"""Estimates (estimates/estimates): offers to a client, which become invoices.

Belongs here: an estimate's fields, its states and actions.
Does not belong here: totals (`document`, `amounts`), the invoices made from it (`invoices`). An estimate posts nothing.

Facts (freshbooks-api 7.8; the vendor's page on estimates): status 1 draft, 2 sent, 3 viewed, 4 replied, 5 accepted,
6 invoiced, and with display_status, ui_status, invoiced and sentid it is computed: writing it changes nothing. It
changes by `action_accept`, `action_email` (with `estimate_customized_email`) and an invoice made from it; there is
no way to decline one and no action_mark_as_sent. The three states disagree on a real account: a viewed estimate
has ui_status "open" (switch estimate_ui_status).

Assumed: customerid and create_date are required as for an invoice; the filters customerid and date_min/date_max,
which the page does not show in what is stored of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import document, extras, fields, listing
from fbinfor_assets.sandbox.freshbooks.errors import required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

DRAFT, SENT, VIEWED, REPLIED, ACCEPTED, INVOICED = 1, 2, 3, 4, 5, 6

WORDS = {
    DRAFT: "draft",
    SENT: "sent",
    VIEWED: "viewed",
    REPLIED: "replied",
    ACCEPTED: "accepted",
    INVOICED: "invoiced",
}

TEXTS: dict[str, str | None] = {
    "notes": "",
    "terms": None,
    "po_number": None,
    "address": "",
    "template": "clean-grouped",
}

FLAGS = ("require_client_signature", "rich_proposal")


class Estimates(Resource):
    """Stored row: as `create_row` shows; amounts as decimal text in `currency_code`, `accepted` beside `status`."""

    single, plural, path = "estimate", "estimates", "estimates/estimates"
    id_field, title, scope = "estimateid", "Estimate", "estimates"

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        by_client = state.index(self.single, lambda row: row["customerid"])
        by_status = state.index(self.single, lambda row: row["status"])
        self._by_number = state.index(self.single, lambda row: row["estimate_number"])
        self.filters = {
            "estimateid": listing.by_id(),
            "estimateids": listing.by_id(),
            "estimate_number": listing.by_text(self._by_number),
            "estimate_number_like": listing.like(lambda row: row["estimate_number"]),
            "notes": listing.like(lambda row: row["notes"]),
            "statusid": listing.by_number(by_status),
            "statusids": listing.by_number(by_status),
            "customerid": listing.by_number(by_client),
            "customerids": listing.by_number(by_client),
            "date_min": listing.from_day(lambda row: row["create_date"]),
            "date_max": listing.to_day(lambda row: row["create_date"]),
            "updated_min": listing.from_day(lambda row: row["updated"]),
            "updated_max": listing.to_day(lambda row: row["updated"]),
        }

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("customerid", "create_date"):
            if given.get(name) in (None, ""):
                raise required("estimate", name)
        client = self._account.clients.live(given, "customerid", "estimate")
        stamp = self.world.stamps()[0]
        row: Row = {
            "id": 0,
            "customerid": client["id"],
            "estimate_number": "",
            "create_date": "",
            "currency_code": client["currency_code"],
            "language": client["language"],
            "status": DRAFT,
            "accepted": False,
            **dict.fromkeys(FLAGS, False),
            **TEXTS,
            **document.copy_of(client),
            **document.NOTHING,
            "created_at": stamp,
            "updated": stamp,
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        row["estimate_number"] = row["estimate_number"] or self._next_number()
        row["id"] = self.world.next_id(self.single)
        return self.put(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        document.change_client(changed, given, "estimate", self._account)
        document.change_texts(changed, given, "estimate", TEXTS)
        if given.get("estimate_number"):
            changed["estimate_number"] = fields.text(given, "estimate_number", "estimate")
        if given.get("create_date") is not None:
            changed["create_date"] = fields.day(given, "create_date", "estimate")
        for name in FLAGS:
            if given.get(name) is not None:
                changed[name] = fields.flag(given, name, "estimate")
        document.change_lines(changed, row, given, "estimate", self._account)
        extras.change(changed, given, "estimate")
        if "action_email" in given and fields.flag(given, "action_email", "estimate"):
            fields.recipients(given, "email_recipients", "estimate")
            changed["status"] = max(changed["status"], SENT)
            extras.note(changed, "emailed", self.world.stamps()[0])
        if "action_accept" in given and fields.flag(given, "action_accept", "estimate"):
            changed["status"], changed["accepted"] = max(changed["status"], ACCEPTED), True
            extras.note(changed, "accepted", self.world.stamps()[0])
        return changed

    def used(self, estimate_id: int, *, sent: bool) -> None:
        """An invoice was made from the estimate, or such an invoice was sent."""
        row = self.rows[estimate_id]
        status = max(row["status"], INVOICED if sent else ACCEPTED)
        if status != row["status"]:
            self.put(self.touched({**row, "status": status, "accepted": True}))

    def _next_number(self) -> str:
        while True:
            number = f"{self.world.state.next_number('estimate_number'):07}"
            if self._by_number.first(number) is None:
                return number

    # -- reading

    def _ui_status(self, row: Row) -> str:
        shown_as_open = self.world.switches["estimate_ui_status"] == "open"
        return "open" if shown_as_open and row["status"] in (SENT, VIEWED) else WORDS[row["status"]]

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        client = self._account.clients.rows.get(row["customerid"])
        view = {
            "accounting_systemid": self.world.account_id,
            "current_organization": client["organization"] if client else row["organization"],
            "display_status": WORDS[row["status"]],
            "estimateid": row["id"],
            "ext_archive": 0,
            "invoiced": row["status"] == INVOICED,
            "ownerid": 1,
            "reply_status": None,
            "sentid": 1,
            "ui_status": self._ui_status(row),
            **{name: value for name, value in row.items() if name not in extras.STORED},
        }
        document.show_worth(view, row, "estimateid", row["updated"], with_lines="lines" in include)
        if "invoices" in include:
            invoices = self._account.invoices
            view["invoices"] = [invoices.view(invoice) for invoice in invoices.of_estimate(row["id"])]
        if "comments" in include:
            view["comments"] = []
        return view | extras.show(row, include, "estimateid", self._account)

    def summary(self, row: Row) -> dict[str, Any]:
        names = (
            "customerid",
            "estimate_number",
            "create_date",
            "net",
            "tax",
            "amount",
            "status",
            "vis_state",
        )
        return {name: row[name] for name in names}
