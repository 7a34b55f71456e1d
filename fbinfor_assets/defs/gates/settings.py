"""What the suites compare with: the policy, and dbt's seeds as the last build loaded them.

Belongs here: turning both into `GateSettings`. Does not belong here: the rules (great_expectations), their run (quality).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fbinfor_assets.domain.policy import Policy
from fbinfor_assets.quality import GateSettings


def gate_settings(policy: Policy, con: Any) -> GateSettings:
    """Settings for all gates of one batch; `con` is an open connection to the warehouse (schema lookups).

    An empty value list lets nothing through that names a value: a lookup that is not loaded stops, it does not open.
    """
    countries = con.execute("select name, iso2, m3_code from lookups.country_codes").fetchall()
    rules = con.execute("select country, rate, freshbooks_tax_name from lookups.tax_rules").fetchall()
    methods = con.execute(
        "select distinct bope from lookups.payment_methods where bope is not null"
    ).fetchall()
    templates = con.execute("select template, itty from lookups.item_templates where approved").fetchall()
    m3 = policy.m3
    allocation = m3["allocation_operation"]
    return GateSettings(
        company_currency=policy.company_currency,
        go_live=policy.flows["sale"].go_live.isoformat(),
        guard_creates=policy.guard_creates,
        guard_amount=policy.guard_amount,
        tax_rounding=policy.tax_rounding,
        facility=m3["facility"],
        warehouse=m3["warehouse"],
        tax_rates={country: Decimal(str(rate)) for country, rate, _ in rules},
        countries={
            code.upper(): iso2 for name, iso2, m3_code in countries for code in (name, iso2, m3_code) if code
        },
        sets={
            "currencies": list(policy.currencies),
            # A client without a country has an empty one; FreshBooks takes that.
            "freshbooks_countries": ["", *_distinct(name for name, _, _ in countries)],
            "m3_countries": _distinct(code for _, _, code in countries),
            "tax_names": _distinct(name for _, _, name in rules),
            "payment_operations": _distinct([*(bope for (bope,) in methods), allocation]),
            "allocation_operations": [allocation],
            "on_account_types": [m3["on_account_payment_type"]],
            "item_templates": _distinct(template for template, _ in templates),
            "item_types": _distinct(itty for _, itty in templates),
            "customer_templates": [m3["customer_template"]],
            "order_types": [m3["order_type_goods"], m3["order_type_service"]],
            "credit_order_types": [m3["order_type_credit"]],
        },
    )


def _distinct(values: Any) -> list[str]:
    return sorted({value for value in values if value})
