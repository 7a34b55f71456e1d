{#-
  The same sale billed twice: same party, same currency, same total, under two numbers, and either the same lines within
  `days` days or the same day. Body of a CTE; columns as in reports.anomalies.

  What is no duplicate: parts of one order (536365, 536365-2); guests, who are many people under one name, unless day and
  lines agree and there are three lines at least; equal orders that come again and again (a standing order); an order that
  was credited in full and billed again.
-#}
{% macro duplicate_invoice(days=14) -%}
with

line_content as (

    select
        doc_uid,
        md5(string_agg(content, '|' order by content)) as content,
        count(*) as lines
    from (
        select doc_uid, upper(coalesce(sku, '')) || ' ' || quantity || ' ' || unit_price as content
        from {{ ref('document_lines') }}
    )
    group by doc_uid

),

-- What was billed: sales as they were ordered, a second FreshBooks invoice under a number, M3 invoices made by hand.
billed as (

    select
        sales.sale_key,
        anchor.doc_uid,
        if(sales.freshbooks_first_doc_uid is not null, 'freshbooks', anchor.system) as system,
        anchor.number,
        sales.party_key,
        sales.document_date,
        sales.currency,
        sales.order_total as total,
        line_content.content,
        line_content.lines,
        false as repeats_number
    from {{ ref('sales') }} as sales
    inner join {{ ref('documents') }} as anchor
        on anchor.doc_uid = coalesce(sales.shop_doc_uid, sales.freshbooks_first_doc_uid)
    left join line_content on line_content.doc_uid = anchor.doc_uid
    where sales.class = 'sale' and anchor.state <> 'deleted'

    union all

    select
        linked.sale_key, document.doc_uid, 'freshbooks', document.number, sales.party_key, document.document_date,
        document.currency, document.total, line_content.content, line_content.lines, true
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('sales') }} as sales using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)
    left join line_content using (doc_uid)
    where linked.role = 'freshbooks_invoice' and linked.seq > 1000 and document.state <> 'deleted'

    union all

    select
        amounts.sale_key, document.doc_uid, 'm3', document.number, amounts.party_key, document.document_date,
        document.currency, document.total, line_content.content, line_content.lines, false
    from {{ ref('reconciliation_amounts') }} as amounts
    inner join {{ ref('documents') }} as document on 'M3-' || document.source_id = amounts.sale_key
    left join line_content using (doc_uid)
    where amounts.is_stray and document.doc_type = 'invoice'

),

-- How often the same content comes again, each time on another day: from three days on it is a standing order.
standing_order as (

    select party_key, currency, total, content, count(distinct document_date) as days
    from billed
    group by party_key, currency, total, content

),

pair as (

    select
        later.*,
        earlier.doc_uid as earlier_doc_uid,
        earlier.system as earlier_system,
        earlier.number as earlier_number,
        earlier.document_date as earlier_date,
        later.content = earlier.content as same_lines,
        later.document_date = earlier.document_date as same_day,
        date_diff('day', earlier.document_date, later.document_date) as days_apart
    from billed as later
    inner join billed as earlier
        on earlier.party_key = later.party_key
        and earlier.currency = later.currency
        and earlier.total = later.total
        and (earlier.document_date, earlier.doc_uid) < (later.document_date, later.doc_uid)
        and later.document_date - earlier.document_date <= {{ days }}
    where later.total > 0
      and (earlier.sale_key <> later.sale_key or later.repeats_number or earlier.repeats_number)

),

likely as (

    select pair.*
    from pair
    left join {{ ref('party_names') }} as party using (party_key)
    left join standing_order using (party_key, currency, total, content)
    where case
        when number = earlier_number then true
        when coalesce(party.is_walk_in, false) then same_lines and same_day and lines >= 3
        when same_lines and same_day then true
        when same_lines then standing_order.days < 3
        else same_day
    end

),

-- Credited in full on or after the later day: billed again, and put right.
credited as (

    select distinct likely.doc_uid, likely.earlier_doc_uid
    from likely
    inner join {{ ref('sales') }} as credit
        on credit.class = 'credit' and credit.party_key = likely.party_key and credit.currency = likely.currency
        and -abs(credit.order_total) = -likely.total
        and credit.document_date >= likely.earlier_date

)

select
    'duplicate_invoice' as rule,
    likely.system,
    likely.number as document,
    likely.doc_uid || ' ' || likely.earlier_doc_uid as finding_about,
    likely.party_key,
    likely.document_date,
    likely.currency,
    likely.total as amount_at_risk,
    '{name}' || case
        when likely.number = likely.earlier_number then ' has two invoices under the number ' || likely.number || ', each of '
            || {{ amount_text('likely.total', 'likely.currency') }} || '.'
        else ' was billed ' || {{ amount_text('likely.total', 'likely.currency') }} || ' twice: '
            || likely.earlier_number || ' of ' || {{ day_text('likely.earlier_date') }} || ' and ' || likely.number
            || case when likely.same_day then ' of the same day' else ' of ' || {{ day_text('likely.document_date') }} end
            || case
                when likely.same_lines then ', with the same ' || if(likely.lines = 1, 'line', likely.lines || ' lines')
                else ', with other lines'
            end || '.'
    end as sentence,
    to_json([
        {
            'system': earlier_system, 'document': earlier_number, 'doc_uid': earlier_doc_uid,
            'date': earlier_date::varchar, 'amount': total::varchar, 'currency': likely.currency, 'says': 'billed first'
        },
        {
            'system': likely.system, 'document': number, 'doc_uid': likely.doc_uid,
            'date': document_date::varchar, 'amount': total::varchar, 'currency': likely.currency, 'says': 'billed again'
        }
    ])::varchar as evidence,
    'Ask the customer or the warehouse whether both were ordered; if not, credit ' || likely.number || '.' as suggested_action,
    case
        when number = earlier_number then 0.99
        when same_lines and same_day then 0.95
        when same_lines then 0.85 - 0.03 * days_apart
        else 0.40
    end as score
from likely
left join credited using (doc_uid, earlier_doc_uid)
where credited.doc_uid is null
qualify row_number() over (partition by likely.doc_uid order by score desc, earlier_doc_uid) = 1
{%- endmacro %}
