"""The behaviours of FreshBooks that are not known for sure, each with a default of the best evidence.

Belongs here: name, allowed values (default first) and the reason of every switch of this simulator. They are set
in the section `freshbooks` of the YAML given by `--config`, and kept by the state.
Does not belong here: what a switch does (where it is read).
"""

from __future__ import annotations

from fbinfor_assets.sandbox.switch import Switch

SWITCHES: dict[str, Switch] = {
    "tax_rounding": Switch(
        ("document", "line"),
        "Tax of a document: rounded once per tax over the sum of its lines, or per line and then added.",
    ),
    "duplicate_invoice_number": Switch(
        ("allow", "refuse"),
        "A second active invoice with the same number (freshbooks-api 12: unknown); refuse = 422 errno 1029.",
    ),
    "read_only_fields": Switch(
        ("refuse", "ignore"),
        "Writing a read-only invoice field other than due_date, which is always 403/1038 (freshbooks-api 7.2).",
    ),
    "write_to_deleted": Switch(
        ("refuse", "allow"),
        "Any write but a restore to a deleted row (freshbooks-api 6: unknown; errno 1011 is in the catalogue).",
    ),
    "empty_client": Switch(
        ("refuse", "allow"), "Creating a client from an empty body (freshbooks-api 7.1: unknown)."
    ),
    "lower_below_paid": Switch(
        ("negative", "refuse"),
        "Lowering an invoice, or a credit note, below what is paid or applied (unknown): its outstanding goes negative.",
    ),
    "payment_on_paid_invoice": Switch(
        ("split", "refuse"),
        "A payment on an invoice with nothing outstanding (unknown): all of it becomes an overpayment credit.",
    ),
    "delete_used_document": Switch(
        ("refuse", "allow"),
        "Deleting an invoice or bill that has payments, a credit note that is used, the payment it came from, or an expense that is on an invoice (unknown).",
    ),
    "payment_touches_invoice": Switch(
        (True, False),
        "Whether a payment moves the `updated` stamp of its invoice or bill (unknown, but outstanding changes).",
    ),
    "paid_status_number": Switch(
        (4, 2),
        "The numeric status of a fully paid invoice: 4 is documented, captures only show 2 (freshbooks-api 7.2).",
    ),
    "unit_cost_decimals": Switch(
        (6,), "Decimals kept of a line's unit_cost (unknown); more are rounded half up."
    ),
    "list_order": Switch(
        ("ascending", "descending"), "Order of a list without (a known) `sort` (unknown): by id."
    ),
    "vis_state_filter": Switch(
        ("all", "clients"),
        "Which lists understand search[vis_state] (freshbooks-api 6: verified for clients only).",
    ),
    "error_shape": Switch(
        ("old", "new", "by_header"),
        'Old or new (gRPC) error bodies of the accounting and events families (freshbooks-api 4). What selects them is unknown; by_header: new for a request with Api-Version or X-API-VERSION ("a new API version").',
    ),
    "unauthenticated_body": Switch(
        ("family", "auth"),
        "The 401 body: each family's own (SDK fixtures), or auth's everywhere (observed live, freshbooks-api 1).",
    ),
    "items_feature": Switch((True, False), "Whether the plan has items; else errno 12001"),
    "bills_feature": Switch(
        (True, False), "Whether the plan has bills, vendors and bill payments; else errno 41001, 31001, 41101"
    ),
    "plan_gate_status": Switch(
        (200, 403),
        "The HTTP status of a resource the plan does not have: items were seen with 200, others with 200 or 403 (freshbooks-api 4).",
    ),
    "category_writes": Switch(
        ("allow", "refuse"),
        "POST of an expense category: the Postman collection has it, the documentation says read only (freshbooks-api 7.4); refuse = 403/1003, as PUT and DELETE always are.",
    ),
    "rebill_invoiced_expense": Switch(
        ("refuse", "allow"),
        "Rebilling an expense that another invoice already carries (unknown); refuse = 422/1004.",
    ),
    "bill_required_fields": Switch(
        ("all", "vendor_and_date"),
        "What a bill must have besides its vendor and date: one source names the term, currency and language too, another does not (freshbooks-api 7.5). With vendor_and_date they come from the vendor, the term is 0 days.",
    ),
    "bill_lines": Switch(
        ("always", "include"),
        "Whether a bill reads with its lines always, as captured, or only with include[]=lines, as one SDK documents.",
    ),
    "bill_date_filters": Switch(
        ("work", "ignored"),
        "Search[issue_date_min] and _max on bills: Postman uses them, the documentation lists none (freshbooks-api 5).",
    ),
    "bill_vendor_stamps": Switch(
        ("utc", "eastern"),
        "The zone of a bill vendor's created_at and updated_at: PY reads UTC, NODE US/Eastern (freshbooks-api 5).",
    ),
    "bill_overpayment": Switch(
        ("refuse", "allow"),
        "A bill payment of more than is outstanding (unknown); refuse = 422/1004, allow = outstanding goes negative.",
    ),
    "other_income_tax": Switch(
        ("included", "added"),
        "Whether the tax of other income is part of its amount, as on expenses, or comes on top (unknown).",
    ),
    "client_limit": Switch(
        (0,), "Number of active clients the plan allows, 402/7005 beyond it (freshbooks-api 4); 0 = no limit."
    ),
    "rate_limit_per_minute": Switch(
        (0,),
        "Requests per wall-clock minute and token before 429 (freshbooks-api 4: numbers unknown); 0 = no limit.",
    ),
    "rate_limit_headers": Switch(
        ("always", "limited", "never"),
        "X-RateLimit-* on every answer (one was captured, freshbooks-api 3), only where there is a limit, or never.",
    ),
    "retry_after": Switch(
        ("seconds", "date", "none"),
        "Form of Retry-After: captured in seconds; HTTP allows a date; a client must also bear its absence.",
    ),
    "access_token_seconds": Switch(
        (43_200,), "Life of an access token in wall-clock seconds (freshbooks-api 1: 12 h)."
    ),
    "authorization_code_seconds": Switch(
        (300,), "Life of an authorization code in wall-clock seconds (FreshBooks' tutorial: 5 minutes)."
    ),
    "refresh_created_at": Switch(
        ("now", "original"),
        "A refresh starts the 12 h anew, or (seen once, a second after the exchange: freshbooks-api 1) goes on with created_at of the original exchange as long as its token lives.",
    ),
    "revoke": Switch(
        ("token", "pair"),
        "What revoking one token of a pair ends (freshbooks-api 1: the token itself; of the other nothing is known).",
    ),
    "consent": Switch(
        ("page", "at_once"),
        "GET of the authorize address: a page with Allow and Deny, or (for a caller without a browser) Allow at once.",
    ),
    "scope_refusal": Switch(
        ("page", "redirect"),
        "Whether an unknown scope is told to the person on the page or to the application by the redirect (unknown).",
    ),
    "pkce": Switch(
        ("enforced", "ignored"),
        "PKCE is accepted; whether a wrong verifier is refused was not tested (freshbooks-api 1).",
    ),
    "loopback_redirect_uris": Switch(
        (False, True),
        "Further applications may register http redirect URIs of this machine; the portal refuses them.",
    ),
    "identity_role": Switch(
        ("owner", "client"),
        "Role of the person behind a token: a client of the account reads, and is refused every write.",
    ),
    "creation_only_fields": Switch(
        ("ignore", "refuse"),
        "Writing invoice fields that may be written on creation only, such as auto_bill (freshbooks-api 7.2: how is unknown).",
    ),
    "estimate_ui_status": Switch(
        ("open", "status"),
        'Ui_status of a sent or viewed estimate: "open" on a real account, the word of the status in the vendor\'s page.',
    ),
    "journal_filters": Switch(
        ("use", "ignore"),
        "Search[sub_accountid], [start_date], [end_date] of journal_entry_details: in the published collection, not verified.",
    ),
    "journal_balance": Switch(
        ("line", "running"),
        "`balance` of a journal entry detail: its own amount, as captured, or the balance of its account after it.",
    ),
    "journal_sales_details": Switch(
        ("line", "document"),
        "An invoice's sales in journal_entry_details: one detail a line, as captured, or one for the document.",
    ),
    "ledger_parent_account": Switch(
        ("required", "optional"),
        "Whether a new ledger account must name parent_account, if only as null (freshbooks-api 7.9: the SDK's fixture).",
    ),
    "time_entry_update": Switch(
        ("replace", "partial"),
        "A time entry's PUT: what is left out is reset, or kept (freshbooks-api 9: a full replace was seen).",
    ),
    "payment_options_unset": Switch(
        ("not_found", "defaults"),
        "Payment_options of a document that has none: not found, or the account's defaults (unknown).",
    ),
    "second_business": Switch(
        (False, True),
        "A second business membership, of role client, whose account_id is null (freshbooks-api 2).",
    ),
    "callback_delete": Switch(
        ("no_content", "empty_response"),
        'DELETE of a callback: 204 is what the Python SDK can read there, {"response": {}} what other deletions answer.',
    ),
    "callback_stamps": Switch(
        ("iso", "eastern"),
        'Callback.updated_at: ISO with Z (Python and PHP fixtures) or "2021-10-17 05:48:42", US/Eastern (NODE SDK\'s).',
    ),
    "sign_verification": Switch(
        (True, False),
        "Whether the verification message carries a signature (freshbooks-api 8: suggested by one example).",
    ),
    "payment_updates_invoice_event": Switch(
        (True, False),
        "A payment also makes invoice.update of its invoice, whose amounts it changes (unknown).",
    ),
    "callback_disabled_after": Switch(
        (0,),
        "Refused deliveries in a row after which a callback counts as unverified (unknown); 0 = never. Retries and their pauses, also unknown, are settings of the sender (POST /_sandbox/webhooks).",
    ),
}
