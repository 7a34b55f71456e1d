-- The same figures per party and currency: what a customer was invoiced, paid and owes, in FreshBooks and in M3.
{{ config(materialized='table') }}

select
    party_key || ' ' || currency as party_currency,
    party_key,
    any_value(party_name) as party_name,
    currency,
    count(*) filter (where status <> 'not a document') as documents,
    sum(shop_total) filter (where class in ('sale', 'credit'))::decimal(18, 2) as shop_total,
    sum(freshbooks_sent)::decimal(18, 2) as freshbooks_sent,
    sum(m3_invoiced)::decimal(18, 2) as m3_invoiced,
    sum(difference)::decimal(18, 2) as difference,
    sum(freshbooks_received)::decimal(18, 2) as freshbooks_received,
    sum(m3_received)::decimal(18, 2) as m3_received,
    sum(cash_difference)::decimal(18, 2) as cash_difference,
    sum(freshbooks_open)::decimal(18, 2) as freshbooks_open,
    sum(m3_open)::decimal(18, 2) as m3_open,
    sum(open_difference)::decimal(18, 2) as open_difference,
    sum(unexplained)::decimal(18, 2) as unexplained,
    count(*) filter (where status not in ('agrees', 'not a document')) as disagreeing,
    {{ generation() }} as _generation
from {{ ref('reconciliation_documents') }}
group by party_key, currency
having count(*) filter (where status <> 'not a document') > 0
