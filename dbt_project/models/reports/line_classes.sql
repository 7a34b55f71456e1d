-- Every line that the shop serves in exactly one class, with what becomes of it: the classes add up to the order file.
{{ config(materialized='table') }}

with

lines as (

    select
        line.line_class,
        document.class as document_class,
        document.currency,
        document.doc_uid,
        line.quantity,
        line.net,
        -- As the file has it, before cents; where a discount makes quantity x price another amount, the shop's own total.
        if(
            {{ cents('line.quantity * line.unit_price') }} = line.net, line.quantity * line.unit_price, line.net
        ) as exact_net
    from {{ ref('documents') }} as document
    inner join {{ ref('document_lines') }} as line using (doc_uid)
    where document.system = 'shop'

),

classes as (

    select
        line_class,
        document_class,
        currency,
        count(*) as lines,
        count(distinct doc_uid) as documents,
        sum(quantity)::decimal(18, 4) as quantity,
        sum(exact_net)::decimal(18, 3) as net,
        sum(net)::decimal(18, 2) as document_net
    from lines
    group by line_class, document_class, currency

)

select
    classes.line_class,
    classes.document_class,
    classes.currency,
    classes.lines,
    classes.documents,
    classes.quantity,
    classes.net,
    classes.document_net,
    (classes.document_net - classes.net)::decimal(18, 3) as rounding,
    coalesce(own_fate.posts, any_fate.posts) as posts,
    coalesce(own_fate.fate, any_fate.fate) as fate,
    {{ generation() }} as _generation
from classes
left join {{ ref('class_fates') }} as own_fate
    on own_fate.document_class = classes.document_class and own_fate.line_class = classes.line_class
left join {{ ref('class_fates') }} as any_fate
    on any_fate.document_class = classes.document_class and any_fate.line_class = '*'
