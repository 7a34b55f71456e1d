{{ config(severity='warn') }}

-- Integrity: the nets of the lines add up to the document's net, to the cent. FreshBooks' discount is on the document.
-- A warning: a vendor's own contradiction in one document must not stop the others; the gate holds what would be written.
with lines as (

    select doc_uid, sum(net) as net
    from {{ ref('document_lines') }}
    where _generation > {{ since() }}
    group by doc_uid

)

select documents.doc_uid, documents.net, lines.net as lines_net
from {{ ref('documents') }} as documents
inner join lines on lines.doc_uid = documents.doc_uid
left join {{ ref('stg_freshbooks__invoices') }} as invoices
    on documents.doc_uid = 'freshbooks:invoice:' || invoices.invoice_id
where documents.net <> lines.net + coalesce(invoices.discount_total, 0)
