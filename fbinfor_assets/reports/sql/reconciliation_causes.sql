-- Every document that does not agree everywhere, by how it stands: unexplained first.
select
    status,
    currency,
    count(*) as documents,
    sum(abs(shop_total - m3_invoiced))::decimal(18, 2) as not_invoiced,
    sum(abs(difference))::decimal(18, 2) as difference,
    sum(abs(open_difference))::decimal(18, 2) as open_difference,
    sum(unexplained)::decimal(18, 2) as unexplained,
    max(age_days) as age_days
from reports.reconciliation_documents
where status not in ('agrees', 'not a document')
group by status, currency
order by status <> 'unexplained', documents desc, status, currency
