-- M3 receipts from FreshBooks payments: allocated to the M3 invoice where there is one, else on account,
-- and the allocation of what stands on account once the invoice appears. A payment of type Credit moves no cash.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_sales', 'sale_key') }}") }}

with

standing as ({{ standing_intents('m3__receipts') }}),

payment as (

    select
        linked.sale_key,
        linked.seq,
        payment.source_id as payment_id,
        payment.payment_date,
        payment.currency,
        -- The receipt is what arrived: the payment and the excess that FreshBooks split off (POLICY, Sale 6).
        (payment.amount + coalesce(excess.total, 0))::decimal(18, 2) as amount,
        payment.amount as applied,
        payment.method,
        link.m3_cuno,
        method.bope,
        invoice.number as invoice_number
    from {{ ref('payments') }} as payment
    inner join {{ ref('sale_documents') }} as linked
        on linked.doc_uid = payment.doc_uid and linked.role = 'freshbooks_invoice'
    inner join {{ ref('affected_sales') }} using (sale_key)
    inner join {{ ref('sales') }} as sales using (sale_key)
    inner join {{ ref('documents') }} as invoice on invoice.doc_uid = payment.doc_uid
    left join {{ ref('party_links') }} as link on link.party_key = sales.party_key
    left join {{ ref('payment_methods') }} as method on method.freshbooks_type = payment.method
    left join {{ ref('documents') }} as excess
        on excess.system = 'freshbooks' and excess.doc_type = 'credit_note'
        and excess.source_id = payment.overpayment_id and excess.state <> 'deleted'
    where payment.system = 'freshbooks' and not payment.is_allocation and payment.status = 'active'

),

m3_invoice as (

    select
        linked.sale_key, linked.seq, document.source_id, document.number, document.document_date, document.outstanding,
        document.invoice_year
    from {{ ref('sale_documents') }} as linked
    inner join {{ ref('affected_sales') }} using (sale_key)
    inner join {{ ref('documents') }} as document using (doc_uid)
    where linked.role = 'm3_invoice'

),

-- What M3 already has of each payment, by our reference in the ledger.
m3_receipt as (

    select
        regexp_extract(our_ref, '^FB[PA](\d+)$', 1) as payment_id,
        sum(amount) filter (where kind = 'receipt') as received,
        sum(amount) filter (where kind = 'on_account') as on_account,
        count(*) filter (where kind = 'allocation') as allocations,
        sum(amount) filter (where kind = 'allocation') as allocated
    from {{ ref('payments') }}
    -- An allocation has two postings; the one on the on-account item only turns the other around.
    where system = 'm3' and our_ref like 'FB%' and (kind <> 'allocation' or account_item <> 'P' || substr(our_ref, 4))
    group by 1

),

receipts as (

    select
        payment.*,
        'payment:' || payment.payment_id as business_key,
        payment.payment_id as target_ref,
        m3_invoice.number as cino,
        m3_invoice.invoice_year,
        least(payment.applied, coalesce(m3_invoice.outstanding, 0))::decimal(18, 2) as to_invoice,
        m3_receipt.payment_id is not null as in_m3,
        standing.state as intent_state
    from payment
    left join m3_invoice using (sale_key, seq)
    left join m3_receipt using (payment_id)
    left join standing on standing.target_ref = payment.payment_id

),

receipt_lines as (

    -- Part 1 goes to the invoice, part 2 stands on account.
    select
        payment_id,
        list({
            'TRNO': part::varchar,
            'CINO': case when part = 1 then cino else 'P' || payment_id end,
            'INYR': case when part = 1 then invoice_year else strftime(payment_date, '%Y') end,
            'CUNO': m3_cuno,
            'PYNO': m3_cuno,
            'PYAM': {{ money_text('part_amount') }},
            'CUCD': currency,
            'PYTP': case when part = 2 then {{ setting('m3_on_account_payment_type') }} else '' end,
            'CKNO': 'FBP' || payment_id,
            'LPDT': strftime(payment_date, '%Y%m%d')
        } order by part) as lines,
        case when min(part) = 2 then 'on_account' else 'receipt' end as kind
    from (
        select receipts.*, 1 as part, to_invoice as part_amount from receipts where to_invoice > 0
        union all
        select receipts.*, 2 as part, amount - to_invoice as part_amount from receipts where amount - to_invoice > 0
    )
    group by payment_id

),

