-- M3 items: created only from an approved template, when a sale or credit that may be written needs them.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_items', 'code_upper') }}") }}

with

standing as ({{ standing_intents('m3__items') }}),

described as (

    -- The same code can carry several texts; the longest says most, ties in alphabetical order.
    select code_upper, description
    from {{ ref('items') }}
    where system <> 'm3' and coalesce(description, '') <> ''
    qualify row_number() over (partition by code_upper order by length(description) desc, description) = 1

),

needed as (

    select
        link.*,
        template.itty,
        coalesce(described.description, link.code_upper) as description,
        standing.state as intent_state
    from {{ ref('item_links') }} as link
    inner join {{ ref('affected_items') }} using (code_upper)
    left join {{ ref('item_templates') }} as template using (template)
    left join described using (code_upper)
    left join standing on standing.target_ref = link.m3_item
    where not link.exists_in_m3 and link.rule_class <> 'cost'

),

judged as (

    select
        needed.*,
        case
            when intent_state is not null then 'none'
            when m3_item is null or itty is null or not approved then 'blocked'
            when length(m3_item) > 15 then 'blocked'
            else 'create'
        end as operation
    from needed

)

select
    code_upper,
    code_upper as business_key,
    'm3' as target,
    'm3__items' as object,
    operation,
    coalesce(m3_item, code_upper) as target_ref,
    null::varchar as remote_id,
    case when operation = 'blocked' then 'held' end as cause,
    case
        when intent_state is not null then 'on its way: intent is ' || intent_state
        when m3_item is null or itty is null then 'no rule says what stock code ' || code_upper || ' is in M3: add one to line_rules'
        when not approved then 'template ' || template || ' is not approved'
        when length(m3_item) > 15 then 'item number ' || m3_item || ' is longer than ITNO (15)'
        else 'stock code has no M3 item yet'
    end as reason,
    null::date as document_date,
    null::varchar as currency,
    null::decimal(18, 2) as amount,
    case when operation = 'create' then to_json({
        'program': 'MMS200MI',
        'transaction': 'AddItmViaItmTyp',
        'record': {
            'ITTY': itty, 'ITNO': m3_item, 'ITDS': left(description, 30), 'FUDS': left(description, 60)
        },
        'template': template
    })::varchar end as payload,
    '{}' as agreed,
    to_json([{
        'entity': 'item', 'left_system': 'shop', 'left_id': code_upper, 'right_system': 'm3', 'right_id': m3_item
    }])::varchar as links,
    '[]' as diff,
    {{ generation() }} as _generation
from judged
