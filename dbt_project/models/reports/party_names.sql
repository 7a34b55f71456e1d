-- One name per party for all reports, and the ids behind it. M3 customers and FreshBooks clients that were matched to
-- nothing are parties of their own: what they owe is owed all the same.
{{ config(materialized='table') }}

with

linked as (

    select party_key, shop_party_uid, freshbooks_id, m3_cuno from {{ ref('party_links') }}

),

keys as (

    select * from linked
    union all by name
    select 'FB-' || source_id as party_key, source_id as freshbooks_id
    from {{ ref('parties') }}
    where system = 'freshbooks'
      and source_id not in (select freshbooks_id from linked where freshbooks_id is not null)
      and 'FB-' || source_id not in (select party_key from linked)
    union all by name
    select 'M3-' || source_id as party_key, source_id as m3_cuno
    from {{ ref('parties') }}
    where system = 'm3' and source_id not in (select m3_cuno from linked where m3_cuno is not null)

)

select
    keys.party_key,
    coalesce(client.name, customer.name, shop.name, keys.party_key) as party_name,
    keys.freshbooks_id,
    keys.m3_cuno,
    coalesce(shop.is_walk_in, client.is_walk_in, false) as is_walk_in,
    {{ generation() }} as _generation
from keys
left join {{ ref('parties') }} as client on client.party_uid = 'freshbooks:' || keys.freshbooks_id
left join {{ ref('parties') }} as customer on customer.party_uid = 'm3:' || keys.m3_cuno
left join {{ ref('parties') }} as shop on shop.party_uid = keys.shop_party_uid
