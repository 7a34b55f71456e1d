select
    party_key || ' ' || currency as key,
    party_key, party_name, currency, documents, disagreeing, freshbooks_sent, m3_invoiced, difference,
    freshbooks_open, m3_open, open_difference, freshbooks_received, m3_received
from reports.reconciliation_parties
order by disagreeing desc, abs(difference) + abs(open_difference) desc, abs(m3_invoiced) desc, party_key, currency
