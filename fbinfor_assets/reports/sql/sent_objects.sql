select
    object,
    currency,
    count(*) as writes,
    count(*) filter (where operation = 'create') as created,
    count(*) filter (where operation = 'update') as updated,
    count(*) filter (where state = 'confirmed') as confirmed,
    count(*) filter (where state in ('planned', 'ready', 'sending', 'acknowledged')) as under_way,
    count(*) filter (where state in ('in_doubt', 'conflict', 'dead')) as failed,
    sum(amount)::decimal(18, 2) as amount
from reports.sent
group by object, currency
order by failed desc, object, currency
