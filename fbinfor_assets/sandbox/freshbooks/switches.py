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
    # Old or new (gRPC) error bodies of the accounting family (freshbooks-api 4); one header selects it: unknown.
    "error_shape": ("old", "new"),
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
    # Life of an access token in wall-clock seconds (freshbooks-api 1: 12 h).
    "access_token_seconds": (43_200,),
    # A second business membership, of role client, whose account_id is null (freshbooks-api 2).
    "second_business": (False, True),
}
