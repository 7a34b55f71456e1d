-- Those that differ or have a cause, then the largest.
select
    document.sale_key, party.party_name, document.document_date, document.currency,
    document.shop_total, document.freshbooks_sent, document.m3_invoiced, document.difference,
    document.open_difference, coalesce(document.cause, if(difference <> 0 or open_difference <> 0, 'unexplained', null)) as cause,
    document.age_days, document.m3_invoice_numbers
from reports.reconciliation_documents as document
left join (select party_key, any_value(party_name) as party_name from reports.reconciliation_parties group by party_key)
    as party using (party_key)
where document.status <> 'not a document'
order by
    document.cause is null and document.difference = 0 and document.open_difference = 0,
    abs(document.difference) + abs(document.open_difference) desc,
    abs(document.m3_invoiced) desc,
    document.sale_key
