select
    currency,
    max(as_of) as as_of,
    count(*) as parties,
    sum(total_open)::decimal(18, 2) as total_open,
    sum(not_due)::decimal(18, 2) as not_due,
    sum(days_1_30 + days_31_60 + days_61_90 + over_90)::decimal(18, 2) as overdue,
    sum(over_90)::decimal(18, 2) as over_90,
    sum(on_account)::decimal(18, 2) as on_account,
    sum(freshbooks_open)::decimal(18, 2) as freshbooks_open,
    sum(difference)::decimal(18, 2) as difference
from reports.receivables_ageing
group by currency
order by parties desc, currency
