"""Webhooks: who is told of what, and the messages.

Belongs here: `/webhooks`, the topics, payload, headers and signature of a delivery, what failures do.
Does not belong here: the sending (`sandbox.webhooks`); which changes raise events (the resources, `arrivals`).

Facts (WooCommerce's class WC_Webhook, its webhooks controller and webhook functions): a delivery is a POST of the
object's REST document as it is at the moment of sending, {"id": n} for a deleted one, with the headers
X-WC-Webhook-Source, -Topic, -Resource, -Event, -Signature, -ID and -Delivery-ID; the signature is base64 of
HMAC-SHA256 over the raw body with the webhook's secret. 200 to 302 is success and forgets earlier failures; each
failure counts, one after more than 5 disables the webhook, and none is tried again. The same webhook and object wait
only once. On creation the address gets a ping, form field webhook_id, unsigned, whose answer changes nothing. The
secret is never shown. An unknown id is 400 here, also on reading.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.shop.errors import (
    Refused,
    already_there,
    missing_parameters,
    no_trash,
    not_one_of,
)
from fbinfor_assets.sandbox.shop.query import Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, text
from fbinfor_assets.sandbox.shop.woo import VERSION
from fbinfor_assets.sandbox.shop.world import World
from fbinfor_assets.sandbox.state import Row
from fbinfor_assets.sandbox.webhooks import Attempt, Message, Sender

_STATUSES = ("active", "paused", "disabled")
# The actions of WordPress behind each topic, shown in `hooks`.
_ACTIONS = {
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
    "customer.created": ["user_register", "woocommerce_created_customer", "woocommerce_new_customer"],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
}
_AGENT = f"WooCommerce/{VERSION} Hookshot (WordPress/6.7.1)"
_PING = "ping"
_BUILD = "woocommerce"


def accepted(status: int) -> bool:
    """Whether WooCommerce takes an answer for a delivery."""
    return 200 <= status < 303


class Webhooks(Resource):
    """`/webhooks`. `read` gives the document of an object by its resource: order, customer, product."""

    path, name = "/webhooks", "webhook"

    def __init__(self, world: World, sender: Sender, read: Mapping[str, Resource]) -> None:
        super().__init__(world)
        self._sender, self._read = sender, read
        self._by_topic = self.state.index("hook", lambda row: row["topic"])
        self.before_create: Callable[[], None] = lambda: None
        sender.builders[_BUILD] = self._message
        sender.attempted.append(self._attempted)

    # -- events

    def notify(self, resource: str, event: str, id_: int) -> None:
        """Queue a delivery for every active webhook of this topic."""
        for hook in self._by_topic.ids(f"{resource}.{event}"):
            row = self.state.tables("hook")[hook]
            name, argument = f"webhook {hook}", [hook, id_]
            if row["status"] != "active":
                continue
            if self.world.switches["unique_webhooks"] and self._sender.waits(name, _BUILD, argument):
                continue
            self._sender.later(name, _BUILD, argument, about=f"{resource}.{event} {id_}")

    def listened(self, topic: str) -> bool:
        """Whether any active webhook has this topic."""
        return any(self.state.tables("hook")[id_]["status"] == "active" for id_ in self._by_topic.ids(topic))

    def _message(self, argument: Any, number: int) -> Message | None:
        hook, id_ = argument
        row = self.state.get("hook", hook)
        if row is None:
            return None
        if row["status"] != "active" and not self.world.switches["paused_webhooks_drain"]:
            return None
        resource, _, event = row["topic"].partition(".")
        body = orjson.dumps(self._payload(resource, event, id_))
        headers = {
            "User-Agent": _AGENT,
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": self.world.home + "/",
            "X-WC-Webhook-Topic": row["topic"],
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(row["secret"], body),
            "X-WC-Webhook-ID": str(hook),
            "X-WC-Webhook-Delivery-ID": secret(self.world.seed, "delivery", str(hook), str(number)),
        }
        forged = {"X-WC-Webhook-Signature": signature(row["secret"] + "?", body)}
        return Message(row["delivery_url"], headers, body, forged)

    def _payload(self, resource: str, event: str, id_: int) -> Json:
        if event == "deleted" or resource not in self._read:
            return {"id": id_}
        try:
            return self._read[resource].get(id_, {})
        except Refused as refused:
            # It is gone by now: WooCommerce sends what its API says of it.
            return refused.body

    def _attempted(self, hook: str, delivered: bool, queued: Row, attempt: Attempt) -> None:
        id_ = int(hook.rpartition(" ")[2])
        row = self.state.get("hook", id_)
        if row is None or queued["about"] == _PING:
            return
        failures = row["failure_count"]
        if delivered:
            if failures:
                self.state.put("hook", id_, row | {"failure_count": 0})
        elif failures > self.world.switches["webhook_failures"]:
            self.state.put("hook", id_, row | {"status": "disabled"} | self.world.stamps("date_modified"))
        else:
            self.state.put("hook", id_, row | {"failure_count": failures + 1})

    # -- the paths

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        wanted = (query.one_of("status", ("all", *_STATUSES)) or ["all"])[0]
        rows = [row for row in self.state.tables("hook").values() if wanted in ("all", row["status"])]
        if query.text("search"):
            rows = [row for row in rows if query.text("search").lower() in row["name"].lower()]
        _, direction = query.sorting(("date", "id", "title"), "date", "desc")
        total, page = query.slice(rows if direction == "asc" else rows[::-1])
        return total, [self._document(row) for row in page]

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        return self._document(self._row(id_, 400, "ID is invalid."))

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        missing = [name for name in ("topic", "delivery_url") if body.get(name) is None]
        if missing:
            raise missing_parameters(missing)
        if body.get("id"):
            raise already_there("shop_webhook")
        fields = self._fields(body, creating=True)
        # What has arrived by now is no news to a webhook made after it.
        self.before_create()
        id_ = self.state.next_number("hook")
        row = {
            "id": id_,
            "name": f"Webhook created on {self.world.clock.now():%b %d, %Y @ %I:%M %p}",
            "status": "active",
            "secret": secret(self.world.seed, "webhook secret", str(id_), length=50),
            "failure_count": 0,
            **self.world.stamps("date_created"),
            **self.world.stamps("date_modified"),
            **fields,
        }
        self.state.put("hook", id_, row)
        form = {"User-Agent": _AGENT, "Content-Type": "application/x-www-form-urlencoded"}
        self._sender.send(
            f"webhook {id_}", row["delivery_url"], form, f"webhook_id={id_}".encode(), about=_PING
        )
        return self._done(row, "create", by)

    def update(self, id_: int, body: Json, owner: Mapping[str, int], by: str) -> Json:
        row = self._row(id_, 400, "ID is invalid.")
        row = row | self._fields(body, creating=False) | self.world.stamps("date_modified")
        self.state.put("hook", id_, row)
        return self._done(row, "update", by)

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        if not force:
            raise no_trash("Webhooks")
        row = self._row(id_, 404, "Invalid ID.")
        self.state.delete("hook", id_)
        self._sender.withdraw(f"webhook {id_}")
        return self._done(row, "delete", by)

    def _fields(self, body: Json, *, creating: bool) -> Json:
        fields = {
            name: value
            for name in ("name", "topic", "delivery_url", "secret", "status")
            if (value := text(body, name)) or (creating and name in body)
        }
        if "status" in fields and fields["status"] not in _STATUSES:
            raise not_one_of("status", _STATUSES)
        words = "is required and must be" if creating else "must be"
        if "topic" in fields and not _valid_topic(fields["topic"]):
            message = f"Webhook topic {words} valid."
            raise Refused(400, "woocommerce_rest_shop_webhook_invalid_topic", message)
        if "delivery_url" in fields and not re.match(r"https?://[^\s/?#]+", fields["delivery_url"] or ""):
            message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
            raise Refused(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", message)
        return {name: value for name, value in fields.items() if value}

    def _row(self, id_: int, status: int, message: str) -> Row:
        row = self.state.get("hook", id_)
        if row is None:
            raise Refused(status, "woocommerce_rest_shop_webhook_invalid_id", message)
        return row

    def _done(self, row: Row, verb: str, by: str) -> Json:
        document = self._document(row)
        self.log(by, verb, row["id"], document)
        return document

    def _document(self, row: Row) -> Json:
        resource, _, event = row["topic"].partition(".")
        actions = _ACTIONS.get(row["topic"], [event] if resource == "action" else [])
        shown = ("id", "name", "status", "topic", "delivery_url")
        dates = ("date_created", "date_created_gmt", "date_modified", "date_modified_gmt")
        return {
            **{name: row[name] for name in (*shown, *dates)},
            "resource": resource,
            "event": event,
            "hooks": actions,
            "_links": self.world.links(self.path, row["id"]),
        }


def signature(key: str, body: bytes) -> str:
    """X-WC-Webhook-Signature of a body."""
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


def _valid_topic(topic: str | None) -> bool:
    if topic is None:
        return False
    return topic in _ACTIONS or topic.startswith(("action.woocommerce_", "action.wc_"))
