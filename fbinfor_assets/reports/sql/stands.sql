-- Whether the report tables show the last complete build; empty ones cannot be asked.
select coalesce(max(_generation) = (select max(generation) from ops.builds where status = 'complete'), true) as stands
from reports.reconciliation_currencies
