-- The schemas that dbt reads and never writes: raw (versions as they were received) and ops (copied from the
-- operational store, and the bookkeeping of loads and builds). Tables of schema raw: raw_table.sql, one per entity.
create schema if not exists raw;
create schema if not exists ops;

create table if not exists ops.schema_version (version integer not null);

-- Landing files that are in the raw tables; `file` is relative to var/raw.
create table if not exists ops.loaded_files (
    file varchar not null,
    system varchar not null,
    entity varchar not null,
    landing_id varchar not null,
    rows_in_file bigint not null,
    rows_loaded bigint not null,       -- less than rows_in_file where a crash made a version land twice
    load_generation bigint not null,
    loaded_at timestamptz not null
);

-- One row per dbt build, and one per reload of all raw tables (status `reloaded`).
-- running: not finished, or its process died; complete: every model that the changes can reach built, its tests passed;
-- failed: a node failed; partial: not all models were asked for; untested: tests were left out.
create table if not exists ops.builds (
    generation bigint not null,
    since bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    status varchar not null,
    full_refresh boolean not null,
    project_sha varchar,
    policy_sha varchar,
    detail varchar
);

-- One row: the build in progress (or the last one), and the newest complete one before it.
create table if not exists ops.current_build (generation bigint not null, since bigint not null);

-- The settings of config/policy.yml that models read, as text.
create table if not exists ops.policy (key varchar not null, value varchar);

-- How far each table of the operational store was copied.
create table if not exists ops.copied (table_name varchar not null, change_seq bigint not null);

create table if not exists ops.crosswalk (
    entity varchar not null,
    left_system varchar not null,
    left_id varchar not null,
    right_system varchar not null,
    right_id varchar not null,
    method varchar,
    created_at timestamptz,
    load_generation bigint not null
);

create table if not exists ops.agreed (
    entity varchar not null,
    key varchar not null,
    field varchar not null,
    value varchar,
    agreed_at timestamptz,
    load_generation bigint not null
);

create table if not exists ops.intents (
    id varchar not null,
    target varchar not null,
    object varchar not null,
    operation varchar not null,
    business_key varchar not null,
    target_ref varchar not null,
    state varchar not null,
    remote_id varchar,
    payload_sha varchar,
    error_class varchar,
    error varchar,
    document_date date,
    currency varchar,
    amount decimal(18, 2),
    reason varchar,
    changes varchar,                   -- JSON list of {field, old, new}
    created_at timestamptz,
    updated_at timestamptz,
    load_generation bigint not null
);

create table if not exists ops.dead_letters (
    id varchar not null,
    object varchar not null,
    business_key varchar not null,
    rule varchar,
    field varchar,
    value varchar,
    message varchar,
    payload_sha varchar,
    source varchar,
    state varchar,
    created_at timestamptz,
    load_generation bigint not null
);
