-- What is open per party, the largest first; `most` of each.
select
    party_key || currency as key,
    sale_key, document_date, m3_invoice_numbers, m3_invoiced, m3_open, freshbooks_open, open_difference
from reports.reconciliation_documents
where m3_open <> 0 or freshbooks_open <> 0
qualify row_number() over (partition by party_key, currency order by abs(m3_open) desc, sale_key) <= $most
order by key, abs(m3_open) desc, sale_key
