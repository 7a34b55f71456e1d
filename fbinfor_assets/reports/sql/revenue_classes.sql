select line_class, document_class, currency, lines, documents, quantity, net, posts, fate
from reports.line_classes
order by posts desc, abs(net) desc, line_class, document_class, currency
