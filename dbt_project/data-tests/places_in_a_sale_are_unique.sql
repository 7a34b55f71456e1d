-- Each place (role and number) in a sale is taken by one document.
select sale_key, role, seq, count(*) as documents
from {{ ref('sale_documents') }}
where _generation > {{ since() }}
group by sale_key, role, seq
having count(*) > 1
