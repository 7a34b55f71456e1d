{{ config(unique_key='raw_key') }}

with source as (

    {{ newest(source('raw', 'm3__invoices')) }}

),

changed as (

    select key from source

),

parsed as (

    select
        key as raw_key,
        from_json(payload, '{
            "head": {"UHYEA4": "VARCHAR", "UHIVNO": "VARCHAR"},
            "lines": [{
                "UBORNO": "VARCHAR", "UBDLIX": "VARCHAR", "UBPONR": "VARCHAR", "UBPOSX": "VARCHAR", "UBITNO": "VARCHAR",
                "UBIVQT": "VARCHAR", "UBNEPR": "VARCHAR", "UBLNAM": "VARCHAR"
            }]
        }') as document
    from source

),

lines as (

    select
        raw_key,
        {{ text('document.head.UHYEA4') }} || '/' || {{ text('document.head.UHIVNO') }} as invoice_id,
        unnest(document.lines) as line,
        unnest(range(1, len(document.lines) + 1)) as line_no
    from parsed

),

renamed as (

    select
        -- ids
        raw_key,
        invoice_id,
        cast(line_no as integer) as line_no,
        {{ text('line.UBORNO') }} as order_number,
        {{ whole('line.UBPONR') }} as order_line_number,
        coalesce({{ whole('line.UBPOSX') }}, 0) as order_line_suffix,
        {{ text('line.UBDLIX') }} as delivery_number,
        {{ text('line.UBITNO') }} as item_number,

        -- numbers
        {{ quantity('line.UBIVQT') }} as quantity_invoiced,
        {{ price('line.UBNEPR') }} as net_price,
        {{ money('line.UBLNAM') }} as net,
        {{ generation() }} as _generation
    from lines

)

select * from renamed
{{ emptied_keys('raw_key', 'renamed') }}
