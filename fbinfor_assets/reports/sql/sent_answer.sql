select
    count(*) as writes,
    count(*) filter (where state = 'confirmed') as confirmed,
    count(*) filter (where state in ('planned', 'ready', 'sending', 'acknowledged')) as under_way,
    count(*) filter (where state in ('in_doubt', 'conflict', 'dead')) as failed,
    count(*) filter (where state = 'superseded') as superseded
from reports.sent
