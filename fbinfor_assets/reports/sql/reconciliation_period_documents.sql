-- Per month of the order the documents that do not agree, then the largest; `most` of each.
select
    strftime(document_date, '%Y-%m-01') || ' ' || currency as key,
    sale_key, document_date, freshbooks_sent, m3_invoiced, difference, open_difference, status
from reports.reconciliation_documents
where status <> 'not a document'
qualify
    row_number() over (
        partition by strftime(document_date, '%Y-%m'), currency
        order by status = 'agrees', unexplained desc, abs(m3_invoiced) desc, sale_key
    ) <= $most
order by key, status = 'agrees', unexplained desc, abs(m3_invoiced) desc, sale_key
