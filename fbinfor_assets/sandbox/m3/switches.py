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
    "allocation": (
        "on_confirm",
        "on_shipment",
    ),  # lines stand at 33 after Confirm, or stay at 22 until they ship
    # -- orders
    "credit_invoicing": ("on_confirm", "manual"),  # order type F02: invoiced at once, or when people ship it
    "service_invoicing": ("on_confirm", "manual"),  # order type F03, the same
    "negative_quantities": ("credit_types", "any"),  # guess: ORQT below zero only on F02 and on service items
    "negative_prices": ("refused", "allowed"),  # guess: SAPR below zero
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
    # -- error codes nobody published (infor-api 2.8)
    "code_duplicate_customer": ("WCU0204",),  # guess: or XRE0104
    "code_duplicate_item": ("WIT0104",),  # guess: or XRE0104
    "code_duplicate_batch": ("XRE0104",),  # guess: PBID used before
    "code_country": ("WCS0103",),  # guess: CSCD unknown
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
    "bulk_maximum": (100,),  # guess: transactions per POST; more is HTTP 400
    # -- EXPORTMI
    "export_order_by": ("accepted", "refused"),  # guess: `order by` in QERY
    "export_payment_head": ("ARPBHD",),  # guess: table of ARS040 batches, prefix PH
    "export_payment_line": ("ARPBLN",),  # guess: table of their lines, prefix PL
    # -- gateway
    "token_seconds": (7200,),  # "currently about two hours" (infor-api 1.2); wall clock
    "refresh_tokens": ("issued", "none"),  # only apps with "Issue Refresh Tokens" get one
    "grant": ("password", "client_credentials"),  # the latter: the .ionapi has no saak/sask
}
