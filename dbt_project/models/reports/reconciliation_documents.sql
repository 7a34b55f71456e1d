-- Each sale and credit in the three systems as staged, side by side. The control that counts is `fbinfor reconcile`,
-- which reads both systems anew; this table is where one looks for the reason.
{{ config(materialized='table') }}

with

linked as (

    select
        sales.sale_key,
        linked.role,
        document.*
    from {{ ref('sales') }} as sales
    inner join {{ ref('sale_documents') }} as linked using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)

),

totals as (

    select
        sale_key,
        count(*) filter (where role = 'shop_order') as shop_documents,
        count(*) filter (where role in ('freshbooks_invoice', 'freshbooks_credit_note') and state <> 'deleted') as freshbooks_documents,
        count(*) filter (where role = 'm3_invoice') as m3_invoices,
        sum(total) filter (where role = 'shop_order') as shop_total,
        sum(if(role = 'freshbooks_credit_note', -total, total))
            filter (where role in ('freshbooks_invoice', 'freshbooks_credit_note') and state <> 'deleted') as freshbooks_total,
        sum(total) filter (where role = 'freshbooks_invoice' and state not in ('draft', 'deleted')) as freshbooks_sent,
        sum(total) filter (where role = 'm3_order') as m3_ordered,
        sum(total) filter (where role = 'm3_invoice') as m3_invoiced,
        sum(outstanding) filter (where role = 'm3_invoice') as m3_open,
        sum(outstanding) filter (where role = 'freshbooks_invoice' and state not in ('draft', 'deleted')) as freshbooks_open,
        string_agg(number, ', ' order by number) filter (where role = 'm3_invoice') as m3_invoice_numbers,
        max(number) filter (where role = 'm3_order') as m3_order_number
    from linked
    group by sale_key

),

received as (

    select
        linked.sale_key,
        sum(payment.amount) filter (where payment.system = 'freshbooks' and not payment.is_allocation
            and payment.status = 'active') as freshbooks_received
    from linked
    inner join {{ ref('payments') }} as payment using (doc_uid)
    group by linked.sale_key

)

select
    sales.sale_key,
    sales.class,
    sales.party_key,
    sales.document_date,
    sales.currency,
    coalesce(totals.shop_total, 0)::decimal(18, 2) as shop_total,
    coalesce(totals.freshbooks_total, 0)::decimal(18, 2) as freshbooks_total,
    coalesce(totals.freshbooks_sent, 0)::decimal(18, 2) as freshbooks_sent,
    coalesce(totals.m3_ordered, 0)::decimal(18, 2) as m3_ordered,
    coalesce(totals.m3_invoiced, 0)::decimal(18, 2) as m3_invoiced,
    coalesce(totals.freshbooks_open, 0)::decimal(18, 2) as freshbooks_open,
    coalesce(totals.m3_open, 0)::decimal(18, 2) as m3_open,
    coalesce(received.freshbooks_received, 0)::decimal(18, 2) as freshbooks_received,
    totals.m3_order_number,
    totals.m3_invoice_numbers,
    case
        when sales.class not in ('sale', 'credit') then 'not a document'
        when not {{ after_go_live('sale', 'sales.document_date') }} then 'before go-live'
        when totals.freshbooks_documents = 0 then 'held'
        when totals.m3_order_number is null then 'held'
        when abs(coalesce(totals.m3_ordered, 0) - coalesce(totals.m3_invoiced, 0)) > 0.05 then 'not delivered yet'
        when sales.class = 'sale'
            and coalesce(totals.freshbooks_sent, 0) <> coalesce(totals.m3_invoiced, 0) then 'in transit'
        when sales.class = 'sale' and coalesce(totals.freshbooks_open, 0) <> coalesce(totals.m3_open, 0) then 'in transit'
        else 'agrees'
    end as status,
    {{ generation() }} as _generation
from {{ ref('sales') }} as sales
left join totals using (sale_key)
left join received using (sale_key)
