{{ config(unique_key='doc_uid') }}

with changed_shop as (

    {{ changed_keys('order_id', [ref('stg_shop__orders')]) }}

),

changed_invoices as (

    {{ changed_keys('invoice_id', [ref('stg_freshbooks__invoices')]) }}

),

changed_credit_notes as (

    {{ changed_keys('credit_note_id', [ref('stg_freshbooks__credit_notes')]) }}

),

changed_orders as (

    {{ changed_keys('order_number', [ref('stg_m3__orders')]) }}

),

changed_ledger as (

    {{ changed_keys("invoice_year || '/' || invoice_number", [ref('stg_m3__ledger')]) }}

),

-- A payment or a change of RECO moves what is open on the invoice it names; its order says whose invoice it is.
changed_m3_invoices as (

    {{ changed_keys('invoice_id', [ref('stg_m3__invoices')]) }}
    {% if is_incremental() -%}
    union
    select invoice_id
    from {{ ref('stg_m3__invoices') }}
    where invoice_year || '/' || extended_number in (select key from changed_ledger)
       or order_number in (select key from changed_orders)
    {%- endif %}

),

countries as (

    {{ country_spellings() }}

),

shop_lines as (

    select *
    from {{ ref('stg_shop__order_lines') }}
    {{ only_changed('order_id', 'changed_shop') }}

),

rules as (

    {{ rule_of_code('shop_lines', 'sku') }}

),

shop_totals as (

    select
        shop_lines.order_id,
        count(*) as line_count,
        sum(shop_lines.net) as lines_net,
        bool_and(coalesce(rules.line_class = 'cost', false)) as only_costs,
        bool_and(coalesce(shop_lines.unit_price, 0) = 0 and shop_lines.quantity < 0) as only_removals
    from shop_lines
    left join rules on rules.code_upper = upper(shop_lines.sku)
    group by shop_lines.order_id

),

shop as (

    select
        'shop' as system,
        'order' as doc_type,
        orders.order_id as source_id,
        orders.order_number as number,
        coalesce(orders.customer_id, 'WALKIN-' || coalesce(countries.iso2, 'XX')) as party_id,
        orders.order_date as document_date,
        orders.currency,
        orders.net,
        orders.tax,
        orders.total,
        if(orders.is_deleted, 'deleted', orders.status) as state,
        coalesce(countries.iso2, 'XX') as ship_country,
        coalesce(shop_totals.line_count, 0) as line_count,
        -- The order of the rules is the policy's: a document of costs is a cost even where it is negative.
        case
            when shop_totals.only_costs then 'cost'
            when orders.net < 0 or upper(orders.order_number) like 'C%' then 'credit'
            when shop_totals.only_removals then 'stock_adjustment'
            when orders.net = 0 then 'free_goods'
            else 'sale'
        end as class,
        orders.payment_method,
        orders.updated_at,
        orders.extracted_at
    from {{ ref('stg_shop__orders') }} as orders
    left join shop_totals on shop_totals.order_id = orders.order_id
    left join countries on countries.spelling = lower(orders.ship_country)
    {{ only_changed('orders.order_id', 'changed_shop') }}

),

freshbooks_invoices as (

    select
        'freshbooks' as system,
        'invoice' as doc_type,
        invoice_id as source_id,
        invoice_number as number,
        client_id as party_id,
        create_date as document_date,
        due_date,
        currency,
        net,
        cast(total - net as decimal(18, 2)) as tax,
        total,
        paid,
        outstanding,
        -- From amounts and v3_status, never from the numeric status (freshbooks-api 7.2).
        case
            when is_deleted then 'deleted'
            when v3_status in ('draft', 'created') then 'draft'
            when outstanding <= 0 and (paid > 0 or v3_status in ('paid', 'autopaid')) then 'paid'
            when paid > 0 then 'partial'
            else 'sent'
        end as state,
        'FB-' || {{ setting('freshbooks_account') }} || '-' || invoice_id as our_ref,
        line_count,
        updated_at,
        extracted_at
    from {{ ref('stg_freshbooks__invoices') }}
    {{ only_changed('invoice_id', 'changed_invoices') }}

),

-- Positive, as FreshBooks shows them; M3's and the shop's credits are negative there and stay so.
freshbooks_credit_notes as (

    select
        'freshbooks' as system,
        'credit_note' as doc_type,
        credit_note_id as source_id,
        credit_number as number,
        client_id as party_id,
        create_date as document_date,
        currency,
        net,
        cast(total - net as decimal(18, 2)) as tax,
        total,
        paid,
        cast(total - coalesce(paid, 0) as decimal(18, 2)) as outstanding,
        case
            when is_deleted then 'deleted'
            when display_status in ('draft', 'created') then 'draft'
            when payment_status = 'paid' then 'paid'
            when payment_status = 'partial' then 'partial'
            else 'sent'
        end as state,
        'FBC-' || {{ setting('freshbooks_account') }} || '-' || credit_note_id as our_ref,
        line_count,
        credit_type as subtype,
        extracted_at
    from {{ ref('stg_freshbooks__credit_notes') }}
    {{ only_changed('credit_note_id', 'changed_credit_notes') }}

),

