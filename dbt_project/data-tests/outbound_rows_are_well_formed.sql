-- Every outbound row says what it wants, under which reference, and why not where it cannot; a record of one test
-- instead of one per model and column, because each test costs a pass its time.
{{ config(meta={'dagster': {'ref': {'name': 'outbound_summary'}}}) }}

with

outbound as (

    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_freshbooks__clients') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_freshbooks__invoices') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_freshbooks__credit_notes') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_m3__items') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_m3__customers') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_m3__orders') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_m3__credit_orders') }}
    union all by name
    select object, business_key, target_ref, operation, cause, reason, payload, amount, currency, _generation from {{ ref('diff_m3__receipts') }}

),

judged as (

    select
        *,
        case
            when business_key is null or target_ref is null then 'it has no key or no reference'
            when operation not in ('create', 'update', 'none', 'blocked', 'conflict') then 'its operation is unknown'
            when cause not in (
                'not delivered yet', 'prepaid', 'in transit', 'rounding', 'fee', 'exchange', 'discount taken', 'write-off',
                'late document', 'before go-live', 'made by hand', 'held'
            ) then 'its cause is not on the closed list'
            when operation in ('blocked', 'conflict') and (cause is null or coalesce(reason, '') = '')
                then 'it is held without a cause and a sentence'
            when operation in ('create', 'update') and payload is null then 'it has nothing to send'
            when operation not in ('create', 'update') and payload is not null then 'it has something to send and may not'
            when amount is not null and currency is null then 'it has an amount without a currency'
            when operation in ('create', 'update') and count(*) over (partition by object, target_ref) > 1
                then 'its reference stands twice'
        end as problem
    from outbound
    where _generation > {{ since() }}

)

select object, business_key, operation, problem
from judged
where problem is not null
