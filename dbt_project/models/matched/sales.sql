{{ config(unique_key='sale_key', meta={'trace': ['sale_key']}) }}

with changed as (

    {{ changed_keys('sale_key', [ref('sale_documents')]) }}
    {% if is_incremental() -%}
    -- An invoice without shop order finds its party by its client.
    union
    select sale_key
    from {{ this }}
    where sale_key like 'FB%' and party_key in ({{ changed_keys('party_key', [ref('party_links')]) }})
    {%- endif %}

),

roles as (

    select * from {{ ref('sale_documents') }}
    {{ only_changed('sale_key') }}

),

documents as (

    select * from {{ ref('documents') }}
    {% if is_incremental() -%}
    where doc_uid in (select doc_uid from roles)
    {%- endif %}

),

per_sale as (

    select
        sale_key,
        max(doc_uid) filter (where role = 'shop_order') as shop_doc_uid,
        max(doc_uid) filter (where role in ('freshbooks_invoice', 'freshbooks_credit_note') and seq = 1)
            as freshbooks_first_doc_uid,
        max(doc_uid) filter (where role = 'm3_order' and seq = 1) as m3_order_doc_uid,
        count(*) filter (where role in ('freshbooks_invoice', 'freshbooks_credit_note')) as freshbooks_document_count,
        count(*) filter (where role = 'm3_order') as m3_order_count,
        count(*) filter (where role = 'm3_invoice') as m3_invoice_count
    from roles
    group by sale_key

),

final as (

    select
        -- ids
        per_sale.sale_key,
        coalesce(
            party_links.party_key,
            'SHOP-' || case when anchor.system = 'shop' then split_part(anchor.party_uid, ':', 2) end
        ) as party_key,
        per_sale.shop_doc_uid,
        per_sale.freshbooks_first_doc_uid,
        per_sale.m3_order_doc_uid,

        -- what it is
        coalesce(anchor.class, if(anchor.doc_type = 'credit_note', 'credit', 'sale')) as class,
        anchor.document_date,

        -- money as it was ordered, tax beside the net
        anchor.currency,
        anchor.net as order_net,
        anchor.tax as order_tax,
        anchor.total as order_total,

        -- counts
        cast(per_sale.freshbooks_document_count as integer) as freshbooks_document_count,
        cast(per_sale.m3_order_count as integer) as m3_order_count,
        cast(per_sale.m3_invoice_count as integer) as m3_invoice_count,
        {{ generation() }} as _generation
    from per_sale
    inner join documents as anchor
        on anchor.doc_uid = coalesce(per_sale.shop_doc_uid, per_sale.freshbooks_first_doc_uid)
    left join {{ ref('party_links') }} as party_links
        on anchor.system = 'freshbooks' and 'freshbooks:' || party_links.freshbooks_id = anchor.party_uid

)

select * from final
{{ emptied_keys('sale_key') }}
