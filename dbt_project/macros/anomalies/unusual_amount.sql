{#-
  An order far outside the customer's habit. Body of a CTE; columns as in reports.anomalies.

  A robust z over the logarithm of the totals: distance from the customer's median in units of 1.4826 times the median
  absolute deviation, which is shrunk towards the one all customers have in common as if that were `prior` orders more.
  Customers with fewer than `least` other orders have no habit yet; guests are many people and have none at all. The
  statistics are floating-point; no amount is.
-#}
{% macro unusual_amount(threshold=3.5, least=8, prior=8) -%}
with

sale as (

    select
        sales.sale_key,
        anchor.doc_uid,
        if(sales.freshbooks_first_doc_uid is not null, 'freshbooks', anchor.system) as system,
        anchor.number,
        sales.party_key,
        sales.document_date,
        sales.currency,
        sales.order_total as total,
        ln(sales.order_total::double) as log_total
    from {{ ref('sales') }} as sales
    inner join {{ ref('documents') }} as anchor
        on anchor.doc_uid = coalesce(sales.shop_doc_uid, sales.freshbooks_first_doc_uid)
    left join {{ ref('party_names') }} as party using (party_key)
    where sales.class = 'sale' and sales.order_total > 0 and anchor.state <> 'deleted'
      and not coalesce(party.is_walk_in, false)

),

habit as (

    select
        party_key,
        currency,
        count(*) as orders,
        median(log_total) as middle,
        1.4826 * mad(log_total) as own_spread
    from sale
    group by party_key, currency
    having count(*) > {{ least }}

),

common as (select median(own_spread) as spread from habit),

scored as (

    select
        sale.*,
        habit.orders - 1 as other_orders,
        habit.middle,
        (sale.log_total - habit.middle) / sqrt(
            (habit.orders * habit.own_spread ** 2 + {{ prior }} * common.spread ** 2) / (habit.orders + {{ prior }})
        ) as distance
    from sale
    inner join habit using (party_key, currency)
    cross join common
    where common.spread > 0

),

unusual as (

    select * from scored where abs(distance) >= {{ threshold }}

),

other as (

    select
        unusual.doc_uid,
        quantile_disc(sale.total, 0.1 order by sale.total) as usual_low,
        quantile_disc(sale.total, 0.9 order by sale.total) as usual_high,
        -- The ten nearest in time, for whoever wants to see what is usual.
        list({
            'system': sale.system, 'document': sale.number, 'doc_uid': sale.doc_uid, 'date': sale.document_date::varchar,
            'amount': sale.total::varchar, 'currency': sale.currency, 'says': 'usual'
        } order by abs(sale.document_date - unusual.document_date), sale.number)[:10] as usual
    from unusual
    inner join sale
        on sale.party_key = unusual.party_key and sale.currency = unusual.currency and sale.doc_uid <> unusual.doc_uid
    group by unusual.doc_uid

)

select
    'unusual_amount' as rule,
    unusual.system,
    unusual.number as document,
    unusual.doc_uid as finding_about,
    unusual.party_key,
    unusual.document_date,
    unusual.currency,
    if(distance > 0, unusual.total - usual_high, usual_low - unusual.total)::decimal(18, 2) as amount_at_risk,
    '{name} usually orders for ' || replace({{ amount_text('usual_low', 'unusual.currency') }}, ' ' || unusual.currency, '')
        || ' to ' || {{ amount_text('usual_high', 'unusual.currency') }} || ' (' || other_orders || ' other orders); '
        || unusual.number || ' is ' || {{ amount_text('unusual.total', 'unusual.currency') }} || '.' as sentence,
    to_json(list_prepend({
        'system': unusual.system, 'document': unusual.number, 'doc_uid': unusual.doc_uid,
        'date': unusual.document_date::varchar, 'amount': unusual.total::varchar, 'currency': unusual.currency,
        'says': 'this one'
    }, usual))::varchar as evidence,
    if(
        distance > 0,
        'Check quantities and prices of the order before it is delivered.',
        'Check whether a quantity or a price lost a digit.'
    ) as suggested_action,
    least(abs(distance) / 10, 0.99) as score
from unusual
inner join other using (doc_uid)
where (distance > 0 and unusual.total > usual_high) or (distance < 0 and unusual.total < usual_low)
{%- endmacro %}
