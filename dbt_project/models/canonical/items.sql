{{ config(unique_key='item_uid') }}

with changed_shop as (

    {{ changed_keys('sku', [ref('stg_shop__order_lines')]) }}

),

changed_m3 as (

    {{ changed_keys('item_number', [ref('stg_m3__items')]) }}

),

-- A code is described by its first priced line: later lines of a stock count say "damaged" or "?".
shop as (

    select
        'shop' as system,
        sku as code,
        arg_min(description, (unit_price <= 0, try_cast(order_id as bigint), line_no)) filter (where description is not null)
            as description,
        'active' as status
    from {{ ref('stg_shop__order_lines') }}
    where sku is not null {{ only_changed('sku', 'changed_shop', 'and') }}
    group by sku

),

m3 as (

    select
        'm3' as system,
        item_number as code,
        name as description,
        unit,
        item_type,
        case
            when is_deleted then 'deleted'
            when status = '10' then 'preliminary'
            when status = '20' then 'active'
            when status >= '80' then 'blocked'
            else 'other'
        end as status
    from {{ ref('stg_m3__items') }}
    {{ only_changed('item_number', 'changed_m3') }}

),

unioned as (

    select * from shop
    union all by name
    select * from m3

),

final as (

    select
        -- ids
        system || ':' || code as item_uid,
        system,
        code,
        upper(code) as code_upper,

        -- text
        description,
        unit,
        item_type,

        -- state
        status
    from unioned

)

{{ only_different('item_uid') }}
