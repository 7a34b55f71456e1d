{{ config(unique_key='payment_id') }}

with source as (

    {{ newest(source('raw', 'freshbooks__payments')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "invoiceid": "VARCHAR", "clientid": "VARCHAR", "creditid": "VARCHAR", "overpaymentid": "VARCHAR",
            "amount": {"amount": "VARCHAR", "code": "VARCHAR"}, "date": "VARCHAR", "type": "VARCHAR", "note": "VARCHAR",
            "from_credit": "BOOLEAN", "gateway": "VARCHAR", "transactionid": "VARCHAR", "vis_state": "VARCHAR",
            "updated": "VARCHAR"
        }') as payment
    from source

),

renamed as (

    select
        -- ids (0 and null both mean "none")
        key as payment_id,
        nullif({{ text('payment.invoiceid') }}, '0') as invoice_id,
        nullif({{ text('payment.clientid') }}, '0') as client_id,
        nullif({{ text('payment.creditid') }}, '0') as credit_note_id,
        nullif({{ text('payment.overpaymentid') }}, '0') as overpayment_id,

        -- text
        {{ text('payment.type') }} as payment_type,
        {{ text('payment.note') }} as note,
        {{ text('payment.gateway') }} as gateway,
        {{ text('payment.transactionid') }} as transaction_id,

        -- money
        {{ money('payment.amount.amount') }} as amount,
        {{ text('payment.amount.code') }} as currency,

        -- state
        coalesce(payment.from_credit, false) as from_credit,
        coalesce(try_cast(payment.vis_state as integer), 0) as vis_state,
        deleted or coalesce(payment.vis_state, '0') = '1' as is_deleted,

        -- times
        {{ day('payment.date') }} as payment_date,
        {{ freshbooks_instant('payment.updated') }} as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