allocations as (

    select
        payment.*,
        'allocation:' || payment.payment_id || ':' || m3_receipt.allocations as business_key,
        {{ allocation_batch('payment.payment_id', 'm3_receipt.allocations') }}::varchar as target_ref,
        m3_invoice.number as cino,
        m3_invoice.invoice_year,
        m3_invoice.document_date as invoice_date,
        least(m3_receipt.on_account - coalesce(m3_receipt.allocated, 0), m3_invoice.outstanding)::decimal(18, 2) as part_amount,
        standing.state as intent_state
    from payment
    inner join m3_receipt using (payment_id)
    inner join m3_invoice using (sale_key, seq)
    left join standing
        on standing.target_ref = {{ allocation_batch('payment.payment_id', 'm3_receipt.allocations') }}::varchar
    where m3_receipt.on_account - coalesce(m3_receipt.allocated, 0) > 0
      and m3_invoice.outstanding > 0
      and m3_receipt.allocations < 10

),

judged as (

    select
        receipts.sale_key,
        business_key,
        target_ref,
        payment_date as document_date,
        currency,
        amount,
        case
            when in_m3 or intent_state is not null then 'none'
            when not {{ after_go_live('sale', 'payment_date') }} then 'none'
            when m3_cuno is null or bope is null then 'blocked'
            when amount <= 0 then 'blocked'
            when receipt_lines.kind = 'on_account' and {{ setting('prepayment') }} = 'hold' then 'blocked'
            else 'create'
        end as operation,
        case
            when in_m3 or intent_state is not null then null
            when not {{ after_go_live('sale', 'payment_date') }} then 'before go-live'
            when m3_cuno is null or bope is null or amount <= 0 then 'held'
            when receipt_lines.kind = 'on_account' and {{ setting('prepayment') }} = 'hold' then 'prepaid'
        end as cause,
        case
            when in_m3 then 'agrees'
            when intent_state is not null then 'on its way: intent is ' || intent_state
            when not {{ after_go_live('sale', 'payment_date') }} then 'dated before the go-live day'
            when m3_cuno is null then 'waits for its M3 customer'
            when bope is null then 'payment type ' || method || ' has no M3 operation: add it to payment_methods'
            when amount <= 0 then 'a payment that is not positive is decided by a person'
            when receipt_lines.kind = 'on_account' and {{ setting('prepayment') }} = 'hold'
                then 'paid before M3 invoiced: held until the invoice exists'
            when receipt_lines.kind = 'on_account' then 'paid before M3 invoiced: goes on account'
            else 'payment of ' || invoice_number || ' has no M3 receipt yet'
        end as reason,
        to_json({
            'head': {'PBID': target_ref, 'BOPE': bope, 'ACDT': strftime(payment_date, '%Y%m%d')},
            'lines': receipt_lines.lines,
            'kind': receipt_lines.kind
        })::varchar as payload,
        payment_id
    from receipts
    left join receipt_lines using (payment_id)

    union all

    select
        sale_key,
        business_key,
        target_ref,
        greatest(payment_date, invoice_date) as document_date,
        currency,
        part_amount as amount,
        case when intent_state is not null then 'none' else 'create' end as operation,
        null as cause,
        case
            when intent_state is not null then 'on its way: intent is ' || intent_state
            else 'prepayment of ' || invoice_number || ' can be allocated to M3 invoice ' || cino
        end as reason,
        to_json({
            'head': {
                'PBID': target_ref,
                'BOPE': {{ setting('m3_allocation_operation') }},
                'ACDT': strftime(greatest(payment_date, invoice_date), '%Y%m%d')
            },
            'lines': [
                {
                    'TRNO': '1', 'CINO': 'P' || payment_id, 'INYR': strftime(payment_date, '%Y'),
                    'CUNO': m3_cuno, 'PYNO': m3_cuno, 'PYAM': {{ money_text('-part_amount') }}, 'CUCD': currency,
                    'PYTP': {{ setting('m3_on_account_payment_type') }}, 'CKNO': 'FBA' || payment_id,
                    'LPDT': strftime(greatest(payment_date, invoice_date), '%Y%m%d')
                },
                {
                    'TRNO': '2', 'CINO': cino, 'INYR': invoice_year,
                    'CUNO': m3_cuno, 'PYNO': m3_cuno, 'PYAM': {{ money_text('part_amount') }}, 'CUCD': currency,
                    'PYTP': '', 'CKNO': 'FBA' || payment_id,
                    'LPDT': strftime(greatest(payment_date, invoice_date), '%Y%m%d')
                }
            ],
            'kind': 'allocation'
        })::varchar as payload,
        payment_id
    from allocations

)

select
    sale_key,
    business_key,
    'm3' as target,
    'm3__receipts' as object,
    operation,
    target_ref,
    null::varchar as remote_id,
    cause,
    reason,
    document_date,
    currency,
    amount,
    case when operation = 'create' then payload end as payload,
    '{}' as agreed,
    case
        when business_key like 'payment:%' then to_json([{
            'entity': 'payment', 'left_system': 'freshbooks', 'left_id': payment_id,
            'right_system': 'm3', 'right_id': target_ref
        }])::varchar
        else '[]'
    end as links,
    '[]' as diff,
    {{ generation() }} as _generation
from judged
