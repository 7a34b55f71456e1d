-- FreshBooks credit notes (goodwill) from the shop's cancellations and returns. Quantities turn positive.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_sales', 'sale_key') }}") }}

with

standing as ({{ standing_intents('freshbooks__credit_notes') }}),

credit as (

    select
        sales.*,
        shop.number,
        shop.ship_country,
        link.freshbooks_id,
        existing.source_id as remote_id
    from {{ ref('sales') }} as sales
    inner join {{ ref('affected_sales') }} using (sale_key)
    inner join {{ ref('documents') }} as shop on shop.doc_uid = sales.shop_doc_uid
    left join {{ ref('party_links') }} as link using (party_key)
    left join (
        select linked.sale_key, document.source_id
        from {{ ref('sale_documents') }} as linked
        inner join {{ ref('documents') }} as document using (doc_uid)
        where linked.role = 'freshbooks_credit_note' and document.state <> 'deleted'
        qualify row_number() over (partition by linked.sale_key order by document.source_id) = 1
    ) as existing using (sale_key)
    where sales.class = 'credit'

),

rated as (

    select
        credit.sale_key,
        line.line_no,
        line.sku,
        line.description,
        -line.quantity as quantity,
        line.unit_price,
        line.line_class,
        {{ cents('-line.quantity * line.unit_price') }} as net,
        coalesce(national.rate, everywhere.rate, 0) as rate,
        coalesce(national.freshbooks_tax_name, everywhere.freshbooks_tax_name) as tax_name
    from credit
    inner join {{ ref('document_lines') }} as line on line.doc_uid = credit.shop_doc_uid
    left join {{ ref('tax_rules') }} as national on national.country = credit.ship_country
    left join {{ ref('tax_rules') }} as everywhere on everywhere.country = '*'

),

desired as (

    select
        rated.sale_key,
        {{ never_billed() }} as never_billed,
        sum(net)::decimal(18, 2) as net,
        case
            when {{ setting('tax_rounding') }} = 'line' then sum({{ cents('net * rate / 100') }})
            else {{ cents('sum(net) * max(rate) / 100') }}
        end::decimal(18, 2) as tax,
        list({
            'type': 0,
            'name': coalesce(sku, ''),
            'description': coalesce(description, ''),
            'qty': {{ quantity_text('quantity') }},
            'unit_cost': {'amount': {{ price_text('unit_price') }}, 'code': credit.currency},
            'taxName1': case when rate <> 0 then tax_name end,
            'taxAmount1': case when rate <> 0 then {{ quantity_text('rate') }} end
        } order by line_no) as lines
    from rated
    inner join credit using (sale_key)
    group by rated.sale_key, credit.currency

),

judged as (

    select
        credit.*,
        desired.net,
        desired.tax,
        desired.lines,
        desired.never_billed,
        (desired.net + desired.tax)::decimal(18, 2) as total,
        standing.state as intent_state,
        case
            when credit.remote_id is not null then 'none'
            when not {{ after_go_live('sale', 'credit.document_date') }} then 'none'
            when credit.freshbooks_id is null then 'blocked'
            when standing.target_ref is not null then 'none'
            when desired.never_billed is not null then 'blocked'
            else 'create'
        end as operation
    from credit
    inner join desired using (sale_key)
    left join standing on standing.target_ref = credit.number

)

select
    sale_key,
    sale_key as business_key,
    'freshbooks' as target,
    'freshbooks__credit_notes' as object,
    operation,
    number as target_ref,
    remote_id,
    case
        when remote_id is null and not {{ after_go_live('sale', 'document_date') }} then 'before go-live'
        when operation = 'blocked' then 'held'
    end as cause,
    case
        when remote_id is not null then 'agrees'
        when not {{ after_go_live('sale', 'document_date') }} then 'dated before the go-live day'
        when freshbooks_id is null then 'waits for its FreshBooks client'
        when operation = 'blocked' then never_billed
        when operation = 'none' then 'on its way: intent is ' || intent_state
        else 'cancellation has no credit note yet'
    end as reason,
    document_date,
    currency,
    total as amount,
    case when operation = 'create' then to_json({
        'credit_note': {
            'clientid': freshbooks_id,
            'create_date': document_date::varchar,
            'credit_type': 'goodwill',
            'currency_code': currency,
            'language': 'en',
            'notes': '',
            'credit_number': number,
            'lines': lines
        },
        'expected': {
            'net': {{ money_text('net') }}, 'tax': {{ money_text('tax') }}, 'total': {{ money_text('total') }}
        }
    })::varchar end as payload,
    '{}' as agreed,
    to_json([{
        -- An entity of its own: an invoice may carry the same FreshBooks id.
        'entity': 'credit_note', 'left_system': 'shop', 'left_id': number, 'right_system': 'freshbooks', 'right_id': null
    }])::varchar as links,
    '[]' as diff,
    {{ generation() }} as _generation
from judged
