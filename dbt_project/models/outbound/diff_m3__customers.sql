-- M3 customers: created from FreshBooks clients that a sale needs, updated from changes of the FreshBooks client.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_parties', 'party_key') }}") }}

with

standing as ({{ standing_intents('m3__customers') }}),

creates as (

    select
        link.party_key,
        link.m3_band,
        due.document_date,
        {{ m3_customer_number('link.freshbooks_id') }} as cuno,
        standing.state as intent_state,
        country.m3_code,
        party.*
    from {{ ref('party_links') }} as link
    inner join {{ ref('affected_parties') }} using (party_key)
    inner join {{ ref('due_parties') }} as due using (party_key)
    inner join {{ ref('parties') }} as party on party.party_uid = 'freshbooks:' || link.freshbooks_id
    left join {{ ref('country_codes') }} as country on country.iso2 = party.country_code and country.is_preferred
    left join standing on standing.target_ref = {{ m3_customer_number('link.freshbooks_id') }}
    where link.m3_cuno is null and party.status = 'active'

),

changed_fields as (

    select
        party_key,
        m3_cuno,
        list({'field': field, 'old': m3_value, 'new': freshbooks_value} order by field)
            filter (where decision = 'to m3') as diff,
        map_from_entries(list({'k': field, 'v': coalesce(freshbooks_value, '')} order by field)
            filter (where decision = 'to m3')) as values_to_write
    from {{ ref('party_field_merge') }}
    inner join {{ ref('affected_parties') }} using (party_key)
    group by party_key, m3_cuno
    having count(*) filter (where decision = 'to m3') > 0
       and count(*) filter (where decision = 'conflict') = 0

),

updates as (

    select
        changed.*,
        to_json({
            'change': json_merge_patch(
                json_object('CUNO', changed.m3_cuno),
                case when values_to_write['name'] is not null
                    then json_object('CUNM', left(values_to_write['name'], 36)) else '{}'::json end,
                case when values_to_write['street'] is not null
                    then json_object('CUA1', left(coalesce(nullif(values_to_write['street'], ''), '-'), 36)) else '{}'::json end,
                case when values_to_write['city'] is not null
                    then json_object('TOWN', left(values_to_write['city'], 20)) else '{}'::json end,
                case when values_to_write['postcode'] is not null
                    then json_object('PONO', left(values_to_write['postcode'], 10)) else '{}'::json end,
                case when values_to_write['phone'] is not null
                    then json_object('PHNO', left(values_to_write['phone'], 16)) else '{}'::json end,
                case when values_to_write['email'] is not null
                    then json_object('MAIL', left(values_to_write['email'], 50)) else '{}'::json end
            )
        })::varchar as payload,
        (select count(*) from standing where standing.business_key = changed.party_key and standing.state = 'confirmed') as finished,
        (select max(updated_at) from standing where standing.business_key = changed.party_key) as last_write,
        party.extracted_at
    from changed_fields as changed
    inner join {{ ref('parties') }} as party on party.party_uid = 'm3:' || changed.m3_cuno

),

final as (

    select
        party_key,
        case
            when intent_state is not null then 'none'
            when m3_band = 'review' then 'blocked'
            when m3_code is null then 'blocked'
            else 'create'
        end as operation,
        cuno as target_ref,
        null::varchar as remote_id,
        case when intent_state is null and (m3_band = 'review' or m3_code is null) then 'held' end as cause,
        case
            when intent_state is not null then 'on its way: intent is ' || intent_state
            when m3_band = 'review' then 'may be a customer that exists already: a person must say which'
            when m3_code is null then 'country ' || coalesce(country_code, '(none)') || ' has no M3 code: add it to country_codes'
            else 'client ' || coalesce(name, '') || ' has no M3 customer yet'
        end as reason,
        document_date,
        to_json({
            'add': {
                'CUTM': {{ setting('m3_customer_template') }},
                'CUNO': cuno,
                'CUNM': left(coalesce(nullif(name, ''), cuno), 36),
                -- CUA1 is mandatory in M3; a client without a street still is a customer.
                'CUA1': left(coalesce(nullif(street1, ''), '-'), 36),
                'CUA2': left(coalesce(street2, ''), 36),
                'TOWN': left(coalesce(city, ''), 20),
                'PONO': left(coalesce(postcode, ''), 10),
                'CSCD': m3_code,
                'PHNO': left(coalesce(phone, ''), 16),
                'MAIL': left(coalesce(email, ''), 50),
                'YREF': left({{ m3_customer_reference('source_id') }}, 30),
                'LNCD': 'GB',
                'STAT': '20'
            },
            'financial': {
                'CUNO': cuno,
                'CUCD': coalesce(currency, {{ setting('company_currency') }}),
                'VRNO': left(coalesce(vat_number, ''), 16)
            },
            'order_info': null
        })::varchar as payload,
        to_json({
            'name': coalesce(nullif(name, ''), cuno), 'street': coalesce(street1, ''),
            'city': coalesce(city, ''), 'postcode': coalesce(postcode, ''), 'phone': coalesce(phone, ''),
            'email': coalesce(email, '')
        })::varchar as agreed,
        to_json([{
            'entity': 'party', 'left_system': 'freshbooks', 'left_id': source_id,
            'right_system': 'm3', 'right_id': cuno
        }])::varchar as links,
        '[]' as diff
    from creates

    union all by name

    select
        party_key,
        case when last_write >= extracted_at then 'none' else 'update' end as operation,
        {{ change_ref('m3_cuno', 'finished', 'payload') }} as target_ref,
        m3_cuno as remote_id,
        null::varchar as cause,
        case
            when last_write >= extracted_at then 'on its way: written after the copy here was read'
            else 'changed in FreshBooks'
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
    party_key as business_key,
    'm3' as target,
    'm3__customers' as object,
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
