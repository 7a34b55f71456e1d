/*
stop: 230
title: Prepayments not yet allocated
question: Which money was received before there was an invoice for it, and still waits on account?
columns:
  payment_id: FreshBooks payment id.
  party_key: Key of the party across the systems.
  party_name: Name of the customer in M3.
  received_on: Day on which M3 received it.
  currency: ISO 4217 currency of the amounts.
  received: Received on account.
  used: Of that, put on invoices since.
  waiting: What is left on account.
  sale_key: The sale that was paid in advance.
  sale_status: How that sale stands.
reading: >
  Money on account is a liability and no revenue. It is allocated in the pass after M3's invoice appears; a row whose sale
  is invoiced already is what the next pass does, or is held (see `held`).
*/
with

waiting as (

    select
        substr(our_ref, 4) as payment_id,
        party_uid,
        currency,
        min(payment_date) filter (where kind = 'on_account') as received_on,
        coalesce(sum(amount) filter (where kind = 'on_account'), 0)::decimal(18, 2) as received,
        abs(coalesce(sum(amount) filter (where kind = 'on_account_used'), 0))::decimal(18, 2) as used
    from canonical.payments
    where system = 'm3' and kind in ('on_account', 'on_account_used')
    group by all

)

select
    waiting.payment_id,
    link.party_key,
    party.name as party_name,
    waiting.received_on,
    waiting.currency,
    waiting.received,
    waiting.used,
    (waiting.received - waiting.used)::decimal(18, 2) as waiting,
    linked.sale_key,
    report.status as sale_status
from waiting
left join canonical.parties as party using (party_uid)
left join matched.party_links as link on link.m3_cuno = party.source_id
left join canonical.payments as payment
    on payment.system = 'freshbooks' and payment.source_id = waiting.payment_id
left join matched.sale_documents as linked on linked.doc_uid = payment.doc_uid
left join reports.reconciliation_documents as report using (sale_key)
where waiting.received <> waiting.used
order by waiting.received_on, waiting.payment_id
