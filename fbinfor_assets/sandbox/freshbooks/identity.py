"""GET /auth/api/v1/users/me: the person behind a token, their businesses and roles.

Belongs here: the shape of section 2 of the reference.
Does not belong here: what a role may do (`auth`).

Facts (freshbooks-api 2): `response` without a `result` layer; the membership's id is good for nothing;
`business.account_id` may be null, the account is then found in `roles[].accountid` or `business_clients[]`; an owner
is "owner" in memberships and groups and "admin" in `roles`.
"""

from __future__ import annotations

from typing import Any

from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

_SINCE = "2010-01-04T08:45:42Z"


def me(world: World, role: str = "owner") -> Row:
    """The identity, without the envelope. role: "owner", or "client" of the account.

    A client owns a business of their own, which has no account; the account they are a client of is found under
    `roles` and `business_clients` only.
    """
    identity = world.identity_id
    memberships = [_membership(world, role)]
    if world.switches["second_business"]:
        memberships.insert(0, _second_membership(world))
    return {
        "id": identity,
        "identity_id": identity,
        "identity_uuid": world.uuid("identity", 1),
        "first_name": "Sandbox",
        "last_name": "Owner",
        "email": "owner@sandbox.example",
        "language": "en",
        "confirmed_at": "2010-01-04T09:00:24Z",
        "created_at": _SINCE,
        "setup_complete": True,
        "profile": {
            "setup_complete": True,
            "first_name": "Sandbox",
            "last_name": "Owner",
            "phone_numbers": [{"title": "", "phone_number": None}],
            "addresses": [None],
            "profession": None,
        },
        "profession": None,
        "phone_numbers": [{"title": "", "phone_number": None}],
        "addresses": [None],
        "links": {
            "me": f"/service/auth/api/v1/users?id={identity}",
            "roles": f"/service/auth/api/v1/users/role/{identity}",
        },
        "permissions": {
            world.account_id: {"client.limit": 1000, "staff.limit": 2, "advanced_accounting.access": True}
        },
        "groups": [
            {
                "id": 1,
                "group_id": 7654,
                "role": "owner",
                "identity_id": identity,
                "business_id": world.business_id,
                "active": True,
            }
        ],
        "subscription_statuses": {world.account_id: "active"},
        "business_memberships": memberships,
        "roles": [
            {
                "id": 61_270,
                "role": "client" if role == "client" else "admin",
                "systemid": world.system_id,
                "userid": 1,
                "created_at": _SINCE,
                "accountid": world.account_id,
            }
        ],
    }


def _membership(world: World, role: str) -> Row:
    client = {"id": 1, "account_id": world.account_id, "business_id": world.business_id}
    business: dict[str, Any] = {
        "id": world.business_id,
        "business_uuid": world.business_uuid,
        "name": world.business_name,
        "account_id": None if role == "client" else world.account_id,
        "date_format": "dd/mm/yyyy",
        "address": {
            "id": 1,
            "street": "1 Mill Lane",
            "city": "Leeds",
            "province": "",
            "country": world.country,
            "postal_code": "LS1 1AA",
        },
        "phone_number": None,
        "business_clients": [client] if role == "client" else [],
    }
    id_ = world.business_id + 1_000_003
    return {"id": id_, "role": "owner", "unacknowledged_change": False, "business": business}


def _second_membership(world: World) -> Row:
    # A business where this identity is only a client: its account_id is null.
    id_ = world.business_id + 7
    business = {
        "id": id_,
        "business_uuid": world.uuid("business", 2),
        "name": "Supplier Ltd",
        "account_id": None,
        "date_format": "mm/dd/yyyy",
        "address": None,
        "phone_number": None,
        "business_clients": [{"id": 1, "account_id": "ZZZ999", "business_id": id_}],
    }
    return {
        "id": world.business_id + 1_000_004,
        "role": "client",
        "unacknowledged_change": False,
        "business": business,
    }
