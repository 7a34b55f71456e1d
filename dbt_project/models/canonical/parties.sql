{{ config(unique_key='party_uid') }}

with changed_shop as (

    {{ changed_keys('customer_id', [ref('stg_shop__customers'), ref('stg_shop__orders')]) }}

),

changed_freshbooks as (

    {{ changed_keys('client_id', [ref('stg_freshbooks__clients')]) }}

),

changed_m3 as (

    {{ changed_keys('customer_number', [ref('stg_m3__customers')]) }}

),

changed_guests as (

    {{ changed_keys('order_id', [[ref('stg_shop__orders'), "case when customer_id is null then order_id end"]]) }}

),

countries as (

    {{ country_spellings() }}

),

-- What the newest order says stands in for a customer record that the shop does not serve (yet).
shop_orders as (

    select *
    from {{ ref('stg_shop__orders') }}
    where customer_id is not null {{ only_changed('customer_id', 'changed_shop', 'and') }}
    qualify row_number() over (partition by customer_id order by created_at desc, order_id desc) = 1

),

shop_customers as (

    select *
    from {{ ref('stg_shop__customers') }}
    {{ only_changed('customer_id', 'changed_shop') }}

),

shop as (

    select
        'shop' as system,
        coalesce(shop_customers.customer_id, shop_orders.customer_id) as source_id,
        coalesce(shop_customers.company, shop_orders.company) as organization,
        coalesce(shop_customers.given_name, shop_orders.given_name) as given_name,
        coalesce(shop_customers.family_name, shop_orders.family_name) as family_name,
        coalesce(shop_customers.email, shop_orders.email) as email,
        coalesce(shop_customers.phone, shop_orders.phone) as phone,
        coalesce(shop_customers.street1, shop_orders.street1) as street1,
        coalesce(shop_customers.street2, shop_orders.street2) as street2,
        coalesce(shop_customers.city, shop_orders.city) as city,
        coalesce(shop_customers.region, shop_orders.region) as region,
        coalesce(shop_customers.postcode, shop_orders.postcode) as postcode,
        coalesce(shop_customers.country, shop_orders.billing_country, shop_orders.ship_country) as country,
        coalesce(shop_customers.vat_number, shop_orders.vat_number) as vat_number,
        shop_orders.currency as currency,
        if(coalesce(shop_customers.is_deleted, false), 'deleted', 'active') as status,
        'SHOP-' || coalesce(shop_customers.customer_id, shop_orders.customer_id) as reference_token,
        coalesce(shop_customers.updated_at, shop_orders.updated_at) as updated_at,
        greatest(shop_customers.extracted_at, shop_orders.extracted_at) as extracted_at,
        false as is_walk_in
    from shop_customers
    full outer join shop_orders using (customer_id)

),

-- Guests of one country are one party: nobody's name, address or e-mail belongs to it.
walk_ins as (

    select
        'shop' as system,
        'WALKIN-' || iso2 as source_id,
        'Walk-in customers ' || min(coalesce(country_codes.name, iso2)) as organization,
        iso2 as country,
        min(guests.currency) as currency,
        'active' as status,
        'SHOP-WALKIN-' || iso2 as reference_token,
        true as is_walk_in
    from (
        select currency, coalesce(countries.iso2, 'XX') as iso2
        from {{ ref('stg_shop__orders') }} as orders
        left join countries on countries.spelling = lower(orders.ship_country)
        where customer_id is null {{ only_changed('order_id', 'changed_guests', 'and') }}
    ) as guests
    left join (select iso2, name from {{ ref('country_codes') }} where is_preferred) as country_codes using (iso2)
    {% if is_incremental() -%}
    -- Nothing of it depends on the orders: one that stands is not written again.
    where 'shop:WALKIN-' || iso2 not in (select party_uid from {{ this }})
    {% endif -%}
    group by iso2

),

freshbooks as (

    select
        'freshbooks' as system,
        client_id as source_id,
        organization,
        given_name,
        family_name,
        email,
        phone,
        street1,
        street2,
        city,
        region,
        postcode,
        country_name as country,
        vat_number,
        currency,
        case when is_deleted then 'deleted' when vis_state = 2 then 'archived' else 'active' end as status,
        nullif(regexp_extract(note, '\[fbinfor (SHOP-[A-Za-z0-9-]+)\]', 1), '') as reference_token,
        updated_at,
        extracted_at,
        false as is_walk_in
    from {{ ref('stg_freshbooks__clients') }}
    {{ only_changed('client_id', 'changed_freshbooks') }}

),

m3 as (

    select
        'm3' as system,
        customer_number as source_id,
        name as organization,
        email,
        coalesce(phone, phone2) as phone,
        -- CUA1 is mandatory in M3: '-' is how a customer without a street is kept there (diff_m3__customers).
        nullif(address1, '-') as street1,
        address2 as street2,
        town as city,
        area as region,
        postcode,
        country_code as country,
        vat_number,
        currency,
        case
            when is_deleted then 'deleted'
            when status = '10' then 'preliminary'
            when status = '20' then 'active'
            when status = '90' then 'blocked'
            else 'other'
        end as status,
        nullif(regexp_extract(your_reference, '^FB-.+-[0-9]+$'), '') as reference_token,
        updated_at,
        extracted_at,
        false as is_walk_in
    from {{ ref('stg_m3__customers') }}
    {{ only_changed('customer_number', 'changed_m3') }}

),

unioned as (

    select * from shop
    union all by name
    select * from walk_ins
    union all by name
    select * from freshbooks
    union all by name
    select * from m3

),

named as (

    select
        unioned.* exclude (country),
        coalesce(countries.iso2, case when length(country) = 2 then upper(country) end) as country_code,
        coalesce(organization, nullif(concat_ws(' ', given_name, family_name), ''), email) as name
    from unioned
    left join countries on countries.spelling = lower(unioned.country)

),

final as (

    select
        -- ids
        system || ':' || source_id as party_uid,
        system,
        source_id,
        reference_token,

        -- who
        name,
        organization,
        given_name,
        family_name,
        email,
        phone,
        {{ phone_last7('phone') }} as phone_last7,
        vat_number,

        -- where
        street1,
        street2,
        city,
        region,
        postcode,
        country_code,

        -- forms for comparing
        {{ name_core('name') }} as name_core,
        {{ legal_suffix('name') }} as legal_suffix,
        lower(email) as email_plain,
        {{ email_domain('email') }} as email_domain,
        {{ plain_vat('vat_number') }} as vat_plain,
        {{ plain_postcode('postcode') }} as postcode_plain,

        -- state
        currency,
        status,
        is_walk_in,
        updated_at,
        extracted_at
    from named

)

{{ only_different('party_uid') }}
