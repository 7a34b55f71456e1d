{{ config(unique_key='pair_key', meta={'trace': ['left_uid', 'right_uid']}) }}

-- Weights are log2 of how much likelier an agreement (or a disagreement) is for one party than for two (Fellegi-Sunter),
-- set by hand: under about 500 customers there is too little to learn from (intelligence 1). -12 is the prior: one in 4096.
{% set prior = -12 %}
{% set systems = "['shop', 'freshbooks', 'm3']" %}

with changed_parties as (

    {{ changed_keys('party_uid', [ref('parties')]) }}

),

changed_crosswalk as (

    {{ changed_keys('party_uid', [
        [source('ops', 'crosswalk'), "case when entity = 'party' then " ~ crosswalk_party('left_system', 'left_id') ~ " end"],
        [source('ops', 'crosswalk'), "case when entity = 'party' then " ~ crosswalk_party('right_system', 'right_id') ~ " end"]
    ]) }}

),

changed_nodes as (

    select key from changed_parties
    union
    select key from changed_crosswalk

),

parties as (

    select * from {{ ref('parties') }}

),

comparable as (

    select *
    from parties
    where not is_walk_in and status <> 'deleted'

),

{#- What makes two parties worth a comparison. A value that more than 20 parties of a system share says nothing. #}
blocks as (

    select party_uid, system, unnest([
        'vat:' || vat_plain,
        'mail:' || email_plain,
        'domain:' || if(email_domain in (select domain from {{ ref('free_mail_domains') }}), null, email_domain),
        'phone:' || phone_last7,
        'post:' || postcode_plain,
        'name:' || name_core
    ]) as block
    from comparable

),

useful_blocks as (

    select block
    from blocks
    where block is not null
        {% if is_incremental() -%}
        and block in (select block from blocks where party_uid in (select key from changed_nodes))
        {%- endif %}
    group by block
    having count(distinct system) > 1
        and greatest(
            count(*) filter (where system = 'shop'),
            count(*) filter (where system = 'freshbooks'),
            count(*) filter (where system = 'm3')
        ) <= 20

),

compared as (

    select distinct lefts.party_uid as left_uid, rights.party_uid as right_uid
    from blocks as lefts
    inner join blocks as rights on rights.block = lefts.block
    where lefts.block in (select block from useful_blocks)
        and list_position({{ systems }}, lefts.system) < list_position({{ systems }}, rights.system)
        {% if is_incremental() -%}
        and (lefts.party_uid in (select key from changed_nodes) or rights.party_uid in (select key from changed_nodes))
        {%- endif %}

),

features as (

    select
        compared.left_uid,
        compared.right_uid,
        lefts.name as left_name,
        rights.name as right_name,
        lefts.vat_number as left_vat,
        rights.vat_number as right_vat,
        lefts.email as left_email,
        rights.email as right_email,
        lefts.phone as left_phone,
        rights.phone as right_phone,
        lefts.postcode as left_postcode,
        rights.postcode as right_postcode,
        lefts.city as left_city,
        rights.city as right_city,
        lefts.country_code as left_country,
        rights.country_code as right_country,
        lefts.legal_suffix as left_suffix,
        rights.legal_suffix as right_suffix,
        lefts.country_code = rights.country_code as same_country,
        -- The numbers of two countries may look alike once the letters are off.
        case
            when lefts.vat_plain is not null and rights.vat_plain is not null
            then lefts.vat_plain = rights.vat_plain and coalesce(lefts.country_code = rights.country_code, true)
        end as same_vat,
        lefts.email_plain = rights.email_plain as same_email,
        lefts.email_domain = rights.email_domain
        and lefts.email_domain not in (select domain from {{ ref('free_mail_domains') }}) as same_domain,
        lefts.phone_last7 = rights.phone_last7 as same_phone,
        lefts.postcode_plain = rights.postcode_plain as same_postcode,
        {{ plain_name('lefts.city') }} = {{ plain_name('rights.city') }} as same_city,
        -- M3 cuts a name at 36 characters; people also write the family name first.
        greatest(
            jaro_winkler_similarity(left(lefts.name_core, 36), left(rights.name_core, 36)),
            jaro_winkler_similarity(
                array_to_string(list_sort(string_split(lefts.name_core, ' ')), ' '),
                array_to_string(list_sort(string_split(rights.name_core, ' ')), ' ')
            )
        ) as name_similarity
    from compared
    inner join comparable as lefts on lefts.party_uid = compared.left_uid
    inner join comparable as rights on rights.party_uid = compared.right_uid

),

weighed as (

    select
        *,
        case
            when name_similarity is null then 0
            when name_similarity >= 0.97 then 8
            when name_similarity >= 0.92 then 6
            when name_similarity >= 0.85 then 3
            when name_similarity >= 0.70 then 0
            else -5
        end as w_name,
        case when left_suffix = right_suffix then 1 when left_suffix <> right_suffix then -1 else 0 end as w_suffix,
        case when same_vat then 15 when not same_vat then -6 else 0 end as w_vat,
        case when same_email then 13 when same_domain then 5 when not same_email then -3 else 0 end as w_email,
        case when same_phone then 9 when not same_phone then -1 else 0 end as w_phone,
        case when same_postcode then 7 when not same_postcode then -2 else 0 end as w_postcode,
        case when same_city then 2 when not same_city then -1 else 0 end as w_city,
        case when same_country then 1 when not same_country then -5 else 0 end as w_country
    from features

),

scored as (

    select
        left_uid,
        right_uid,
        cast(
            1 / (1 + pow(2, -({{ prior }} + w_name + w_suffix + w_vat + w_email + w_phone + w_postcode + w_city + w_country)))
            as decimal(5, 4)
        ) as score,
        -- Independent kinds of evidence: name, tax number, mail, telephone, address.
        (w_name > 0)::integer + (w_vat > 0)::integer + (w_email > 0)::integer + (w_phone > 0)::integer
        + (w_postcode > 0)::integer as evidence_kinds,
        coalesce(same_vat, false) or coalesce(same_email and same_postcode, false) as is_identified,
        to_json(list_filter([
            {'feature': 'name', 'left': left_name, 'right': right_name, 'weight': w_name},
            {'feature': 'legal_suffix', 'left': left_suffix, 'right': right_suffix, 'weight': w_suffix},
            {'feature': 'vat_number', 'left': left_vat, 'right': right_vat, 'weight': w_vat},
            {'feature': 'email', 'left': left_email, 'right': right_email, 'weight': w_email},
            {'feature': 'phone', 'left': left_phone, 'right': right_phone, 'weight': w_phone},
            {'feature': 'postcode', 'left': left_postcode, 'right': right_postcode, 'weight': w_postcode},
            {'feature': 'city', 'left': left_city, 'right': right_city, 'weight': w_city},
            {'feature': 'country', 'left': left_country, 'right': right_country, 'weight': w_country}
        ], lambda entry: entry.weight <> 0)) as evidence
    from weighed

),

found as (

    select
        left_uid,
        right_uid,
        if(is_identified, 'identifier', 'scored') as method,
        score,
        evidence_kinds,
        case
            when is_identified or (score >= 0.92 and evidence_kinds >= 2) then 'auto'
            when score >= 0.5 then 'review'
            else 'none'
        end as band,
        evidence
    from scored

),

-- Our own token in the client's note; the customer number or reference that we gave in M3.
referenced as (

    select shop.party_uid as left_uid, client.party_uid as right_uid, client.reference_token as token
    from parties as client
    inner join parties as shop on shop.reference_token = client.reference_token and shop.system = 'shop'
    where client.system = 'freshbooks' and client.status <> 'deleted'

    union

    select client.party_uid, customer.party_uid, customer.source_id
    from parties as customer
    inner join parties as client
        on client.system = 'freshbooks' and customer.source_id = 'FB' || lpad(client.source_id, 8, '0')
    where customer.system = 'm3' and customer.status <> 'deleted'

    union

    select client.party_uid, customer.party_uid, customer.reference_token
    from parties as customer
    inner join parties as client
        on client.system = 'freshbooks'
        and customer.reference_token = 'FB-' || {{ setting('freshbooks_account') }} || '-' || client.source_id
    where customer.system = 'm3' and customer.status <> 'deleted'

),

crosswalk as (

    select
        {{ crosswalk_party('left_system', 'left_id') }} as one_uid,
        {{ crosswalk_party('right_system', 'right_id') }} as other_uid,
        list_position({{ systems }}, left_system) < list_position({{ systems }}, right_system) as is_ordered,
        method as found_by
    from {{ source('ops', 'crosswalk') }}
    where entity = 'party'

),

known as (

    select
        left_uid,
        right_uid,
        'reference' as method,
        to_json([{'feature': 'reference', 'left': min(token), 'right': min(token), 'weight': 100}]) as evidence
    from referenced
    group by left_uid, right_uid

    union all

    select
        if(is_ordered, one_uid, other_uid),
        if(is_ordered, other_uid, one_uid),
        'crosswalk',
        to_json([{'feature': 'crosswalk', 'left': found_by, 'right': found_by, 'weight': 100}])
    from crosswalk

),

unioned as (

    select left_uid, right_uid, method, score, evidence_kinds, band, evidence
    from found

    union all

    select left_uid, right_uid, method, 1.0000, 1, 'auto', evidence
    from known
    {% if is_incremental() -%}
    where left_uid in (select key from changed_nodes) or right_uid in (select key from changed_nodes)
    {%- endif %}

),

final as (

    select
        left_uid || '|' || right_uid as pair_key,
        left_uid,
        right_uid,
        method,
        cast(score as decimal(5, 4)) as score,
        band,
        cast(evidence_kinds as integer) as evidence_kinds,
        cast(evidence as varchar) as evidence
    from unioned
    qualify row_number() over (
        partition by left_uid, right_uid
        order by list_position(['crosswalk', 'reference', 'identifier', 'scored'], method)
    ) = 1

){% if is_incremental() %},

-- Pairs that stood and whose parties changed: what is not found again is removed.
standing as (

    select pair_key as key
    from {{ this }}
    where left_uid in (select key from changed_nodes) or right_uid in (select key from changed_nodes)

){% endif %}

{{ only_different('pair_key') }}
{{ emptied_keys('pair_key', changed='standing') }}
