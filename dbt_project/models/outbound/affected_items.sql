-- Stock codes whose outbound row must be computed anew, among those that a writable sale, credit or delivery of free goods needs.
{{ config(materialized='table') }}

with

changed as (

    select code_upper from {{ ref('item_links') }} where _generation > {{ since() }}
    union
    select code_upper from {{ ref('items') }} where _generation > {{ since() }}
    union
    select business_key
    from {{ source('ops', 'intents') }}
    where load_generation > {{ since() }} and object = 'm3__items'
    union
    select upper(line.sku)
    from {{ ref('affected_sales') }}
    inner join {{ ref('sale_documents') }} as linked using (sale_key)
    inner join {{ ref('document_lines') }} as line using (doc_uid)
    where linked.role in ('shop_order', 'freshbooks_invoice')

),

needed as (

    select distinct upper(line.sku) as code_upper
    from {{ ref('sales') }} as sales
    inner join {{ ref('sale_documents') }} as linked using (sale_key)
    inner join {{ ref('document_lines') }} as line using (doc_uid)
    where {{ is_delivered('sales.class') }}
      and linked.role in ('shop_order', 'freshbooks_invoice')
      and {{ after_go_live('sale', 'sales.document_date') }}

)

select code_upper, {{ generation() }} as _generation
from changed
inner join needed using (code_upper)
