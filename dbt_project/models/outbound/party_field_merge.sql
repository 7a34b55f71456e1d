-- Three-way per field for a client and its customer: the last agreed value, FreshBooks' now, M3's now.
-- Values are compared at M3's width, trimmed and in upper case, or they would never agree.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_parties', 'party_key') }}") }}

with

linked as (

    select link.party_key, link.freshbooks_id, link.m3_cuno
    from {{ ref('party_links') }} as link
    inner join {{ ref('affected_parties') }} using (party_key)
    where link.freshbooks_id is not null and link.m3_cuno is not null

),

freshbooks as (

    select linked.party_key, value.field, value.value
    from linked
    inner join {{ ref('parties') }} as party on party.party_uid = 'freshbooks:' || linked.freshbooks_id
    cross join lateral (
        values
            ('name', party.name), ('street', party.street1), ('city', party.city),
            ('postcode', party.postcode), ('phone', party.phone), ('email', party.email)
    ) as value (field, value)
    where party.status = 'active'

),

m3 as (

    select linked.party_key, value.field, value.value
    from linked
    inner join {{ ref('parties') }} as party on party.party_uid = 'm3:' || linked.m3_cuno
    cross join lateral (
        values
            ('name', party.name), ('street', party.street1), ('city', party.city),
            ('postcode', party.postcode), ('phone', party.phone), ('email', party.email)
    ) as value (field, value)

),

width (field, characters) as (

    values ('name', 36), ('street', 36), ('city', 20), ('postcode', 10), ('phone', 16), ('email', 50)

),

compared as (

    select
        linked.party_key,
        linked.freshbooks_id,
        linked.m3_cuno,
        width.field,
        agreed.value as agreed_value,
        freshbooks.value as freshbooks_value,
        m3.value as m3_value,
        {{ comparable('agreed.value', 'width.characters') }} as agreed_norm,
        {{ comparable('freshbooks.value', 'width.characters') }} as freshbooks_norm,
        {{ comparable('m3.value', 'width.characters') }} as m3_norm,
        agreed.key is not null as has_agreed
    from linked
    cross join width
    inner join freshbooks on freshbooks.party_key = linked.party_key and freshbooks.field = width.field
    inner join m3 on m3.party_key = linked.party_key and m3.field = width.field
    left join {{ source('ops', 'agreed') }} as agreed
        on agreed.entity = 'party' and agreed.key = linked.party_key and agreed.field = width.field

)

select
    party_key,
    freshbooks_id,
    m3_cuno,
    field,
    agreed_value,
    freshbooks_value,
    m3_value,
    case
        when freshbooks_norm = m3_norm then 'equal'
        when not has_agreed then 'not agreed yet'
        when freshbooks_norm = agreed_norm then 'to freshbooks'
        when m3_norm = agreed_norm then 'to m3'
        else 'conflict'
    end as decision,
    {{ generation() }} as _generation
from compared
