select pair, currency, documents, left_total, right_total, difference, explained, unexplained
from reports.reconciliation_currencies
order by currency, pair
