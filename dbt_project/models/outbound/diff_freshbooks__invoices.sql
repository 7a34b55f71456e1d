-- FreshBooks invoices: a draft for every sale, then what M3 invoiced (lines, day, sent), and a new draft for the rest.
-- The k-th M3 invoice of a sale is the k-th FreshBooks invoice; what is not invoiced yet is the one after the last.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_sales', 'sale_key') }}") }}

with

standing as ({{ standing_intents('freshbooks__invoices') }}),

finished as (

    select business_key, count(*) filter (where state = 'confirmed') as changes, max(updated_at) as last_write
    from standing
    group by business_key

),

sale as (

    select
        sales.*,
        shop.doc_uid is not null as from_shop,
        coalesce(shop.number, first_invoice.number) as base_number,
        coalesce(shop.ship_country, party.country_code) as ship_country,
        link.freshbooks_id
    from {{ ref('sales') }} as sales
    inner join {{ ref('affected_sales') }} using (sale_key)
    left join {{ ref('documents') }} as shop on shop.doc_uid = sales.shop_doc_uid
    left join {{ ref('documents') }} as first_invoice on first_invoice.doc_uid = sales.freshbooks_first_doc_uid
    left join {{ ref('party_links') }} as link using (party_key)
    left join {{ ref('parties') }} as party on party.party_uid = 'freshbooks:' || link.freshbooks_id
    where sales.class = 'sale'

),

m3_invoice as (

    select linked.sale_key, linked.seq, document.*
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('affected_sales') }} using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)
    where linked.role = 'm3_invoice'

),

invoiced as (

    select sale_key, max(seq) as invoices from m3_invoice group by sale_key

),

existing as (

    select linked.sale_key, linked.seq, document.*
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('affected_sales') }} using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)
    where linked.role = 'freshbooks_invoice' and document.state <> 'deleted'

),

order_line as (

    -- CUPO of the M3 order line is the ordinal of the line it was made from: shop line or FreshBooks line alike.
    select
        sale.sale_key,
        line.line_no as m3_line,
        coalesce(shop_line.sku, line.sku) as sku,
        coalesce(shop_line.description, line.description) as description,
        line.quantity,
        line.quantity_invoiced,
        line.unit_price,
        line.line_state
    from sale
    inner join {{ ref('document_lines') }} as line on line.doc_uid = sale.m3_order_doc_uid
    left join {{ ref('document_lines') }} as shop_line
        on shop_line.doc_uid = sale.shop_doc_uid and shop_line.line_no::varchar = line.source_line_ref

),

desired_line as (

    -- 1. nothing invoiced yet: the shop order's own lines
    select
        sale.sale_key,
        1 as seq,
        line.line_no,
        line.sku,
        line.description,
        line.quantity,
        line.unit_price,
        line.line_class
    from sale
    inner join {{ ref('document_lines') }} as line on line.doc_uid = sale.shop_doc_uid
    left join invoiced using (sale_key)
    where invoiced.sale_key is null

    union all

    -- 2. each M3 invoice
    select
        m3_invoice.sale_key,
        m3_invoice.seq,
        line.line_no,
        coalesce(order_line.sku, line.sku),
        coalesce(order_line.description, line.description),
        line.quantity,
        line.unit_price,
        null -- M3 has invoiced it, so the question is past
    from m3_invoice
    inner join {{ ref('document_lines') }} as line on line.doc_uid = m3_invoice.doc_uid
    left join order_line
        on order_line.sale_key = m3_invoice.sale_key and order_line.m3_line::varchar = line.source_line_ref

    union all

    -- 3. what M3 has not invoiced, once it has invoiced something
    select
        order_line.sale_key,
        invoiced.invoices + 1,
        order_line.m3_line,
        order_line.sku,
        order_line.description,
        order_line.quantity - order_line.quantity_invoiced,
        order_line.unit_price,
        null
    from order_line
    inner join invoiced using (sale_key)
    where abs(order_line.quantity) > abs(order_line.quantity_invoiced)
      and order_line.line_state <> 'closed'

),

