{#-
  Replacing the rows of changed keys, and telling the models behind when a key is gone.

  Belongs here: the delete+insert strategy of every model and its note of vanished keys.
  Does not belong here: which keys changed (generations.sql).
-#}

{#- Runs before every build: the table of vanished keys, without what complete builds have already taken up. -#}
{% macro prepare_changes() -%}
    create schema if not exists {{ target.database }}.changes;
    create table if not exists {{ target.database }}.changes.vanished
        (model varchar, key_column varchar, key varchar, _generation bigint);
    delete from {{ target.database }}.changes.vanished where _generation <= {{ since() }};
{%- endmacro %}

{#-
  Ends a model whose keys can lose all their rows: adds one empty row for each changed key that `rows` no longer has.
  The strategy below deletes such a key and does not insert the empty row. Nothing is added in a full build.
-#}
{% macro emptied_keys(key, rows='final', changed='changed') -%}
    {%- if is_incremental() %}
union all by name
select {{ key }}, cast(-1 as bigint) as _generation
from (select key as {{ key }} from {{ changed }} except select {{ key }} from {{ rows }})
    {%- endif %}
{%- endmacro %}

{#- Overrides dbt's delete+insert: every key in the new rows is replaced whole; empty rows (generation -1) only delete. -#}
{% macro get_incremental_delete_insert_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set new_rows = arg_dict['temp_relation'] -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- if key is not string -%}
        {{ exceptions.raise_compiler_error(model.name ~ ": unique_key must be one column, by which rows are replaced") }}
    {%- endif -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- for column in config.get('meta', {}).get('trace', []) %}
    insert into {{ target.database }}.changes.vanished
    select distinct '{{ target.identifier }}', '{{ column }}', cast({{ column }} as varchar), {{ generation() }}
    from {{ target }}
    where {{ key }} in (select {{ key }} from {{ new_rows }})
      and {{ column }} is not null
      and {{ column }} not in (select {{ column }} from {{ new_rows }} where _generation >= 0 and {{ column }} is not null);
    {%- endfor %}
    delete from {{ target }} where {{ key }} in (select {{ key }} from {{ new_rows }});
    insert into {{ target }} ({{ columns }}) (select {{ columns }} from {{ new_rows }} where _generation >= 0)
{%- endmacro %}

{#-
  Ends a model of one row per key that is often computed again with the same result: keeps the rows that differ from those
  that stand, so that nothing behind it is computed for nothing. `rows` has the model's columns without `_generation`.
-#}
{% macro only_different(key, rows='final') -%}
select *, {{ generation() }} as _generation
from (
    select * from {{ rows }}
    {%- if is_incremental() %}
    except
    select * exclude (_generation) from {{ this }} where {{ key }} in (select {{ key }} from {{ rows }})
    {%- endif %}
)
{%- endmacro %}
