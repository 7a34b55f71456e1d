select strftime(period, '%b %Y') as category, line_class as series, m3_net as amount, currency
from reports.revenue_by_class
where currency = $currency and m3_net <> 0
order by period, line_class
