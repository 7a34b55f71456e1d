-- Per party the documents that do not agree, then the largest; `most` of each.
select
    party_key || ' ' || currency as key,
    sale_key, document_date, freshbooks_sent, m3_invoiced, difference, open_difference, status
from reports.reconciliation_documents
where status <> 'not a document'
qualify
    row_number() over (
        partition by party_key, currency
        order by status = 'agrees', unexplained desc, abs(m3_invoiced) desc, sale_key
    ) <= $most
order by key, status = 'agrees', unexplained desc, abs(m3_invoiced) desc, sale_key