rated as (

    select
        desired_line.*,
        {{ cents('desired_line.quantity * desired_line.unit_price') }} as net,
        coalesce(national.rate, everywhere.rate, 0) as rate,
        coalesce(national.freshbooks_tax_name, everywhere.freshbooks_tax_name) as tax_name
    from desired_line
    inner join sale using (sale_key)
    left join {{ ref('tax_rules') }} as national on national.country = sale.ship_country
    left join {{ ref('tax_rules') }} as everywhere on everywhere.country = '*'

),

desired as (

    select
        rated.sale_key,
        rated.seq,
        count(*) as line_count,
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
            'unit_cost': {'amount': {{ price_text('unit_price') }}, 'code': sale.currency},
            'taxName1': case when rate <> 0 then tax_name end,
            'taxAmount1': case when rate <> 0 then {{ quantity_text('rate') }} end
        } order by line_no) as lines,
        list(
            coalesce(sku, '') || ' x ' || {{ quantity_text('quantity') }} || ' at ' || {{ price_text('unit_price') }}
            order by line_no
        ) as signature
    from rated
    inner join sale using (sale_key)
    group by rated.sale_key, rated.seq, sale.currency

),

existing_signature as (

    select
        existing.sale_key,
        existing.seq,
        list(
            coalesce(line.sku, '') || ' x ' || {{ quantity_text('line.quantity') }}
            || ' at ' || {{ price_text('line.unit_price') }}
            order by line.line_no
        ) as signature
    from existing
    inner join {{ ref('document_lines') }} as line using (doc_uid)
    group by existing.sale_key, existing.seq

),

compared as (

    select
        sale.sale_key,
        desired.seq,
        sale.base_number || case when desired.seq > 1 then '-' || desired.seq else '' end as business_key,
        sale.from_shop,
        sale.freshbooks_id,
        sale.currency,
        coalesce(m3_invoice.document_date, sale.document_date) as document_date,
        sale.document_date as order_date,
        desired.net,
        desired.tax,
        (desired.net + desired.tax)::decimal(18, 2) as total,
        desired.line_count,
        desired.never_billed,
        desired.lines,
        desired.signature,
        existing_signature.signature as signature_now,
        m3_invoice.doc_uid as m3_doc_uid,
        m3_invoice.source_id as m3_invoice_id,
        m3_invoice.total as m3_total,
        existing.source_id as remote_id,
        existing.state as state_now,
        existing.document_date as date_now,
        existing.total as total_now,
        existing.extracted_at
    from desired
    inner join sale using (sale_key)
    left join m3_invoice on m3_invoice.sale_key = desired.sale_key and m3_invoice.seq = desired.seq
    left join existing on existing.sale_key = desired.sale_key and existing.seq = desired.seq
    left join existing_signature
        on existing_signature.sale_key = desired.sale_key and existing_signature.seq = desired.seq

),

payloads as (

    select
        compared.*,
        to_json({
            'invoice': {
                'customerid': freshbooks_id,
                'invoice_number': compared.business_key,
                'create_date': document_date::varchar,
                'currency_code': currency,
                'language': 'en',
                'due_offset_days': {{ setting('payment_terms_days') }}::integer,
                'notes': case when m3_invoice_id is not null then 'Delivered, M3 invoice ' || m3_invoice_id else '' end,
                'lines': lines
            },
            'action': case when m3_doc_uid is not null and remote_id is not null then 'mark_as_sent' end,
            'expected': {
                'net': {{ money_text('net') }}, 'tax': {{ money_text('tax') }}, 'total': {{ money_text('total') }}
            },
            'm3_invoice': m3_invoice_id,
            'm3_total': case when m3_total is not null then {{ money_text('m3_total') }} end
        })::varchar as payload,
        coalesce(finished.changes, 0) as changes,
        finished.last_write
    from compared
    left join finished using (business_key)

),

