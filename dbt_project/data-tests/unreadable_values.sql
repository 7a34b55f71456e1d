{{ config(severity='warn') }}

-- Values that a document cannot be without and that could not be read (staging turns them into null). A warning: one bad
-- record must not stop the others; the gate holds what would be written from it.
select doc_uid, state, document_date, currency, net, tax, total
from {{ ref('documents') }}
where _generation > {{ since() }}
    and state <> 'deleted'
    and (
        number is null
        or document_date is null
        or currency is null
        or total is null
        or (net is null and not (system = 'freshbooks' and doc_type = 'credit_note'))
    )

union all

select payment_uid, status, payment_date, currency, null, null, amount
from {{ ref('payments') }}
where _generation > {{ since() }}
    and status <> 'deleted'
    and (payment_date is null or currency is null or amount is null)
