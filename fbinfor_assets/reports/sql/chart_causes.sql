select coalesce(cause, 'unexplained') as category, 'documents' as series, count(*) as amount, null as currency
from reports.reconciliation_documents
where status <> 'not a document' and (cause is not null or difference <> 0 or open_difference <> 0)
group by 1
order by amount desc, 1
