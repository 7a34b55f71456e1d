{{ config(severity='warn') }}

-- Integrity: what is open on an M3 invoice is its total less what was paid or allocated; RECO 9 means nothing is open.
select doc_uid, total, paid, outstanding, reco
from {{ ref('documents') }}
where _generation > {{ since() }}
    and system = 'm3'
    and doc_type in ('invoice', 'credit_invoice')
    and reco is not null
    and (outstanding <> total - paid or (reco = '9' and outstanding <> 0))
