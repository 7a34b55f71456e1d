{{ config(unique_key='ledger_id') }}

with source as (

    {{ newest(source('raw', 'm3__ledger')) }}

),

parsed as (

    select
        *,
        from_json(payload, '{
            "ESDIVI": "VARCHAR", "ESYEA4": "VARCHAR", "ESJRNO": "VARCHAR", "ESJSNO": "VARCHAR", "ESPYNO": "VARCHAR",
            "ESCUNO": "VARCHAR", "ESCINO": "VARCHAR", "ESINYR": "VARCHAR", "ESTRCD": "VARCHAR", "ESCUCD": "VARCHAR",
            "ESCUAM": "VARCHAR", "ESVTAM": "VARCHAR", "ESIVDT": "VARCHAR", "ESDUDT": "VARCHAR", "ESACDT": "VARCHAR",
            "ESVONO": "VARCHAR", "ESRECO": "VARCHAR", "ESREDE": "VARCHAR", "ESPYTP": "VARCHAR", "ESCKNO": "VARCHAR",
            "ESLMTS": "VARCHAR"
        }') as entry
    from source

),

renamed as (

    select
        -- ids
        key as ledger_id,
        {{ text('entry.ESDIVI') }} as division,
        {{ text('entry.ESYEA4') }} as ledger_year,
        {{ text('entry.ESJRNO') }} as journal_number,
        {{ text('entry.ESJSNO') }} as journal_sequence,
        {{ text('entry.ESPYNO') }} as payer_number,
        {{ text('entry.ESCUNO') }} as customer_number,
        {{ text('entry.ESCINO') }} as invoice_number,
        {{ text('entry.ESINYR') }} as invoice_year,
        {{ text('entry.ESVONO') }} as voucher_number,

        -- what it is: 10 invoice, 20 payment, anything else on account (infor-api 2.6, contract of the sandbox)
        {{ text('entry.ESTRCD') }} as transaction_code,
        {{ text('entry.ESPYTP') }} as payment_type,
        {{ text('entry.ESCKNO') }} as check_number,
        {{ text('entry.ESRECO') }} as reco,

        -- money: signed, what the entry adds to the receivable
        {{ text('entry.ESCUCD') }} as currency,
        {{ money('entry.ESCUAM') }} as amount,
        {{ money('entry.ESVTAM') }} as tax,

        -- state
        deleted as is_deleted,

        -- times
        {{ m3_date('entry.ESIVDT') }} as invoice_date,
        {{ m3_date('entry.ESDUDT') }} as due_date,
        {{ m3_date('entry.ESACDT') }} as accounting_date,
        {{ m3_date('entry.ESREDE') }} as reconciled_date,
        coalesce({{ m3_instant('entry.ESLMTS') }}, {{ m3_instant('vendor_stamp') }}) as updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
