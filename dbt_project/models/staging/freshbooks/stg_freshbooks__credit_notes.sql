{{ config(unique_key='credit_note_id') }}

with source as (

    {{ newest(source('raw', 'freshbooks__credit_notes')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "clientid": "VARCHAR", "credit_number": "VARCHAR", "credit_type": "VARCHAR", "currency_code": "VARCHAR",
            "notes": "VARCHAR", "display_status": "VARCHAR", "payment_status": "VARCHAR", "vis_state": "VARCHAR",
            "create_date": "VARCHAR", "amount": {"amount": "VARCHAR"}, "paid": {"amount": "VARCHAR"},
            "lines": [{"amount": {"amount": "VARCHAR"}}]
        }') as credit_note
    from source

),

renamed as (

    select
        -- ids
        key as credit_note_id,
        {{ text('credit_note.clientid') }} as client_id,
        {{ text('credit_note.credit_number') }} as credit_number,

        -- text
        {{ text('credit_note.credit_type') }} as credit_type,
        {{ text('credit_note.currency_code') }} as currency,
        {{ text('credit_note.notes') }} as notes,
        {{ text('credit_note.display_status') }} as display_status,
        {{ text('credit_note.payment_status') }} as payment_status,

        -- money: positive, tax included; net is null where the lines were not read
        cast(
            list_sum(list_transform(credit_note.lines, lambda line: {{ money('line.amount.amount') }}))
            as decimal(18, 2)
        ) as net,
        {{ money('credit_note.amount.amount') }} as total,
        {{ money('credit_note.paid.amount') }} as paid,
        len(credit_note.lines) as line_count,

        -- state
        coalesce(try_cast(credit_note.vis_state as integer), 0) as vis_state,
        deleted or coalesce(credit_note.vis_state, '0') = '1' as is_deleted,

        -- times (a credit note carries no `updated`, freshbooks-api 7.7)
        {{ day('credit_note.create_date') }} as create_date,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
