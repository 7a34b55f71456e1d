-- A line's key is its document and its number, never its content: equal lines are two lines.
select doc_uid, line_no, count(*) as lines
from {{ ref('document_lines') }}
where _generation > {{ since() }}
group by doc_uid, line_no
having count(*) > 1
