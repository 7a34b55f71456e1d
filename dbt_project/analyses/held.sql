/*
stop: 340
title: What is held, why, and since when
question: Which records would be written but for something that stands in the way, and what should a person do?
columns:
  object: Outbound object.
  business_key: What it is about, in our words.
  operation: blocked (a named cause holds it) or conflict (a person decides).
  cause: From the policy's closed list.
  reason: The same as a sentence that names the record.
  document_date: Day of the document; NULL for master data.
  currency: ISO 4217 currency of the amount.
  amount: Gross amount that waits.
  judged_at: When the build that last judged it ended, UTC; it has been held at least since then.
reading: >
  Each row becomes free by itself when its cause is gone: nothing has to be started again. The table in
  docs/operations.md says what to do about each reason.
*/
with

outbound as (

    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_freshbooks__clients
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_freshbooks__invoices
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_freshbooks__credit_notes
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_m3__items
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_m3__customers
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_m3__orders
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_m3__credit_orders
    union all
    select object, business_key, operation, cause, reason, document_date, currency, amount, _generation
    from outbound.diff_m3__receipts

)

select
    outbound.object,
    outbound.business_key,
    outbound.operation,
    outbound.cause,
    outbound.reason,
    outbound.document_date,
    outbound.currency,
    outbound.amount,
    build.finished_at as judged_at
from outbound
left join ops.builds as build on build.generation = outbound._generation
where outbound.operation in ('blocked', 'conflict')
order by outbound.operation desc, outbound.document_date nulls first, outbound.object, outbound.business_key
