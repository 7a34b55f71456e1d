/*
stop: 430
title: Stock codes that collide
question: Which stock codes of the shop differ only by upper and lower case, and which M3 item do they share?
columns:
  code_upper: The code in upper case, as M3 knows it.
  codes: The codes of the shop.
  descriptions: Their descriptions.
  m3_item: The M3 item they share.
  exists_in_m3: Whether M3 has it.
  lines: Lines of shop orders with one of them.
reading: >
  M3's item numbers are upper case, so such codes become one item there. Where the descriptions name two different things,
  the shop should rename one; that they share an item changes no amount.
*/
with

collisions as (

    select
        code_upper,
        string_agg(distinct code, ', ' order by code) as codes,
        string_agg(distinct description, ' / ' order by description) as descriptions
    from canonical.items
    where system = 'shop'
    group by code_upper
    having count(distinct code) > 1

),

ordered as (

    select upper(sku) as code_upper, count(*) as lines
    from canonical.document_lines
    where doc_uid like 'shop:%'
    group by 1

)

select
    collisions.code_upper,
    collisions.codes,
    collisions.descriptions,
    link.m3_item,
    coalesce(link.exists_in_m3, false) as exists_in_m3,
    coalesce(ordered.lines, 0) as lines
from collisions
left join matched.item_links as link using (code_upper)
left join ordered using (code_upper)
order by lines desc, collisions.code_upper
