{{ config(unique_key='sale_key', meta={'trace': ['sale_key']}) }}

{#- Key of a FreshBooks document that belongs to no shop order. #}
{% set own_key = "if(doc_type = 'invoice', 'FB-', 'FBC-') || source_id" %}

-- Not materialized: each use reads only the few rows that it asks for.
with documents as not materialized (

    select
        doc_uid,
        system,
        doc_type,
        source_id,
        number,
        base_number,
        number_suffix,
        parent_doc_uid,
        our_ref,
        document_date,
        state,
        class
    from {{ ref('documents') }}
    -- Money that a customer overpaid or paid ahead is a liability, not part of a sale (POLICY, sale 7).
    where doc_type <> 'credit_note' or coalesce(subtype, 'goodwill') = 'goodwill'

),

-- Confirmed pairs of documents. Of the shop the id is a document number (536365, 536365-2); of FreshBooks an id that may
-- say what it is (credit_note:301) and otherwise may be either kind.
crosswalk as (

    select
        left_system,
        right_system,
        left_id,
        right_id,
        case when left_system = 'freshbooks' then {{ freshbooks_doc_uids('left_id') }} end as left_uids,
        case
            when right_system = 'freshbooks' then {{ freshbooks_doc_uids('right_id') }}
            when right_system = 'm3' then ['m3:order:' || right_id, 'm3:credit_order:' || right_id]
        end as right_uids,
        load_generation
    from {{ source('ops', 'crosswalk') }}
    where entity = 'document'

),

-- number by which the shop knows a FreshBooks document
shop_crosswalk as (

    select left_id as known_number, unnest(right_uids) as doc_uid
    from crosswalk
    where left_system = 'shop' and right_system = 'freshbooks'

),

freshbooks_crosswalk as (

    select doc_uid, unnest(right_uids) as m3_doc_uid
    from (
        select unnest(left_uids) as doc_uid, right_uids
        from crosswalk
        where left_system = 'freshbooks' and right_system = 'm3'
    )

),

-- shop order of free goods, which has no FreshBooks document, and its M3 order
free_goods_crosswalk as (

    select left_id as order_number, unnest(right_uids) as m3_doc_uid
    from crosswalk
    where left_system = 'shop' and right_system = 'm3'

),

{% if is_incremental() -%}
changed as (

    {{ changed_keys('doc_uid', [ref('documents')]) }}
    union
    select unnest(coalesce(left_uids, []) || coalesce(right_uids, [])) from crosswalk where load_generation > {{ since() }}

),

touched as (

    select * from documents where doc_uid in (select key from changed)

),

touched_freshbooks as (

    select * from touched where system = 'freshbooks'
    union
    -- those whose M3 side changed
    select *
    from documents
    where system = 'freshbooks' and our_ref in (select our_ref from touched where system = 'm3')
    union
    select *
    from documents
    where doc_uid in (
        select doc_uid from freshbooks_crosswalk where m3_doc_uid in (select doc_uid from touched)
    )

),

-- The keys under which the touched documents stand, stood and may stand.
asked_keys as (

    select number as key from touched where system = 'shop'
    union
    select {{ order_of_free_goods('our_ref') }} from touched where system = 'm3' and our_ref like 'SHOP-%'
    union
    select order_number from free_goods_crosswalk where m3_doc_uid in (select doc_uid from touched)
    union
    select unnest([number, base_number, {{ own_key }}]) from touched_freshbooks
    union
    select unnest([known_number, {{ base_of_number('known_number') }}])
    from shop_crosswalk
    where doc_uid in (select doc_uid from touched_freshbooks)
    union
    select sale_key
    from {{ this }}
    where doc_uid in (select doc_uid from touched)
        or doc_uid in (select parent_doc_uid from touched where parent_doc_uid is not null)

),

{% endif -%}
shop as (

    select * from documents where system = 'shop' {{ only_changed('number', 'asked_keys', 'and') }}

),

freshbooks as (

    select *
    from documents
    where system = 'freshbooks'
        {% if is_incremental() -%}
        and (
            number in (select key from asked_keys)
            or base_number in (select key from asked_keys)
            or {{ own_key }} in (select key from asked_keys)
            or doc_uid in (
                select doc_uid
                from shop_crosswalk
                where known_number in (select key from asked_keys)
                    or {{ base_of_number('known_number') }} in (select key from asked_keys)
            )
        )
        {%- endif %}

),

-- The numbers that may name the order of a FreshBooks document: what the crosswalk says first, then its own.
named as (

    select freshbooks.doc_uid, freshbooks.doc_type, shop_crosswalk.known_number as number, 1 as trust
    from freshbooks
    inner join shop_crosswalk on shop_crosswalk.doc_uid = freshbooks.doc_uid
    union all
    select doc_uid, doc_type, number, 2
    from freshbooks

),

spelled as (

    select doc_uid, doc_type, number, 1 as ordinal, trust from named
    union all
    select doc_uid, doc_type, {{ base_of_number('number') }}, {{ suffix_of_number('number') }}, trust + 0.5 from named

),

ordered as (

    select spelled.doc_uid, spelled.number as sale_key, spelled.ordinal
    from spelled
    inner join documents
        on documents.system = 'shop' and documents.number = spelled.number
        -- An id of the crosswalk that does not say its kind means the kind that fits the order.
        and (spelled.trust > 1.5 or (documents.class = 'credit') = (spelled.doc_type = 'credit_note'))
    qualify row_number() over (partition by spelled.doc_uid order by spelled.trust, spelled.number) = 1

),

freshbooks_keys as (

    select
        freshbooks.*,
        coalesce(ordered.sale_key, {{ own_key }}) as sale_key,
        coalesce(ordered.ordinal, 1) as ordinal
    from freshbooks
    left join ordered using (doc_uid)

),

-- An M3 order belongs to the FreshBooks document (free goods: the shop order) that the crosswalk names, else to the one
-- that PYRE names.
m3_links as (

    select freshbooks_crosswalk.m3_doc_uid as doc_uid, freshbooks_keys.sale_key, 1 as trust
    from freshbooks_crosswalk
    inner join freshbooks_keys on freshbooks_keys.doc_uid = freshbooks_crosswalk.doc_uid
    where (freshbooks_keys.doc_type = 'credit_note') = (freshbooks_crosswalk.m3_doc_uid like 'm3:credit_order:%')
    union all
    select documents.doc_uid, freshbooks_keys.sale_key, 2
    from freshbooks_keys
    inner join documents
        on documents.system = 'm3' and documents.our_ref = freshbooks_keys.our_ref
        and documents.doc_type in ('order', 'credit_order')
    union all
    select documents.doc_uid, shop.number, 1
    from shop
    inner join free_goods_crosswalk on free_goods_crosswalk.order_number = shop.number
    inner join documents on documents.doc_uid = free_goods_crosswalk.m3_doc_uid
    union all
    select documents.doc_uid, shop.number, 2
    from shop
    inner join documents
        on documents.system = 'm3' and documents.doc_type = 'order'
        and documents.our_ref = {{ m3_free_goods_reference('shop.number') }}

),

m3_orders as (

    select documents.*, m3_links.sale_key
    from m3_links
    inner join documents on documents.doc_uid = m3_links.doc_uid
    qualify row_number() over (partition by m3_links.doc_uid order by m3_links.trust, m3_links.sale_key) = 1

),

m3_invoices as (

    select documents.*, m3_orders.sale_key
    from m3_orders
    inner join documents on documents.parent_doc_uid = m3_orders.doc_uid

),

roles as (

    select number as sale_key, 'shop_order' as role, 1 as ordinal, doc_uid, source_id, document_date, state
    from shop
    union all
    select
        sale_key,
        if(doc_type = 'invoice', 'freshbooks_invoice', 'freshbooks_credit_note'),
        ordinal,
        doc_uid,
        source_id,
        document_date,
        state
    from freshbooks_keys
    union all
    select sale_key, 'm3_order', null, doc_uid, source_id, document_date, state
    from m3_orders
    union all
    select sale_key, 'm3_invoice', null, doc_uid, source_id, document_date, state
    from m3_invoices

),

{% if is_incremental() -%}
-- A document that found its order leaves the key under which it stood alone.
final_keys as (

    select key from asked_keys
    union
    select {{ own_key }} from freshbooks

),

{% endif -%}
numbered as (

    select
        sale_key,
        role,
        doc_uid,
        ordinal,
        row_number() over (
            partition by sale_key, role, ordinal
            order by state = 'deleted', document_date, length(source_id), source_id
        ) as turn
    from roles
    {{ only_changed('sale_key', 'final_keys') }}

),

final as (

    select
        sale_key,
        role,
        -- A second document under one number counts from 1001, so that it neither hides nor takes the first one's place.
        cast(if(ordinal is null, turn, ordinal + 1000 * (turn - 1)) as integer) as seq,
        doc_uid,
        {{ generation() }} as _generation
    from numbered

)

select * from final
{{ emptied_keys('sale_key', changed='final_keys') }}
