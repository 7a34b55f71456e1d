-- The sales whose outbound rows must be computed anew: anything about them changed since the last complete build.
{{ config(materialized='table') }}

with

changed_documents as (

    select doc_uid from {{ ref('documents') }} where _generation > {{ since() }}
    union
    select doc_uid from {{ ref('payments') }} where _generation > {{ since() }} and doc_uid is not null

),

changed_intents as (

    select business_key, remote_id
    from {{ source('ops', 'intents') }}
    where load_generation > {{ since() }}
      and object in (
          'freshbooks__invoices', 'freshbooks__credit_notes', 'm3__orders', 'm3__credit_orders', 'm3__receipts'
      )

),

keys as (

    select sale_key from {{ ref('sales') }} where _generation > {{ since() }}
    union
    -- A sale that became part of another one must not keep asking for documents.
    select key from ({{ vanished_keys('sale_key', ref('sales')) }})
    union
    select sale_key from {{ ref('sale_documents') }} where _generation > {{ since() }}
    union
    select linked.sale_key
    from {{ ref('sale_documents') }} as linked
    inner join changed_documents using (doc_uid)
    union
    select sales.sale_key
    from {{ ref('sales') }} as sales
    inner join {{ ref('party_links') }} as party using (party_key)
    where party._generation > {{ since() }}
    union
    select linked.sale_key
    from {{ ref('document_lines') }} as line
    inner join {{ ref('item_links') }} as item on item.code_upper = upper(line.sku)
    inner join {{ ref('sale_documents') }} as linked using (doc_uid)
    where item._generation > {{ since() }}
    union
    -- An invoice's intent carries the invoice number: the order number, or that and a sequence.
    -- Asked key by key: joined over both at once, a year compared every intent with every sale, for four minutes.
    select sale_key
    from {{ ref('sales') }}
    where sale_key in (
        select business_key from changed_intents
        union
        select regexp_replace(business_key, '-\d+$', '') from changed_intents
    )
    union
    -- A receipt's intent carries 'payment:<id>' or 'allocation:<id>:<n>'.
    select linked.sale_key
    from changed_intents as intent
    inner join {{ ref('payments') }} as payment
        on payment.system = 'freshbooks' and payment.source_id = split_part(intent.business_key, ':', 2)
    inner join {{ ref('sale_documents') }} as linked using (doc_uid)

)

select distinct sale_key, {{ generation() }} as _generation
from keys
where sale_key is not null
