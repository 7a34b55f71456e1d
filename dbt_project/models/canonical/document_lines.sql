{{ config(unique_key='doc_uid') }}

-- A document and its lines come from the same raw version, so the heads say whose lines to write again.
with changed as (

    {{ changed_keys('doc_uid', [ref('documents')]) }}

),

heads as (

    select doc_uid, system, doc_type, source_id, ship_country
    from {{ ref('documents') }}
    {{ only_changed('doc_uid') }}

),

shop as (

    select
        heads.doc_uid,
        lines.line_no,
        lines.sku,
        lines.description,
        lines.quantity,
        lines.unit_price,
        lines.net,
        coalesce(tax_rules.rate, rest_of_world.rate) as tax_rate,
        lines.line_id as source_line_ref
    from heads
    inner join {{ ref('stg_shop__order_lines') }} as lines on lines.order_id = heads.source_id
    left join {{ ref('tax_rules') }} as tax_rules on tax_rules.country = heads.ship_country
    left join {{ ref('tax_rules') }} as rest_of_world on rest_of_world.country = '*'
    where heads.system = 'shop'

),

freshbooks_invoices as (

    select
        heads.doc_uid,
        row_number() over (partition by heads.doc_uid order by lines.line_id) as line_no,
        lines.name as sku,
        lines.description,
        lines.quantity,
        lines.unit_price,
        lines.net,
        lines.tax_rate,
        cast(lines.line_id as varchar) as source_line_ref
    from heads
    inner join {{ ref('stg_freshbooks__invoice_lines') }} as lines on lines.invoice_id = heads.source_id
    where heads.system = 'freshbooks' and heads.doc_type = 'invoice'

),

freshbooks_credit_notes as (

    select
        heads.doc_uid,
        row_number() over (partition by heads.doc_uid order by lines.line_id) as line_no,
        lines.name as sku,
        lines.description,
        lines.quantity,
        lines.unit_price,
        lines.net,
        lines.tax_rate,
        cast(lines.line_id as varchar) as source_line_ref
    from heads
    inner join {{ ref('stg_freshbooks__credit_note_lines') }} as lines on lines.credit_note_id = heads.source_id
    where heads.system = 'freshbooks' and heads.doc_type = 'credit_note'

),

m3_orders as (

    select
        heads.doc_uid,
        lines.line_number + 100000 * lines.line_suffix as line_no,
        lines.item_number as sku,
        lines.description,
        lines.quantity_ordered as quantity,
        coalesce(lines.net_price, lines.sales_price) as unit_price,
        lines.net,
        lines.customer_line as source_line_ref,
        lines.quantity_delivered,
        lines.quantity_invoiced,
        -- 99: completed without delivery, 90: deleted; neither will be invoiced (infor-api 2.6).
        case
            when lines.status >= '90' then 'closed'
            when lines.status >= '77' then 'invoiced'
            when lines.status >= '66' then 'delivered'
            else 'open'
        end as line_state
    from heads
    inner join {{ ref('stg_m3__order_lines') }} as lines on lines.order_number = heads.source_id
    where heads.system = 'm3' and heads.doc_type in ('order', 'credit_order')

),

m3_invoices as (

    select
        heads.doc_uid,
        lines.line_no,
        lines.item_number as sku,
        order_lines.description,
        lines.quantity_invoiced as quantity,
        lines.net_price as unit_price,
        lines.net,
        cast(lines.order_line_number as varchar) as source_line_ref,
        lines.quantity_invoiced as quantity_delivered,
        lines.quantity_invoiced
    from heads
    inner join {{ ref('stg_m3__invoice_lines') }} as lines on lines.invoice_id = heads.source_id
    left join {{ ref('stg_m3__order_lines') }} as order_lines
        on order_lines.order_number = lines.order_number
        and order_lines.line_number = lines.order_line_number
        and order_lines.line_suffix = lines.order_line_suffix
    where heads.system = 'm3' and heads.doc_type in ('invoice', 'credit_invoice')

),

unioned as (

    select * from shop
    union all by name
    select * from freshbooks_invoices
    union all by name
    select * from freshbooks_credit_notes
    union all by name
    select * from m3_orders
    union all by name
    select * from m3_invoices

),

rules as (

    {{ rule_of_code('unioned', 'sku') }}

),

final as (

    select
        -- ids
        unioned.doc_uid,
        cast(unioned.line_no as integer) as line_no,
        unioned.source_line_ref,

        -- what
        unioned.sku,
        unioned.description,
        coalesce(rules.line_class, 'unknown') as line_class,

        -- numbers
        unioned.quantity,
        unioned.unit_price,
        unioned.net,
        unioned.tax_rate,
        unioned.quantity_delivered,
        unioned.quantity_invoiced,
        unioned.line_state,
        {{ generation() }} as _generation
    from unioned
    left join rules on rules.code_upper = upper(unioned.sku)

)

select * from final
{{ emptied_keys('doc_uid') }}
