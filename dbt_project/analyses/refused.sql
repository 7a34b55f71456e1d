/*
stop: 350
title: Dead letters by rule
question: What did a gate or a vendor refuse for good, by which rule, and what is an example?
columns:
  object: Outbound object.
  rule: The expectation of the suite, or the vendor's error.
  field: Field that broke it.
  state: open, or closed since a corrected record passed.
  letters: Number of dead letters.
  records: Number of different records.
  oldest: When the first was refused, UTC.
  newest: When the last was refused, UTC.
  example_key: One record.
  example_value: The value that was refused.
  example_message: What was said of it.
reading: >
  An open letter closes by itself when the corrected record passes the same gate. No rows: nothing was refused.
*/
select
    object,
    rule,
    field,
    state,
    count(*) as letters,
    count(distinct business_key) as records,
    min(created_at) as oldest,
    max(created_at) as newest,
    min(business_key) as example_key,
    arg_min(value, business_key) as example_value,
    arg_min(message, business_key) as example_message
from ops.dead_letters
group by object, rule, field, state
order by state = 'open' desc, letters desc, object, rule, field
