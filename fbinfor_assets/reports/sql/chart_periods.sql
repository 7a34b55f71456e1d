select strftime(period, '%b %Y') as category, system as series, amount, currency
from (
    unpivot reports.reconciliation_periods
    on freshbooks_invoiced, m3_invoiced
    into name system value amount
)
where currency = $currency
order by period, system
