-- What a controller should look at, one row per finding, each with a sentence and the documents that it was made from.
-- One rule, one macro: macros/anomalies. The score orders the list and decides nothing.
{{ config(materialized='table') }}

with

duplicate_invoice as ({{ duplicate_invoice() }}),

unmatched_payment as ({{ unmatched_payment() }}),

unusual_amount as ({{ unusual_amount() }}),

sequence_gap as ({{ sequence_gap() }}),

finding as (

    select * from duplicate_invoice
    union all by name
    select * from unmatched_payment
    union all by name
    select * from unusual_amount
    union all by name
    select * from sequence_gap

)

select
    finding.rule || '-' || left(md5(finding.finding_about), 12) as finding_id,
    finding.rule,
    finding.system,
    finding.document,
    finding.party_key,
    party.party_name,
    finding.document_date,
    finding.currency,
    finding.amount_at_risk::decimal(18, 2) as amount_at_risk,
    replace(finding.sentence, '{name}', coalesce(party.party_name, 'an unknown customer')) as sentence,
    finding.evidence,
    finding.suggested_action,
    finding.score::decimal(9, 4) as score,
    {{ generation() }} as _generation
from finding
left join {{ ref('party_names') }} as party using (party_key)
