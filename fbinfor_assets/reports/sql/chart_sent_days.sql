-- By day of planning; by the hour if all of it is of two days, by month if it is of more than two.
with

span as (
    select max(planned_at)::date - min(planned_at)::date as days
    from reports.sent
),

written as (
    select
        case
            when span.days < 2 then date_trunc('hour', sent.planned_at)
            when span.days > 62 then date_trunc('month', sent.planned_at)
            else date_trunc('day', sent.planned_at)
        end as moment,
        case
            when span.days < 2 then '%d %b %Hh'
            when span.days > 62 then '%b %Y'
            else '%d %b'
        end as shape,
        sent.object
    from reports.sent as sent
    cross join span
)

select strftime(moment, shape) as category, object as series, count(*) as amount, null as currency
from written
group by moment, shape, object
order by moment, object
