select
    strftime(period, '%Y-%m-01') || ' ' || currency as key,
    period, currency, documents, freshbooks_invoiced, m3_invoiced, difference,
    freshbooks_received, m3_received, cash_difference, credited
from reports.reconciliation_periods
order by period, currency
