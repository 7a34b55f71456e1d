{#-
  What the report models share: the company's day, amounts as text, the rows that wait.

  Belongs here: SQL that two report models need alike. Does not belong here: the reports (models/reports), the rules for
  anomalies (macros/anomalies).
-#}

{#- The company's day: the newest day that FreshBooks or M3 shows. Never our wall clock: a replayed year has its own now. -#}
{% macro as_of_day() -%}
(
    select max(day) from (
        select max(document_date) as day from {{ ref('documents') }} where system <> 'shop' and state <> 'deleted'
        union all
        select max(payment_date) from {{ ref('payments') }} where status = 'active'
    )
)
{%- endmacro %}

{#- 1234.5, 'GBP' -> '1,234.50 GBP'; exact, no float in between. -#}
{% macro amount_text(amount, currency) -%}
(
    if({{ amount }} < 0, '-', '') || format('{:,}', trunc(abs({{ amount }}))::bigint)
    || right(abs({{ amount }})::decimal(18, 2)::varchar, 3) || ' ' || {{ currency }}
)
{%- endmacro %}

{#- 2010-12-31 -> '31 December 2010' -#}
{% macro day_text(day) -%}
strftime({{ day }}, '%-d %B %Y')
{%- endmacro %}

{#- Body of a CTE: party_uid of a FreshBooks client or M3 customer -> party_key. -#}
{% macro party_of_uid() -%}
    select 'freshbooks:' || freshbooks_id as party_uid, party_key
    from {{ ref('party_names') }}
    where freshbooks_id is not null
    union all
    select 'm3:' || m3_cuno, party_key
    from {{ ref('party_names') }}
    where m3_cuno is not null
{%- endmacro %}

{#- The outbound models whose rows belong to a sale, and which side of a sale each of them writes. -#}
{% macro sale_objects() -%}
{{ return([
    ('diff_freshbooks__invoices', 'freshbooks'),
    ('diff_freshbooks__credit_notes', 'freshbooks'),
    ('diff_m3__orders', 'm3'),
    ('diff_m3__credit_orders', 'm3'),
    ('diff_m3__receipts', 'cash'),
]) }}
{%- endmacro %}

{#-
  What our side holds back or has on its way, one row per sale and side: body of a CTE with sale_key, side (freshbooks, m3,
  cash), cause (held, made by hand, in transit), counterpart (id of the dead letter or the intent, else the reference of the
  outbound row), since, sentence. What is held goes before what is on its way.
-#}
{% macro waiting_rows() -%}
    select
        sale_key,
        side,
        arg_min(cause, (weight, since, counterpart)) as cause,
        arg_min(counterpart, (weight, since, counterpart)) as counterpart,
        arg_min(since, (weight, since, counterpart)) as since,
        arg_min(sentence, (weight, since, counterpart)) as sentence
    from (
        {%- for model, side in sale_objects() %}
        select
            sale_key,
            '{{ side }}' as side,
            coalesce(letter.id, standing.id, diff.target_ref, diff.business_key) as counterpart,
            case
                when letter.id is not null then 'held'
                when diff.operation in ('blocked', 'conflict') then coalesce(diff.cause, 'held')
                else 'in transit'
            end as cause,
            if(letter.id is not null or diff.operation in ('blocked', 'conflict'), 1, 2) as weight,
            diff.document_date as since,
            coalesce(letter.message, diff.reason) as sentence
        from {{ ref(model) }} as diff
        left join {{ source('ops', 'intents') }} as standing
            on standing.object = diff.object and standing.target_ref = diff.target_ref
            and standing.state not in ('confirmed', 'dead', 'superseded')
        left join {{ source('ops', 'dead_letters') }} as letter
            on letter.object = diff.object and letter.business_key = diff.business_key and letter.state = 'open'
        where diff.operation <> 'none' or standing.id is not null or letter.id is not null
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    group by sale_key, side
{%- endmacro %}
