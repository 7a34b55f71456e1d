"""Every behaviour of the simulated M3 that differs by tenant, or that no public source settles.

Belongs here: the switch, its allowed values (the default first), and why it exists.
Does not belong here: the behaviour itself (the module that reads the switch).

Given in the YAML of `--config`, section `m3`; an unknown switch or value is refused at start. "Guess" marks
what infor-api 9 lists as not verified: the default is the best evidence, and the other values exist so that a
test can show that the product does not depend on it.
"""

from __future__ import annotations

from fbinfor_assets.sandbox.switch import Switch

SWITCHES: dict[str, Switch] = {
    # -- tax and goods
    "tax_rounding": Switch(
        ("document", "line"), "VAT half up over the document's net per rate, or line by line"
    ),
    "fulfilment": Switch(("manual", "auto"), "People ship (POST /_sandbox/fulfil), or the clock does"),
    "ship_after_days": Switch((1,), "Auto: days after the requested delivery date RLDT (calendar days)"),
    "late_percent": Switch(
        (0,), "Auto: per cent of the orders (always the same ones) that leave `late_days` later"
    ),
    "late_days": Switch((5,), "Auto: how many days later the orders of `late_percent` leave"),
    "partial_percent": Switch(
        (0,),
        "Auto: per cent of the orders (always the same ones) that ship half of their lines first and the others `rest_after_days` later",
    ),
    "rest_after_days": Switch((1,), "Auto: days between the first part of an order and its rest"),
    "cancelled_percent": Switch(
        (0,), "Auto: per cent of the orders shipped in parts whose rest is cancelled"
    ),
    "issue_invoicing": Switch(
        (
            "at_once",
            "manual",
        ),
        "After MWS420MI Confirm: invoiced that day, or when people do it",
    ),
    "order_category": Switch(("3",), "RORC of a customer order: 3 in public extensions, in no document"),
    "dispatch_status": Switch(
        ("dispatch", "order"),
        "PGRS of a delivery: 50 on a picking list, 90 reported (so public extensions), or its CO delivery status",
    ),
    "allocation": Switch(
        (
            "on_confirm",
            "on_shipment",
        ),
        "Lines stand at 33 after Confirm, or stay at 22 until they ship",
    ),
    # -- orders
    "credit_invoicing": Switch(
        ("on_confirm", "manual"), "Order type F02: invoiced at once, or when people ship it"
    ),
    "zero_invoices": Switch(
        ("made", "left_out"),
        "Guess: a delivery worth nothing is invoiced at 0.00 (status 77), or stays delivered (66)",
    ),
    "service_invoicing": Switch(("on_confirm", "manual"), "Order type F03, the same"),
    "negative_quantities": Switch(
        ("credit_types", "any"), "Guess: ORQT below zero only on F02 and on service items"
    ),
    "negative_prices": Switch(("refused", "allowed"), "Guess: SAPR below zero"),
    "discount_base": Switch(
        (
            "remaining",
            "gross",
        ),
        "Guess: DIP2 counts on what DIP1 left (its model decides), or on all",
    ),
    "discount_amount": Switch(
        ("per_line", "per_unit"), "Guess: DIA1 is for the whole line, or for one of its units"
    ),
    "default_address": Switch(
        (
            "connected",
            "master",
        ),
        "No ADID: the customer's first address of type 01, or its own",
    ),
    "interrupt_every": Switch((0,), "Every so many-th Confirm is interrupted (batch status 55); 0 none"),
    "price_decimals": Switch((6,), "Decimals SAPR may carry; more is a numeric error (XNU0000)"),
    "batch_item_check": Switch(
        (
            "on_confirm",
            "on_entry",
        ),
        "An unknown ITNO leaves the batch at 25, or AddBatchLine refuses",
    ),
    "credit_includes_orders": Switch((True, False), "Credit limit counts confirmed orders not yet invoiced"),
    # -- payments
    "pbid": Switch(("caller", "series"), "Guess: the caller chooses PBID, or M3 gives it from a series"),
    "ar_update": Switch(
        ("on_control", "manual"), "Guess: ControlBatch updates AR, or people do (people/ar-update)"
    ),
    "on_account_type": Switch(("OA",), "Guess: PYTP of an on-account receipt"),
    "on_account_trcd": Switch(("30",), "Guess: TRCD of an on-account item in FSLEDG"),
    "overpayment": Switch(("refused", "allowed"), "Guess: PYAM above the open amount of its invoice"),
    "payment_adjustments": Switch(
        (
            "taken",
            "refused",
        ),
        "Guess: ACDA is a cash discount, ADAM a write-off; or neither",
    ),
    # -- error codes nobody published (infor-api 2.8)
    "code_duplicate_customer": Switch(("WCU0204",), "Guess: or XRE0104"),
    "code_duplicate_item": Switch(("WIT0104",), "Guess: or XRE0104"),
    "code_duplicate_batch": Switch(("XRE0104",), "Guess: PBID used before"),
    "code_country": Switch(("WCS0103",), "Guess: CSCD unknown"),
    "code_credit_stop": Switch(("OIS3001",), "Guess: credit limit exceeded, customer stopped"),
    # -- purchasing, payables, ledger, stock
    "new_supplier_status": Switch(
        ("20", "10"), "Guess: STAT of AddSupplier and CopyTemplate when none is given"
    ),
    "po_status": Switch(
        ("20", "15", "12"), "Where a new order stands: printed, to print, to be authorised (t)"
    ),
    "po_batch_level": Switch(
        (
            "process",
            "order_entry",
        ),
        'PPS090 "auto level": FinishEntry makes orders, or people do',
    ),
    "po_batch_origins": Switch(("",), "BAORs that PPS090 knows, by blanks; none means that any is taken"),
    "over_receipt": Switch(("refused", "allowed"), "More received than ordered"),
    "ap_validation_seconds": Switch(
        (2,), "APS455: how long the job takes (simulated seconds, they run like real ones)"
    ),
    "ap_update": Switch(
        (
            "on_validation",
            "on_approval",
            "manual",
        ),
        "APS455 validates and updates AP, Infor's guide says",
    ),
    "ap_approval": Switch(
        (
            "manual",
            "when_matched",
        ),
        "Approved for payment by people, or once matched (CRS406, AP50)",
    ),
    "ap_duplicate": Switch(("on_validation", "on_entry"), "Guess: when a used SINO is found"),
    "ap_price_variance": Switch(
        ("error", "posted"), "APS900: an item line at another price than the order's"
    ),
    "ap_quantity_variance": Switch(("unmatched", "error"), "APS905 300/320: billed before it is received"),
    "ap_rounding": Switch(("0.00",), "APS900 permitted rounding: lines and VAT against the invoice amount"),
    "ap_line_type_vat": Switch(("3",), "Guess: RDTP of a VAT line (1, 2, 5 and 8 are documented)"),
    "gl_interfaces": Switch(("",), "INTNs that GLS850 knows, by blanks; none means that any is taken"),
    "gl_parm_layout": Switch(
        ("",), '"AIT1:3-12 CUAM:13-29 ...": positions of PARM; none refuses AddBatchLine (not verified)'
    ),
    "gl_debit_credit": Switch(("D C", "1 2", "+ -"), "Guess: DBCR of a debit and a credit"),
    "negative_stock": Switch(
        ("allowed", "refused"), "Ship what is not on hand (the shop's stock is endless)"
    ),
    "code_closed_period": Switch(("XDT0001",), "Guess: accounting date in a closed period"),
    "code_duplicate_supplier": Switch(("WSU0104",), "Guess: or XRE0104"),
    # -- MI conventions
    "blank_means": Switch(("no_change", "clear"), "Guess: an empty value in a Chg transaction"),
    "blank_marker": Switch(("?",), 'Guess: the value that clears a field in a Chg transaction; "" for none'),
    "unknown_fields": Switch(("refused", "ignored"), "Guess: an input field the transaction does not have"),
    "maxrecs_default": Switch((100,), "Guess: m3-odin sends 100 itself, the server's default is not stated"),
    "empty_list": Switch(("XRE0103", "no_records"), "A list without rows is NOK, or OK without records"),
    "error_records": Switch(
        ("empty", "omitted"), "`records` on a NOK result: [] or left out (both were seen)"
    ),
    "bulk_maximum": Switch(
        (1000,), "Guess: transactions per POST, more is HTTP 400; inforion sends 101 and more"
    ),
    "company_aliases": Switch(
        ("409",),
        "Other numbers for the one company, by blanks: inforion's bulks always say 409, whoever uses it",
    ),
    "company_context": Switch(
        (
            "checked",
            "ignored",
        ),
        "Ignored: any cono and divi will do",
    ),
    "unknown_user": Switch(("refused", "ignored"), "Guess: X_01003 for an m3user that is not a user"),
    "bulk_stops_after": Switch((0,), "Guess: what makes a bulk stop early: so many failures (0 = nothing)"),
    "bulk_content_type": Switch(
        (
            "checked",
            "ignored",
        ),
        "Guess: a body declared as something else than JSON is HTTP 415",
    ),
    "encoded_semicolon": Switch(("separates", "is_text"), "Guess: %3B alone before matrix parameters"),
    "nok_text": Switch(
        ("padded", "plain"), "Both were seen: 132 characters, field and code; or the text alone"
    ),
    "negative_numbers": Switch(
        ("leading", "trailing"), 'Guess: "-1.00", or "1.00-" as in MI\'s fixed layout'
    ),
    "position_key": Switch(("opaque", "off"), "Guess at `positionkey`: where a list cut by maxrecs goes on"),
    "list_breaks_after": Switch(
        (0,), "Lists fail after so many records, with records AND error (KB 2159861); 0 = never"
    ),
    "self_description": Switch(
        ("all", "answered"), "MRS001MI: the whole catalogue, or what this simulator answers"
    ),
    "bad_output": Switch(
        ("cut", "refused"), "For tests: a handler's value longer than its field is HTTP 500"
    ),
    # -- m3api-rest v1
    "v1_without_accept": Switch(("xml", "json"), "For Accept */* or none: older public callers parse XML"),
    "v1_values": Switch(
        ("padded", "trimmed"), "Both were seen: values filled with blanks to their length, or not"
    ),
    "v1_metadata": Switch(
        (
            "always",
            "on_request",
        ),
        "Without `metadata`: fields described (older), or none (a 2026 tenant)",
    ),
    "v1_single_field": Switch(
        ("list", "object"), "One field in Metadata: clients of the vendor's allow for both"
    ),
    "csrf": Switch(
        (
            "unchecked",
            "checked",
            "missing",
        ),
        "A direct call needs a fresh fnd-csrf-token; or 404 for the token",
    ),
    # -- EXPORTMI
    "export_order_by": Switch(("accepted", "refused"), "Guess: `order by` in QERY"),
    "export_batch_prefix": Switch(
        (
            "either",
            "OX",
            "OA",
        ),
        "Columns of OXHEAD: OA as in OOHEAD (so public extensions), or OX",
    ),
    "export_payment_head": Switch(("ARPBHD",), "Guess: table of ARS040 batches, prefix PH"),
    "export_payment_line": Switch(("ARPBLN",), "Guess: table of their lines, prefix PL"),
    # -- gateway
    "token_seconds": Switch((7200,), '"currently about two hours" (infor-api 1.2); wall clock'),
    "refresh_tokens": Switch(("issued", "none"), 'Only apps with "Issue Refresh Tokens" get one'),
    "grant": Switch(
        ("password", "client_credentials"), "Which app /_sandbox/connection gives; all apps exist"
    ),
    "expires_in": Switch(("number", "text"), "Clients allow for both"),
    "entitlement": Switch(("granted", "missing"), "Missing: HTTP 403 for every call of M3"),
    "target_milliseconds": Switch((0,), "How long M3 takes for any call"),
    "gateway_timeout_milliseconds": Switch(
        (60000,), "A slower call is applied, and answered with 504 (infor-api 1.4)"
    ),
    "throttling": Switch(
        (False, True),
        "The throttling policy of infor-api 1.4, counted per app from the first request on; its numbers are those of the example in the documentation",
    ),
    "throttling_period_milliseconds": Switch((60000,), "Throttling: length of the period"),
    "throttling_delay_after": Switch(
        (5,), "Throttling: rate smoothing begins after so many requests; 0 = no smoothing"
    ),
    "throttling_delay_milliseconds": Switch(
        (1000,), 'Throttling: "by a factor of": the n-th request after that waits n times as long'
    ),
    "throttling_maximum": Switch(
        (20,), "Throttling: spike arrest, more requests in the period are 429; 0 = none"
    ),
    "quota": Switch((False, True), "The quota policy of infor-api 1.4"),
    "quota_seconds": Switch((3600,), "Quota: length of the interval"),
    "quota_allow": Switch((1000,), "Quota: requests per interval, more are 429"),
    "quota_user_level": Switch((False, True), "Quota: counted per user of the app instead of per app"),
    "retry_after": Switch(("absent", "seconds"), "Guess: whether a 429 carries Retry-After"),
}
