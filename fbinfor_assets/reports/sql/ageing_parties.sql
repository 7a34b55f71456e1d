select
    party_key || currency as key,
    party_key, party_name, currency, not_due, days_1_30, days_31_60, days_61_90, over_90, on_account, total_open,
    freshbooks_open, difference, oldest_due_date
from reports.receivables_ageing
order by over_90 + days_61_90 + days_31_60 + days_1_30 desc, total_open desc, party_key, currency
