{#-
  Generations: how every model knows what changed and what to rebuild.

  Belongs here: the number of this run, the number of the last complete build, and the set of keys that changed since.
  Does not belong here: how the rows of a key are replaced (incremental.sql).

  Raw and ops tables carry `load_generation`, models carry `_generation`. A build that failed is not complete, so its
  keys still count as changed in the next one. The relations of schema ops are named literally: as sources they would
  be parents of every model and the lineage would say nothing.
-#}

{#- Generation of this run: what a model writes into `_generation`. -#}
{% macro generation() -%}
    (select generation from {{ target.database }}.ops.current_build)
{%- endmacro %}

{#- Generation of the last complete build; 0 before the first one. -#}
{% macro since() -%}
    (select since from {{ target.database }}.ops.current_build)
{%- endmacro %}

{#-
  The keys that changed since the last complete build: body of a CTE with the single column `key` (text, distinct).

  key        column of each relation that holds the key
  relations  list; an item is a relation, or [relation, 'expression'] where the key has another name there
  Also returns the keys that lost all their rows or moved to another key, where the model notes them (meta: `trace`).
  In a full build the set is empty: nothing filters by it then (see `only_changed`).
-#}
{% macro changed_keys(key, relations) -%}
    {%- if not is_incremental() -%}
    select cast(null as varchar) as key where false
    {%- else -%}
    {%- for item in relations -%}
    {%- set relation = item if item is mapping else item[0] -%}
    {%- set expression = key if item is mapping else item[1] -%}
    {%- set stamp = 'load_generation' if relation.schema in ('raw', 'ops') else '_generation' -%}
    {{ '' if loop.first else 'union ' }}select cast({{ expression }} as varchar) as key
    from {{ relation }}
    where {{ stamp }} > {{ since() }} and {{ expression }} is not null
    {% if relation.schema not in ('raw', 'ops') and expression | trim == (expression | trim).split(' ')[0] -%}
    union {{ vanished_keys(expression | trim, relation) }}
    {% endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#-
  Keys of a model that lost all their rows, or moved away, since the last complete build: rows with the single column `key`.
  Only for columns that the model notes (meta: `trace`). For models that are not incremental themselves; the others get
  these keys from `changed_keys`.
-#}
{% macro vanished_keys(key, relation) -%}
    select key
    from {{ target.database }}.changes.vanished
    where model = '{{ relation.identifier }}' and key_column = '{{ key }}' and _generation > {{ since() }}
{%- endmacro %}

{#- `where` clause that keeps the changed keys; nothing in a full build. `changed` is the CTE made by changed_keys. -#}
{% macro only_changed(column, changed='changed', word='where') -%}
    {%- if is_incremental() -%}
    {{ word }} cast({{ column }} as varchar) in (select key from {{ changed }})
    {%- endif -%}
{%- endmacro %}

{#-
  Newest version of each key of a raw table, of the changed keys only: `raw.<...>_current` has one row per key.
  A key has changed if its newest version is new. Asked that way, and not by key, only the new payloads are read: by key,
  91 of 26,000 orders cost sixty times as much.
-#}
{% macro newest(relation) -%}
    select key, payload, deleted, vendor_stamp, extracted_at
    from {{ relation.incorporate(path={'identifier': relation.identifier ~ '_current'}) }}
    {% if is_incremental() -%}
    where load_generation > {{ since() }}
    {%- endif %}
{%- endmacro %}
