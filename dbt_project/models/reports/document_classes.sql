-- Every shop document in exactly one class, counted and summed: the classes add up to what the shop serves.
{{ config(materialized='table') }}

select
    class,
    currency,
    count(*) as documents,
    sum(line_count) as lines,
    sum(net)::decimal(18, 2) as net,
    sum(tax)::decimal(18, 2) as tax,
    sum(total)::decimal(18, 2) as total,
    min(document_date) as first_day,
    max(document_date) as last_day,
    {{ generation() }} as _generation
from {{ ref('documents') }}
where system = 'shop'
group by class, currency
