select replace(rule, '_', ' ') as category, rule as series, sum(amount_at_risk)::decimal(18, 2) as amount, currency
from reports.anomalies
where currency = $currency
group by rule, currency
having sum(amount_at_risk) <> 0
order by amount desc, rule
