select status as category, if(status = 'unexplained', 'unexplained', 'explained') as series, count(*) as amount, null as currency
from reports.reconciliation_documents
where status not in ('agrees', 'not a document')
group by status
order by amount desc, status
