-- M3 credit orders (negative quantities) from FreshBooks goodwill credit notes.
{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_affected('affected_sales', 'sale_key') }}") }}

{{ m3_order_diff(
    object='m3__credit_orders',
    class='credit',
    role='freshbooks_credit_note',
    reference=m3_credit_reference('document.source_id'),
    sign='-1',
    order_type=setting('m3_order_type_credit')
) }}
