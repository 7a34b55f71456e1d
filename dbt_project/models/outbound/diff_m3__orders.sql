-- M3 customer orders from the first FreshBooks invoice of each sale. Nothing is posted until M3 ships and invoices.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_sales', 'sale_key') }}") }}

{{ m3_order_diff(
    object='m3__orders',
    class='sale',
    role='freshbooks_invoice',
    reference=m3_order_reference('document.source_id'),
    sign='1',
    order_type="case when only_services then " ~ setting('m3_order_type_service') ~ " else " ~ setting('m3_order_type_goods') ~ " end"
) }}
