{{ config(unique_key='order_number') }}

with source as (

    {{ newest(source('raw', 'm3__orders')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "head": {
                "ORTP": "VARCHAR", "ORST": "VARCHAR", "ORSL": "VARCHAR", "STAT": "VARCHAR", "CUNO": "VARCHAR",
                "PYNO": "VARCHAR", "CUOR": "VARCHAR", "PYRE": "VARCHAR", "YREF": "VARCHAR", "CUCD": "VARCHAR",
                "ORDT": "VARCHAR", "RLDT": "VARCHAR", "NTAM": "VARCHAR", "VTAM": "VARCHAR", "TOAM": "VARCHAR",
                "DIVI": "VARCHAR", "FACI": "VARCHAR", "WHLO": "VARCHAR", "ADID": "VARCHAR", "LMTS": "VARCHAR"
            },
            "lines": [{"PONR": "VARCHAR"}]
        }') as document
    from source

),

renamed as (

    select
        -- ids
        key as order_number,
        {{ text('document.head.CUNO') }} as customer_number,
        {{ text('document.head.PYNO') }} as payer_number,
        {{ text('document.head.DIVI') }} as division,

        -- references: PYRE is ours, CUOR the customer's own order number (POLICY, keys and parties)
        {{ text('document.head.PYRE') }} as our_ref,
        {{ text('document.head.CUOR') }} as customer_order_number,
        {{ text('document.head.YREF') }} as your_reference,

        -- text
        {{ text('document.head.ORTP') }} as order_type,
        {{ text('document.head.CUCD') }} as currency,
        {{ text('document.head.FACI') }} as facility,
        {{ text('document.head.WHLO') }} as warehouse,

        -- money
        {{ money('document.head.NTAM') }} as net,
        {{ money('document.head.VTAM') }} as tax,
        {{ money('document.head.TOAM') }} as total,
        len(document.lines) as line_count,

        -- state
        {{ text('document.head.ORSL') }} as lowest_status,
        {{ text('document.head.ORST') }} as highest_status,
        deleted as is_deleted,

        -- times
        {{ m3_date('document.head.ORDT') }} as order_date,
        {{ m3_date('document.head.RLDT') }} as requested_date,
        coalesce({{ m3_instant('document.head.LMTS') }}, {{ m3_instant('vendor_stamp') }}) as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
