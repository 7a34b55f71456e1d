-- Parties that a sale, a credit or free goods on or after go-live need, with the first such document's day.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_parties', 'party_key') }}") }}

select
    sales.party_key,
    min(sales.document_date) as document_date,
    count(*) as documents,
    {{ generation() }} as _generation
from {{ ref('sales') }} as sales
inner join {{ ref('affected_parties') }} using (party_key)
where {{ is_delivered('sales.class') }}
  and {{ after_go_live('sale', 'sales.document_date') }}
group by sales.party_key
