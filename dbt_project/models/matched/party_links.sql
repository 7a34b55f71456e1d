{{ config(unique_key='party_key', meta={'trace': ['party_key']}) }}

with {{ 'recursive ' if is_incremental() }}changed as (

    {{ changed_keys('party_uid', [
        ref('parties'),
        [ref('party_candidates'), 'left_uid'],
        [ref('party_candidates'), 'right_uid']
    ]) }}

),

{% if is_incremental() -%}
-- A link may free or take a partner somewhere else, so everything that hangs together is assigned again.
edges as (

    select left_uid as one_uid, right_uid as other_uid from {{ ref('party_candidates') }} where band <> 'none'
    union all
    select right_uid, left_uid from {{ ref('party_candidates') }} where band <> 'none'
    union all
    select shop_party_uid, 'freshbooks:' || freshbooks_id from {{ this }} where shop_party_uid is not null
    union all
    select 'freshbooks:' || freshbooks_id, shop_party_uid from {{ this }} where shop_party_uid is not null
    union all
    select coalesce(shop_party_uid, 'freshbooks:' || freshbooks_id), 'm3:' || m3_cuno from {{ this }}
    union all
    select 'm3:' || m3_cuno, coalesce(shop_party_uid, 'freshbooks:' || freshbooks_id) from {{ this }}

),

affected as (

    select key from changed
    union
    select edges.other_uid
    from affected
    inner join edges on edges.one_uid = affected.key
    where edges.other_uid is not null

),

{% endif -%}
candidates as (

    select
        *,
        -- Methods in order of trust; of two clients that carry the same token the older one is ours.
        case method
            when 'crosswalk' then 3
            when 'reference' then 2 - 0.0001 * row_number() over (
                partition by left_uid, method order by length(right_uid), right_uid
            )
            when 'identifier' then 1
            else 0
        end + cast(score as double) / 2 as strength
    from {{ ref('party_candidates') }}
    where band <> 'none' {{ only_changed('left_uid', 'affected', 'and') }}

),

shop as (

    select party_uid, reference_token, is_walk_in
    from {{ ref('parties') }}
    where system = 'shop' {{ only_changed('party_uid', 'affected', 'and') }}

),

clients as (

    select party_uid, source_id
    from {{ ref('parties') }}
    where system = 'freshbooks' {{ only_changed('party_uid', 'affected', 'and') }}

),

-- 1. shop and FreshBooks
client_edges as (

    select candidates.*
    from candidates
    inner join shop on shop.party_uid = candidates.left_uid
    where candidates.right_uid like 'freshbooks:%' and candidates.band = 'auto'

),

{{ one_to_one('client_links', 'client_edges') }},

client_reviews as (

    select left_uid, list(struct_pack(candidate := right_uid, method, score, band, evidence) order by strength desc, right_uid) as candidates
    from candidates
    where right_uid like 'freshbooks:%'
        and left_uid in (select party_uid from shop where not is_walk_in)
        and left_uid not in (select left_uid from client_links)
        and right_uid not in (select right_uid from client_links)
    group by left_uid

),

groups as (

    select
        shop.reference_token as party_key,
        shop.party_uid as shop_party_uid,
        client_links.right_uid as client_uid,
        client_links.method as freshbooks_method,
        case when client_links.right_uid is not null then 'auto' when client_reviews.left_uid is not null then 'review' else 'none' end
            as freshbooks_band,
        if(
            client_links.right_uid is not null,
            [struct_pack(
                candidate := client_links.right_uid,
                method := client_links.method,
                score := client_links.score,
                band := client_links.band,
                evidence := client_links.evidence
            )],
            client_reviews.candidates
        ) as freshbooks_evidence
    from shop
    left join client_links on client_links.left_uid = shop.party_uid
    left join client_reviews on client_reviews.left_uid = shop.party_uid

    union all

    select 'FB-' || source_id, null, party_uid, 'own', 'auto', null
    from clients
    where party_uid not in (select right_uid from client_links)

),

-- 2. each of these and M3: what speaks for the shop's record or for the client's speaks for the party
customer_candidates as (

    select
        groups.party_key as left_uid,
        candidates.right_uid,
        arg_max(struct_pack(
            candidate := candidates.right_uid,
            method := candidates.method,
            score := candidates.score,
            band := candidates.band,
            evidence := candidates.evidence
        ), (candidates.strength, candidates.left_uid)) as found,
        max(candidates.strength) as strength
    from groups
    inner join candidates on candidates.left_uid in (groups.shop_party_uid, groups.client_uid)
    where candidates.right_uid like 'm3:%'
    group by groups.party_key, candidates.right_uid

),

customer_edges as (

    select * from customer_candidates where found.band = 'auto'

),

{{ one_to_one('customer_links', 'customer_edges') }},

customer_reviews as (

    select left_uid, list(found order by strength desc, right_uid) as candidates
    from customer_candidates
    where left_uid not in (select left_uid from customer_links)
        and right_uid not in (select right_uid from customer_links)
    group by left_uid

),

final as (

    select
        groups.party_key,

        -- shop and FreshBooks
        groups.shop_party_uid,
        regexp_replace(groups.client_uid, '^freshbooks:', '') as freshbooks_id,
        groups.freshbooks_method,
        groups.freshbooks_band,

        -- M3
        regexp_replace(customer_links.right_uid, '^m3:', '') as m3_cuno,
        customer_links.found.method as m3_method,
        case
            when customer_links.right_uid is not null then 'auto'
            when customer_reviews.left_uid is not null then 'review'
            else 'none'
        end as m3_band,

        -- for the person who reviews
        cast(to_json(struct_pack(
            freshbooks := groups.freshbooks_evidence,
            m3 := if(customer_links.right_uid is not null, [customer_links.found], customer_reviews.candidates)
        )) as varchar) as evidence
    from groups
    left join customer_links on customer_links.left_uid = groups.party_key
    left join customer_reviews on customer_reviews.left_uid = groups.party_key

){% if is_incremental() %},

standing as (

    select party_key as key
    from {{ this }}
    where shop_party_uid in (select key from affected)
        or 'freshbooks:' || freshbooks_id in (select key from affected)
        or 'm3:' || m3_cuno in (select key from affected)

){% endif %}

{{ only_different('party_key') }}
{{ emptied_keys('party_key', changed='standing') }}
