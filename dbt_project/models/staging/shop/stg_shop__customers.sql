{{ config(unique_key='customer_id') }}

with source as (

    {{ newest(source('raw', 'shop__customers')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "email": "VARCHAR", "first_name": "VARCHAR", "last_name": "VARCHAR", "date_modified_gmt": "VARCHAR",
            "billing": {
                "first_name": "VARCHAR", "last_name": "VARCHAR", "company": "VARCHAR", "address_1": "VARCHAR",
                "address_2": "VARCHAR", "city": "VARCHAR", "state": "VARCHAR", "postcode": "VARCHAR",
                "country": "VARCHAR", "email": "VARCHAR", "phone": "VARCHAR"
            },
            "meta_data": [{"key": "VARCHAR", "value": "VARCHAR"}]
        }') as customer
    from source

),

renamed as (

    select
        -- ids
        key as customer_id,

        -- text: billing first, the account's own fields where it is silent
        {{ text('customer.billing.company') }} as company,
        coalesce({{ text('customer.billing.first_name') }}, {{ text('customer.first_name') }}) as given_name,
        coalesce({{ text('customer.billing.last_name') }}, {{ text('customer.last_name') }}) as family_name,
        coalesce({{ text('customer.billing.email') }}, {{ text('customer.email') }}) as email,
        {{ text('customer.billing.phone') }} as phone,
        {{ text('customer.billing.address_1') }} as street1,
        {{ text('customer.billing.address_2') }} as street2,
        {{ text('customer.billing.city') }} as city,
        {{ text('customer.billing.state') }} as region,
        {{ text('customer.billing.postcode') }} as postcode,
        {{ text('customer.billing.country') }} as country,
        {{ vat_from_meta('customer.meta_data') }} as vat_number,

        -- state
        deleted as is_deleted,

        -- times
        {{ utc_instant('customer.date_modified_gmt') }} as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
