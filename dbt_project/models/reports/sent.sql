-- What was sent, and why: every intent with the sentence and the changes that its outbound row had when it was planned.
{{ config(materialized='table') }}

select
    id as intent_id,
    object,
    target,
    operation,
    business_key,
    target_ref,
    remote_id,
    document_date,
    currency,
    amount,
    state,
    reason,
    coalesce(changes, '[]') as changes,
    created_at as planned_at,
    if(state in ('confirmed', 'dead', 'superseded'), updated_at, null) as settled_at,
    error,
    {{ generation() }} as _generation
from {{ source('ops', 'intents') }}
