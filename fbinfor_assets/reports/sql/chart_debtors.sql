-- The parties that owe most, by how late it is.
with

largest as (
    select *
    from reports.receivables_ageing
    where currency = $currency and total_open > 0
    order by total_open desc, party_key
    limit 12
)

select
    left(coalesce(nullif(party_name, ''), party_key), 34) as category,
    bucket as series,
    amount,
    currency
from (
    unpivot largest
    on not_due, days_1_30, days_31_60, days_61_90, over_90
    into name bucket value amount
)
where amount <> 0
order by
    total_open desc,
    party_key,
    array_position(['not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'over_90'], bucket)
