{{ config(unique_key='sale_key', meta={'trace': ['sale_key']}) }}

{#- Key of a FreshBooks document that belongs to no shop order. -#}
{% set own_key = "if(doc_type = 'invoice', 'FB-', 'FBC-') || source_id" %}

-- Not materialized: each use reads only the few rows that it asks for.
with documents as not materialized (

    select
        doc_uid, system, doc_type, source_id, number, base_number, number_suffix,
        parent_doc_uid, our_ref, document_date, state
    from {{ ref('documents') }}
    -- Money that a customer overpaid or paid ahead is a liability, not part of a sale (POLICY, sale 7).
    where doc_type <> 'credit_note' or coalesce(subtype, 'goodwill') = 'goodwill'

),

-- Pairs of documents that were confirmed; a FreshBooks id may be bare (then an invoice) or say what it is.
crosswalk as (

    select
        case left_system
            when 'freshbooks' then 'freshbooks:' || if(contains(left_id, ':'), '', 'invoice:') || left_id
            else left_id
        end as left_ref,
        left_system,
        case right_system
            when 'freshbooks' then 'freshbooks:' || if(contains(right_id, ':'), '', 'invoice:') || right_id
            else right_id
        end as right_ref,
        right_system,
        load_generation
    from {{ source('ops', 'crosswalk') }}
    where entity = 'document'

),

{% if is_incremental() -%}
changed as (

    {{ changed_keys('doc_uid', [ref('documents')]) }}
    union
    select unnest([left_ref, right_ref, 'm3:order:' || right_ref, 'm3:credit_order:' || right_ref])
    from crosswalk
    where load_generation > {{ since() }}

),

touched as (

    select * from documents where doc_uid in (select key from changed)

),

-- FreshBooks documents whose M3 side changed.
touched_by_reference as (

    select * from documents
    where system = 'freshbooks' and our_ref in (select our_ref from touched where system = 'm3')

),

asked_keys as (

    select number as key from touched where system = 'shop'
    union
    select unnest([number, base_number, {{ own_key }}]) from touched where system = 'freshbooks'
    union
    select unnest([number, base_number, {{ own_key }}]) from touched_by_reference
    union
    select left_ref from crosswalk where left_system = 'shop' and load_generation > {{ since() }}
    union
    select sale_key from {{ this }} where doc_uid in (select doc_uid from touched)
    union
    select sale_key from {{ this }}
    where doc_uid in (select parent_doc_uid from touched where parent_doc_uid is not null)

),

{% endif -%}
shop as (

    select * from documents where system = 'shop' {{ only_changed('number', 'asked_keys', 'and') }}

),

freshbooks as (

    select documents.*, any_value(crosswalk.left_ref) as crosswalk_number
    from documents
    left join crosswalk
        on crosswalk.left_system = 'shop' and crosswalk.right_system = 'freshbooks' and crosswalk.right_ref = documents.doc_uid
    where documents.system = 'freshbooks'
    group by all
    {% if is_incremental() -%}
    having documents.number in (select key from asked_keys)
        or documents.base_number in (select key from asked_keys)
        or any_value(crosswalk.left_ref) in (select key from asked_keys)
        or {{ own_key }} in (select key from asked_keys)
    {%- endif %}

),

-- Which sale a FreshBooks document belongs to: the crosswalk, else its number, else it stands alone.
numbers as (

    select number
    from documents
    where system = 'shop'
        {% if is_incremental() -%}
        and number in (
            select unnest([number, base_number, crosswalk_number]) from freshbooks
        )
        {%- endif %}

),

freshbooks_keys as (

    select
        freshbooks.*,
        coalesce(by_crosswalk.number, by_number.number, by_base.number, {{ own_key }}) as sale_key,
        case
            when by_crosswalk.number is null and by_number.number is null and by_base.number is not null
            then freshbooks.number_suffix
            when by_crosswalk.number = freshbooks.base_number then freshbooks.number_suffix
            else 1
        end as ordinal
    from freshbooks
    left join numbers as by_crosswalk on by_crosswalk.number = freshbooks.crosswalk_number
    left join numbers as by_number on by_number.number = freshbooks.number
    left join numbers as by_base on by_base.number = freshbooks.base_number

),

-- M3 orders: by the crosswalk, else by our reference in PYRE.
m3_by_crosswalk as (

    select documents.doc_uid, coalesce(freshbooks_keys.sale_key, numbers.number) as sale_key
    from crosswalk
    inner join documents
        on documents.system = 'm3' and documents.source_id = crosswalk.right_ref
        and documents.doc_type in ('order', 'credit_order')
    left join freshbooks_keys on freshbooks_keys.doc_uid = crosswalk.left_ref
    left join numbers on crosswalk.left_system = 'shop' and numbers.number = crosswalk.left_ref
    where crosswalk.right_system = 'm3' and coalesce(freshbooks_keys.sale_key, numbers.number) is not null

),

m3_orders as (

    select documents.*, m3_by_crosswalk.sale_key
    from m3_by_crosswalk
    inner join documents on documents.doc_uid = m3_by_crosswalk.doc_uid

    union all

    select documents.*, freshbooks_keys.sale_key
    from freshbooks_keys
    inner join documents
        on documents.system = 'm3' and documents.our_ref = freshbooks_keys.our_ref
        and documents.doc_type in ('order', 'credit_order')
    where documents.doc_uid not in (select doc_uid from m3_by_crosswalk)

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