m3_orders as (

    select
        'm3' as system,
        case
            when order_type in ('{{ var("m3_credit_order_types") | join("', '") }}') or our_ref like 'FBC-%' then 'credit_order'
            else 'order'
        end as doc_type,
        order_number as source_id,
        order_number as number,
        customer_number as party_id,
        order_date as document_date,
        currency,
        net,
        tax,
        total,
        case
            when is_deleted or lowest_status = '90' then 'deleted'
            when lowest_status = '99' then 'closed'
            when lowest_status >= '77' then 'invoiced'
            when highest_status >= '77' then 'partly_invoiced'
            when lowest_status >= '66' then 'delivered'
            else 'open'
        end as state,
        our_ref,
        line_count,
        order_type as subtype,
        updated_at,
        extracted_at
    from {{ ref('stg_m3__orders') }}
    {{ only_changed('order_number', 'changed_orders') }}

),

m3_invoices as (

    select *
    from {{ ref('stg_m3__invoices') }}
    {{ only_changed('invoice_id', 'changed_m3_invoices') }}

),

m3_settlement as (

    select
        m3_invoices.invoice_id,
        -sum(ledger.amount) filter (where ledger.transaction_code <> '10') as paid,
        sum(ledger.amount) as outstanding,
        max(ledger.reco) filter (where ledger.transaction_code = '10') as reco
    from m3_invoices
    inner join {{ ref('stg_m3__ledger') }} as ledger
        on ledger.invoice_number = m3_invoices.extended_number and ledger.invoice_year = m3_invoices.invoice_year
        and not ledger.is_deleted
    group by m3_invoices.invoice_id

),

m3_billed as (

    select
        'm3' as system,
        if(invoices.total < 0, 'credit_invoice', 'invoice') as doc_type,
        invoices.invoice_id as source_id,
        invoices.extended_number as number,
        invoices.customer_number as party_id,
        invoices.invoice_date as document_date,
        invoices.due_date,
        invoices.currency,
        invoices.net,
        invoices.tax,
        invoices.total,
        cast(coalesce(m3_settlement.paid, 0) as decimal(18, 2)) as paid,
        cast(coalesce(m3_settlement.outstanding, invoices.total) as decimal(18, 2)) as outstanding,
        case
            when invoices.is_deleted then 'deleted'
            when coalesce(m3_settlement.outstanding, invoices.total) = 0 then 'paid'
            when coalesce(m3_settlement.paid, 0) <> 0 then 'partial'
            else 'sent'
        end as state,
        orders.our_ref,
        -- The order's own row says which kind it is; an order that was not landed yet is taken for the invoice's kind.
        'm3:' || case
            when orders.order_type in ('{{ var("m3_credit_order_types") | join("', '") }}') or orders.our_ref like 'FBC-%'
            then 'credit_order'
            else 'order'
        end || ':' || invoices.order_number as parent_doc_uid,
        invoices.line_count,
        m3_settlement.reco,
        invoices.invoice_year,
        invoices.updated_at,
        invoices.extracted_at
    from m3_invoices as invoices
    left join m3_settlement on m3_settlement.invoice_id = invoices.invoice_id
    left join {{ ref('stg_m3__orders') }} as orders on orders.order_number = invoices.order_number

),

unioned as (

    select * from shop
    union all by name
    select * from freshbooks_invoices
    union all by name
    select * from freshbooks_credit_notes
    union all by name
    select * from m3_orders
    union all by name
    select * from m3_billed

),

final as (

    select
        -- ids
        system || ':' || doc_type || ':' || source_id as doc_uid,
        system,
        doc_type,
        source_id,
        number,
        {{ base_of_number('number') }} as base_number,
        {{ suffix_of_number('number') }} as number_suffix,
        system || ':' || party_id as party_uid,
        parent_doc_uid,
        our_ref,

        -- times
        document_date,
        due_date,

        -- money
        currency,
        net,
        tax,
        total,
        paid,
        outstanding,

        -- what it is
        state,
        class,
        subtype,
        invoice_year,
        reco,
        ship_country,
        payment_method,
        line_count,
        updated_at,
        extracted_at,
        {{ generation() }} as _generation
    from unioned

)

select * from final
