-- FreshBooks clients: created from shop customers, updated from changes of the M3 customer.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_parties', 'party_key') }}") }}

with

standing as ({{ standing_intents('freshbooks__clients') }}),

candidates as (

    select
        link.*,
        due.document_date,
        due.party_key is not null as is_due
    from {{ ref('party_links') }} as link
    inner join {{ ref('affected_parties') }} using (party_key)
    left join {{ ref('due_parties') }} as due using (party_key)

),

creates as (

    select
        candidate.party_key,
        candidate.party_key as business_key,
        {{ client_token('candidate.party_key') }} as target_ref,
        null::varchar as remote_id,
        candidate.document_date,
        candidate.freshbooks_band,
        standing.state as intent_state,
        to_json({
            'client': {
                'organization': coalesce(party.organization, ''),
                'fname': coalesce(party.given_name, ''),
                'lname': coalesce(party.family_name, ''),
                'email': coalesce(party.email, ''),
                'bus_phone': coalesce(party.phone, ''),
                'p_street': coalesce(party.street1, ''),
                'p_street2': coalesce(party.street2, ''),
                'p_city': coalesce(party.city, ''),
                'p_province': coalesce(party.region, ''),
                'p_code': coalesce(party.postcode, ''),
                'p_country': coalesce(country.name, ''),
                'vat_number': coalesce(party.vat_number, ''),
                'currency_code': coalesce(party.currency, {{ setting('company_currency') }}),
                'language': 'en',
                'note': {{ client_token('candidate.party_key') }}
            }
        })::varchar as payload,
        to_json([{
            'entity': 'party', 'left_system': 'shop', 'left_id': substr(candidate.shop_party_uid, 6),
            'right_system': 'freshbooks', 'right_id': null
        }])::varchar as links,
        party.name
    from candidates as candidate
    inner join {{ ref('parties') }} as party on party.party_uid = candidate.shop_party_uid
    left join {{ ref('country_codes') }} as country on country.iso2 = party.country_code and country.is_preferred
    left join standing on standing.target_ref = {{ client_token('candidate.party_key') }}
    where candidate.freshbooks_id is null and candidate.is_due

),

changed_fields as (

    select
        party_key,
        freshbooks_id,
        list({'field': field, 'old': freshbooks_value, 'new': m3_value} order by field)
            filter (where decision = 'to freshbooks') as diff,
        map_from_entries(list({'k': field, 'v': coalesce(m3_value, '')} order by field)
            filter (where decision = 'to freshbooks')) as values_to_write,
        string_agg(field, ', ' order by field) filter (where decision = 'conflict') as conflicts
    from {{ ref('party_field_merge') }}
    inner join {{ ref('affected_parties') }} using (party_key)
    group by party_key, freshbooks_id
    having count(*) filter (where decision in ('to freshbooks', 'conflict')) > 0

),

updates as (

    select
        changed.party_key,
        changed.party_key as business_key,
        changed.freshbooks_id as remote_id,
        changed.diff,
        changed.values_to_write,
        changed.conflicts,
        to_json({
            'client': json_merge_patch(
                '{}'::json,
                case when changed.values_to_write['name'] is not null and coalesce(party.organization, '') <> ''
                    then json_object('organization', changed.values_to_write['name']) else '{}'::json end,
                case when changed.values_to_write['name'] is not null and coalesce(party.organization, '') = ''
                    then json_object(
                        'fname', trim(regexp_replace(changed.values_to_write['name'], '\S+$', '')),
                        'lname', regexp_extract(changed.values_to_write['name'], '\S+$')
                    ) else '{}'::json end,
                case when changed.values_to_write['street'] is not null
                    then json_object('p_street', changed.values_to_write['street']) else '{}'::json end,
                case when changed.values_to_write['city'] is not null
                    then json_object('p_city', changed.values_to_write['city']) else '{}'::json end,
                case when changed.values_to_write['postcode'] is not null
                    then json_object('p_code', changed.values_to_write['postcode']) else '{}'::json end,
                case when changed.values_to_write['phone'] is not null
                    then json_object('bus_phone', changed.values_to_write['phone']) else '{}'::json end,
                case when changed.values_to_write['email'] is not null
                    then json_object('email', changed.values_to_write['email']) else '{}'::json end
            )
        })::varchar as payload,
        (select count(*) from standing where standing.business_key = changed.party_key and standing.state = 'confirmed') as finished,
        (select max(updated_at) from standing where standing.business_key = changed.party_key) as last_write,
        party.extracted_at
    from changed_fields as changed
    inner join {{ ref('parties') }} as party on party.party_uid = 'freshbooks:' || changed.freshbooks_id

),

final as (

    select
        party_key,
        business_key,
        case
            when intent_state is not null then 'none'
            when freshbooks_band = 'review' then 'blocked'
            else 'create'
        end as operation,
        target_ref,
        remote_id,
        case when intent_state is null and freshbooks_band = 'review' then 'held' end as cause,
        case
            when intent_state is not null then 'on its way: intent is ' || intent_state
            when freshbooks_band = 'review' then 'may be a client that exists already: a person must say which'
            else 'shop customer ' || coalesce(name, '') || ' has no FreshBooks client yet'
        end as reason,
        document_date,
        payload,
        '{}' as agreed,
        links,
        '[]' as diff
    from creates

    union all by name

    select
        party_key,
        business_key,
        case
            when conflicts is not null then 'conflict'
            when last_write >= extracted_at then 'none'
            else 'update'
        end as operation,
        {{ change_ref(client_token('business_key'), 'finished', 'payload') }} as target_ref,
        remote_id,
        case when conflicts is not null then 'held' end as cause,
        case
            when conflicts is not null then 'changed differently on both sides: ' || conflicts
            when last_write >= extracted_at then 'on its way: written after the copy here was read'
            else 'changed in M3'
        end as reason,
        null::date as document_date,
        payload,
        to_json(values_to_write)::varchar as agreed,
        '[]' as links,
        to_json(diff)::varchar as diff
    from updates

)

select
    party_key,
    business_key,
    'freshbooks' as target,
    'freshbooks__clients' as object,
    operation,
    target_ref,
    remote_id,
    cause,
    reason,
    document_date,
    null::varchar as currency,
    null::decimal(18, 2) as amount,
    case when operation in ('create', 'update') then payload end as payload,
    agreed,
    links,
    diff,
    {{ generation() }} as _generation
from final
