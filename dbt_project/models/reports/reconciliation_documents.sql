-- Each sale and credit in the three systems as staged, side by side. The control that counts is `fbinfor reconcile`,
-- which reads both systems anew; this table is where one looks for the reason.
{{ config(materialized='table') }}

with

-- The pair that says most about a sale: first what nothing explains, then the largest gap. One mistake shows in several
-- pairs (what is not invoiced is not open either), so a sale has the amount of its worst pair, not their sum.
worst as (

    select *
    from {{ ref('reconciliation_pairs') }}
    where difference <> 0
    qualify row_number() over (
        partition by comparison_key order by unexplained desc, abs(difference) desc, pair_no
    ) = 1

)

select
    amounts.comparison_key,
    amounts.sale_key,
    amounts.class,
    amounts.party_key,
    coalesce(party_names.party_name, amounts.party_key) as party_name,
    amounts.document_date,
    amounts.currency,
    amounts.shop_total,
    amounts.freshbooks_total,
    amounts.freshbooks_sent,
    amounts.m3_ordered,
    amounts.m3_invoiced,
    (amounts.freshbooks_sent - amounts.m3_invoiced)::decimal(18, 2) as difference,
    amounts.freshbooks_received,
    amounts.m3_received,
    (amounts.freshbooks_received - amounts.m3_received)::decimal(18, 2) as cash_difference,
    amounts.m3_on_account,
    amounts.freshbooks_open,
    amounts.m3_open,
    (amounts.freshbooks_open - amounts.m3_open)::decimal(18, 2) as open_difference,
    amounts.freshbooks_numbers,
    amounts.m3_order_number,
    amounts.m3_invoice_numbers,
    amounts.payment_ids,
    case
        when worst.unexplained > 0 then 'unexplained'
        when worst.comparison_key is not null then worst.cause
        when amounts.class not in ('sale', 'credit') then 'not a document'
        else 'agrees'
    end as status,
    worst.cause,
    worst.pair as worst_pair,
    worst.counterpart,
    worst.owner,
    worst.age_days,
    worst.max_age_days,
    worst.note,
    coalesce(worst.unexplained, 0)::decimal(18, 2) as unexplained,
    {{ generation() }} as _generation
from {{ ref('reconciliation_amounts') }} as amounts
left join worst using (comparison_key)
left join {{ ref('party_names') }} as party_names on party_names.party_key = amounts.party_key
