"""Every behaviour of the simulated M3 that differs by tenant, or that no public source settles.

Belongs here: the switch, its allowed values (the default first), and why it exists.
Does not belong here: the behaviour itself (the module that reads the switch).

Given in the YAML of `--config`, section `m3`; an unknown switch or value is refused at start. "Guess" marks
what infor-api 9 lists as not verified: the default is the best evidence, and the other values exist so that a
test can show that the product does not depend on it.
"""

from __future__ import annotations

from typing import Any

SWITCHES: dict[str, tuple[Any, ...]] = {
    # -- tax and goods
    "tax_rounding": ("document", "line"),  # VAT half up over the document's net per rate, or line by line
    "fulfilment": ("manual", "auto"),  # people ship (POST /_sandbox/fulfil), or the clock does
    "ship_after_days": (1,),  # auto: days after the requested delivery date RLDT (calendar days)
    # auto: per cent of the orders (always the same ones) that leave `late_days` later, that ship half of their
    # lines first and the others `rest_after_days` later, and of those the ones whose rest is cancelled
    "late_percent": (0,),
    "late_days": (5,),
    "partial_percent": (0,),
    "rest_after_days": (1,),
    "cancelled_percent": (0,),
    "issue_invoicing": (
        "at_once",
        "manual",
    ),  # after MWS420MI Confirm: invoiced that day, or when people do it
    "order_category": ("3",),  # RORC of a customer order: 3 in public extensions, in no document
    # PGRS of a delivery: 50 on a picking list, 90 reported (so public extensions), or its CO delivery status
    "dispatch_status": ("dispatch", "order"),
    "allocation": (
        "on_confirm",
        "on_shipment",
    ),  # lines stand at 33 after Confirm, or stay at 22 until they ship
    # -- orders
    "credit_invoicing": ("on_confirm", "manual"),  # order type F02: invoiced at once, or when people ship it
    "service_invoicing": ("on_confirm", "manual"),  # order type F03, the same
    "negative_quantities": ("credit_types", "any"),  # guess: ORQT below zero only on F02 and on service items
    "negative_prices": ("refused", "allowed"),  # guess: SAPR below zero
    "discount_base": (
        "remaining",
        "gross",
    ),  # guess: DIP2 counts on what DIP1 left (its model decides), or on all
    "discount_amount": ("per_line", "per_unit"),  # guess: DIA1 is for the whole line, or for one of its units
    "default_address": (
        "connected",
        "master",
    ),  # no ADID: the customer's first address of type 01, or its own
    "interrupt_every": (0,),  # every so many-th Confirm is interrupted (batch status 55); 0 none
    "price_decimals": (6,),  # decimals SAPR may carry; more is a numeric error (XNU0000)
    "batch_item_check": (
        "on_confirm",
        "on_entry",
    ),  # an unknown ITNO leaves the batch at 25, or AddBatchLine refuses
    "credit_includes_orders": (True, False),  # credit limit counts confirmed orders not yet invoiced
    # -- payments
    "pbid": ("caller", "series"),  # guess: the caller chooses PBID, or M3 gives it from a series
    "ar_update": ("on_control", "manual"),  # guess: ControlBatch updates AR, or people do (people/ar-update)
    "on_account_type": ("OA",),  # guess: PYTP of an on-account receipt
    "on_account_trcd": ("30",),  # guess: TRCD of an on-account item in FSLEDG
    "overpayment": ("refused", "allowed"),  # guess: PYAM above the open amount of its invoice
    "payment_adjustments": (
        "taken",
        "refused",
    ),  # guess: ACDA is a cash discount, ADAM a write-off; or neither
    # -- error codes nobody published (infor-api 2.8)
    "code_duplicate_customer": ("WCU0204",),  # guess: or XRE0104
    "code_duplicate_item": ("WIT0104",),  # guess: or XRE0104
    "code_duplicate_batch": ("XRE0104",),  # guess: PBID used before
    "code_country": ("WCS0103",),  # guess: CSCD unknown
    "code_credit_stop": ("OIS3001",),  # guess: credit limit exceeded, customer stopped
    # -- purchasing, payables, ledger, stock
    "new_supplier_status": ("20", "10"),  # guess: STAT of AddSupplier and CopyTemplate when none is given
    "po_status": ("20", "15", "12"),  # where a new order stands: printed, to print, to be authorised (t)
    "po_batch_level": (
        "process",
        "order_entry",
    ),  # PPS090 "auto level": FinishEntry makes orders, or people do
    "po_batch_origins": ("",),  # BAORs that PPS090 knows, by blanks; none means that any is taken
    "over_receipt": ("refused", "allowed"),  # more received than ordered
    "ap_validation_seconds": (
        2,
    ),  # APS455: how long the job takes (simulated seconds, they run like real ones)
    "ap_update": (
        "on_validation",
        "on_approval",
        "manual",
    ),  # APS455 validates and updates AP, Infor's guide says
    "ap_approval": (
        "manual",
        "when_matched",
    ),  # approved for payment by people, or once matched (CRS406, AP50)
    "ap_duplicate": ("on_validation", "on_entry"),  # guess: when a used SINO is found
    "ap_price_variance": ("error", "posted"),  # APS900: an item line at another price than the order's
    "ap_quantity_variance": ("unmatched", "error"),  # APS905 300/320: billed before it is received
    "ap_rounding": ("0.00",),  # APS900 permitted rounding: lines and VAT against the invoice amount
    "ap_line_type_vat": ("3",),  # guess: RDTP of a VAT line (1, 2, 5 and 8 are documented)
    "gl_interfaces": ("",),  # INTNs that GLS850 knows, by blanks; none means that any is taken
    "gl_parm_layout": (
        "",
    ),  # "AIT1:3-12 CUAM:13-29 ...": positions of PARM; none refuses AddBatchLine (not verified)
    "gl_debit_credit": ("D C", "1 2", "+ -"),  # guess: DBCR of a debit and a credit
    "negative_stock": ("allowed", "refused"),  # ship what is not on hand (the shop's stock is endless)
    "code_closed_period": ("XDT0001",),  # guess: accounting date in a closed period
    "code_duplicate_supplier": ("WSU0104",),  # guess: or XRE0104
    # -- MI conventions
    "blank_means": ("no_change", "clear"),  # guess: an empty value in a Chg transaction
    "blank_marker": ("?",),  # guess: the value that clears a field in a Chg transaction; "" for none
    "unknown_fields": ("refused", "ignored"),  # guess: an input field the transaction does not have
    "maxrecs_default": (100,),  # guess: m3-odin sends 100 itself, the server's default is not stated
    "empty_list": ("XRE0103", "no_records"),  # a list without rows is NOK, or OK without records
    "error_records": ("empty", "omitted"),  # `records` on a NOK result: [] or left out (both were seen)
    "bulk_maximum": (1000,),  # guess: transactions per POST, more is HTTP 400; inforion sends 101 and more
    "company_context": (
        "checked",
        "ignored",
    ),  # ignored: any cono will do (inforion always sends its own 409)
    "unknown_user": ("refused", "ignored"),  # guess: X_01003 for an m3user that is not a user
    "bulk_stops_after": (0,),  # guess: what makes a bulk stop early: so many failures (0 = nothing)
    "bulk_content_type": (
        "checked",
        "ignored",
    ),  # guess: a body declared as something else than JSON is HTTP 415
    "encoded_semicolon": ("separates", "is_text"),  # guess: %3B alone before matrix parameters
    "nok_text": ("padded", "plain"),  # both were seen: 132 characters, field and code; or the text alone
    "negative_numbers": ("leading", "trailing"),  # guess: "-1.00", or "1.00-" as in MI's fixed layout
    "position_key": ("opaque", "off"),  # guess at `positionkey`: where a list cut by maxrecs goes on
    "list_breaks_after": (
        0,
    ),  # lists fail after so many records, with records AND error (KB 2159861); 0 = never
    "self_description": ("all", "answered"),  # MRS001MI: the whole catalogue, or what this simulator answers
    "bad_output": ("cut", "refused"),  # for tests: a handler's value longer than its field is HTTP 500
    # -- m3api-rest v1
    "v1_without_accept": ("xml", "json"),  # for Accept */* or none: older public callers parse XML
    "v1_values": ("padded", "trimmed"),  # both were seen: values filled with blanks to their length, or not
    "v1_metadata": (
        "always",
        "on_request",
    ),  # without `metadata`: fields described (older), or none (a 2026 tenant)
    "v1_single_field": ("list", "object"),  # one field in Metadata: clients of the vendor's allow for both
    "csrf": (
        "unchecked",
        "checked",
        "missing",
    ),  # a direct call needs a fresh fnd-csrf-token; or 404 for the token
    # -- EXPORTMI
    "export_order_by": ("accepted", "refused"),  # guess: `order by` in QERY
    "export_batch_prefix": (
        "either",
        "OX",
        "OA",
    ),  # columns of OXHEAD: OA as in OOHEAD (so public extensions), or OX
    "export_payment_head": ("ARPBHD",),  # guess: table of ARS040 batches, prefix PH
    "export_payment_line": ("ARPBLN",),  # guess: table of their lines, prefix PL
    # -- gateway
    "token_seconds": (7200,),  # "currently about two hours" (infor-api 1.2); wall clock
    "refresh_tokens": ("issued", "none"),  # only apps with "Issue Refresh Tokens" get one
    "grant": ("password", "client_credentials"),  # which app /_sandbox/connection gives; all apps exist
    "expires_in": ("number", "text"),  # clients allow for both
    "entitlement": ("granted", "missing"),  # missing: HTTP 403 for every call of M3
    "target_milliseconds": (0,),  # how long M3 takes for any call
    "gateway_timeout_milliseconds": (
        60000,
    ),  # a slower call is applied, and answered with 504 (infor-api 1.4)
    # Throttling policy; numbers of the example in the documentation, counted per app from the first request on.
    "throttling": (False, True),
    "throttling_period_milliseconds": (60000,),
    "throttling_delay_after": (5,),  # rate smoothing begins after so many; 0 = no smoothing
    "throttling_delay_milliseconds": (1000,),  # "by a factor of": the n-th after that waits n times as long
    "throttling_maximum": (20,),  # spike arrest: more in the period are 429; 0 = none
    # Quota policy, likewise.
    "quota": (False, True),
    "quota_seconds": (3600,),
    "quota_allow": (1000,),
    "quota_user_level": (False, True),  # counted per user of the app instead of per app
    "retry_after": ("absent", "seconds"),  # guess: on a 429
}
