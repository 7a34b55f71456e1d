{#-
  The same sale billed twice: same party, same currency, same total, under two numbers, and either the same lines within
  `days` days (`days_of_one_line` if there is but one line: one article is easily ordered again) or the same day. Body of a
  CTE; columns as in reports.anomalies.

  What is no duplicate: parts of one order (536365, 536365-2); guests, who are many people under one name, unless day and
  lines agree and there are three lines at least; equal orders that come again on three days or more (a standing order);
  what was credited in full since. Alerts about the same lines of the same party are one finding.
-#}
{% macro duplicate_invoice(days=14, days_of_one_line=3) -%}
with

-- What was billed: sales as they were ordered, a second FreshBooks invoice under a number, M3 invoices made by hand.
every_bill as (

    select
        sales.sale_key,
        coalesce(sales.freshbooks_first_doc_uid, sales.shop_doc_uid) as doc_uid,
        anchor.doc_uid as lines_of,
        if(sales.freshbooks_first_doc_uid is not null, 'freshbooks', anchor.system) as system,
        anchor.number,
        sales.party_key,
        sales.document_date,
        sales.currency,
        sales.order_total as total,
        false as repeats_number
    from {{ ref('sales') }} as sales
    inner join {{ ref('documents') }} as anchor
        on anchor.doc_uid = coalesce(sales.shop_doc_uid, sales.freshbooks_first_doc_uid)
    where sales.class = 'sale' and anchor.state <> 'deleted'

    union all

    select
        linked.sale_key, document.doc_uid, document.doc_uid, 'freshbooks', document.number, sales.party_key,
        document.document_date, document.currency, document.total, true
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('sales') }} as sales using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)
    where linked.role = 'freshbooks_invoice' and linked.seq > 1000 and document.state <> 'deleted'

    union all

    select
        amounts.sale_key, document.doc_uid, document.doc_uid, 'm3', document.number, amounts.party_key,
        document.document_date, document.currency, document.total, false
    from {{ ref('reconciliation_amounts') }} as amounts
    inner join {{ ref('documents') }} as document on 'M3-' || document.source_id = amounts.sale_key
    where amounts.is_stray and document.doc_type = 'invoice'

),

-- Only what a party was billed for more than once can be a duplicate; its lines are compared as one text.
repeated as (

    select *
    from every_bill
    where total > 0
    qualify count(*) over (partition by party_key, currency, total) > 1

),

line_content as (

    select
        doc_uid as lines_of,
        md5(string_agg(content, '|' order by content)) as content,
        count(*) as lines
    from (
        select line.doc_uid, upper(coalesce(line.sku, '')) || ' ' || line.quantity || ' ' || line.unit_price as content
        from {{ ref('document_lines') }} as line
        where line.doc_uid in (select lines_of from repeated)
    )
    group by doc_uid

),

billed as (

    select repeated.*, line_content.content, line_content.lines
    from repeated
    left join line_content using (lines_of)

),

standing_order as (

    select party_key, currency, total, content
    from billed
    group by party_key, currency, total, content
    having count(distinct document_date) >= 3

),

pair as (

    select
        later.*,
        earlier.doc_uid as earlier_doc_uid,
        earlier.system as earlier_system,
        earlier.number as earlier_number,
        earlier.document_date as earlier_date,
        coalesce(later.content = earlier.content, false) as same_lines,
        later.number = earlier.number as same_number,
        date_diff('day', earlier.document_date, later.document_date) as days_apart
    from billed as later
    inner join billed as earlier
        on earlier.party_key = later.party_key
        and earlier.currency = later.currency
        and earlier.total = later.total
        and (earlier.document_date, earlier.doc_uid) < (later.document_date, later.doc_uid)
        and later.document_date - earlier.document_date <= {{ days }}
    where earlier.sale_key <> later.sale_key or later.repeats_number or earlier.repeats_number

),

likely as (

    select
        pair.*,
        if(same_lines, content, doc_uid) as about,
        case
            when same_number then 0.99
            when same_lines and days_apart = 0 then 0.95
            when same_lines then 0.85 - 0.03 * days_apart
            else 0.40
        end as score
    from pair
    left join standing_order using (party_key, currency, total, content)
    left join {{ ref('party_names') }} as party using (party_key)
    where same_number or case
        when coalesce(party.is_walk_in, false) then same_lines and days_apart = 0 and lines >= 3
        when not same_lines or days_apart = 0 then days_apart = 0
        when standing_order.content is not null then false
        else lines > 1 or days_apart <= {{ days_of_one_line }}
    end

),

piece as (

    select party_key, currency, total, about, doc_uid, system, number, document_date from likely
    union
    select party_key, currency, total, about, earlier_doc_uid, earlier_system, earlier_number, earlier_date from likely

),

case_of_pieces as (

    select
        party_key,
        currency,
        total,
        about,
        count(*) as documents,
        min((document_date, doc_uid))::varchar as first_piece,
        max_by(number, (document_date, length(number), number)) as last_number,
        max_by(system, (document_date, length(number), number)) as last_system,
        min(document_date) as first_date,
        max(document_date) as last_date,
        list(number || ' of ' || {{ day_text('document_date') }} order by document_date, length(number), number) as names,
        list({
            'system': system, 'document': number, 'doc_uid': doc_uid, 'date': document_date::varchar,
            'amount': total::varchar, 'currency': currency, 'says': 'billed'
        } order by document_date, length(number), number) as evidence
    from piece
    group by party_key, currency, total, about

),

reason as (

    select
        party_key, currency, total, about, bool_or(same_lines) as same_lines, bool_or(same_number) as same_number,
        max(lines) as lines, max(score) as score
    from likely
    group by party_key, currency, total, about

),

credit as (

    select found.party_key, found.currency, found.total, found.about, count(*) as credits
    from case_of_pieces as found
    inner join {{ ref('sales') }} as sales
        on sales.class = 'credit' and sales.party_key = found.party_key and sales.currency = found.currency
        and abs(sales.order_total) = found.total and sales.document_date >= found.first_date
    group by found.party_key, found.currency, found.total, found.about

)

select
    'duplicate_invoice' as rule,
    found.last_system as system,
    found.last_number as document,
    found.first_piece || found.total || found.currency || if(reason.same_lines, '', found.about) as finding_about,
    found.party_key,
    found.last_date as document_date,
    found.currency,
    (found.total * (found.documents - 1 - coalesce(credit.credits, 0)))::decimal(18, 2) as amount_at_risk,
    '{name} was billed ' || {{ amount_text('found.total', 'found.currency') }} || ' '
        || if(found.documents = 2, 'twice', found.documents || ' times')
        || case
            when reason.same_number then ' under one number'
            when reason.same_lines and reason.lines = 1 then ' for the same line'
            when reason.same_lines then ' for the same ' || reason.lines || ' lines'
            else ' on one day, for different lines'
        end || ': ' || array_to_string(found.names[:4], ', ')
        || if(found.documents > 4, ' and ' || (found.documents - 4) || ' more', '')
        || if(credit.credits > 0, '; credited so far: ' || credit.credits, '') || '.' as sentence,
    to_json(found.evidence)::varchar as evidence,
    'Ask the customer or the warehouse whether each was ordered; credit those that were not.' as suggested_action,
    reason.score
from case_of_pieces as found
inner join reason using (party_key, currency, total, about)
left join credit using (party_key, currency, total, about)
where found.documents - 1 > coalesce(credit.credits, 0)
{%- endmacro %}
