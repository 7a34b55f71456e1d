select period, line_class, currency, lines, shop_net, freshbooks_net, m3_net, rounding, credited
from reports.revenue_by_class
order by period, abs(m3_net) desc, line_class, currency
