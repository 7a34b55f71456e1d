{#-
  Invoice numbers that are missing or used twice. Body of a CTE; columns as in reports.anomalies.

  Gapless by law are the numbers that M3 gives, per division, over the turn of a year as long as it counts on: a missing
  one is a finding, a cancelled one is listed with it. FreshBooks takes the shop's numbers, and the shop counts free goods,
  stock corrections and cancellations in the same sequence, so a gap there says nothing; what says something is a number
  used twice, a part of an order whose earlier part is missing (536365-3 without 536365-2), and a gap in a sequence that
  people number by hand. A jump of more than `jump` numbers begins another series.
-#}
{% macro sequence_gap(jump=1000, least=5) -%}
with

party_of as ({{ party_of_uid() }}),

m3_number as (

    select
        'm3' as system,
        'invoices of division ' || coalesce(invoice.division, '-') as series,
        try_cast(document.number as bigint) as position,
        document.invoice_year as year,
        document.*
    from {{ ref('documents') }} as document
    inner join {{ ref('stg_m3__invoices') }} as invoice on invoice.invoice_id = document.source_id
    where document.system = 'm3' and document.doc_type in ('invoice', 'credit_invoice')
      and try_cast(document.number as bigint) is not null

),

-- Numbers that people gave in FreshBooks: the same letters before a count, for documents that no shop order asked for.
own_number as (

    select
        'FreshBooks invoices ' || regexp_replace(document.number, '[0-9]+$', '') || '…' as series,
        try_cast(regexp_extract(document.number, '([0-9]+)$', 1) as bigint) as position,
        '' as year,
        document.*
    from {{ ref('documents') }} as document
    left join {{ ref('sale_documents') }} as linked using (doc_uid)
    left join {{ ref('sales') }} as sales using (sale_key)
    where document.system = 'freshbooks' and document.doc_type = 'invoice'
      and sales.shop_doc_uid is null
      and try_cast(regexp_extract(document.number, '([0-9]+)$', 1) as bigint) is not null

),

numbered as (

    select * from m3_number
    union all by name
    select * from own_number

),

stepped as (

    select
        *,
        lag(position) over series_order as position_before,
        lag(number) over series_order as number_before,
        lag(doc_uid) over series_order as doc_uid_before,
        lag(document_date) over series_order as date_before,
        lag(total) over series_order as total_before,
        count(*) over (partition by series) as numbers
    from numbered
    window series_order as (partition by series order by year, position)

),

missing as (

    select
        system,
        number_before || ' - ' || number as document,
        series || ' ' || number_before || ' ' || number as finding_about,
        null::varchar as party_key,
        document_date,
        currency,
        null::decimal(18, 2) as amount_at_risk,
        case when position - position_before = 2
            then 'Number ' || (position - 1) || ' is missing'
            else (position - position_before - 1) || ' numbers, ' || (position_before + 1) || ' to ' || (position - 1)
                || ', are missing'
        end || ' in the ' || series || ', between ' || number_before || ' of ' || {{ day_text('date_before') }} || ' and '
            || number || ' of ' || {{ day_text('document_date') }} || '.' as sentence,
        [
            {
                'system': system, 'document': number_before, 'doc_uid': doc_uid_before, 'date': date_before::varchar,
                'amount': total_before::varchar, 'currency': currency, 'says': 'the last before the gap'
            },
            {
                'system': system, 'document': number, 'doc_uid': doc_uid, 'date': document_date::varchar,
                'amount': total::varchar, 'currency': currency, 'says': 'the first after it'
            }
        ] as evidence,
        if(
            system = 'm3',
            'Look the number up in M3: print the invoice, or note why it was never used.',
            'Find the invoice, or note why the number was skipped.'
        ) as suggested_action,
        if(system = 'm3', 0.90, 0.50) as score
    from stepped
    where position - position_before between 2 and {{ jump }}
      and (system = 'm3' or numbers >= {{ least }})

),

used_twice as (

    select
        'freshbooks' as system,
        number as document,
        concat_ws(' ', 'freshbooks number', doc_type, number, document.currency) as finding_about,
        any_value(party.party_key) as party_key,
        max(document_date) as document_date,
        document.currency,
        sum(total)::decimal(18, 2) - max(total) as amount_at_risk,
        'The number ' || number || ' stands on ' || count(*) || ' FreshBooks '
            || if(doc_type = 'invoice', 'invoices', 'credit notes') || '.' as sentence,
        list({
            'system': 'freshbooks', 'document': number, 'doc_uid': doc_uid, 'date': document_date::varchar,
            'amount': total::varchar, 'currency': document.currency, 'says': state
        } order by document_date, doc_uid) as evidence,
        'Keep the one that the customer has, and delete or credit the other.' as suggested_action,
        0.85 as score
    from {{ ref('documents') }} as document
    left join party_of as party on party.party_uid = document.party_uid
    where document.system = 'freshbooks' and state <> 'deleted' and number is not null
    group by doc_type, number, document.currency
    -- Equal amounts under one number are a duplicate invoice already.
    having count(*) > 1 and (count(distinct total) > 1 or doc_type = 'credit_note')

),

part as (

    select linked.sale_key, document.*, coalesce(document.number_suffix, 1) as position
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('sales') }} as sales using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)
    where linked.role = 'freshbooks_invoice' and linked.seq < 1000 and sales.shop_doc_uid is not null

),

missing_part as (

    select
        'freshbooks' as system,
        part.number as document,
        'freshbooks part ' || part.number as finding_about,
        party.party_key,
        part.document_date,
        part.currency,
        null::decimal(18, 2) as amount_at_risk,
        'Order ' || part.sale_key || ' has the invoice ' || part.number || ' but not the one before it, '
            || part.sale_key || if(part.position > 2, '-' || (part.position - 1), '') || '.' as sentence,
        [{
            'system': 'freshbooks', 'document': part.number, 'doc_uid': part.doc_uid, 'date': part.document_date::varchar,
            'amount': part.total::varchar, 'currency': part.currency, 'says': part.state
        }] as evidence,
        'See in FreshBooks whether the earlier part was deleted, and in M3 whether its goods were invoiced.' as suggested_action,
        0.60 as score
    from part
    left join party_of as party on party.party_uid = part.party_uid
    where part.position > 1 and part.state <> 'deleted'
      and not exists (
          select 1 from part as before where before.sale_key = part.sale_key and before.position = part.position - 1
      )

)

select 'sequence_gap' as rule, * replace (to_json(evidence)::varchar as evidence)
from (
    select * from missing
    union all by name
    select * from used_twice
    union all by name
    select * from missing_part
)
{%- endmacro %}
