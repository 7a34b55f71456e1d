with

lines as (
    select currency, sum(lines) as lines, sum(net)::decimal(18, 3) as shop_net
    from reports.line_classes
    group by currency
),

revenue as (
    select
        currency,
        count(distinct period) as periods,
        min(period) as first_period,
        max(period) as last_period,
        sum(m3_net)::decimal(18, 2) as m3_net,
        sum(freshbooks_net)::decimal(18, 2) as freshbooks_net,
        sum(rounding)::decimal(18, 3) as rounding,
        sum(credited)::decimal(18, 2) as credited
    from reports.revenue_by_class
    group by currency
)

select
    coalesce(lines.currency, revenue.currency) as currency,
    coalesce(lines.lines, 0) as lines,
    coalesce(lines.shop_net, 0)::decimal(18, 3) as shop_net,
    coalesce(revenue.periods, 0) as periods,
    revenue.first_period,
    revenue.last_period,
    coalesce(revenue.m3_net, 0)::decimal(18, 2) as m3_net,
    coalesce(revenue.freshbooks_net, 0)::decimal(18, 2) as freshbooks_net,
    coalesce(revenue.rounding, 0)::decimal(18, 3) as rounding,
    coalesce(revenue.credited, 0)::decimal(18, 2) as credited
from lines
full join revenue using (currency)
order by lines desc, currency
