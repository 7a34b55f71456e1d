-- Net of tax by month and class of line: what the shop sold, what FreshBooks invoiced, what M3 posted, each in the month of
-- its own document. The shop's prices have three decimals; `rounding` is what M3's cents make of them.
{{ config(materialized='table') }}

with

line as (

    select
        date_trunc('month', document.document_date)::date as period,
        document.currency,
        document.system,
        document.doc_type,
        document.parent_doc_uid,
        line.*
    from {{ ref('document_lines') }} as line
    inner join {{ ref('documents') }} as document using (doc_uid)
    where document.state <> 'deleted' and (
        document.system = 'shop'
        or (document.system = 'freshbooks' and document.doc_type = 'invoice' and document.state <> 'draft')
        or (document.system = 'freshbooks' and document.doc_type = 'credit_note'
            and coalesce(document.subtype, 'goodwill') = 'goodwill')
        or (document.system = 'm3' and document.doc_type in ('invoice', 'credit_invoice'))
    )

),

-- The shop's price of each M3 order line (only M3 invoices have a parent, the order): CUPO carries the ordinal of the line that it was made from.
shop_price as (

    select
        linked.doc_uid as parent_doc_uid,
        order_line.line_no::varchar as source_line_ref,
        shop_line.unit_price
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('sales') }} as sales using (sale_key)
    inner join {{ ref('document_lines') }} as order_line on order_line.doc_uid = linked.doc_uid
    inner join {{ ref('document_lines') }} as shop_line
        on shop_line.doc_uid = sales.shop_doc_uid and shop_line.line_no::varchar = order_line.source_line_ref
    where linked.role = 'm3_order'

),

valued as (

    select
        line.period,
        -- The class as the shop sold it would be the same: both look the code up in lookups.line_rules.
        line.line_class,
        line.currency,
        line.system,
        line.doc_type,
        if(line.doc_type = 'credit_note', -1, 1) * line.net as net,
        round(line.quantity * line.unit_price, 3)::decimal(18, 3) as exact_net,
        if(shop_price.unit_price is null, 0, line.net - round(line.quantity * shop_price.unit_price, 3))::decimal(18, 3)
            as rounding
    from line
    left join shop_price
        on shop_price.parent_doc_uid = line.parent_doc_uid and shop_price.source_line_ref = line.source_line_ref

)

select
    period::varchar || ' ' || line_class || ' ' || currency as revenue_key,
    period,
    line_class,
    currency,
    count(*) filter (where system = 'shop') as lines,
    coalesce(sum(exact_net) filter (where system = 'shop'), 0)::decimal(18, 3) as shop_net,
    coalesce(sum(net) filter (where system = 'freshbooks'), 0)::decimal(18, 2) as freshbooks_net,
    coalesce(sum(net) filter (where system = 'm3'), 0)::decimal(18, 2) as m3_net,
    coalesce(sum(rounding) filter (where system = 'm3'), 0)::decimal(18, 3) as rounding,
    coalesce(sum(net) filter (where doc_type = 'credit_invoice'), 0)::decimal(18, 2) as credited,
    {{ generation() }} as _generation
from valued
group by period, line_class, currency
