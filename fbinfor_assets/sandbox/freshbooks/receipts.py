"""The receipt attached to an expense or a bill.

Belongs here: how an attachment is given, stored and read. Does not belong here: the upload of the file itself.

Facts (freshbooks-api 7.4): a write names an uploaded file by its `jwt` and `media_type`; a read adds its id.
Assumed: a jwt is not checked against the uploads.
"""

from __future__ import annotations

from typing import Any

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.errors import invalid, required
from fbinfor_assets.sandbox.freshbooks.world import World


def stored_attachment(
    world: World, given: fields.Given, object: str, kept: dict[str, Any] | None
) -> dict[str, Any] | None:
    """What to keep of `given["attachment"]`: null removes it, the same file again keeps its id."""
    value = given["attachment"]
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid(object, "attachment", value)
    if not value.get("jwt"):
        raise required(object, "jwt")
    jwt = fields.text(value, "jwt", object)
    media_type = fields.text(value, "media_type", object) if value.get("media_type") else None
    if kept is not None and kept["jwt"] == jwt:
        return {**kept, "media_type": media_type or kept["media_type"]}
    id_ = world.next_id("attachment")
    return {"attachmentid": id_, "id": id_, "jwt": jwt, "media_type": media_type}
