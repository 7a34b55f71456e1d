"""The behaviours of FreshBooks that are not known for sure, each with a default of the best evidence.

Belongs here: name, allowed values (default first) and the reason of every switch of this simulator. They are set
in the section `freshbooks` of the YAML given by `--config`, and kept by the state.
Does not belong here: what a switch does (where it is read).
"""

from __future__ import annotations

from typing import Any

SWITCHES: dict[str, tuple[Any, ...]] = {
    # Tax of a document: rounded once per tax over the sum of its lines, or per line and then added.
    "tax_rounding": ("document", "line"),
    # A second active invoice with the same number (freshbooks-api 12: unknown); refuse = 422 errno 1029.
    "duplicate_invoice_number": ("allow", "refuse"),
    # Writing a read-only invoice field other than due_date, which is always 403/1038 (freshbooks-api 7.2).
    "read_only_fields": ("refuse", "ignore"),
    # Any write but a restore to a deleted row (freshbooks-api 6: unknown; errno 1011 is in the catalogue).
    "write_to_deleted": ("refuse", "allow"),
    # Creating a client from an empty body (freshbooks-api 7.1: unknown).
    "empty_client": ("refuse", "allow"),
    # Lowering an invoice, or a credit note, below what is paid or applied (unknown): its outstanding goes negative.
    "lower_below_paid": ("negative", "refuse"),
    # A payment on an invoice with nothing outstanding (unknown): all of it becomes an overpayment credit.
    "payment_on_paid_invoice": ("split", "refuse"),
    # Deleting an invoice or bill that has payments, a credit note that is used, the payment it came from, or an
    # expense that is on an invoice (unknown).
    "delete_used_document": ("refuse", "allow"),
    # Whether a payment moves the `updated` stamp of its invoice or bill (unknown, but outstanding changes).
    "payment_touches_invoice": (True, False),
    # The numeric status of a fully paid invoice: 4 is documented, captures only show 2 (freshbooks-api 7.2).
    "paid_status_number": (4, 2),
    # Decimals kept of a line's unit_cost (unknown); more are rounded half up.
    "unit_cost_decimals": (6,),
    # Order of a list without (a known) `sort` (unknown): by id.
    "list_order": ("ascending", "descending"),
    # Which lists understand search[vis_state] (freshbooks-api 6: verified for clients only).
    "vis_state_filter": ("all", "clients"),
    # Old or new (gRPC) error bodies of the accounting and events families (freshbooks-api 4). What selects them is
    # unknown; by_header: new for a request with Api-Version or X-API-VERSION ("a new API version").
    "error_shape": ("old", "new", "by_header"),
    # The 401 body: each family's own (SDK fixtures), or auth's everywhere (observed live, freshbooks-api 1).
    "unauthenticated_body": ("family", "auth"),
    # Whether the plan has items (else errno 12001), and bills with vendors and payments (else 41001, 31001, 41101).
    "items_feature": (True, False),
    "bills_feature": (True, False),
    # The HTTP status of a resource the plan does not have: items were seen with 200, others with 200 or 403
    # (freshbooks-api 4).
    "plan_gate_status": (200, 403),
    # POST of an expense category: the Postman collection has it, the documentation says read only
    # (freshbooks-api 7.4); refuse = 403/1003, as PUT and DELETE always are.
    "category_writes": ("allow", "refuse"),
    # Rebilling an expense that another invoice already carries (unknown); refuse = 422/1004.
    "rebill_invoiced_expense": ("refuse", "allow"),
    # What a bill must have besides its vendor and date: one source names the term, currency and language too,
    # another does not (freshbooks-api 7.5). With vendor_and_date they come from the vendor, the term is 0 days.
    "bill_required_fields": ("all", "vendor_and_date"),
    # Whether a bill reads with its lines always, as captured, or only with include[]=lines, as one SDK documents.
    "bill_lines": ("always", "include"),
    # search[issue_date_min] and _max on bills: Postman uses them, the documentation lists none (freshbooks-api 5).
    "bill_date_filters": ("work", "ignored"),
    # The zone of a bill vendor's created_at and updated_at: PY reads UTC, NODE US/Eastern (freshbooks-api 5).
    "bill_vendor_stamps": ("utc", "eastern"),
    # A bill payment of more than is outstanding (unknown); refuse = 422/1004, allow = outstanding goes negative.
    "bill_overpayment": ("refuse", "allow"),
    # Whether the tax of other income is part of its amount, as on expenses, or comes on top (unknown).
    "other_income_tax": ("included", "added"),
    # Number of active clients the plan allows, 402/7005 beyond it (freshbooks-api 4); 0 = no limit.
    "client_limit": (0,),
    # Requests per wall-clock minute and token before 429 (freshbooks-api 4: numbers unknown); 0 = no limit.
    "rate_limit_per_minute": (0,),
    # X-RateLimit-* on every answer (one was captured, freshbooks-api 3), only where there is a limit, or never.
    "rate_limit_headers": ("always", "limited", "never"),
    # Form of Retry-After: captured in seconds; HTTP allows a date; a client must also bear its absence.
    "retry_after": ("seconds", "date", "none"),
    # Life of an access token in wall-clock seconds (freshbooks-api 1: 12 h).
    "access_token_seconds": (43_200,),
    # Life of an authorization code in wall-clock seconds (FreshBooks' tutorial: 5 minutes).
    "authorization_code_seconds": (300,),
    # A refresh starts the 12 h anew, or (seen once, a second after the exchange: freshbooks-api 1) goes on with
    # created_at of the original exchange as long as its token lives.
    "refresh_created_at": ("now", "original"),
    # What revoking one token of a pair ends (freshbooks-api 1: the token itself; of the other nothing is known).
    "revoke": ("token", "pair"),
    # GET of the authorize address: a page with Allow and Deny, or (for a caller without a browser) Allow at once.
    "consent": ("page", "at_once"),
    # Whether an unknown scope is told to the person on the page or to the application by the redirect (unknown).
    "scope_refusal": ("page", "redirect"),
    # PKCE is accepted; whether a wrong verifier is refused was not tested (freshbooks-api 1).
    "pkce": ("enforced", "ignored"),
    # Further applications may register http redirect URIs of this machine; the portal refuses them.
    "loopback_redirect_uris": (False, True),
    # Role of the person behind a token: a client of the account reads, and is refused every write.
    "identity_role": ("owner", "client"),
    # Writing invoice fields that may be written on creation only, such as auto_bill (freshbooks-api 7.2: how is unknown).
    "creation_only_fields": ("ignore", "refuse"),
    # ui_status of a sent or viewed estimate: "open" on a real account, the word of the status in the vendor's page.
    "estimate_ui_status": ("open", "status"),
    # search[sub_accountid], [start_date], [end_date] of journal_entry_details: in the published collection, not verified.
    "journal_filters": ("use", "ignore"),
    # `balance` of a journal entry detail: its own amount, as captured, or the balance of its account after it.
    "journal_balance": ("line", "running"),
    # An invoice's sales in journal_entry_details: one detail a line, as captured, or one for the document.
    "journal_sales_details": ("line", "document"),
    # Whether a new ledger account must name parent_account, if only as null (freshbooks-api 7.9: the SDK's fixture).
    "ledger_parent_account": ("required", "optional"),
    # A time entry's PUT: what is left out is reset, or kept (freshbooks-api 9: a full replace was seen).
    "time_entry_update": ("replace", "partial"),
    # payment_options of a document that has none: not found, or the account's defaults (unknown).
    "payment_options_unset": ("not_found", "defaults"),
    # A second business membership, of role client, whose account_id is null (freshbooks-api 2).
    "second_business": (False, True),
    # DELETE of a callback: 204 is what the Python SDK can read there, {"response": {}} what other deletions answer.
    "callback_delete": ("no_content", "empty_response"),
    # callback.updated_at: ISO with Z (Python and PHP fixtures) or "2021-10-17 05:48:42", US/Eastern (NODE SDK's).
    "callback_stamps": ("iso", "eastern"),
    # Whether the verification message carries a signature (freshbooks-api 8: suggested by one example).
    "sign_verification": (True, False),
    # A payment also makes invoice.update of its invoice, whose amounts it changes (unknown).
    "payment_updates_invoice_event": (True, False),
    # Refused deliveries in a row after which a callback counts as unverified (unknown); 0 = never. Retries and their
    # pauses, also unknown, are settings of the sender (POST /_sandbox/webhooks).
    "callback_disabled_after": (0,),
}
