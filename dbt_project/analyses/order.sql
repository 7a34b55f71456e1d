/*
stop: 310
title: Where is an order
question: What became of an order on its way through the shop, FreshBooks and M3?
parameters:
  order: {type: text, default: "536365", about: "Number of the shop order, e.g. 536365 or C536379, or FB-<invoice id>."}
columns:
  part: document, payment or write.
  day: The document's or the payment's own day; of a write the instant's day, UTC.
  system: shop, freshbooks or m3.
  what: Kind of document or payment; of a write the outbound object and operation.
  number: Number that people see there.
  state: How it stands.
  currency: ISO 4217 currency of the amounts.
  total: Amount with tax.
  outstanding: What is open of it.
  reference: Our reference, by which the record is found again.
reading: >
  Documents first, in the order in which they follow each other; then the money; then what was written by us and when.
  A write that is not confirmed is looked up in the target before anything is sent again.
*/
with

linked as (

    select
        linked.seq,
        list_position(['shop_order', 'freshbooks_invoice', 'freshbooks_credit_note', 'm3_order', 'm3_invoice'], linked.role)
            as place,
        document.*
    from matched.sale_documents as linked
    inner join canonical.documents as document using (doc_uid)
    where linked.sale_key = $order

),

steps as (

    select
        'document' as part,
        1 as part_no,
        place * 10000 + seq as place,
        document_date as day,
        system,
        doc_type as what,
        number,
        state,
        currency,
        total,
        outstanding,
        our_ref as reference
    from linked
    union all
    select
        'payment',
        2,
        row_number() over (order by payment.payment_date, payment.payment_uid),
        payment.payment_date,
        payment.system,
        payment.kind,
        payment.source_id,
        payment.status,
        payment.currency,
        payment.amount,
        null,
        payment.our_ref
    from canonical.payments as payment
    where payment.doc_uid in (select doc_uid from linked)
    union all
    select
        'write',
        3,
        row_number() over (order by created_at, id),
        created_at::date,
        target,
        object || ' ' || operation,
        coalesce(remote_id, target_ref),
        state,
        currency,
        amount,
        null,
        target_ref
    from ops.intents
    where business_key = $order
        or regexp_full_match(business_key, regexp_escape($order) || '-[0-9]+')
        or business_key in (
            select 'payment:' || source_id
            from canonical.payments
            where system = 'freshbooks' and doc_uid in (select doc_uid from linked)
        )

)

select part, day, system, what, number, state, currency, total, outstanding, reference
from steps
order by part_no, place
