{#-
  One way to read each kind of vendor value. Belongs here: text, money, dates, instants. Does not belong here: meaning.
  Amounts go from text to DECIMAL, never through DOUBLE. A value that cannot be read is null, so that one bad record does
  not stop all others: data-tests/unreadable_values.sql names it, and the gate holds what would be written from it.
-#}

{#- Text without surrounding blanks; an empty value is null (both vendors return "" and null for the same thing). -#}
{% macro text(expression) -%}
    nullif(trim({{ expression }}), '')
{%- endmacro %}

{#- Money, two decimals. -#}
{% macro money(expression) -%}
    try_cast({{ text(expression) }} as decimal(18, 2))
{%- endmacro %}

{#- Price of one unit, six decimals. -#}
{% macro price(expression) -%}
    try_cast({{ text(expression) }} as decimal(18, 6))
{%- endmacro %}

{#- Quantity, four decimals. -#}
{% macro quantity(expression) -%}
    try_cast({{ text(expression) }} as decimal(18, 4))
{%- endmacro %}

{#- Whole number. -#}
{% macro whole(expression) -%}
    try_cast({{ text(expression) }} as integer)
{%- endmacro %}

{#- Calendar day without zone, yyyy-mm-dd (of a wall clock: its day). -#}
{% macro day(expression) -%}
    try_cast(left({{ text(expression) }}, 10) as date)
{%- endmacro %}

{#- Per cent of the two taxes a FreshBooks line may have; compounded, the second is taken of net and first tax. -#}
{% macro line_tax_rate(line) -%}
    cast(
        coalesce(try_cast({{ text(line ~ '.taxAmount1') }} as decimal(9, 4)), 0)
        + coalesce(try_cast({{ text(line ~ '.taxAmount2') }} as decimal(9, 4)), 0)
        * (1 + if({{ line }}.compounded_tax, coalesce(try_cast({{ text(line ~ '.taxAmount1') }} as decimal(9, 4)), 0) / 100, 0))
        as decimal(9, 4)
    )
{%- endmacro %}

{#- M3 date: yyyymmdd (infor-api 2.5), tolerating yyyy-mm-dd; "" and "0" mean no date. -#}
{% macro m3_date(expression) -%}
    cast(try_strptime(nullif(replace({{ text(expression) }}, '-', ''), '0'), '%Y%m%d') as date)
{%- endmacro %}

{#- M3 instant from LMTS: milliseconds of the Unix epoch (infor-api 2.5). -#}
{% macro m3_instant(expression) -%}
    epoch_ms(nullif(try_cast({{ text(expression) }} as bigint), 0)) at time zone 'UTC'
{%- endmacro %}

{#- FreshBooks `updated`, `created_at`: US/Eastern wall clock, with daylight saving (freshbooks-api 5). -#}
{% macro freshbooks_instant(expression) -%}
    try_cast({{ text(expression) }} as timestamp) at time zone 'America/New_York'
{%- endmacro %}

{#- A stamp that is UTC already but carries no zone (FreshBooks signup_date, WooCommerce *_gmt). -#}
{% macro utc_instant(expression) -%}
    try_cast({{ text(expression) }} as timestamp) at time zone 'UTC'
{%- endmacro %}

{#- Net of a line, rounded half up (away from zero) to the cent: the way both systems are told to round. -#}
{% macro line_net(quantity, price) -%}
    cast(round(cast({{ quantity }} as decimal(18, 4)) * cast({{ price }} as decimal(20, 6)), 2) as decimal(18, 2))
{%- endmacro %}

{#- VAT number among WooCommerce meta data, under the names its tax plug-ins use. -#}
{% macro vat_from_meta(expression) -%}
    {{ text("list_filter(" ~ expression ~ ", lambda entry: lower(ltrim(entry.key, '_')) in ('vat_number', 'billing_vat_number', 'billing_vat', 'vat_id', 'billing_eu_vat_number'))[1].value") }}
{%- endmacro %}
