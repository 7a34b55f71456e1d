-- What does not agree first, then the largest.
select
    comparison_key as key,
    sale_key, party_name, document_date, currency, shop_total, freshbooks_sent, m3_invoiced, difference,
    open_difference, status, age_days, m3_invoice_numbers, counterpart, owner, note
from reports.reconciliation_documents
where status <> 'not a document'
order by
    status = 'agrees', unexplained desc, abs(difference) + abs(open_difference) desc, abs(m3_invoiced) desc, comparison_key
