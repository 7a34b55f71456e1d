"""Events: what a webhook says, which line of the write log makes one, how it is signed.

Belongs here: names of events, the fields of a message, its form body and signature.
Does not belong here: who is told (`callbacks`), the sending (`sandbox/webhooks.py`).

Facts (freshbooks-api 8): a noun with .create, .update or .delete, and sendByEmail of invoices and estimates; the bare
noun stands for all of its events; there is none of bill payments, other income or journal entries. The message is a
form without any document; its signature is base64 of HMAC-SHA256, keyed with the callback's verifier, over Python's
json.dumps of the fields in the order they are sent, every value a text. The scope of a service is assumed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import orjson

from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Id

# Noun: the object whose scope one needs to watch it.
NOUNS = {
    "bill": "bills",
    "bill_vendor": "bill_vendors",
    "category": "expenses",
    "client": "clients",
    "credit_note": "credit_notes",
    "estimate": "estimates",
    "expense": "expenses",
    "invoice": "invoices",
    "item": "billable_items",
    "payment": "payments",
    "project": "projects",
    "recurring": "invoices",
    "service": "billable_items",
    "tax": "taxes",
    "time_entry": "time_entries",
}
EVENTS = frozenset(
    [
        *NOUNS,
        *(f"{noun}.{action}" for noun in NOUNS for action in ("create", "update", "delete")),
        "estimate.sendByEmail",
        "invoice.sendByEmail",
    ]
)
# Objects of the write log whose noun is another word.
_NOUN_OF = {"invoice_profile": "recurring"}
# Last step of a log line's operation; all others are updates.
_ACTIONS = {"create": "create", "split": "create", "delete": "delete"}

SIGNATURE = "X-FreshBooks-Hmac-SHA256"


def parent(event: str) -> str:
    """The bare noun of an event."""
    return event.partition(".")[0]


def of_log_line(
    operation: str, object: str, key: Id, body: bytes, *, payment_updates_invoice: bool = True
) -> Iterator[tuple[str, str]]:
    """(event, object id) of what a line of the write log tells, none for what no event is known of.

    body: its JSON, see `Resource.log`.
    """
    noun = _NOUN_OF.get(object, object)
    if noun not in NOUNS:
        return
    yield f"{noun}.{_ACTIONS.get(operation.rpartition('.')[2], 'update')}", str(key)
    if b'"action_email"' in body and noun in ("invoice", "estimate") and _emailed(object, body):
        yield f"{noun}.sendByEmail", str(key)
    if noun == "payment" and payment_updates_invoice:
        yield "invoice.update", str(orjson.loads(body)["result"]["invoiceid"])


def _emailed(object: str, body: bytes) -> bool:
    given = orjson.loads(body)["given"]
    # What came by the API is kept with its wrapper.
    return given.get(object, given).get("action_email") in (True, 1)


def message(world: World, event: str, object_id: str) -> dict[str, str]:
    """The fields of an event in the order they are sent."""
    return {
        "name": event,
        "object_id": object_id,
        "account_id": world.account_id,
        "business_id": str(world.business_id),
        "identity_id": str(world.identity_id),
        "user_id": "1",
    }


def body(fields: Mapping[str, str]) -> bytes:
    """The form as it is posted."""
    return urlencode(fields).encode()


def signature(verifier: str, fields: Mapping[str, str]) -> str:
    """What the header `SIGNATURE` says of the fields."""
    text = json.dumps({name: str(value) for name, value in fields.items()})
    return base64.b64encode(hmac.new(verifier.encode(), text.encode(), hashlib.sha256).digest()).decode()
