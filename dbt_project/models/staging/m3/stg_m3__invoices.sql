{{ config(unique_key='raw_key') }}

with source as (

    {{ newest(source('raw', 'm3__invoices')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "head": {
                "UHDIVI": "VARCHAR", "UHYEA4": "VARCHAR", "UHIVNO": "VARCHAR", "UHEXIN": "VARCHAR", "UHORNO": "VARCHAR",
                "UHCUNO": "VARCHAR", "UHPYNO": "VARCHAR", "UHIDAT": "VARCHAR", "UHDUDT": "VARCHAR", "UHCUCD": "VARCHAR",
                "UHIVAM": "VARCHAR", "UHVTAM": "VARCHAR", "UHLMTS": "VARCHAR"
            },
            "lines": [{"UBPONR": "VARCHAR"}], "order": "VARCHAR"
        }') as document
    from source

),

renamed as (

    select
        -- ids: an invoice is known by year and number; `raw_key` is the landing's own key
        key as raw_key,
        {{ text('document.head.UHYEA4') }} || '/' || {{ text('document.head.UHIVNO') }} as invoice_id,
        {{ text('document.head.UHDIVI') }} as division,
        {{ text('document.head.UHYEA4') }} as invoice_year,
        {{ text('document.head.UHIVNO') }} as invoice_number,
        coalesce({{ text('document.head.UHEXIN') }}, {{ text('document.head.UHIVNO') }}) as extended_number,
        coalesce({{ text('document."order"') }}, {{ text('document.head.UHORNO') }}) as order_number,
        {{ text('document.head.UHCUNO') }} as customer_number,
        {{ text('document.head.UHPYNO') }} as payer_number,

        -- money: UHIVAM includes tax
        {{ text('document.head.UHCUCD') }} as currency,
        cast({{ money('document.head.UHIVAM') }} - coalesce({{ money('document.head.UHVTAM') }}, 0) as decimal(18, 2)) as net,
        coalesce({{ money('document.head.UHVTAM') }}, 0) as tax,
        {{ money('document.head.UHIVAM') }} as total,
        len(document.lines) as line_count,

        -- state
        deleted as is_deleted,

        -- times
        {{ m3_date('document.head.UHIDAT') }} as invoice_date,
        {{ m3_date('document.head.UHDUDT') }} as due_date,
        coalesce({{ m3_instant('document.head.UHLMTS') }}, {{ m3_instant('vendor_stamp') }}) as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
