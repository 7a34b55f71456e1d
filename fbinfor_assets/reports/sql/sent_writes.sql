-- What did not arrive first, then the newest.
select
    intent_id, object, operation, business_key, target_ref, remote_id, document_date, currency, amount, state, reason,
    changes, planned_at, settled_at, error
from reports.sent
order by state not in ('in_doubt', 'conflict', 'dead'), planned_at desc, intent_id desc
