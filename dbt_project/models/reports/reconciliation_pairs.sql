-- Each sale, compared pair by pair: what stands left and right, which cause of the policy's closed list explains the gap,
-- with its counterpart, owner and age, and what is left unexplained. The same pairs as `fbinfor reconcile`, over the staged
-- copies; the control that counts reads both systems anew.
{{ config(materialized='table') }}

with

waiting as ({{ waiting_rows() }}),

compared as (

    select
        amounts.*,
        -- Free goods, stock corrections and costs are compared only if FreshBooks or M3 took them for something of value.
        class in ('sale', 'credit') or freshbooks_total <> 0 or m3_invoiced <> 0 as is_compared,
        {{ document_tolerance('line_count') }} as tolerance,
        document_date < {{ setting('go_live_sale') }}::date as is_before_go_live,
        abs(m3_ordered) - abs(m3_invoiced) > {{ document_tolerance('line_count') }} as is_undelivered,
        {{ as_of_day() }} as as_of
    from {{ ref('reconciliation_amounts') }} as amounts

),

pairs as (

    select 1 as pair_no, 'shop-freshbooks' as pair, 'freshbooks' as side, comparison_key, shop_total as left_total,
        freshbooks_total as right_total, freshbooks_numbers as counterpart
    from compared where is_compared and shop_documents > 0 and class <> 'cost'
    union all
    select 2, 'shop-m3', 'm3', comparison_key, shop_total, m3_invoiced, coalesce(m3_invoice_numbers, m3_order_number)
    from compared where is_compared and shop_documents > 0 and class <> 'cost'
    union all
    select 3, 'freshbooks-m3', 'freshbooks', comparison_key, freshbooks_sent, m3_invoiced, m3_invoice_numbers
    from compared where is_compared and (freshbooks_issued > 0 or m3_invoices > 0)
    union all
    select 4, 'freshbooks-m3 cash', 'cash', comparison_key, freshbooks_received, m3_received, payment_ids
    from compared where freshbooks_received <> 0 or m3_received <> 0
    union all
    select 5, 'freshbooks-m3 settled', 'cash', comparison_key, freshbooks_settled, m3_settled, payment_ids
    from compared where freshbooks_settled <> 0 or m3_settled <> 0

),

-- The cause that is tried, and how much of the gap it may explain.
tried as (

    select
        pairs.*,
        compared.* exclude (comparison_key),
        (left_total - right_total)::decimal(18, 2) as gap,
        case
            when left_total = right_total then null
            when is_stray and pair_no = 3 then 'made by hand'
            when is_before_go_live then 'before go-live'
            when pair_no = 2 and m3_orders > 0 and is_undelivered then 'not delivered yet'
            when pair_no = 3 and is_undelivered and (class = 'credit' or shop_documents = 0) then 'not delivered yet'
            when pair_no = 5 and m3_on_account > 0 and left_total > right_total and m3_invoices = 0 then 'prepaid'
            when waiting.cause is not null and abs(left_total - right_total) > tolerance then waiting.cause
            when pair_no = 3 and right_total <> 0 and freshbooks_issued = 0 then 'in transit'
            when pair_no = 5 and m3_on_account > 0 and left_total > right_total then 'in transit'
            when pair_no in (4, 5) and m3_received_by_hand <> 0 then 'made by hand'
        end as cause,
        waiting.counterpart as waiting_counterpart,
        waiting.since as waiting_since,
        waiting.sentence
    from pairs
    inner join compared using (comparison_key)
    left join waiting on waiting.sale_key = compared.sale_key and waiting.side = pairs.side

),

measured as (

    select
        * exclude (counterpart),
        case cause
            when 'not delivered yet' then (m3_ordered - m3_invoiced)::decimal(18, 2)
            when 'prepaid' then least(m3_on_account, gap)
            when 'made by hand' then if(pair_no in (4, 5), -m3_received_by_hand, gap)
            else gap
        end as reach,
        case
            when cause = 'not delivered yet' then m3_order_number
            when cause = 'prepaid' then 'P' || payment_ids
            when cause = 'made by hand' and pair_no in (4, 5) then m3_ledger_by_hand
            when cause in ('held', 'made by hand', 'in transit') and waiting_counterpart is not null then waiting_counterpart
            when cause = 'before go-live' then sale_key
            else counterpart
        end as counterpart,
        case
            when cause = 'not delivered yet' then m3_order_date
            when cause in ('held', 'made by hand', 'in transit') and waiting_since is not null then waiting_since
            when pair_no in (4, 5) then payment_date
            when cause = 'in transit' then m3_invoice_date
        end as cause_since,
        case cause
            when 'not delivered yet' then 'warehouse'
            when 'in transit' then 'fbinfor'
            else 'finance'
        end as owner,
        if(cause in ('not delivered yet', 'in transit'), {{ setting('timing_max_days') }}::integer, null) as max_age_days
    from tried

),

