-- The open items behind the ageing: each invoice, credit invoice or item on account of M3's ledger that is not settled, with
-- the FreshBooks documents of the same sale.
{{ config(materialized='table') }}

with

-- An item is what M3 keeps together: payer, year and number (CINO).
item as (

    select
        payer_number,
        currency,
        invoice_year,
        invoice_number,
        sum(amount)::decimal(18, 2) as open_amount,
        min(invoice_date) as item_date,
        max(due_date) filter (where transaction_code = '10') as due_date,
        case
            when bool_or(transaction_code = '10' and amount > 0) then 'invoice'
            when bool_or(transaction_code = '10') then 'credit'
            else 'on account'
        end as kind
    from {{ ref('stg_m3__ledger') }}
    where not is_deleted
    group by payer_number, currency, invoice_year, invoice_number
    having sum(amount) <> 0

),

invoice as (

    select document.doc_uid, document.number, document.invoice_year, linked.sale_key, amounts.freshbooks_numbers
    from {{ ref('documents') }} as document
    left join {{ ref('sale_documents') }} as linked using (doc_uid)
    left join {{ ref('reconciliation_amounts') }} as amounts on amounts.comparison_key = linked.sale_key
    where document.system = 'm3' and document.doc_type in ('invoice', 'credit_invoice')

),

day as (select {{ as_of_day() }} as as_of)

select
    concat_ws(' ', item.payer_number, item.invoice_year, item.invoice_number, item.currency) as item_key,
    coalesce(party.party_key, 'M3-' || item.payer_number) as party_key,
    coalesce(party.party_name, 'M3-' || item.payer_number) as party_name,
    item.payer_number,
    item.invoice_year,
    item.invoice_number,
    item.kind,
    item.currency,
    item.open_amount,
    item.item_date,
    item.due_date,
    day.as_of,
    greatest(date_diff('day', item.due_date, day.as_of), 0) as days_overdue,
    case
        when item.kind <> 'invoice' then 'on_account'
        when coalesce(date_diff('day', item.due_date, day.as_of), 0) <= 0 then 'not_due'
        when date_diff('day', item.due_date, day.as_of) <= 30 then 'days_1_30'
        when date_diff('day', item.due_date, day.as_of) <= 60 then 'days_31_60'
        when date_diff('day', item.due_date, day.as_of) <= 90 then 'days_61_90'
        else 'over_90'
    end as bucket,
    invoice.doc_uid,
    invoice.sale_key,
    invoice.freshbooks_numbers,
    {{ generation() }} as _generation
from item
cross join day
left join {{ ref('party_names') }} as party on party.m3_cuno = item.payer_number
left join invoice on invoice.number = item.invoice_number and invoice.invoice_year = item.invoice_year
