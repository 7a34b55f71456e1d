-- The bottom line: each pair of systems in each currency. Explained amounts keep their signs; unexplained ones lose them, so
-- that two opposite mistakes are two.
{{ config(materialized='table') }}

select
    pair || ' ' || currency as pair_currency,
    pair,
    any_value(pair_no) as pair_no,
    currency,
    count(*) as documents,
    sum(left_total)::decimal(18, 2) as left_total,
    sum(right_total)::decimal(18, 2) as right_total,
    sum(difference)::decimal(18, 2) as difference,
    sum(explained)::decimal(18, 2) as explained,
    sum(unexplained)::decimal(18, 2) as unexplained,
    {{ generation() }} as _generation
from {{ ref('reconciliation_pairs') }}
group by pair, currency
