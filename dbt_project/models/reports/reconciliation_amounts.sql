-- What each of the three systems says about a sale or credit, in figures and without judgement. Credits are negative.
-- An M3 invoice that belongs to no sale stands under a key of its own: it was made by hand and would be missed otherwise.
{{ config(materialized='table') }}

with

document as (

    select
        coalesce(linked.sale_key, 'M3-' || document.source_id) as sale_key,
        case document.system || ':' || document.doc_type
            when 'shop:order' then 'shop_order'
            when 'm3:order' then 'm3_order'
            when 'm3:credit_order' then 'm3_order'
            when 'm3:invoice' then 'm3_invoice'
            when 'm3:credit_invoice' then 'm3_invoice'
            else 'freshbooks'
        end as role,
        if(document.doc_type = 'credit_note', -1, 1) as sign,
        -- FreshBooks gives a credit note no state that counts: it is issued once it exists.
        document.doc_type = 'credit_note' or document.state <> 'draft' as is_issued,
        document.doc_uid,
        document.number,
        document.document_date,
        document.currency,
        document.total,
        document.outstanding,
        document.line_count,
        document.party_uid
    from {{ ref('documents') }} as document
    left join {{ ref('sale_documents') }} as linked using (doc_uid)
    where document.state <> 'deleted'
      and (
          linked.sale_key is not null
          or (document.doc_type in ('invoice', 'credit_invoice') and document.system = 'm3' and document.total <> 0)
      )

),

documents as (

    select
        sale_key,
        currency,
        count(*) filter (where role = 'shop_order') as shop_documents,
        count(*) filter (where role = 'freshbooks') as freshbooks_documents,
        count(*) filter (where role = 'freshbooks' and is_issued) as freshbooks_issued,
        count(*) filter (where role = 'm3_order') as m3_orders,
        count(*) filter (where role = 'm3_invoice') as m3_invoices,
        sum(total) filter (where role = 'shop_order') as shop_total,
        sum(sign * total) filter (where role = 'freshbooks') as freshbooks_total,
        sum(sign * total) filter (where role = 'freshbooks' and is_issued) as freshbooks_sent,
        sum(total) filter (where role = 'm3_order') as m3_ordered,
        sum(total) filter (where role = 'm3_invoice') as m3_invoiced,
        sum(sign * outstanding) filter (where role = 'freshbooks' and is_issued) as freshbooks_open,
        sum(outstanding) filter (where role = 'm3_invoice') as m3_open,
        string_agg(number, ', ' order by length(number), number) filter (where role = 'freshbooks') as freshbooks_numbers,
        string_agg(number, ', ' order by number) filter (where role = 'm3_order') as m3_order_number,
        string_agg(number, ', ' order by number) filter (where role = 'm3_invoice') as m3_invoice_numbers,
        min(document_date) filter (where role = 'm3_order') as m3_order_date,
        max(document_date) filter (where role = 'm3_invoice') as m3_invoice_date,
        min(document_date) as first_date,
        max(line_count) as line_count,
        any_value(party_uid) as party_uid
    from document
    group by sale_key, currency

),

-- Cash: what arrived, also the excess that FreshBooks split off as a credit note (POLICY, sale 6).
freshbooks_payment as (

    select
        payment.source_id as payment_id,
        document.sale_key,
        payment.currency,
        payment.payment_date,
        payment.amount as applied,
        (payment.amount + coalesce(excess.total, 0))::decimal(18, 2) as received
    from {{ ref('payments') }} as payment
    inner join document using (doc_uid)
    left join {{ ref('documents') }} as excess
        on excess.doc_uid = 'freshbooks:credit_note:' || payment.overpayment_id
        and excess.state <> 'deleted' and excess.currency = payment.currency
    where payment.system = 'freshbooks' and payment.status = 'active' and not payment.is_allocation

),

