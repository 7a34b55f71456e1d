"""The behaviours of the shop that differ by installation, or that are not known for sure.

Belongs here: name, allowed values (default first) and the reason of every switch of this simulator. They are set in
the section `shop` of the YAML given by `--config`, and kept by the state.
Does not belong here: what a switch does (where it is read).
"""

from __future__ import annotations

from typing import Any

SWITCHES: dict[str, tuple[Any, ...]] = {
    # Where the shop rounds tax: WooCommerce has both as a setting ("round tax at subtotal level").
    "tax_rounding": ("document", "line"),
    # Basic and query-string credentials without TLS: WooCommerce takes only OAuth 1.0a there (its class
    # WC_REST_Authentication), unless a proxy ends TLS before it, which is how most shops are reached.
    "basic_without_tls": (True, False),
    # How far an OAuth timestamp may be off, and how long a nonce is remembered (15 minutes in the same class);
    # 0 = neither is looked at.
    "oauth_window_seconds": (900,),
    # One webhook and one object wait for delivery only once (wc_webhook_execute_queue), or every event is sent.
    "unique_webhooks": (True, False),
    # Consecutive failures after which a webhook is disabled: more than 5 (WC_Webhook::failed_delivery).
    "webhook_failures": (5,),
    # Whether a webhook of a disabled or paused hook that already waits is still sent (wc_deliver_webhook_async asks
    # for no status).
    "paused_webhooks_drain": (True, False),
    # Deleting with force=true past the trash raises *.deleted of orders and products; WooCommerce's list of hooks
    # (WC_Webhook::get_default_topic_hooks) knows only the trash, so by default nothing is raised.
    "forced_delete_raises": (False, True),
    # Refunding through a gateway (api_refund, true by default) that cannot: refused, as WooCommerce does, or ignored.
    "refund_without_gateway": ("refuse", "ignore"),
}