aged as (

    select
        * exclude (cause_since),
        coalesce(cause_since, document_date) as since,
        date_diff('day', coalesce(cause_since, document_date), as_of) as age_days
    from measured

),

first_five as (

    select
        *,
        case
            when cause is null or (max_age_days is not null and age_days > max_age_days) then 0
            else reach
        end::decimal(18, 2) as explained_by_cause
    from aged

),

-- What is open follows from what was invoiced and what was settled, and so do its reasons.
open_amounts as (

    select
        6 as pair_no,
        'freshbooks-m3 open' as pair,
        compared.*,
        compared.freshbooks_open as left_total,
        compared.m3_open as right_total,
        (compared.freshbooks_open - compared.m3_open)::decimal(18, 2) as gap,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.cause, settled.cause) as cause,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.counterpart, coalesce(settled.counterpart, invoiced.counterpart))
            as counterpart,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.since, coalesce(settled.since, compared.document_date)) as since,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.age_days, coalesce(settled.age_days, date_diff('day', compared.document_date, compared.as_of)))
            as age_days,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.max_age_days, settled.max_age_days) as max_age_days,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.owner, coalesce(settled.owner, 'finance')) as owner,
        if(coalesce(invoiced.gap, 0) <> 0, invoiced.sentence, settled.sentence) as sentence,
        (coalesce(invoiced.explained_by_cause, 0) - coalesce(settled.explained_by_cause, 0))::decimal(18, 2)
            as explained_by_cause
    from compared
    left join first_five as invoiced on invoiced.comparison_key = compared.comparison_key and invoiced.pair_no = 3
    left join first_five as settled on settled.comparison_key = compared.comparison_key and settled.pair_no = 5
    where compared.is_compared and (compared.freshbooks_issued > 0 or compared.m3_invoices > 0)

),

every_pair as (

    select * from first_five
    union all by name
    select * from open_amounts

),

judged as (

    select
        *,
        if(gap = 0, 0, explained_by_cause)::decimal(18, 2) as by_cause,
        (gap - if(gap = 0, 0, explained_by_cause))::decimal(18, 2) as rest,
        -- A rest within the tolerance is rounding if there is something that it was rounded against.
        gap <> 0 and counterpart is not null and pair_no not in (4, 5)
            and abs(gap - explained_by_cause) <= tolerance and gap <> explained_by_cause as is_rounded
    from every_pair

)

select
    comparison_key || ' ' || pair as pair_key,
    comparison_key,
    sale_key,
    pair,
    pair_no,
    class,
    party_key,
    document_date,
    currency,
    left_total,
    right_total,
    gap as difference,
    case
        when gap = 0 then null
        when is_rounded and by_cause = 0 then 'rounding'
        else cause
    end as cause,
    if(gap = 0, null, counterpart) as counterpart,
    if(gap = 0, null, owner) as owner,
    if(gap = 0, null, since) as since,
    if(gap = 0, null, age_days) as age_days,
    if(gap = 0 or (is_rounded and by_cause = 0), null, max_age_days) as max_age_days,
    (by_cause + if(is_rounded, rest, 0))::decimal(18, 2) as explained,
    if(is_rounded, 0, abs(rest))::decimal(18, 2) as unexplained,
    case
        when gap = 0 then null
        when is_rounded and by_cause = 0 then 'rounded against ' || counterpart
        when age_days > max_age_days
            then cause || ' since ' || since || ', ' || age_days || ' days: longer than ' || max_age_days
        when cause is null and counterpart is null then 'no counterpart'
        when cause is null then 'against ' || counterpart
        else coalesce(sentence, cause || ', ' || counterpart)
    end as note,
    {{ generation() }} as _generation
from judged
