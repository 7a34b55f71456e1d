/*
stop: 120
title: Revenue by class and month
question: What was sold, by class and month, as the shop, FreshBooks and M3 have it?
parameters:
  class: {type: text, default: null, about: Only this class of lines; all without it.}
columns:
  period: First day of the month.
  line_class: What was sold (goods, freight, …).
  currency: ISO 4217 currency of the amounts.
  lines: Number of lines.
  shop_net: Ordered without tax, three decimals.
  freshbooks_net: Invoiced in FreshBooks without tax.
  m3_net: Invoiced in M3 without tax, the book of record.
  rounding: What M3 booked above the shop's net of the same lines, by rounding to cents.
  credited: Credit notes without tax.
reading: >
  FreshBooks and M3 are equal once everything is delivered. The shop's figure also holds what was ordered and not yet
  shipped, so it may be higher; rounding compares only what is invoiced.
*/
select
    period,
    line_class,
    currency,
    lines,
    shop_net,
    freshbooks_net,
    m3_net,
    rounding,
    credited
from reports.revenue_by_class
where $class::varchar is null or line_class = $class
order by period, currency, m3_net desc, line_class
