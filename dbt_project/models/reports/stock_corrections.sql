-- Stock corrections of the shop, line by line: no documents of ours, for M3 owns stock; the warehouse decides on them.
{{ config(materialized='table') }}

select
    document.number || '/' || line.line_no as correction,
    document.number,
    line.line_no,
    document.document_date,
    upper(line.sku) as item_code,
    item.m3_item,
    coalesce(item.exists_in_m3, false) as exists_in_m3,
    line.quantity,
    line.description as noted,
    {{ generation() }} as _generation
from {{ ref('documents') }} as document
inner join {{ ref('document_lines') }} as line using (doc_uid)
left join {{ ref('item_links') }} as item on item.code_upper = upper(line.sku)
where document.system = 'shop' and document.class = 'stock_adjustment'
