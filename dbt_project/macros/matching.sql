{#-
  Comparable forms of names and addresses, shared by the models that match.

  Belongs here: normal forms (pure text functions). Does not belong here: weights and bands (models/matched).
  Punctuation goes first, then the legal suffix is taken off and kept as a feature of its own (intelligence 1).
-#}

{#- Lower case, without accents; dots and apostrophes vanish (S.A.R.L. -> sarl), other punctuation becomes a blank. -#}
{% macro plain_name(expression) -%}
    trim(regexp_replace(
        regexp_replace(replace(strip_accents(lower({{ expression }})), '&', ' and '), '[.''’`]', '', 'g'),
        '[^\p{L}\p{N}]+', ' ', 'g'
    ))
{%- endmacro %}

{% macro legal_suffixes() -%}
    ltd|limited|plc|llp|lp|inc|incorporated|llc|corp|corporation|co|company|gmbh|ag|kg|ohg|ug|sa|sarl|sas|sasu|eurl|bv|nv|bvba|oy|oyj|ab|as|a s|aps|spa|srl|sl|slu|lda|ltda|sro|kft|uab|ehf|doo|ae|epe|kk|wll|eeig|pty|pte|sp zoo|sp z oo
{%- endmacro %}

{#- The name without its legal suffix; a name that is nothing but suffixes stays as it is. -#}
{% macro name_core(expression) -%}
    coalesce(
        nullif(regexp_replace({{ plain_name(expression) }}, '( ({{ legal_suffixes() }}))+$', ''), ''),
        {{ plain_name(expression) }}
    )
{%- endmacro %}

{#- The legal suffix in one spelling (limited = ltd ...), null where there is none. -#}
{% macro legal_suffix(expression) -%}
    nullif(trim(replace(replace(replace(replace(
        regexp_extract({{ plain_name(expression) }}, '(( ({{ legal_suffixes() }}))+)$', 1),
        'limited', 'ltd'), 'incorporated', 'inc'), 'corporation', 'corp'), 'company', 'co')), '')
{%- endmacro %}

{#- VAT number without punctuation and without the country's letters, which one side often leaves out. -#}
{% macro plain_vat(expression) -%}
    nullif(regexp_replace(regexp_replace(upper({{ expression }}), '[^A-Z0-9]', '', 'g'), '^[A-Z]{2}', ''), '')
{%- endmacro %}

{#- Postal code in upper case without blanks and signs. -#}
{% macro plain_postcode(expression) -%}
    nullif(regexp_replace(upper({{ expression }}), '[^A-Z0-9]', '', 'g'), '')
{%- endmacro %}

{#- The last seven digits of a telephone number; null where there are fewer. -#}
{% macro phone_last7(expression) -%}
    case
        when length(regexp_replace({{ expression }}, '[^0-9]', '', 'g')) >= 7
        then right(regexp_replace({{ expression }}, '[^0-9]', '', 'g'), 7)
    end
{%- endmacro %}

{#- Domain of an e-mail address in lower case. -#}
{% macro email_domain(expression) -%}
    nullif(lower(split_part({{ expression }}, '@', 2)), '')
{%- endmacro %}

{#-
  One-to-one assignment, body of the CTEs `<name>_1` ... `<name>`: each pass takes the pairs that are the single strongest
  of both their sides, then the sides are taken. A tie is never broken by chance: it stays open for a person.

  edges: CTE with left_uid, right_uid, strength; all of them may be linked automatically
-#}
{% macro one_to_one(name, edges, passes=4) -%}
{%- for pass in range(1, passes + 1) %}
{{ name }}_{{ pass }} as (

    select *
    from {{ edges }}
    where true
        {%- for before in range(1, pass) %}
        and left_uid not in (select left_uid from {{ name }}_{{ before }})
        and right_uid not in (select right_uid from {{ name }}_{{ before }})
        {%- endfor %}
    qualify strength = max(strength) over (partition by left_uid)
        and strength = max(strength) over (partition by right_uid)
        and count(*) over (partition by left_uid, strength) = 1
        and count(*) over (partition by right_uid, strength) = 1

),
{% endfor %}
{{ name }} as (
    {% for pass in range(1, passes + 1) %}
    select * from {{ name }}_{{ pass }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)
{%- endmacro %}

{#- Uid of a party that a crosswalk row names; shop ids may carry the prefix of our token (`SHOP-17850`). -#}
{% macro crosswalk_party(system, id) -%}
    {{ system }} || ':' || if({{ system }} = 'shop', regexp_replace({{ id }}, '^SHOP-', ''), {{ id }})
{%- endmacro %}
