{{ config(unique_key='code_upper') }}

with changed_items as (

    {{ changed_keys('code_upper', [ref('items')]) }}

),

changed as (

    select key from changed_items
    {% if is_incremental() -%}
    -- An item that appeared in M3 may be the one that service lines or other codes are booked on.
    union
    select code_upper from {{ this }} where m3_item in (select key from changed_items)
    {%- endif %}

),

shop_items as (

    select distinct code_upper
    from {{ ref('items') }}
    where system = 'shop' {{ only_changed('code_upper', word='and') }}

),

m3_items as (

    select distinct code_upper
    from {{ ref('items') }}
    where system = 'm3' and status <> 'deleted'

),

rules as (

    {{ rule_of_code('shop_items', 'code_upper') }}

),

final as (

    select
        shop_items.code_upper,
        coalesce(rules.line_class, 'unknown') as rule_class,
        -- A cost is not sold, and an unknown code is held: neither has an item.
        if(rules.line_class = 'cost', null, rules.m3_item) as m3_item,
        nullif(rules.template, '') as template,
        coalesce(item_templates.approved, false) as approved,
        m3_items.code_upper is not null as exists_in_m3
    from shop_items
    left join rules on rules.code_upper = shop_items.code_upper
    left join {{ ref('item_templates') }} as item_templates on item_templates.template = rules.template
    left join m3_items on m3_items.code_upper = rules.m3_item and rules.line_class <> 'cost'

)

{{ only_different('code_upper') }}
