-- What each currency's documents leave unexplained, and how they stand. One mistake shows in several pairs of systems, so the
-- amount is that of each document's worst pair, not the sum of all.
select
    currency,
    sum(unexplained)::decimal(18, 2) as unexplained,
    count(*) as documents,
    count(*) filter (where status = 'agrees') as agreeing,
    count(*) filter (where status = 'unexplained') as unexplained_documents,
    sum(freshbooks_sent)::decimal(18, 2) as freshbooks_sent,
    sum(m3_invoiced)::decimal(18, 2) as m3_invoiced,
    sum(difference)::decimal(18, 2) as difference
from reports.reconciliation_documents
where status <> 'not a document'
group by currency
order by documents desc, currency
