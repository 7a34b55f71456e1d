{{ config(severity='warn') }}

-- Integrity: the tax recomputed from the lines and their rates is the document's, within the rounding that POLICY allows
-- (0.05, or 0.005 times the root of the number of lines). M3 keeps no rate on a line.
with lines as (

    select doc_uid, sum(net * tax_rate) / 100 as tax, count(*) as line_count
    from {{ ref('document_lines') }}
    where _generation > {{ since() }} and tax_rate is not null
    group by doc_uid

)

select documents.doc_uid, documents.tax, lines.tax as lines_tax
from {{ ref('documents') }} as documents
inner join lines on lines.doc_uid = documents.doc_uid
left join {{ ref('stg_freshbooks__invoices') }} as invoices
    on documents.doc_uid = 'freshbooks:invoice:' || invoices.invoice_id
where documents.state <> 'deleted'
    and coalesce(invoices.discount_total, 0) = 0
    and abs(documents.tax - lines.tax) > greatest(0.05, 0.005 * sqrt(lines.line_count))
