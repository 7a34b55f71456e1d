select
    line_class as category,
    if(posts, 'posts', 'posts_nothing') as series,
    sum(net)::decimal(18, 3) as amount,
    currency
from reports.line_classes
where currency = $currency
group by line_class, posts, currency
having sum(net) <> 0
order by sum(sum(net)) over (partition by line_class) desc, line_class, series
