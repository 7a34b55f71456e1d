-- M3 customer orders: from the first FreshBooks invoice of each sale, and of free goods from the shop order itself (worth
-- nothing, so FreshBooks has no document of it). Nothing is posted until M3 ships and invoices.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_sales', 'sale_key') }}") }}

{% set order_type %}
case when only_services then {{ setting('m3_order_type_service') }} else {{ setting('m3_order_type_goods') }} end
{% endset %}

select *
from (

    {{ m3_order_diff(
        object='m3__orders',
        class='sale',
        role='freshbooks_invoice',
        reference=m3_order_reference('document.source_id'),
        sign='1',
        order_type=order_type
    ) }}

)
union all
select *
from (

    {{ m3_order_diff(
        object='m3__orders',
        class='free_goods',
        role='shop_order',
        reference=m3_free_goods_reference('document.number'),
        sign='1',
        order_type=order_type
    ) }}

)
