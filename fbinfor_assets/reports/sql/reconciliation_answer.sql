-- What each currency's pairs leave unexplained, and how its documents stand.
with

pairs as (
    select currency, sum(unexplained)::decimal(18, 2) as unexplained
    from reports.reconciliation_currencies
    group by currency
),

documents as (
    select
        currency,
        count(*) as documents,
        count(*) filter (where status = 'agrees') as agreeing,
        count(*) filter (where status = 'unexplained') as unexplained_documents,
        sum(freshbooks_sent)::decimal(18, 2) as freshbooks_sent,
        sum(m3_invoiced)::decimal(18, 2) as m3_invoiced,
        sum(difference)::decimal(18, 2) as difference
    from reports.reconciliation_documents
    where status <> 'not a document'
    group by currency
)

select
    coalesce(pairs.currency, documents.currency) as currency,
    coalesce(pairs.unexplained, 0)::decimal(18, 2) as unexplained,
    coalesce(documents.documents, 0) as documents,
    coalesce(documents.agreeing, 0) as agreeing,
    coalesce(documents.unexplained_documents, 0) as unexplained_documents,
    coalesce(documents.freshbooks_sent, 0)::decimal(18, 2) as freshbooks_sent,
    coalesce(documents.m3_invoiced, 0)::decimal(18, 2) as m3_invoiced,
    coalesce(documents.difference, 0)::decimal(18, 2) as difference
from pairs
full join documents using (currency)
order by documents desc, currency
