{# One shape for all M3 orders: an order made from a FreshBooks invoice (sign 1), a credit order from a credit note (sign
   -1: FreshBooks shows credits positive, M3 takes them as negative quantities), and free goods straight from the shop
   order (sign 1, worth nothing, no FreshBooks document). Body of a query. #}
{% macro m3_order_diff(object, class, role, reference, sign, order_type) %}
with

standing as ({{ standing_intents(object) }}),

source_document as (

    select
        sales.sale_key,
        sales.party_key,
        sales.document_date,
        document.doc_uid,
        document.source_id,
        document.number,
        document.currency,
        {{ sign }} * document.net as net,
        {{ sign }} * document.tax as tax,
        {{ sign }} * document.total as total,
        document.state,
        coalesce(shop.ship_country, client.country_code) as ship_country,
        client.country_code as client_country,
        link.m3_cuno,
        sales.m3_order_doc_uid,
        {{ reference }} as target_ref
    from {{ ref('sales') }} as sales
    inner join {{ ref('affected_sales') }} using (sale_key)
    inner join {{ ref('sale_documents') }} as linked
        on linked.sale_key = sales.sale_key and linked.role = '{{ role }}' and linked.seq = 1
    inner join {{ ref('documents') }} as document on document.doc_uid = linked.doc_uid
    left join {{ ref('documents') }} as shop on shop.doc_uid = sales.shop_doc_uid
    left join {{ ref('party_links') }} as link using (party_key)
    left join {{ ref('parties') }} as client on client.party_uid = 'freshbooks:' || link.freshbooks_id
    where sales.class = '{{ class }}' and document.state <> 'deleted'
      and {{ is_delivered('sales.class') }}

),

line as (

    select
        source_document.sale_key,
        line.line_no,
        item.m3_item,
        coalesce(item.rule_class, 'unknown') as rule_class,
        coalesce(item.exists_in_m3, false) as exists_in_m3,
        line.sku,
        line.description,
        {{ sign }} * line.quantity as quantity,
        line.unit_price
    from source_document
    inner join {{ ref('document_lines') }} as line using (doc_uid)
    left join {{ ref('item_links') }} as item on item.code_upper = upper(line.sku)

),

lines as (

    select
        sale_key,
        count(*) as line_count,
        bool_and(rule_class not in ('goods', 'unknown')) as only_services,
        string_agg(distinct sku, ', ' order by sku) filter (where m3_item is null and rule_class <> 'cost')
            as unknown_codes,
        string_agg(distinct sku, ', ' order by sku) filter (where rule_class = 'cost') as cost_codes,
        string_agg(distinct m3_item, ', ' order by m3_item) filter (where m3_item is not null and not exists_in_m3)
            as missing_items,
        list({
            'ITNO': m3_item,
            'ORQT': {{ quantity_text('quantity') }},
            'SAPR': {{ price_text('unit_price') }},
            'CUPO': line_no::varchar,
            'ITDS': left(coalesce(description, ''), 30)
        } order by line_no) as payload_lines
    from line
    group by sale_key

),

judged as (

    select
        source_document.*,
        lines.line_count,
        lines.only_services,
        lines.payload_lines,
        lines.unknown_codes,
        lines.cost_codes,
        lines.missing_items,
        standing.state as intent_state,
        country.m3_code,
        case
            when m3_order_doc_uid is not null then 'none'
            when not {{ after_go_live('sale', 'source_document.document_date') }} then 'none'
            when standing.target_ref is not null then 'none'
            when coalesce(unknown_codes, cost_codes, missing_items) is not null or m3_cuno is null then 'blocked'
            else 'create'
        end as operation
    from source_document
    inner join lines using (sale_key)
    left join standing using (target_ref)
    left join {{ ref('country_codes') }} as country
        on country.iso2 = source_document.ship_country and country.is_preferred

),

final as (

    select
        sale_key,
        sale_key as business_key,
        'm3' as target,
        '{{ object }}' as object,
        operation,
        target_ref,
        null::varchar as remote_id,
        case
            when operation = 'blocked' then 'held'
            when m3_order_doc_uid is null and not {{ after_go_live('sale', 'document_date') }} then 'before go-live'
        end as cause,
        case
            when m3_order_doc_uid is not null then 'agrees'
            when not {{ after_go_live('sale', 'document_date') }} then 'dated before the go-live day'
            when operation = 'none' then 'on its way: intent is ' || intent_state
            when m3_cuno is null then 'waits for its M3 customer'
            when unknown_codes is not null then 'no rule says what these lines are in M3: ' || unknown_codes
            when cost_codes is not null then 'a cost is never invoiced: take it out of the order: ' || cost_codes
            when missing_items is not null then 'waits for M3 items: ' || missing_items
            {% if class == 'free_goods' -%}
            else 'free goods of shop order ' || number || ' have no M3 order yet'
            {%- else -%}
            else 'FreshBooks ' || number || ' has no M3 order yet'
            {%- endif %}
        end as reason,
        document_date,
        currency,
        total as amount,
        case when operation = 'create' then to_json({
            'head': {
                'CUNO': m3_cuno,
                'ORTP': {{ order_type }},
                'ORDT': strftime(document_date, '%Y%m%d'),
                'RLDT': strftime(document_date, '%Y%m%d'),
                'FACI': {{ setting('m3_facility') }},
                'WHLO': {{ setting('m3_warehouse') }},
                'CUCD': currency,
                'PYRE': target_ref,
                'YREF': left(number, 30)
            },
            -- Only when goods go to another country than the customer's own: M3 takes VAT from the delivery address.
            'address': case
                when ship_country is distinct from client_country and m3_code is not null
                    then {'ADRT': '1', 'CSCD': m3_code}
            end,
            'lines': payload_lines,
            'expected': {
                'net': {{ money_text('net') }}, 'tax': {{ money_text('tax') }}, 'total': {{ money_text('total') }}
            },
            'tolerance': ({{ document_tolerance('line_count') }})::decimal(18, 4)::varchar
        })::varchar end as payload,
        '{}' as agreed,
        to_json([{
            'entity': '{{ 'credit_note' if class == 'credit' else 'document' }}',
            {% if class == 'free_goods' -%}
            'left_system': 'shop', 'left_id': number,
            {%- else -%}
            'left_system': 'freshbooks', 'left_id': source_id,
            {%- endif %}
            'right_system': 'm3', 'right_id': null
        }])::varchar as links,
        '[]' as diff,
        {{ generation() }} as _generation
    from judged

)

select * from final
{% endmacro %}
