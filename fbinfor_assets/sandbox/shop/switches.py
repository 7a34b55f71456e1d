"""The behaviours of the shop that differ by installation, or that are not known for sure.

Belongs here: name, allowed values (default first) and the reason of every switch of this simulator. They are set in
the section `shop` of the YAML given by `--config`, and kept by the state.
Does not belong here: what a switch does (where it is read).
"""

from __future__ import annotations

from fbinfor_assets.sandbox.switch import Switch

SWITCHES: dict[str, Switch] = {
    "tax_rounding": Switch(
        ("document", "line"),
        'Where the shop rounds tax: WooCommerce has both as a setting ("round tax at subtotal level").',
    ),
    "basic_without_tls": Switch(
        (True, False),
        "Basic and query-string credentials without TLS: WooCommerce takes only OAuth 1.0a there (its class WC_REST_Authentication), unless a proxy ends TLS before it, which is how most shops are reached.",
    ),
    "oauth_window_seconds": Switch(
        (900,),
        "How far an OAuth timestamp may be off, and how long a nonce is remembered (15 minutes in the same class); 0 = neither is looked at.",
    ),
    "unique_webhooks": Switch(
        (True, False),
        "One webhook and one object wait for delivery only once (wc_webhook_execute_queue), or every event is sent.",
    ),
    "webhook_failures": Switch(
        (5,),
        "Consecutive failures after which a webhook is disabled: more than 5 (WC_Webhook::failed_delivery).",
    ),
    "paused_webhooks_drain": Switch(
        (True, False),
        "Whether a webhook of a disabled or paused hook that already waits is still sent (wc_deliver_webhook_async asks for no status).",
    ),
    "forced_delete_raises": Switch(
        (False, True),
        "Deleting with force=true past the trash raises *.deleted of orders and products; WooCommerce's list of hooks (WC_Webhook::get_default_topic_hooks) knows only the trash, so by default nothing is raised.",
    ),
    "refund_without_gateway": Switch(
        ("refuse", "ignore"),
        "Refunding through a gateway (api_refund, true by default) that cannot: refused, as WooCommerce does, or ignored.",
    ),
}
