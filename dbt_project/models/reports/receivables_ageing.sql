-- What each payer owes by M3's ledger, the book of record, by days overdue on the company's day; beside it what FreshBooks
-- shows as open for the same payer. Receivables tie out per payer, and several customers may share one. The items behind it:
-- receivables_items.
{{ config(materialized='table') }}

with

day as (select {{ as_of_day() }} as as_of),

buckets as (

    select
        party_key,
        currency,
        {%- for bucket in ['not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'over_90', 'on_account'] %}
        sum(open_amount) filter (where bucket = '{{ bucket }}') as {{ bucket }},
        {%- endfor %}
        sum(open_amount) filter (where kind = 'credit') as open_credits,
        sum(open_amount) as total_open,
        min(due_date) filter (where kind = 'invoice' and open_amount > 0) as oldest_due_date,
        count(*) as open_items
    from {{ ref('receivables_items') }}
    group by party_key, currency

),

-- The payer's party of each FreshBooks client.
client as (

    select
        'freshbooks:' || names.freshbooks_id as party_uid,
        coalesce(payer.party_key, names.party_key) as party_key
    from {{ ref('party_names') }} as names
    left join {{ ref('stg_m3__customers') }} as customer on customer.customer_number = names.m3_cuno
    left join {{ ref('party_names') }} as payer on payer.m3_cuno = coalesce(customer.payer_number, names.m3_cuno)
    where names.freshbooks_id is not null

),

-- A draft is not owed, but what was paid on it stands for the customer; so does credit that was not used yet.
freshbooks as (

    select
        client.party_key,
        document.currency,
        sum(case
            when document.doc_type = 'credit_note' then -document.outstanding
            when document.state = 'draft' then -coalesce(document.paid, 0)
            else document.outstanding
        end) as freshbooks_open
    from {{ ref('documents') }} as document
    inner join client using (party_uid)
    where document.system = 'freshbooks' and document.state <> 'deleted'
    group by client.party_key, document.currency
    having sum(abs(document.outstanding)) <> 0 or sum(abs(coalesce(document.paid, 0))) <> 0

)

select
    party_key || ' ' || currency as party_currency,
    party_key,
    coalesce(names.party_name, party_key) as party_name,
    currency,
    day.as_of,
    {%- for column in [
        'not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'over_90', 'on_account', 'open_credits', 'total_open', 'freshbooks_open'
    ] %}
    coalesce({{ column }}, 0)::decimal(18, 2) as {{ column }},
    {%- endfor %}
    (coalesce(total_open, 0) - coalesce(freshbooks_open, 0))::decimal(18, 2) as difference,
    buckets.oldest_due_date,
    coalesce(buckets.open_items, 0) as open_items,
    {{ generation() }} as _generation
from buckets
full outer join freshbooks using (party_key, currency)
cross join day
left join {{ ref('party_names') }} as names using (party_key)
where coalesce(total_open, 0) <> 0 or coalesce(freshbooks_open, 0) <> 0 or coalesce(open_items, 0) > 0
