{{ config(unique_key='client_id') }}

with source as (

    {{ newest(source('raw', 'freshbooks__clients')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "organization": "VARCHAR", "fname": "VARCHAR", "lname": "VARCHAR", "email": "VARCHAR",
            "bus_phone": "VARCHAR", "mob_phone": "VARCHAR", "home_phone": "VARCHAR",
            "p_street": "VARCHAR", "p_street2": "VARCHAR", "p_city": "VARCHAR", "p_province": "VARCHAR",
            "p_code": "VARCHAR", "p_country": "VARCHAR", "vat_number": "VARCHAR", "currency_code": "VARCHAR",
            "language": "VARCHAR", "note": "VARCHAR", "vis_state": "VARCHAR", "updated": "VARCHAR",
            "signup_date": "VARCHAR"
        }') as client
    from source

),

renamed as (

    select
        -- ids
        key as client_id,

        -- text
        {{ text('client.organization') }} as organization,
        {{ text('client.fname') }} as given_name,
        {{ text('client.lname') }} as family_name,
        {{ text('client.email') }} as email,
        coalesce({{ text('client.bus_phone') }}, {{ text('client.mob_phone') }}, {{ text('client.home_phone') }}) as phone,
        {{ text('client.p_street') }} as street1,
        {{ text('client.p_street2') }} as street2,
        {{ text('client.p_city') }} as city,
        {{ text('client.p_province') }} as region,
        {{ text('client.p_code') }} as postcode,
        {{ text('client.p_country') }} as country_name,
        {{ text('client.vat_number') }} as vat_number,
        {{ text('client.currency_code') }} as currency,
        {{ text('client.language') }} as language,
        client.note as note,

        -- state
        coalesce(try_cast(client.vis_state as integer), 0) as vis_state,
        deleted or coalesce(client.vis_state, '0') = '1' as is_deleted,

        -- times
        {{ freshbooks_instant('client.updated') }} as updated_at,
        {{ utc_instant('client.signup_date') }} as signup_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
