{{ config(unique_key='invoice_id') }}

with source as (

    {{ newest(source('raw', 'freshbooks__invoices')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "customerid": "VARCHAR", "invoice_number": "VARCHAR", "currency_code": "VARCHAR", "notes": "VARCHAR",
            "po_number": "VARCHAR", "v3_status": "VARCHAR", "payment_status": "VARCHAR", "vis_state": "VARCHAR",
            "create_date": "VARCHAR", "due_date": "VARCHAR", "updated": "VARCHAR", "created_at": "VARCHAR",
            "amount": {"amount": "VARCHAR"}, "paid": {"amount": "VARCHAR"}, "outstanding": {"amount": "VARCHAR"},
            "discount_total": {"amount": "VARCHAR"}, "lines": [{"amount": {"amount": "VARCHAR"}}]
        }') as invoice
    from source

),

renamed as (

    select
        -- ids
        key as invoice_id,
        {{ text('invoice.customerid') }} as client_id,
        {{ text('invoice.invoice_number') }} as invoice_number,

        -- text
        {{ text('invoice.currency_code') }} as currency,
        {{ text('invoice.notes') }} as notes,
        {{ text('invoice.po_number') }} as po_number,
        {{ text('invoice.v3_status') }} as v3_status,
        {{ text('invoice.payment_status') }} as payment_status,

        -- money: `amount` includes tax; the lines do not, the discount is negative (freshbooks-api 7.2)
        cast(
            list_sum(list_transform(invoice.lines, lambda line: {{ money('line.amount.amount') }}))
            + coalesce({{ money('invoice.discount_total.amount') }}, 0)
            as decimal(18, 2)
        ) as net,
        coalesce({{ money('invoice.discount_total.amount') }}, 0) as discount_total,
        {{ money('invoice.amount.amount') }} as total,
        {{ money('invoice.paid.amount') }} as paid,
        {{ money('invoice.outstanding.amount') }} as outstanding,
        len(invoice.lines) as line_count,

        -- state
        coalesce(try_cast(invoice.vis_state as integer), 0) as vis_state,
        deleted or coalesce(invoice.vis_state, '0') = '1' as is_deleted,

        -- times
        {{ day('invoice.create_date') }} as create_date,
        {{ day('invoice.due_date') }} as due_date,
        {{ freshbooks_instant('invoice.created_at') }} as created_at,
        {{ freshbooks_instant('invoice.updated') }} as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
