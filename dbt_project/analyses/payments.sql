/*
stop: 220
title: Payments, and how they were applied
question: What became in M3 of every payment that FreshBooks shows?
parameters:
  since: {type: date, default: null, about: Only payments of this day or later; all without it.}
columns:
  payment_id: FreshBooks payment id; our reference in M3 is FBP or FBA and this number.
  payment_date: Day of the payment in FreshBooks.
  sale_key: The sale whose invoice was paid.
  method: How it was paid.
  currency: ISO 4217 currency of the amounts.
  amount: What FreshBooks shows.
  received_in_m3: Cash posted in M3 for it, on an invoice or on account.
  on_invoices: Of that, what stands on invoices.
  on_account: Of that, what still waits on account.
  m3_invoices: Numbers of the invoices it was put on.
  state: How far it is.
reading: >
  An allocation moves no cash: a prepayment is received once on account and later put on the invoice. "applied" means that
  all of the payment stands on invoices in M3. An entry in FreshBooks that uses credit is no receipt and never has one in M3.
*/
with

paid as (

    select
        payment.source_id as payment_id,
        payment.payment_date,
        linked.sale_key,
        payment.method,
        payment.currency,
        payment.amount,
        payment.is_allocation
    from canonical.payments as payment
    left join matched.sale_documents as linked using (doc_uid)
    where payment.system = 'freshbooks' and payment.status = 'active'
        and ($since::date is null or payment.payment_date >= $since)

),

posted as (

    select
        substr(entry.our_ref, 4) as payment_id,
        entry.currency,
        coalesce(sum(entry.amount) filter (where entry.kind in ('receipt', 'on_account')), 0) as received,
        coalesce(sum(entry.amount) filter (where entry.kind in ('receipt', 'allocation')), 0) as on_invoices,
        string_agg(distinct document.number, ', ' order by document.number) as invoices
    from canonical.payments as entry
    left join canonical.documents as document using (doc_uid)
    where entry.system = 'm3' and regexp_full_match(entry.our_ref, 'FB[PA][0-9]+')
    group by 1, 2

)

select
    paid.payment_id,
    paid.payment_date,
    paid.sale_key,
    paid.method,
    paid.currency,
    paid.amount,
    coalesce(posted.received, 0)::decimal(18, 2) as received_in_m3,
    coalesce(posted.on_invoices, 0)::decimal(18, 2) as on_invoices,
    coalesce(posted.received - posted.on_invoices, 0)::decimal(18, 2) as on_account,
    posted.invoices as m3_invoices,
    case
        when paid.is_allocation then 'credit used, no receipt'
        when posted.payment_id is null then 'not in M3 yet'
        when posted.received <> posted.on_invoices then 'partly on account'
        when posted.received < paid.amount then 'partly received'
        else 'applied'
    end as state
from paid
left join posted on posted.payment_id = paid.payment_id and posted.currency = paid.currency
order by paid.payment_date, try_cast(paid.payment_id as bigint), paid.payment_id
