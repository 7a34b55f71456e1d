-- The parties whose outbound rows must be computed anew.
{{ config(materialized='table') }}

with

keys as (

    select party_key from {{ ref('party_links') }} where _generation > {{ since() }}
    union
    -- A client that was linked to a shop customer leaves its own key, with what was to be written under it.
    select key from ({{ vanished_keys('party_key', ref('party_links')) }})
    union
    select link.party_key
    from (
        -- One row per record: a join on `in (…, …, …)` would compare every party with every link.
        select party_key, unnest([shop_party_uid, 'freshbooks:' || freshbooks_id, 'm3:' || m3_cuno]) as party_uid
        from {{ ref('party_links') }}
    ) as link
    inner join {{ ref('parties') }} as party using (party_uid)
    where party._generation > {{ since() }}
    union
    -- A party becomes due with its first sale.
    select sales.party_key
    from {{ ref('sales') }} as sales
    inner join {{ ref('affected_sales') }} using (sale_key)
    union
    select business_key
    from {{ source('ops', 'intents') }}
    where load_generation > {{ since() }} and object in ('freshbooks__clients', 'm3__customers')
    union
    select key
    from {{ source('ops', 'agreed') }}
    where load_generation > {{ since() }} and entity = 'party'

)

select distinct party_key, {{ generation() }} as _generation
from keys
where party_key is not null
