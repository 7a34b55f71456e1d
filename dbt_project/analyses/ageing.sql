/*
stop: 210
title: Who owes us what
question: How much does each customer owe, how long overdue, and does FreshBooks say the same?
parameters:
  party: {type: text, default: null, about: "Only this party, e.g. SHOP-17850; all without it."}
columns:
  party_key: Key of the party across the systems.
  party_name: Name of the customer.
  currency: ISO 4217 currency of the amounts.
  as_of: The company's day by which the age is counted.
  total_open: All that is open on the customer's account in M3, money on account taken off.
  not_due: Invoices not due yet.
  days_1_30: Overdue up to 30 days.
  days_31_60: Overdue 31 to 60 days.
  days_61_90: Overdue 61 to 90 days.
  over_90: Overdue more than 90 days.
  on_account: Received and not yet put on an invoice, and credits; negative.
  oldest_due_date: Due date of the oldest open invoice.
  freshbooks_open: What FreshBooks shows as open.
  difference: total_open less freshbooks_open.
reading: >
  From M3's ledger, the book of record. The ages and on_account add up to total_open.
*/
select
    party_key,
    party_name,
    currency,
    as_of,
    total_open,
    not_due,
    days_1_30,
    days_31_60,
    days_61_90,
    over_90,
    on_account,
    oldest_due_date,
    freshbooks_open,
    difference
from reports.receivables_ageing
where (total_open <> 0 or on_account <> 0 or freshbooks_open <> 0)
    and ($party::varchar is null or party_key = $party)
order by currency, total_open desc, party_key
