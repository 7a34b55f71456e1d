-- What each month shows in FreshBooks and in M3, each document and payment in the month of its own date there: control
-- totals of all that is posted, also of what belongs to no sale. A document dated on both sides of a month's end differs in
-- both months and not in their sum.
{{ config(materialized='table') }}

with

document as (

    select date_trunc('month', document_date)::date as period, *
    from {{ ref('documents') }}
    where state <> 'deleted' and (
        (system = 'm3' and doc_type in ('invoice', 'credit_invoice'))
        or (system = 'freshbooks' and doc_type = 'invoice' and state <> 'draft')
        or (system = 'freshbooks' and doc_type = 'credit_note' and coalesce(subtype, 'goodwill') = 'goodwill')
    )

),

documents as (

    select
        period,
        currency,
        count(*) filter (where system = 'm3') as documents,
        count(*) filter (where system = 'freshbooks') as freshbooks_documents,
        sum(total) filter (where system = 'freshbooks' and doc_type = 'invoice') as freshbooks_invoiced,
        sum(total) filter (where system = 'm3' and doc_type = 'invoice') as m3_invoiced,
        sum(total) filter (where system = 'freshbooks' and doc_type = 'credit_note') as freshbooks_credited,
        sum(-total) filter (where system = 'm3' and doc_type = 'credit_invoice') as m3_credited
    from document
    group by period, currency

),

payments as (

    select
        date_trunc('month', payment.payment_date)::date as period,
        payment.currency,
        sum(payment.amount + coalesce(excess.total, 0))
            filter (where payment.system = 'freshbooks' and not payment.is_allocation) as freshbooks_received,
        sum(payment.amount) filter (where payment.system = 'm3' and payment.kind in ('receipt', 'on_account')) as m3_received
    from {{ ref('payments') }} as payment
    left join {{ ref('documents') }} as excess
        on excess.doc_uid = 'freshbooks:credit_note:' || payment.overpayment_id
        and excess.state <> 'deleted' and excess.currency = payment.currency
    where payment.status = 'active'
    group by all

)

select
    period::varchar || ' ' || currency as period_currency,
    period,
    currency,
    coalesce(documents.documents, 0) as documents,
    coalesce(documents.freshbooks_documents, 0) as freshbooks_documents,
    coalesce(documents.freshbooks_invoiced, 0)::decimal(18, 2) as freshbooks_invoiced,
    coalesce(documents.m3_invoiced, 0)::decimal(18, 2) as m3_invoiced,
    (coalesce(documents.freshbooks_invoiced, 0) - coalesce(documents.m3_invoiced, 0))::decimal(18, 2) as difference,
    coalesce(payments.freshbooks_received, 0)::decimal(18, 2) as freshbooks_received,
    coalesce(payments.m3_received, 0)::decimal(18, 2) as m3_received,
    (coalesce(payments.freshbooks_received, 0) - coalesce(payments.m3_received, 0))::decimal(18, 2) as cash_difference,
    coalesce(documents.m3_credited, 0)::decimal(18, 2) as credited,
    coalesce(documents.freshbooks_credited, 0)::decimal(18, 2) as freshbooks_credited,
    {{ generation() }} as _generation
from documents
full outer join payments using (period, currency)
