-- The newest build whose tables these are, and the company's day: the newest that the data shows.
select
    build.generation,
    build.finished_at as built_at,
    coalesce(
        (select max(as_of) from reports.receivables_ageing),
        (select max(document_date) from reports.reconciliation_documents)
    ) as as_of
from (select max(_generation) as shown from reports.reconciliation_currencies) as tables
inner join ops.builds as build
    on build.generation = coalesce(
        tables.shown, (select max(generation) from ops.builds where status = 'complete')
    )
