{{ config(unique_key='order_id') }}

with source as (

    {{ newest(source('raw', 'shop__orders')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "number": "VARCHAR", "status": "VARCHAR", "currency": "VARCHAR", "customer_id": "VARCHAR",
            "date_created": "VARCHAR", "date_created_gmt": "VARCHAR", "date_modified_gmt": "VARCHAR",
            "billing": {
                "first_name": "VARCHAR", "last_name": "VARCHAR", "company": "VARCHAR", "address_1": "VARCHAR",
                "address_2": "VARCHAR", "city": "VARCHAR", "state": "VARCHAR", "postcode": "VARCHAR",
                "country": "VARCHAR", "email": "VARCHAR", "phone": "VARCHAR"
            },
            "shipping": {"country": "VARCHAR"},
            "payment_method": "VARCHAR", "transaction_id": "VARCHAR", "total": "VARCHAR", "total_tax": "VARCHAR",
            "meta_data": [{"key": "VARCHAR", "value": "VARCHAR"}]
        }') as "order"
    from source

),

renamed as (

    select
        -- ids: customer 0 is a guest
        key as order_id,
        {{ text('"order".number') }} as order_number,
        nullif({{ text('"order".customer_id') }}, '0') as customer_id,

        -- text
        {{ text('"order".status') }} as status,
        {{ text('"order".currency') }} as currency,
        {{ text('"order".billing.company') }} as company,
        {{ text('"order".billing.first_name') }} as given_name,
        {{ text('"order".billing.last_name') }} as family_name,
        {{ text('"order".billing.email') }} as email,
        {{ text('"order".billing.phone') }} as phone,
        {{ text('"order".billing.address_1') }} as street1,
        {{ text('"order".billing.address_2') }} as street2,
        {{ text('"order".billing.city') }} as city,
        {{ text('"order".billing.state') }} as region,
        {{ text('"order".billing.postcode') }} as postcode,
        {{ text('"order".billing.country') }} as billing_country,
        coalesce({{ text('"order".shipping.country') }}, {{ text('"order".billing.country') }}) as ship_country,
        {{ vat_from_meta('"order".meta_data') }} as vat_number,
        {{ text('"order".payment_method') }} as payment_method,
        {{ text('"order".transaction_id') }} as transaction_id,

        -- money
        cast({{ money('"order".total') }} - {{ money('"order".total_tax') }} as decimal(18, 2)) as net,
        {{ money('"order".total_tax') }} as tax,
        {{ money('"order".total') }} as total,

        -- state
        deleted as is_deleted,

        -- times: the day is the shop's own wall clock's, never that of the UTC stamp (POLICY, documents and time)
        {{ day('"order".date_created') }} as order_date,
        {{ utc_instant('"order".date_created_gmt') }} as created_at,
        {{ utc_instant('"order".date_modified_gmt') }} as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
