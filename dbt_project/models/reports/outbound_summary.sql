-- What would be sent, what is held and why, per object. `fbinfor plan` and the console read this.
{{ config(materialized='table') }}

with

every_diff as (

    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_freshbooks__clients') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_freshbooks__invoices') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_freshbooks__credit_notes') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_m3__items') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_m3__customers') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_m3__orders') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_m3__credit_orders') }}
    union all
    select object, operation, cause, document_date, currency, amount, business_key, reason from {{ ref('diff_m3__receipts') }}

)

select
    object,
    operation,
    cause,
    currency,
    count(*) as records,
    sum(amount)::decimal(18, 2) as amount,
    min(document_date) as oldest,
    any_value(reason) as example_reason,
    min(business_key) as example_key,
    {{ generation() }} as _generation
from every_diff
group by object, operation, cause, currency
