{#
  One test for what a key must be: there, and there once. Two tests (not_null, unique) would cost each build twice.
#}
{% test is_key(model, column_name) %}

select {{ column_name }} as key, count(*) as rows_of_key
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null

{% endtest %}
