select
    case bucket
        when 'not_due' then 'not due'
        when 'days_1_30' then '1 to 30 days'
        when 'days_31_60' then '31 to 60 days'
        when 'days_61_90' then '61 to 90 days'
        when 'over_90' then 'over 90 days'
        else 'on account'
    end as category,
    bucket as series,
    sum(amount)::decimal(18, 2) as amount,
    currency
from (
    unpivot (from reports.receivables_ageing)
    on not_due, days_1_30, days_31_60, days_61_90, over_90, on_account
    into name bucket value amount
)
where currency = $currency
group by bucket, currency
order by array_position(['not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'over_90', 'on_account'], bucket)
