-- Puts the rows of temp.incoming (landing files) into raw.{table}: those that differ from the version before them.
-- A version that was landed twice, because a process died between the file and the mark in the store, comes in once.
create or replace temp table versions as
with

line as (

    select key, payload_hash, extracted_at, ordinal, landing_id, true as is_new
    from temp.incoming

    union all

    select key, payload_hash, extracted_at, ordinal, landing_id, false
    from raw.{table}
    where is_current and key in (select key from temp.incoming)

),

compared as (

    select
        *,
        lag(payload_hash) over version_order as hash_before
    from line
    window version_order as (partition by key order by extracted_at, ordinal)

),

kept as (

    select *
    from compared
    where not is_new or payload_hash is distinct from hash_before

)

select
    *,
    row_number() over (partition by key order by extracted_at desc, ordinal desc) = 1 as is_newest
from kept;

update raw.{table}
set is_current = false
where is_current and key in (select key from temp.versions where is_new and is_newest);

insert into raw.{table}
select
    incoming.key,
    incoming.payload,
    incoming.payload_hash,
    incoming.vendor_stamp,
    incoming.extracted_at,
    incoming.run_id,
    incoming.landing_id,
    incoming.ordinal,
    incoming.deleted,
    {generation} as load_generation,
    versions.is_newest as is_current
from temp.incoming
inner join temp.versions using (landing_id, ordinal)
where versions.is_new;

insert into ops.loaded_files
select
    file.file,
    file.system,
    file.entity,
    file.landing_id,
    file.rows_in_file,
    (select count(*) from temp.versions where is_new and versions.landing_id = file.landing_id),
    {generation},
    now()
from temp.files as file;

drop table temp.incoming;
drop table temp.versions;
drop table temp.files;
