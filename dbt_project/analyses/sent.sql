/*
stop: 330
title: What was sent, and why
question: What was written to FreshBooks and to M3 on a day, and for which reason?
parameters:
  day: {type: date, default: null, about: "Day of the write, UTC; the newest with writes without it."}
columns:
  planned_at: When the write was planned, UTC.
  settled_at: When it was confirmed by reading it back, UTC.
  target: System that was written to.
  object: Outbound object.
  operation: create or update.
  business_key: What it is about, in our words.
  remote_id: Id of the record there.
  currency: ISO 4217 currency of the amount.
  amount: Gross amount; NULL for master data.
  state: confirmed, or how far it is.
  reason: Why it was sent, as it was known then.
  changes: Field by field old and new, JSON list.
  error: What the vendor said, if it refused.
reading: >
  Nothing is written without such a row, and each names one record. A day of the clock, not of the documents: a replayed
  year is sent today.
*/
select
    planned_at,
    settled_at,
    target,
    object,
    operation,
    business_key,
    remote_id,
    currency,
    amount,
    state,
    reason,
    changes,
    error
from reports.sent
where planned_at::date = coalesce($day::date, (select max(planned_at)::date from reports.sent))
order by planned_at, object, business_key, target_ref
