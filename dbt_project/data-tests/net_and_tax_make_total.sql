{{ config(severity='warn') }}

-- Integrity: net and tax add up to the total. M3 rounds an order's total on its own (ROAM), within the cent per line.
select doc_uid, net, tax, total
from {{ ref('documents') }}
where _generation > {{ since() }}
    and abs(net + tax - total) > if(system = 'm3' and doc_type in ('order', 'credit_order'), 0.01 * greatest(line_count, 1), 0)