judged as (

    select
        payloads.*,
        case
            when freshbooks_id is null then 'blocked'
            when not {{ after_go_live('sale', 'order_date') }} then 'none'
            when m3_total is not null
                and abs(m3_total - total) > {{ document_tolerance('line_count') }} then 'blocked'
            when payloads.remote_id is null and on_its_way.target_ref is not null then 'none'
            when payloads.remote_id is null and never_billed is not null then 'blocked'
            when payloads.remote_id is null and (from_shop or seq > 1) then 'create'
            when payloads.remote_id is null then 'none'
            when last_write >= extracted_at then 'none'
            when m3_doc_uid is not null and state_now = 'draft' then 'update'
            when m3_doc_uid is not null and (signature <> signature_now or document_date <> date_now) then 'conflict'
            when m3_doc_uid is null and seq > 1 and state_now = 'draft' and signature <> signature_now then 'update'
            else 'none'
        end as operation,
        on_its_way.state as intent_state
    from payloads
    left join standing as on_its_way on on_its_way.target_ref = payloads.business_key

),

final as (

    select
        sale_key,
        business_key,
        'freshbooks' as target,
        'freshbooks__invoices' as object,
        operation,
        case
            when remote_id is null then business_key
            else {{ change_ref('business_key', 'changes', 'payload') }}
        end as target_ref,
        remote_id,
        case
            when freshbooks_id is null then 'held'
            when not {{ after_go_live('sale', 'order_date') }} then 'before go-live'
            when operation = 'blocked' then 'held'
            when operation = 'conflict' then 'made by hand'
        end as cause,
        case
            when freshbooks_id is null then 'waits for its FreshBooks client'
            when not {{ after_go_live('sale', 'order_date') }} then 'dated before the go-live day'
            when operation = 'blocked' and never_billed is not null then never_billed
            when operation = 'blocked'
                then 'M3 invoiced ' || m3_total || ', the same lines make ' || total || ' in FreshBooks: more than rounding'
            when operation = 'conflict'
                then 'was sent and differs from M3 invoice ' || m3_invoice_id || ': correct it by another document'
            when operation = 'create' and m3_doc_uid is null and seq = 1 then 'shop order has no FreshBooks invoice yet'
            when operation = 'create' and m3_doc_uid is null then 'the rest of the order is not invoiced in M3 yet'
            when operation = 'create' then 'M3 invoice ' || m3_invoice_id || ' has no FreshBooks invoice yet'
            when operation = 'update' and m3_doc_uid is not null then 'M3 invoice ' || m3_invoice_id || ' decides lines and day'
            when operation = 'update' then 'the rest of the order changed'
            when remote_id is null then 'on its way: intent is ' || coalesce(intent_state, 'unknown')
            when last_write >= extracted_at then 'on its way: written after the copy here was read'
            else 'agrees'
        end as reason,
        document_date,
        currency,
        total as amount,
        case when operation in ('create', 'update') then payload end as payload,
        '{}' as agreed,
        case
            when remote_id is null and from_shop then to_json([{
                'entity': 'document', 'left_system': 'shop', 'left_id': business_key,
                'right_system': 'freshbooks', 'right_id': null
            }])::varchar
            else '[]'
        end as links,
        case
            when operation = 'update' then to_json(list_filter([
                {'field': 'lines', 'old': array_to_string(signature_now, '; '), 'new': array_to_string(signature, '; ')},
                {'field': 'date', 'old': date_now::varchar, 'new': document_date::varchar},
                {'field': 'total', 'old': total_now::varchar, 'new': total::varchar},
                {'field': 'state', 'old': state_now, 'new': case when m3_doc_uid is not null then 'sent' else state_now end}
            ], lambda change: change.old is distinct from change.new))::varchar
            else '[]'
        end as diff,
        {{ generation() }} as _generation
    from judged

)

select * from final
