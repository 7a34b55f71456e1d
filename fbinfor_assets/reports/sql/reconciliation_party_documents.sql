-- Per party the documents that differ, then the largest; `most` of each.
select
    party_key || currency as key,
    sale_key, document_date, freshbooks_sent, m3_invoiced, difference, open_difference, cause
from reports.reconciliation_documents
where status <> 'not a document'
qualify
    row_number() over (
        partition by party_key, currency
        order by cause is null and difference = 0, abs(difference) desc, abs(m3_invoiced) desc, sale_key
    ) <= $most
order by key, cause is null and difference = 0, abs(difference) desc, abs(m3_invoiced) desc, sale_key
