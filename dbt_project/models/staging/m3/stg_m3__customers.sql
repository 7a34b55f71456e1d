{{ config(unique_key='customer_number') }}

with source as (

    {{ newest(source('raw', 'm3__customers')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "CUNM": "VARCHAR", "CUA1": "VARCHAR", "CUA2": "VARCHAR", "CUA3": "VARCHAR", "CUA4": "VARCHAR",
            "PONO": "VARCHAR", "TOWN": "VARCHAR", "ECAR": "VARCHAR", "CSCD": "VARCHAR", "PHNO": "VARCHAR",
            "PHN2": "VARCHAR", "MAIL": "VARCHAR", "VRNO": "VARCHAR", "CUCD": "VARCHAR", "VTCD": "VARCHAR",
            "STAT": "VARCHAR", "YREF": "VARCHAR", "YRE2": "VARCHAR", "ALCU": "VARCHAR", "PYNO": "VARCHAR",
            "TEPY": "VARCHAR", "CUCL": "VARCHAR", "LMTS": "VARCHAR"
        }') as customer
    from source

),

renamed as (

    select
        -- ids
        key as customer_number,
        {{ text('customer.PYNO') }} as payer_number,

        -- text
        {{ text('customer.CUNM') }} as name,
        {{ text('customer.CUA1') }} as address1,
        {{ text('customer.CUA2') }} as address2,
        {{ text('customer.CUA3') }} as address3,
        {{ text('customer.CUA4') }} as address4,
        {{ text('customer.PONO') }} as postcode,
        {{ text('customer.TOWN') }} as town,
        {{ text('customer.ECAR') }} as area,
        {{ text('customer.CSCD') }} as country_code,
        {{ text('customer.PHNO') }} as phone,
        {{ text('customer.PHN2') }} as phone2,
        {{ text('customer.MAIL') }} as email,
        {{ text('customer.VRNO') }} as vat_number,
        {{ text('customer.CUCD') }} as currency,
        {{ text('customer.VTCD') }} as vat_code,
        {{ text('customer.YREF') }} as your_reference,
        {{ text('customer.YRE2') }} as your_reference2,
        {{ text('customer.ALCU') }} as search_key,
        {{ text('customer.TEPY') }} as payment_terms,
        {{ text('customer.CUCL') }} as customer_group,

        -- state
        {{ text('customer.STAT') }} as status,
        deleted as is_deleted,

        -- times: LstByNumber returns no LMTS (infor-api 2.6), the landing's stamp stands for it
        coalesce({{ m3_instant('customer.LMTS') }}, {{ m3_instant('vendor_stamp') }}) as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