-- An entry of M3's ledger belongs to the sale whose payment it names, else to the sale whose invoice it settles.
m3_payment as (

    select
        coalesce(ours.sale_key, document.sale_key) as sale_key,
        payment.currency,
        payment.kind,
        payment.amount,
        payment.doc_uid is not null as is_settled,
        ours.payment_id is null as is_by_hand,
        payment.source_id
    from {{ ref('payments') }} as payment
    left join freshbooks_payment as ours
        on ours.payment_id = nullif(regexp_extract(payment.our_ref, '^FB[PA](\d+)$', 1), '')
    left join document on document.doc_uid = payment.doc_uid
    where payment.system = 'm3' and payment.status = 'active'

),

cash as (

    select
        sale_key,
        currency,
        sum(received) filter (where side = 'freshbooks') as freshbooks_received,
        sum(applied) filter (where side = 'freshbooks') as freshbooks_settled,
        sum(received) filter (where side = 'm3') as m3_received,
        sum(applied) filter (where side = 'm3') as m3_settled,
        sum(on_account) as m3_on_account,
        sum(received) filter (where is_by_hand) as m3_received_by_hand,
        string_agg(reference, ', ' order by reference) filter (where side = 'freshbooks') as payment_ids,
        string_agg(reference, ', ' order by reference) filter (where is_by_hand) as m3_ledger_by_hand,
        max(payment_date) as payment_date
    from (
        select
            sale_key, currency, 'freshbooks' as side, received, applied, 0 as on_account, false as is_by_hand,
            payment_id as reference, payment_date
        from freshbooks_payment
        union all
        select
            sale_key, currency, 'm3',
            if(kind in ('receipt', 'on_account'), amount, 0), if(is_settled, amount, 0), if(is_settled, 0, amount),
            is_by_hand and kind in ('receipt', 'on_account'), source_id, null
        from m3_payment
        where sale_key is not null
    )
    group by sale_key, currency

),

party_of as ({{ party_of_uid() }}),

keys as (

    select sale_key, currency from documents
    union
    select sale_key, currency from cash

)

select
    keys.sale_key || if(keys.currency is distinct from coalesce(sales.currency, keys.currency), ' ' || keys.currency, '')
        as comparison_key,
    keys.sale_key,
    keys.currency,
    coalesce(sales.class, if(documents.m3_invoiced < 0, 'credit', 'sale')) as class,
    coalesce(sales.party_key, stray.party_key, documents.party_uid, 'unknown') as party_key,
    coalesce(sales.document_date, documents.first_date) as document_date,
    sales.sale_key is null as is_stray,
    coalesce(documents.line_count, 1) as line_count,
    coalesce(documents.shop_documents, 0) as shop_documents,
    coalesce(documents.freshbooks_documents, 0) as freshbooks_documents,
    coalesce(documents.freshbooks_issued, 0) as freshbooks_issued,
    coalesce(documents.m3_orders, 0) as m3_orders,
    coalesce(documents.m3_invoices, 0) as m3_invoices,
    {%- for column in [
        'shop_total', 'freshbooks_total', 'freshbooks_sent', 'm3_ordered', 'm3_invoiced', 'freshbooks_open', 'm3_open',
        'freshbooks_received', 'm3_received', 'freshbooks_settled', 'm3_settled', 'm3_on_account', 'm3_received_by_hand',
    ] %}
    coalesce({{ column }}, 0)::decimal(18, 2) as {{ column }},
    {%- endfor %}
    documents.freshbooks_numbers,
    documents.m3_order_number,
    documents.m3_invoice_numbers,
    cash.payment_ids,
    cash.m3_ledger_by_hand,
    documents.m3_order_date,
    documents.m3_invoice_date,
    cash.payment_date,
    {{ generation() }} as _generation
from keys
left join documents using (sale_key, currency)
left join cash using (sale_key, currency)
left join {{ ref('sales') }} as sales using (sale_key)
left join party_of as stray on stray.party_uid = documents.party_uid
