select
    replace(object, '__', ' ') as category,
    case
        when state in ('in_doubt', 'conflict', 'dead') then 'failed'
        when state in ('confirmed', 'superseded') then state
        else 'under_way'
    end as series,
    count(*) as amount,
    null as currency
from reports.sent
group by all
order by category, series
