/*
stop: 520
title: How fresh the data is
question: When was each entity last landed and built, how many records does it have, and how many versions of them?
columns:
  system: Vendor.
  entity: Kind of record.
  records: Different records.
  versions: Versions of them that were landed.
  last_landed_at: When the newest landing was loaded, UTC.
  last_read_at: The moment before the newest version was read at the vendor, UTC.
  is_built: Whether that landing is part of the newest complete build.
  built_at: When that build ended, UTC.
reading: >
  A landing writes only what is new, so an old last_landed_at means that nothing changed since, not that nobody looked.
  A published snapshot is always built; `fbinfor status` shows what waits.
*/
with

landed as (

    select 'freshbooks' as system, 'clients' as entity, count(distinct key) as records, count(*) as versions, max(extracted_at) as last_read_at
    from raw.freshbooks__clients
    union all
    select 'freshbooks', 'invoices', count(distinct key), count(*), max(extracted_at) from raw.freshbooks__invoices
    union all
    select 'freshbooks', 'payments', count(distinct key), count(*), max(extracted_at) from raw.freshbooks__payments
    union all
    select 'freshbooks', 'credit_notes', count(distinct key), count(*), max(extracted_at) from raw.freshbooks__credit_notes
    union all
    select 'm3', 'customers', count(distinct key), count(*), max(extracted_at) from raw.m3__customers
    union all
    select 'm3', 'items', count(distinct key), count(*), max(extracted_at) from raw.m3__items
    union all
    select 'm3', 'orders', count(distinct key), count(*), max(extracted_at) from raw.m3__orders
    union all
    select 'm3', 'invoices', count(distinct key), count(*), max(extracted_at) from raw.m3__invoices
    union all
    select 'm3', 'ledger', count(distinct key), count(*), max(extracted_at) from raw.m3__ledger
    union all
    select 'shop', 'customers', count(distinct key), count(*), max(extracted_at) from raw.shop__customers
    union all
    select 'shop', 'orders', count(distinct key), count(*), max(extracted_at) from raw.shop__orders

),

loaded as (

    select system, entity, max(loaded_at) as last_landed_at, max(load_generation) as loaded_in
    from ops.loaded_files
    group by system, entity

),

built as (

    select max(generation) as built_in, max(finished_at) as built_at
    from ops.builds
    where status = 'complete'

)

select
    landed.system,
    landed.entity,
    landed.records,
    landed.versions,
    loaded.last_landed_at,
    landed.last_read_at,
    loaded.loaded_in <= built.built_in as is_built,
    built.built_at
from landed
left join loaded using (system, entity)
cross join built
where landed.versions > 0
order by landed.system, landed.entity
