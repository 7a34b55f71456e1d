-- What the shop's file carries beside sales: costs, by code, under the ledger account where each belongs.
{{ config(materialized='table') }}

select
    upper(line.sku) as code,
    cost.kind,
    cost.ledger_account,
    cost.posted_by,
    document.currency,
    count(*) as lines,
    count(distinct document.doc_uid) as documents,
    sum(line.quantity * line.unit_price)::decimal(18, 3) as net,
    min(document.document_date) as first_day,
    max(document.document_date) as last_day,
    {{ generation() }} as _generation
from {{ ref('documents') }} as document
inner join {{ ref('document_lines') }} as line using (doc_uid)
left join {{ ref('cost_codes') }} as cost on cost.code = upper(line.sku)
where document.system = 'shop' and line.line_class = 'cost'
group by upper(line.sku), cost.kind, cost.ledger_account, cost.posted_by, document.currency
