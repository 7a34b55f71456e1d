{{ config(unique_key='payment_uid') }}

with changed_freshbooks as (

    {{ changed_keys('payment_id', [ref('stg_freshbooks__payments')]) }}

),

changed_m3 as (

    {{ changed_keys('ledger_id', [ref('stg_m3__ledger')]) }}
    {% if is_incremental() -%}
    -- An invoice that arrives after its payment gives the payment its document.
    union
    select ledger.ledger_id
    from {{ ref('stg_m3__ledger') }} as ledger
    where ledger.transaction_code <> '10' and ledger.invoice_year || '/' || ledger.invoice_number in (
        select invoice_year || '/' || extended_number from {{ ref('stg_m3__invoices') }} where _generation > {{ since() }}
    )
    {%- endif %}

),

freshbooks as (

    select
        'freshbooks' as system,
        payment_id as source_id,
        'freshbooks:invoice:' || invoice_id as doc_uid,
        'freshbooks:' || client_id as party_uid,
        payment_date,
        currency,
        amount,
        payment_type as method,
        -- Credit applied to an invoice moves no cash (POLICY, sale 6).
        payment_type = 'Credit' or from_credit as is_allocation,
        if(payment_type = 'Credit' or from_credit, 'allocation', 'receipt') as kind,
        'FBP' || payment_id as our_ref,
        note,
        overpayment_id,
        if(is_deleted, 'deleted', 'active') as status,
        updated_at
    from {{ ref('stg_freshbooks__payments') }}
    {{ only_changed('payment_id', 'changed_freshbooks') }}

),

-- Every entry of the receivables ledger that is not an invoice. A payment lowers the receivable, so the sign turns.
m3_entries as (

    select ledger.*, invoices.invoice_id, invoices.total < 0 as is_credit
    from {{ ref('stg_m3__ledger') }} as ledger
    left join {{ ref('stg_m3__invoices') }} as invoices
        on invoices.extended_number = ledger.invoice_number and invoices.invoice_year = ledger.invoice_year
    where ledger.transaction_code <> '10' {{ only_changed('ledger.ledger_id', 'changed_m3', 'and') }}

),

m3 as (

    select
        'm3' as system,
        ledger_id as source_id,
        'm3:' || if(is_credit, 'credit_invoice', 'invoice') || ':' || invoice_id as doc_uid,
        'm3:' || customer_number as party_uid,
        coalesce(accounting_date, invoice_date) as payment_date,
        currency,
        cast(-amount as decimal(18, 2)) as amount,
        payment_type as method,
        coalesce(check_number like 'FBA%', false) as is_allocation,
        case
            when check_number like 'FBA%' and invoice_id is null then 'on_account_used'
            when check_number like 'FBA%' then 'allocation'
            when invoice_id is null then 'on_account'
            else 'receipt'
        end as kind,
        check_number as our_ref,
        invoice_number as account_item,
        reco,
        if(is_deleted, 'deleted', 'active') as status,
        updated_at
    from m3_entries

),

unioned as (

    select * from freshbooks
    union all by name
    select * from m3

),

final as (

    select
        -- ids
        system || ':payment:' || source_id as payment_uid,
        system,
        source_id,
        doc_uid,
        party_uid,
        our_ref,
        account_item,
        overpayment_id,

        -- money
        payment_date,
        currency,
        amount,
        method,
        is_allocation,
        kind,

        -- state
        status,
        reco,
        note,
        updated_at,
        {{ generation() }} as _generation
    from unioned

)

select * from final
