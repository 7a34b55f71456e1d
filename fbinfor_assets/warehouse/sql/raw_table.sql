-- One row per distinct version of a vendor object, in the order they were landed. `is_current` marks the newest per key,
-- so that reading the newest versions, or those of one load, needs no sorting of all versions.
create table if not exists raw.{table} (
    key varchar not null,
    payload varchar not null,          -- JSON as it was received
    payload_hash varchar not null,
    vendor_stamp varchar,              -- the vendor's own text; its time zone is the vendor's
    extracted_at timestamptz not null, -- the moment before the pull began
    run_id varchar,
    landing_id varchar not null,
    ordinal bigint not null,           -- position in the landing
    deleted boolean not null,
    load_generation bigint not null,
    is_current boolean not null
);

create view if not exists raw.{table}_current as
select
    key, payload, payload_hash, vendor_stamp, extracted_at, run_id, landing_id, ordinal, deleted, load_generation
from raw.{table}
where is_current;
