-- Every document that differs or waits, by its cause.
with

waiting as (
    select *, coalesce(cause, 'unexplained') as reason
    from reports.reconciliation_documents
    where status <> 'not a document' and (cause is not null or difference <> 0 or open_difference <> 0)
)

select
    reason as cause,
    currency,
    count(*) as documents,
    sum(abs(difference))::decimal(18, 2) as difference,
    sum(abs(open_difference))::decimal(18, 2) as open_difference,
    max(age_days) as age_days
from waiting
group by reason, currency
order by reason <> 'unexplained', sum(abs(difference)) desc, count(*) desc
