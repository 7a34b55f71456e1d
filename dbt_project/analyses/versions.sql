/*
stop: 320
title: How a record changed
question: Which versions of a vendor's record were landed, and what changed from one to the next?
parameters:
  entity: {type: text, default: freshbooks__invoices, about: "Raw table, <system>__<entity>, e.g. m3__orders."}
  key: {type: text, default: null, about: "The vendor's key of the record; without it the one that changed last."}
columns:
  entity: Raw table.
  key: The vendor's key.
  version: 1 is the first that was landed.
  extracted_at: The moment before it was read, UTC.
  vendor_stamp: The vendor's own time of change, as it gave it.
  deleted: Whether the vendor had it deleted.
  field: First-level field of the record; NULL where nothing but the order of fields changed.
  before: Its value in the version before, as JSON.
  after: Its value in this version, as JSON.
reading: >
  The first version has no row per field: it is all new. Long values are JSON; compare lines with `--json`.
*/
with

landed as (

    select 'freshbooks__clients' as entity, * from raw.freshbooks__clients where $entity = 'freshbooks__clients'
    union all
    select 'freshbooks__invoices', * from raw.freshbooks__invoices where $entity = 'freshbooks__invoices'
    union all
    select 'freshbooks__payments', * from raw.freshbooks__payments where $entity = 'freshbooks__payments'
    union all
    select 'freshbooks__credit_notes', * from raw.freshbooks__credit_notes where $entity = 'freshbooks__credit_notes'
    union all
    select 'm3__customers', * from raw.m3__customers where $entity = 'm3__customers'
    union all
    select 'm3__items', * from raw.m3__items where $entity = 'm3__items'
    union all
    select 'm3__orders', * from raw.m3__orders where $entity = 'm3__orders'
    union all
    select 'm3__invoices', * from raw.m3__invoices where $entity = 'm3__invoices'
    union all
    select 'm3__ledger', * from raw.m3__ledger where $entity = 'm3__ledger'
    union all
    select 'shop__orders', * from raw.shop__orders where $entity = 'shop__orders'
    union all
    select 'shop__customers', * from raw.shop__customers where $entity = 'shop__customers'

),

chosen as (

    select *
    from landed
    where key = coalesce(
        $key::varchar,
        (
            select key
            from landed
            group by key
            order by count(*) > 1 desc, max(extracted_at) desc, key
            limit 1
        )
    )

),

versions as (

    select
        *,
        row_number() over newest_last as version,
        lag(payload) over newest_last as payload_before
    from chosen
    window newest_last as (order by extracted_at, ordinal)

),

fields as (

    select
        version,
        unnest(list_distinct(list_concat(json_keys(payload_before), json_keys(payload)))) as field
    from versions
    where payload_before is not null

),

changes as (

    select
        versions.version,
        fields.field,
        versions.payload_before -> fields.field as before,
        versions.payload -> fields.field as after
    from fields
    inner join versions using (version)
    where (versions.payload_before -> fields.field) is distinct from (versions.payload -> fields.field)

)

select
    versions.entity,
    versions.key,
    versions.version,
    versions.extracted_at,
    versions.vendor_stamp,
    versions.deleted,
    changes.field,
    changes.before::varchar as before,
    changes.after::varchar as after
from versions
left join changes using (version)
order by versions.version desc, changes.field
