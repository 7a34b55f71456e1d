{{ config(unique_key='order_number') }}

with source as (

    {{ newest(source('raw', 'm3__orders')) }}

),

changed as (

    select key from source

),

parsed as (

    select
        key as order_number,
        unnest(
            from_json(payload, '{"lines": [{
                "PONR": "VARCHAR", "POSX": "VARCHAR", "ITNO": "VARCHAR", "ITDS": "VARCHAR", "ORQT": "VARCHAR",
                "ALQT": "VARCHAR", "DLQT": "VARCHAR", "IVQT": "VARCHAR", "SAPR": "VARCHAR", "NEPR": "VARCHAR",
                "NLAM": "VARCHAR", "ORST": "VARCHAR", "CUPO": "VARCHAR"
            }]}').lines
        ) as line
    from source

),

renamed as (

    select
        -- ids
        order_number,
        {{ whole('line.PONR') }} as line_number,
        coalesce({{ whole('line.POSX') }}, 0) as line_suffix,
        {{ text('line.ITNO') }} as item_number,
        {{ text('line.CUPO') }} as customer_line,

        -- text
        {{ text('line.ITDS') }} as description,
        {{ text('line.ORST') }} as status,

        -- numbers
        {{ quantity('line.ORQT') }} as quantity_ordered,
        {{ quantity('line.ALQT') }} as quantity_allocated,
        {{ quantity('line.DLQT') }} as quantity_delivered,
        {{ quantity('line.IVQT') }} as quantity_invoiced,
        {{ price('line.SAPR') }} as sales_price,
        {{ price('line.NEPR') }} as net_price,
        {{ money('line.NLAM') }} as net,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
{{ emptied_keys('order_number', 'renamed') }}
