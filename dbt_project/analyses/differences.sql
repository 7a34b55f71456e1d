/*
stop: 140
title: Where the systems differ, and why
question: Which sales stand with other amounts in FreshBooks than in M3, or are not in both yet, and what is the cause?
parameters:
  cause: {type: text, default: null, about: "Only this cause, e.g. not delivered yet; all without it."}
columns:
  sale_key: Shop order number, or FB-<invoice id>.
  document_date: Day of the order.
  age_days: Days since, on the company's day.
  currency: ISO 4217 currency of the amounts.
  shop_total: Ordered with tax.
  freshbooks_sent: Invoices that FreshBooks has sent.
  m3_invoiced: Invoices of M3.
  difference: freshbooks_sent less m3_invoiced.
  open_difference: What is open in FreshBooks less what is open in M3.
  cause: From the policy's closed list; NULL is unexplained.
  unexplained: What no cause explains, summed without signs.
  owner: Who has to act (warehouse, fbinfor, finance).
  note: The same in words.
reading: >
  What is unexplained comes first: a person has to look. `fbinfor sql order --param order=…` shows
  what is known of one sale. This is the staged view; the control that counts is `fbinfor reconcile`, which reads both anew.
*/
select
    sale_key,
    document_date,
    age_days,
    currency,
    shop_total,
    freshbooks_sent,
    m3_invoiced,
    difference,
    open_difference,
    cause,
    unexplained,
    owner,
    note
from reports.reconciliation_documents
where (difference <> 0 or open_difference <> 0 or cause is not null or unexplained <> 0)
    and ($cause::varchar is null or cause = $cause)
order by unexplained desc, abs(difference) + abs(open_difference) desc, sale_key
