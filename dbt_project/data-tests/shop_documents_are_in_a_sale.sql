-- Nothing that the shop serves is lost: every document is in a sale, and the sale has its class.
select documents.doc_uid, documents.number, documents.class, sales.class as class_of_sale
from {{ ref('documents') }} as documents
left join {{ ref('sale_documents') }} as places on places.doc_uid = documents.doc_uid
left join {{ ref('sales') }} as sales on sales.shop_doc_uid = documents.doc_uid
where documents._generation > {{ since() }}
    and documents.system = 'shop'
    and (places.sale_key is null or sales.class <> documents.class)
