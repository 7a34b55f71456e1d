/*
stop: 110
title: Every line of the file by class
question: Which classes do the lines of the shop fall into, what are they worth to three decimals, and what becomes of each?
columns:
  line_class: What the line is (goods, freight, manual, discount, voucher, cost, …).
  document_class: What its document is (sale, credit, free_goods, stock_adjustment, cost).
  currency: ISO 4217 currency of the amounts.
  posts: Whether lines of this kind reach the books of M3.
  lines: Number of lines.
  documents: Number of documents with such lines.
  quantity: Pieces, returns negative.
  net: Worth without tax, three decimals as the file has it.
  net_of_all: The same over all classes of the currency.
  fate: What becomes of them, as a sentence.
reading: >
  Every line is in exactly one row. net_of_all is the net of the whole file; a cost is never netted against revenue, so
  what posts is more than what the file adds up to.
*/
select
    line_class,
    document_class,
    currency,
    posts,
    lines,
    documents,
    quantity,
    net,
    sum(net) over (partition by currency) as net_of_all,
    fate
from reports.line_classes
order by currency, posts desc, net desc, line_class, document_class
