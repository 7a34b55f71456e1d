select strftime(date_trunc('month', document_date), '%b %Y') as category, rule as series, count(*) as amount, null as currency
from reports.anomalies
where document_date is not null
group by date_trunc('month', document_date), rule
order by date_trunc('month', document_date), rule
