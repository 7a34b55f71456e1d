/*
stop: 410
title: Customers matched, and by which evidence
question: Who is which client in FreshBooks and which customer in M3, and how do we know?
parameters:
  method: {type: text, default: null, about: "Only links found so: crosswalk, reference, identifier, scored; all without it."}
columns:
  party_key: Key of the party across the systems.
  name: Name in the shop, else in FreshBooks.
  freshbooks_id: Client id.
  freshbooks_name: Name of that client.
  freshbooks_method: How the client was found.
  m3_cuno: Customer number.
  m3_name: Name of that customer.
  m3_method: How the customer was found.
  evidence: What spoke for it and against, feature (weight in bits).
reading: >
  crosswalk: confirmed before, mostly because we created the record. identifier: the same VAT number, or e-mail and
  postcode. A name alone never links. Each feature's weight is evidence in bits, negative speaks against.
*/
with

evidence as (

    select
        party_key,
        string_agg(distinct step.feature || ' (' || step.weight || ')', ', ' order by step.feature || ' (' || step.weight || ')')
            as evidence
    from (
        select
            link.party_key,
            unnest(from_json(pair.evidence, '[{"feature": "VARCHAR", "weight": "INTEGER"}]')) as step
        from matched.party_links as link
        inner join matched.party_candidates as pair
            on (pair.left_uid = link.shop_party_uid and pair.right_uid = 'freshbooks:' || link.freshbooks_id)
            or (pair.right_uid = 'm3:' || link.m3_cuno
                and pair.left_uid in (link.shop_party_uid, 'freshbooks:' || link.freshbooks_id))
    )
    group by party_key

)

select
    link.party_key,
    coalesce(shop.name, client.name) as name,
    link.freshbooks_id,
    client.name as freshbooks_name,
    link.freshbooks_method,
    link.m3_cuno,
    customer.name as m3_name,
    link.m3_method,
    evidence.evidence
from matched.party_links as link
left join canonical.parties as shop on shop.party_uid = link.shop_party_uid
left join canonical.parties as client on client.party_uid = 'freshbooks:' || link.freshbooks_id
left join canonical.parties as customer on customer.party_uid = 'm3:' || link.m3_cuno
left join evidence using (party_key)
where (link.freshbooks_id is not null or link.m3_cuno is not null)
    and ($method::varchar is null or $method in (link.freshbooks_method, link.m3_method))
order by link.party_key
