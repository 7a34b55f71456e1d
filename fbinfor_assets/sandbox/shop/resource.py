"""What the kinds of objects of the shop's API have in common.

Belongs here: the verbs every kind offers to the paths (`app`), and batches over them.
Does not belong here: a rule of one kind; HTTP.

A verb checks everything before it changes anything, so that a refusal leaves no trace, not even within a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fbinfor_assets.sandbox.shop.errors import Refused, not_of_type
from fbinfor_assets.sandbox.shop.query import MOST, Json, Query, truth
from fbinfor_assets.sandbox.shop.world import World

_BATCH_MAXIMUM = 100


class Resource:
    """One kind: `path` within the API (`{order_id}` for those below an order), `name` in the write log.

    Verbs it does not have are not in `verbs` and have no route. `owner` holds the ids in the path before its own.
    """

    path: str
    name: str
    verbs: frozenset[str] = frozenset(("list", "get", "create", "update", "delete", "batch"))

    def __init__(self, world: World) -> None:
        self.world, self.state = world, world.state

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        """Total and page."""
        raise NotImplementedError

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        """One object."""
        raise NotImplementedError

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        """Make one; `by` is `api` or `people`."""
        raise NotImplementedError

    def update(self, id_: int, body: Json, owner: Mapping[str, int], by: str) -> Json:
        """Change one."""
        raise NotImplementedError

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        """Trash one, or remove it for good; None: the request did not say which."""
        raise NotImplementedError

    def batch(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        """{"create": [...], "update": [...], "delete": [...]}: each done or refused by itself, in that order."""
        given = {verb: body.get(verb) or [] for verb in ("create", "update", "delete")}
        for verb, items in given.items():
            if not isinstance(items, list):
                raise not_of_type(verb, "array")
        if sum(map(len, given.values())) > _BATCH_MAXIMUM:
            message = f"Unable to accept more than {_BATCH_MAXIMUM} items for this request."
            raise Refused(413, "woocommerce_rest_request_entity_too_large", message)
        answer: Json = {}
        for verb, items in given.items():
            if items:
                answer[verb] = [self._one(verb, item, owner, by) for item in items]
        return answer

    def _one(self, verb: str, item: Any, owner: Mapping[str, int], by: str) -> Json:
        id_ = item.get("id", 0) if isinstance(item, dict) else item
        id_ = min(int(id_), MOST) if str(id_).isdecimal() else 0
        try:
            if verb == "delete":
                return self.delete(id_, True, owner, by)
            if not isinstance(item, dict):
                raise not_of_type(verb, "object")
            if verb == "create":
                return self.create(item, owner, by)
            return self.update(id_, {name: item[name] for name in item if name != "id"}, owner, by)
        except Refused as refused:
            return {"id": id_, "error": refused.body}

    def log(self, by: str, verb: str, id_: int, body: Json) -> None:
        """One line of the write log."""
        self.state.log(f"{by}.{verb}", self.name, id_, body)


def text(body: Json, name: str) -> str | None:
    """A text field of a body, None if it was not given."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise not_of_type(name, "string")
    return str(value)


def flag(body: Json, name: str) -> bool | None:
    """A boolean field of a body, None if it was not given."""
    value = body.get(name)
    if value is None:
        return None
    if value not in (True, False) and str(value).lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise not_of_type(name, "boolean")
    return truth(value) or str(value).lower() == "yes"
