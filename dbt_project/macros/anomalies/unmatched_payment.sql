{#-
  Money that is in one system and not where it belongs in the other. Body of a CTE; columns as in reports.anomalies.

  Four ways: a FreshBooks payment that M3 does not have, or has with another amount; an M3 receipt that FreshBooks does not
  know; a receipt on account that never found an invoice; an overpayment that nobody used or paid back. Younger than the age
  of what is in transit (policy `timing_max_days`) it is on its way, not a finding; money paid ahead may wait for its goods
  as long as an invoice may wait for its money (`payment_terms_days`).
-#}
{% macro unmatched_payment() -%}
with

day as (select {{ as_of_day() }} as as_of, {{ setting('timing_max_days') }}::integer as transit_days),

party_of as ({{ party_of_uid() }}),

freshbooks_payment as (

    select
        payment.*,
        (payment.amount + coalesce(excess.total, 0))::decimal(18, 2) as received,
        document.number as invoice_number,
        document.state as invoice_state,
        party.party_key
    from {{ ref('payments') }} as payment
    left join {{ ref('documents') }} as document using (doc_uid)
    left join {{ ref('documents') }} as excess
        on excess.doc_uid = 'freshbooks:credit_note:' || payment.overpayment_id
        and excess.state <> 'deleted' and excess.currency = payment.currency
    left join party_of as party on party.party_uid = coalesce(document.party_uid, payment.party_uid)
    where payment.system = 'freshbooks' and payment.status = 'active' and not payment.is_allocation

),

m3_entry as (

    select
        payment.*,
        nullif(regexp_extract(payment.our_ref, '^FB[PA](\d+)$', 1), '') as payment_id,
        party.party_key
    from {{ ref('payments') }} as payment
    left join party_of as party on party.party_uid = payment.party_uid
    where payment.system = 'm3' and payment.status = 'active'

),

m3_of_payment as (

    select
        payment_id,
        sum(amount) filter (where kind in ('receipt', 'on_account')) as received,
        sum(amount) filter (where kind in ('on_account', 'on_account_used')) as on_account,
        min(payment_date) as first_date
    from m3_entry
    where payment_id is not null
    group by payment_id

),

-- 1. A payment that M3 does not have in full.
missing_in_m3 as (

    select
        'freshbooks' as system,
        'payment ' || payment.source_id as document,
        payment.payment_uid as finding_about,
        payment.party_key,
        payment.payment_date as document_date,
        payment.currency,
        (payment.received - coalesce(m3.received, 0))::decimal(18, 2) as amount_at_risk,
        'FreshBooks shows ' || {{ amount_text('payment.received', 'payment.currency') }} || ' from {name} on '
            || {{ day_text('payment.payment_date') }} || ' for invoice ' || coalesce(payment.invoice_number, 'without number')
            || case
                when m3.payment_id is null then '; M3 has no receipt of it after '
                else '; M3 has ' || {{ amount_text('m3.received', 'payment.currency') }} || ' of it after '
            end || date_diff('day', payment.payment_date, as_of) || ' days.' as sentence,
        [{
            'system': 'freshbooks', 'document': 'payment ' || payment.source_id, 'doc_uid': payment.payment_uid,
            'date': payment.payment_date::varchar, 'amount': payment.received::varchar, 'currency': payment.currency,
            'says': coalesce(payment.method, 'payment') || ' for invoice ' || coalesce(payment.invoice_number, '?')
        }] as evidence,
        'See `fbinfor plan` for what holds the receipt; if nothing does, look at the gateway or the bank whether the money arrived.'
            as suggested_action,
        0.90 as score
    from freshbooks_payment as payment
    cross join day
    left join m3_of_payment as m3 on m3.payment_id = payment.source_id
    where payment.received <> coalesce(m3.received, 0)
      and date_diff('day', payment.payment_date, as_of) > transit_days
      and {{ after_go_live('sale', 'payment.payment_date') }}

),

-- 2. A receipt in M3 that no FreshBooks payment explains.
missing_in_freshbooks as (

    select
        'm3' as system,
        coalesce(document.number, entry.account_item) as document,
        entry.payment_uid as finding_about,
        entry.party_key,
        entry.payment_date as document_date,
        entry.currency,
        abs(entry.amount)::decimal(18, 2) as amount_at_risk,
        'M3 shows ' || {{ amount_text('entry.amount', 'entry.currency') }} || ' from {name} on '
            || {{ day_text('entry.payment_date') }} || ' for invoice ' || document.number
            || '; FreshBooks knows no such payment and still asks for it.' as sentence,
        [{
            'system': 'm3', 'document': 'ledger entry ' || entry.source_id, 'doc_uid': entry.payment_uid,
            'date': entry.payment_date::varchar, 'amount': entry.amount::varchar, 'currency': entry.currency,
            'says': coalesce('reference ' || entry.our_ref, 'entered by hand') || ', invoice ' || document.number
        }] as evidence,
        'Enter the payment in FreshBooks, or reverse it in M3 if it was entered there by mistake.' as suggested_action,
        0.80 as score
    from m3_entry as entry
    cross join day
    inner join {{ ref('documents') }} as document using (doc_uid)
    left join freshbooks_payment as ours on ours.source_id = entry.payment_id
    where entry.kind = 'receipt' and ours.source_id is null
      and date_diff('day', entry.payment_date, as_of) > transit_days

),

-- 3. Money on account, per item: the payment's own, or the number that a person gave it.
account_item as (

    select
        entry.account_item,
        entry.party_uid,
        any_value(entry.party_key) as party_key,
        entry.currency,
        any_value(entry.payment_id) as payment_id,
        min(entry.payment_date) as received_on,
        any_value(entry.payment_uid) as payment_uid,
        sum(entry.amount)::decimal(18, 2) as left_over
    from m3_entry as entry
    where entry.kind in ('on_account', 'on_account_used')
    group by entry.account_item, entry.party_uid, entry.currency
    having sum(entry.amount) > 0

),

never_invoiced as (

    select
        'm3' as system,
        item.account_item as document,
        concat_ws(':', 'm3:on_account', item.party_uid, item.account_item, item.currency) as finding_about,
        item.party_key,
        item.received_on as document_date,
        item.currency,
        item.left_over as amount_at_risk,
        case
            when excess.doc_uid is not null
                then '{name} paid ' || {{ amount_text('least(item.left_over, excess.outstanding)', 'item.currency') }}
                    || ' too much on ' || {{ day_text('item.received_on') }} || '; after '
                    || date_diff('day', item.received_on, as_of) || ' days it is neither used nor paid back.'
            else {{ amount_text('item.left_over', 'item.currency') }} || ' from {name} stands on account in M3 since '
                || {{ day_text('item.received_on') }}
                || case
                    when invoice.doc_uid is not null then ', although invoice ' || invoice.number || ' is there for it.'
                    when ours.source_id is not null then ': paid ahead for ' || ours.invoice_number || ', which was not delivered in '
                        || date_diff('day', item.received_on, as_of) || ' days.'
                    else ' and never found an invoice.'
                end
        end as sentence,
        list_filter([
            {
                'system': 'm3', 'document': item.account_item, 'doc_uid': item.payment_uid,
                'date': item.received_on::varchar, 'amount': item.left_over::varchar, 'currency': item.currency,
                'says': 'left on account'
            },
            {
                'system': 'freshbooks', 'document': 'payment ' || ours.source_id, 'doc_uid': ours.payment_uid,
                'date': ours.payment_date::varchar, 'amount': ours.received::varchar, 'currency': ours.currency,
                'says': 'for invoice ' || ours.invoice_number
            },
            {
                'system': 'm3', 'document': invoice.number, 'doc_uid': invoice.doc_uid,
                'date': invoice.document_date::varchar, 'amount': invoice.outstanding::varchar, 'currency': invoice.currency,
                'says': 'open on the invoice'
            }
        ], lambda piece: piece.doc_uid is not null) as evidence,
        case
            when excess.doc_uid is not null then 'Pay it back, or use it on the customer''s next invoice.'
            when invoice.doc_uid is not null then 'Allocate it to the invoice; see `fbinfor plan` for what holds the allocation.'
            when ours.source_id is not null then 'Ask the warehouse about the order; pay back what will not be delivered.'
            else 'Find the invoice it belongs to, or pay it back.'
        end as suggested_action,
        case when ours.source_id is null then 0.85 when excess.doc_uid is not null then 0.70 else 0.60 end as score
    from account_item as item
    cross join day
    left join freshbooks_payment as ours on ours.source_id = item.payment_id
    left join {{ ref('documents') }} as excess
        on excess.doc_uid = 'freshbooks:credit_note:' || ours.overpayment_id and excess.outstanding > 0
        and excess.state <> 'deleted'
    left join (
        select paid.doc_uid as paid_doc_uid, document.*
        from {{ ref('sale_documents') }} as paid
        inner join {{ ref('sale_documents') }} as linked
            on linked.sale_key = paid.sale_key and linked.seq = paid.seq and linked.role = 'm3_invoice'
        inner join {{ ref('documents') }} as document on document.doc_uid = linked.doc_uid
        where paid.role = 'freshbooks_invoice' and document.outstanding > 0
    ) as invoice on invoice.paid_doc_uid = ours.doc_uid
    where date_diff('day', item.received_on, as_of) > case
        when ours.source_id is not null and excess.doc_uid is null and invoice.doc_uid is null
            then {{ setting('payment_terms_days') }}::integer
        else transit_days
    end

),

-- 4. An invoice that was paid more than it asks for.
overpaid as (

    select
        document.system,
        document.number as document,
        document.doc_uid as finding_about,
        party.party_key,
        document.document_date,
        document.currency,
        (-document.outstanding)::decimal(18, 2) as amount_at_risk,
        'Invoice ' || document.number || ' of {name} asks for ' || {{ amount_text('document.total', 'document.currency') }}
            || ' and was paid ' || {{ amount_text('document.total - document.outstanding', 'document.currency') }} || ': '
            || {{ amount_text('-document.outstanding', 'document.currency') }} || ' too much.' as sentence,
        [{
            'system': document.system, 'document': document.number, 'doc_uid': document.doc_uid,
            'date': document.document_date::varchar, 'amount': document.outstanding::varchar, 'currency': document.currency,
            'says': 'open amount'
        }] as evidence,
        'Pay the excess back, or move it to the customer''s next invoice.' as suggested_action,
        0.75 as score
    from {{ ref('documents') }} as document
    cross join day
    left join party_of as party on party.party_uid = document.party_uid
    where document.doc_type = 'invoice' and document.state not in ('deleted', 'draft') and document.outstanding < 0
      and date_diff('day', document.document_date, as_of) > transit_days

)

select 'unmatched_payment' as rule, * replace (to_json(evidence)::varchar as evidence)
from (
    select * from missing_in_m3
    union all by name
    select * from missing_in_freshbooks
    union all by name
    select * from never_invoiced
    union all by name
    select * from overpaid
)
{%- endmacro %}
