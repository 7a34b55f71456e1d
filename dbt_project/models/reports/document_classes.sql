-- Every shop document in exactly one class, counted and summed: the classes add up to what the shop serves.
{{ config(materialized='table') }}

select
    document.class,
    document.currency,
    count(*) as documents,
    sum(document.line_count) as lines,
    sum(document.net)::decimal(18, 2) as net,
    sum(document.tax)::decimal(18, 2) as tax,
    sum(document.total)::decimal(18, 2) as total,
    min(document.document_date) as first_day,
    max(document.document_date) as last_day,
    any_value(fate.fate) as fate,
    {{ generation() }} as _generation
from {{ ref('documents') }} as document
left join {{ ref('class_fates') }} as fate
    on fate.document_class = document.class and fate.line_class is null
where document.system = 'shop'
group by document.class, document.currency
