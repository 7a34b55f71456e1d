{#-
  An order far above the customer's habit. Body of a CTE; columns as in reports.anomalies.

  A robust z over the logarithm of the totals: distance from the customer's median in units of 1.4826 times the median
  absolute deviation, which is shrunk towards the one all customers have in common as if that were `prior` orders more.
  Only upwards, and only what lies `above` times over what nine in ten orders stay below: below the habit are the small
  orders that every customer adds to a large one (in the Online Retail year 288 of 315 findings, none of them wrong).
  Customers with fewer than `least` other orders have no habit yet: they are held against the orders of all customers, with
  a greater distance (`newcomer`). What was credited in full since is at no risk any more, and says so. Guests are many people and take no part. The statistics are floating-point; no amount is.
-#}
{% macro unusual_amount(threshold=3.5, newcomer=5, above=1.5, least=8, prior=8) -%}
with

sale as (

    select
        coalesce(sales.freshbooks_first_doc_uid, sales.shop_doc_uid) as doc_uid,
        if(sales.freshbooks_first_doc_uid is not null, 'freshbooks', anchor.system) as system,
        anchor.number,
        sales.party_key,
        sales.document_date,
        sales.currency,
        sales.order_total as total,
        ln(sales.order_total::double) as log_total,
        count(*) over (partition by sales.party_key, sales.currency) as orders
    from {{ ref('sales') }} as sales
    inner join {{ ref('documents') }} as anchor
        on anchor.doc_uid = coalesce(sales.shop_doc_uid, sales.freshbooks_first_doc_uid)
    left join {{ ref('party_names') }} as party using (party_key)
    where sales.class = 'sale' and sales.order_total > 0 and anchor.state <> 'deleted'
      and not coalesce(party.is_walk_in, false)

),

habit as (

    select party_key, currency, median(log_total) as middle, 1.4826 * mad(log_total) as own_spread
    from sale
    where orders > {{ least }}
    group by party_key, currency

),

common as (select currency, median(own_spread) as spread from habit group by currency),

everyone as (

    select
        currency,
        median(log_total) as middle,
        1.4826 * mad(log_total) as spread,
        quantile_disc(total, 0.9 order by total) as usual_high
    from sale
    group by currency
    having count(*) > {{ least }}

),

unusual as (

    select
        sale.*,
        false as is_newcomer,
        (sale.log_total - habit.middle) / sqrt(
            (sale.orders * habit.own_spread ** 2 + {{ prior }} * common.spread ** 2) / (sale.orders + {{ prior }})
        ) as distance
    from sale
    inner join habit using (party_key, currency)
    inner join common using (currency)
    where common.spread > 0 and distance >= {{ threshold }}

    union all

    select sale.*, true, (sale.log_total - everyone.middle) / everyone.spread as distance
    from sale
    inner join everyone using (currency)
    where sale.orders <= {{ least }} and everyone.spread > 0 and distance >= {{ newcomer }}

),

-- What the party ordered otherwise: how much, and the ten nearest in time for whoever wants to see what is usual.
other as (

    select
        unusual.doc_uid,
        quantile_disc(sale.total, 0.1 order by sale.total) as usual_low,
        quantile_disc(sale.total, 0.9 order by sale.total) as usual_high,
        list({
            'system': sale.system, 'document': sale.number, 'doc_uid': sale.doc_uid, 'date': sale.document_date::varchar,
            'amount': sale.total::varchar, 'currency': sale.currency, 'says': 'another order'
        } order by abs(sale.document_date - unusual.document_date), sale.number)[:10] as others
    from unusual
    inner join sale
        on sale.party_key = unusual.party_key and sale.currency = unusual.currency and sale.doc_uid <> unusual.doc_uid
    group by unusual.doc_uid

),

measured as (

    select
        unusual.*,
        exists (
            select 1
            from {{ ref('sales') }} as credit
            where credit.class = 'credit' and credit.party_key = unusual.party_key
              and credit.currency = unusual.currency and credit.order_total = -unusual.total
              and credit.document_date >= unusual.document_date
        ) as is_credited,
        other.usual_low,
        if(unusual.is_newcomer, everyone.usual_high, other.usual_high) as usual_high,
        other.others
    from unusual
    inner join everyone using (currency)
    left join other using (doc_uid)

)

select
    'unusual_amount' as rule,
    system,
    number as document,
    doc_uid as finding_about,
    party_key,
    document_date,
    currency,
    if(is_credited, 0, total - usual_high)::decimal(18, 2) as amount_at_risk,
    case
        when is_newcomer
            then '{name} ' || case
                when orders = 1 then 'has no other order'
                when orders = 2 then 'has one other order'
                else 'has ' || (orders - 1) || ' other orders'
            end || '; nine in ten orders of all customers are below ' || {{ amount_text('usual_high', 'currency') }}
        else '{name} usually orders for ' || replace({{ amount_text('usual_low', 'currency') }}, ' ' || currency, '')
            || ' to ' || {{ amount_text('usual_high', 'currency') }} || ' (' || (orders - 1) || ' other orders)'
    end || '; ' || number || ' is ' || {{ amount_text('total', 'currency') }}
        || if(is_credited, ' and was credited in full since', '') || '.' as sentence,
    to_json(list_prepend({
        'system': system, 'document': number, 'doc_uid': doc_uid, 'date': document_date::varchar,
        'amount': total::varchar, 'currency': currency, 'says': 'this one'
    }, others))::varchar as evidence,
    if(
        is_credited,
        'Nothing, if the credit was meant for it.',
        'Check quantities and prices of the order before it is delivered.'
    ) as suggested_action,
    least(distance / 10, 0.99) * if(is_credited, 0.5, 1) as score
from measured
where total > {{ above }}::decimal(9, 2) * usual_high
{%- endmacro %}
