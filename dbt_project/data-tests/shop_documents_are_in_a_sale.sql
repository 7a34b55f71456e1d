-- Nothing that the shop serves is lost: every document has its row in sales, in the class it was given.
select documents.doc_uid, documents.number, documents.class, sales.class as class_of_sale
from {{ ref('documents') }} as documents
left join {{ ref('sales') }} as sales on sales.shop_doc_uid = documents.doc_uid
where documents._generation > {{ since() }}
    and documents.system = 'shop'
    and (sales.sale_key is null or sales.class is distinct from documents.class)
