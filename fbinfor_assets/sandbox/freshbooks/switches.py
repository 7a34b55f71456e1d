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
    # Deleting an invoice that has payments, a credit note that is used, or the payment it came from (unknown).
    "delete_used_document": ("refuse", "allow"),
    # Whether a payment moves the `updated` stamp of its invoice (unknown, but outstanding changes).
    "payment_touches_invoice": (True, False),
    # The numeric status of a fully paid invoice: 4 is documented, captures only show 2 (freshbooks-api 7.2).
    "paid_status_number": (4, 2),
    # Decimals kept of a line's unit_cost (unknown); more are rounded half up.
    "unit_cost_decimals": (6,),
    # Order of a list without (a known) `sort` (unknown): by id.
    "list_order": ("ascending", "descending"),
    # Which lists understand search[vis_state] (freshbooks-api 6: verified for clients only).
    "vis_state_filter": ("all", "clients"),
    # Old or new (gRPC) error bodies of the accounting family (freshbooks-api 4); one header selects it: unknown.
    "error_shape": ("old", "new"),
    # items/items answers 200 with errors, as on an account without the feature (freshbooks-api 3).
    "items_feature": (False, True),
    # Number of active clients the plan allows, 402/7005 beyond it (freshbooks-api 4); 0 = no limit.
    "client_limit": (0,),
    # Requests per wall-clock minute and token before 429 (freshbooks-api 4: numbers unknown); 0 = no limit.
    "rate_limit_per_minute": (0,),
    # Life of an access token in wall-clock seconds (freshbooks-api 1: 12 h).
    "access_token_seconds": (43_200,),
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
}
