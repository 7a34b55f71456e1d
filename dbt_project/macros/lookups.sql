{#-
  Joins to the lookups (seeds) that several models need. Belongs here: the body of a CTE each. Seeds change with a full
  build only.
-#}

{#- spelling (lower case) -> iso2: country names, other spellings, ISO and M3 codes. -#}
{% macro country_spellings() -%}
    select lower(name) as spelling, iso2 from {{ ref('country_codes') }}
    union
    select lower(iso2), iso2 from {{ ref('country_codes') }}
    union
    select lower(m3_code), iso2 from {{ ref('country_codes') }}
{%- endmacro %}

{#-
  code_upper -> rule: the first line rule that fits each distinct code of `rows`, or that names it as its M3 item.
  Codes without a rule are left out.
-#}
{% macro rule_of_code(rows, column) -%}
    select
        codes.code_upper,
        arg_min(rules.line_class, rules.priority) as line_class,
        arg_min(coalesce(rules.m3_item, codes.code_upper), rules.priority) as m3_item,
        arg_min(coalesce(rules.template, ''), rules.priority) as template
    from (select distinct upper({{ column }}) as code_upper from {{ rows }} where {{ column }} is not null) as codes
    inner join {{ ref('line_rules') }} as rules
        on regexp_full_match(codes.code_upper, rules.pattern) or codes.code_upper = rules.m3_item
    group by codes.code_upper
{%- endmacro %}

{#- 536365-2 is the second document of order 536365: the order's number, and which document it is. -#}
{% macro base_of_number(expression) -%}
    nullif(regexp_extract({{ expression }}, '^(.+)-([0-9]{1,4})$', 1), '')
{%- endmacro %}

{% macro suffix_of_number(expression) -%}
    try_cast(nullif(regexp_extract({{ expression }}, '^(.+)-([0-9]{1,4})$', 2), '') as integer)
{%- endmacro %}

{#- Uids of the FreshBooks documents that a crosswalk id may mean. -#}
{% macro freshbooks_doc_uids(expression) -%}
    if(
        contains({{ expression }}, ':'),
        ['freshbooks:' || {{ expression }}],
        ['freshbooks:invoice:' || {{ expression }}, 'freshbooks:credit_note:' || {{ expression }}]
    )
{%- endmacro %}
