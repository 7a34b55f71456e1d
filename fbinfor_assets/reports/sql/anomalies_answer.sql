select rule, currency, count(*) as findings, coalesce(sum(amount_at_risk), 0)::decimal(18, 2) as amount_at_risk
from reports.anomalies
group by rule, currency
order by rule, currency
