{{ config(unique_key='item_number') }}

with source as (

    {{ newest(source('raw', 'm3__items')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "ITDS": "VARCHAR", "FUDS": "VARCHAR", "STAT": "VARCHAR", "UNMS": "VARCHAR", "ITTY": "VARCHAR",
            "ITGR": "VARCHAR", "ITCL": "VARCHAR", "SAPR": "VARCHAR", "LMTS": "VARCHAR"
        }') as item
    from source

),

renamed as (

    select
        -- ids
        key as item_number,

        -- text
        {{ text('item.ITDS') }} as name,
        {{ text('item.FUDS') }} as description,
        {{ text('item.UNMS') }} as unit,
        {{ text('item.ITTY') }} as item_type,
        {{ text('item.ITGR') }} as item_group,
        {{ text('item.ITCL') }} as product_group,

        -- numbers
        {{ price('item.SAPR') }} as sales_price,

        -- state
        {{ text('item.STAT') }} as status,
        deleted as is_deleted,

        -- times
        coalesce({{ m3_instant('item.LMTS') }}, {{ m3_instant('vendor_stamp') }}) as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
