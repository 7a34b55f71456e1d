{{ config(unique_key='credit_note_id') }}

with source as (

    {{ newest(source('raw', 'freshbooks__credit_notes')) }}

),

changed as (

    select key from source

),

parsed as (

    select
        key as credit_note_id,
        unnest(
            from_json(payload, '{"lines": [{
                "lineid": "VARCHAR", "type": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR", "qty": "VARCHAR",
                "unit_cost": {"amount": "VARCHAR", "code": "VARCHAR"}, "amount": {"amount": "VARCHAR"},
                "taxName1": "VARCHAR", "taxAmount1": "VARCHAR", "taxAmount2": "VARCHAR", "compounded_tax": "BOOLEAN"
            }]}').lines
        ) as line
    from source

),

renamed as (

    select
        -- ids
        credit_note_id,
        {{ whole('line.lineid') }} as line_id,
        {{ whole('line.type') }} as line_type,

        -- text
        {{ text('line.name') }} as name,
        {{ text('line.description') }} as description,
        {{ text('line.unit_cost.code') }} as currency,
        {{ text('line.taxName1') }} as tax_name,

        -- numbers
        {{ quantity('line.qty') }} as quantity,
        {{ price('line.unit_cost.amount') }} as unit_price,
        coalesce({{ money('line.amount.amount') }}, {{ line_net(quantity('line.qty'), price('line.unit_cost.amount')) }}) as net,
        {{ line_tax_rate('line') }} as tax_rate,
        {{ generation() }} as _generation
    from parsed

)

select * from renamed
{{ emptied_keys('credit_note_id', 'renamed') }}
