{# What the outbound models share: in-flight intents, texts of amounts, forgetting what is computed anew. #}

{# A setting of the policy as text, null if it is not set; cast it where it is used. #}
{% macro setting(key) -%}
(select any_value(value) from {{ source('ops', 'policy') }} where key = '{{ key }}')
{%- endmacro %}

{# Whether a flow may write a document of this date: its mode and its go-live day. #}
{% macro after_go_live(flow, date_column) -%}
({{ date_column }} >= {{ setting('go_live_' ~ flow) }}::date)
{%- endmacro %}

{# Whether a document of this class makes documents in M3, and so needs its party and its items there. #}
{% macro is_delivered(class_column) -%}
({{ class_column }} in ('sale', 'credit') or {{ class_column }} = 'free_goods' and {{ setting('free_goods') }} = 'deliver')
{%- endmacro %}

{# Why a document with these lines (line_class, sku) is not written at all, in a sentence; null if nothing is in the way. #}
{% macro never_billed() -%}
coalesce(
    'no rule says what these lines are: '
        || string_agg(distinct sku, ', ' order by sku) filter (where line_class = 'unknown')
        || '; add one to line_rules',
    'a cost is never invoiced: take it out of the order: '
        || string_agg(distinct sku, ', ' order by sku) filter (where line_class = 'cost')
)
{%- endmacro %}

{# Rows of the affected keys are deleted before they are computed anew, in the model's own transaction.
   delete+insert would keep a row whose key no longer yields any. #}
{% macro forget_affected(affected, key) -%}
{% if is_incremental() %}
delete from {{ this }} where {{ key }} in (select {{ key }} from {{ ref(affected) }})
{% endif %}
{%- endmacro %}

{# Intents that still stand: neither dead nor superseded. One row per target reference. #}
{% macro standing_intents(object) -%}
select business_key, target_ref, state, remote_id, updated_at
from {{ source('ops', 'intents') }}
where object = '{{ object }}' and state not in ('dead', 'superseded')
{%- endmacro %}

{# The reference of the next change of a record: numbered, because the same value may be written again later. #}
{% macro change_ref(base, finished, payload) -%}
({{ base }} || '@' || coalesce({{ finished }}, 0)::varchar || '-' || left(sha256({{ payload }}::varchar), 8))
{%- endmacro %}

{# 6.0000 -> '6', 2.5000 -> '2.5' #}
{% macro quantity_text(column) -%}
rtrim(rtrim(({{ column }})::decimal(18, 4)::varchar, '0'), '.')
{%- endmacro %}

{# Two decimals at least, six at most: 2.550000 -> '2.55', 0.001000 -> '0.001', 3.000000 -> '3.00' #}
{% macro price_text(column) -%}
case
    when ({{ column }})::decimal(18, 2) = ({{ column }})::decimal(18, 6) then ({{ column }})::decimal(18, 2)::varchar
    else rtrim(({{ column }})::decimal(18, 6)::varchar, '0')
end
{%- endmacro %}

{% macro money_text(column) -%}
({{ column }})::decimal(18, 2)::varchar
{%- endmacro %}

{# Half away from zero to cents, as both ledgers round. round() on DECIMAL does just that in DuckDB. #}
{% macro cents(expression) -%}
round({{ expression }}, 2)::decimal(18, 2)
{%- endmacro %}

{# POLICY, Sale 2: what counts as rounding on one document. #}
{% macro document_tolerance(line_count) -%}
greatest(0.05::decimal(18, 4), (0.005 * sqrt({{ line_count }}))::decimal(18, 4))
{%- endmacro %}

{# A value as both sides can hold it: blanks collapsed, cut to the target's width, upper case; nothing is ''. #}
{% macro comparable(column, width) -%}
upper(trim(left(trim(regexp_replace(coalesce({{ column }}, ''), '\s+', ' ', 'g')), {{ width }})))
{%- endmacro %}
