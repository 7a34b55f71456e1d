{{ config(unique_key='order_id') }}

with source as (

    {{ newest(source('raw', 'shop__orders')) }}

),

changed as (

    select key from source

),

parsed as (

    select
        key as order_id,
        from_json(payload, '{
            "line_items": [{
                "id": "VARCHAR", "sku": "VARCHAR", "name": "VARCHAR", "quantity": "VARCHAR", "price": "VARCHAR",
                "total": "VARCHAR", "total_tax": "VARCHAR"
            }],
            "shipping_lines": [{"id": "VARCHAR", "method_title": "VARCHAR", "total": "VARCHAR", "total_tax": "VARCHAR"}],
            "fee_lines": [{"id": "VARCHAR", "name": "VARCHAR", "total": "VARCHAR", "total_tax": "VARCHAR"}]
        }') as document
    from source

),

-- Freight and fees stand beside the items in WooCommerce; here they are lines like the others, after them.
lines as (

    select order_id, 1 as part, unnest(document.line_items) as line, unnest(range(1, len(document.line_items) + 1)) as position
    from parsed
    union all
    select
        order_id,
        2,
        unnest(list_transform(document.shipping_lines, lambda line: {
            'id': line.id, 'sku': 'SHIPPING', 'name': line.method_title, 'quantity': '1', 'price': line.total,
            'total': line.total, 'total_tax': line.total_tax
        })),
        unnest(range(1, len(document.shipping_lines) + 1))
    from parsed
    where len(document.shipping_lines) > 0
    union all
    select
        order_id,
        3,
        unnest(list_transform(document.fee_lines, lambda line: {
            'id': line.id, 'sku': 'FEE', 'name': line.name, 'quantity': '1', 'price': line.total,
            'total': line.total, 'total_tax': line.total_tax
        })),
        unnest(range(1, len(document.fee_lines) + 1))
    from parsed
    where len(document.fee_lines) > 0

),

renamed as (

    select
        -- ids: a line's key is its ordinal, never its content (10,147 rows of the Online Retail file repeat another)
        order_id,
        cast(row_number() over (partition by order_id order by part, position) as integer) as line_no,
        {{ text('line.id') }} as line_id,
        {{ text('line.sku') }} as sku,
        {{ text('line.name') }} as description,

        -- numbers: `total` is net of tax and after discounts
        {{ quantity('line.quantity') }} as quantity,
        {{ price('line.price') }} as unit_price,
        coalesce({{ money('line.total') }}, {{ line_net(quantity('line.quantity'), price('line.price')) }}) as net,
        {{ money('line.total_tax') }} as tax,
        {{ generation() }} as _generation
    from lines

)

select * from renamed
{{ emptied_keys('order_id', 'renamed') }}
