{# Our references inside the vendors' records, spelt as in fbinfor_assets/domain/references.py (a test keeps them alike). #}

{% macro client_token(party_key) -%}
('[fbinfor ' || {{ party_key }} || ']')
{%- endmacro %}

{% macro m3_customer_number(client_id) -%}
('FB' || lpad({{ client_id }}::varchar, 8, '0'))
{%- endmacro %}

{% macro m3_customer_reference(client_id) -%}
('FB-' || {{ setting('freshbooks_account') }} || '-' || {{ client_id }}::varchar)
{%- endmacro %}

{% macro m3_order_reference(invoice_id) -%}
('FB-' || {{ setting('freshbooks_account') }} || '-' || {{ invoice_id }}::varchar)
{%- endmacro %}

{% macro m3_free_goods_reference(order_number) -%}
('SHOP-' || {{ order_number }}::varchar)
{%- endmacro %}

{% macro order_of_free_goods(our_ref) -%}
substr({{ our_ref }}, 6)
{%- endmacro %}

{% macro m3_credit_reference(credit_id) -%}
('FBC-' || {{ setting('freshbooks_account') }} || '-' || {{ credit_id }}::varchar)
{%- endmacro %}

{% macro allocation_batch(payment_id, nth) -%}
(5000000000 + {{ payment_id }}::bigint * 10 + {{ nth }})
{%- endmacro %}
