/*
stop: 130
title: Rounding, document by document
question: Where did amounts change by rounding on the way from the shop's prices to the invoices, and by how much?
columns:
  sale_key: Shop order number.
  document_date: Day of the order.
  currency: ISO 4217 currency of the amounts.
  exact_net: Quantity times price over the lines of the order, three decimals.
  shop_net: Net of the order as the shop has it, in cents.
  net_rounding: shop_net less exact_net.
  shop_total: Total of the order with tax.
  invoiced_total: Total of its FreshBooks documents with tax, drafts of what is not shipped included.
  total_rounding: invoiced_total less shop_total, where it is within the tolerance of rounding.
  why: The reason as a sentence.
reading: >
  Tax is rounded once per document. An order that was shipped in parts has several invoices, each with a half-cent of its
  own; a price with three decimals makes a net that is no whole cent. More than the policy's tolerance (0.05, or 0.005
  times the root of the number of lines) is not rounding and stands in `differences`.
*/
with

exact as (

    select
        doc_uid,
        sum((quantity * unit_price)::decimal(28, 3))::decimal(18, 3) as exact_net,
        count(*) as lines
    from canonical.document_lines
    where doc_uid like 'shop:%'
    group by doc_uid

),

compared as (

    select
        sale.sale_key,
        sale.document_date,
        sale.currency,
        exact.exact_net,
        sale.order_net as shop_net,
        (sale.order_net - exact.exact_net)::decimal(18, 3) as net_rounding,
        sale.order_total as shop_total,
        report.freshbooks_total as invoiced_total,
        if(
            sale.class in ('sale', 'credit') and report.freshbooks_total <> 0
            and abs(report.freshbooks_total - sale.order_total) <= greatest(0.05, 0.005 * sqrt(exact.lines))::decimal(18, 2),
            (report.freshbooks_total - sale.order_total)::decimal(18, 2),
            0
        )::decimal(18, 2) as total_rounding,
        sale.freshbooks_document_count as parts
    from matched.sales as sale
    inner join exact on exact.doc_uid = sale.shop_doc_uid
    inner join reports.reconciliation_documents as report using (sale_key)

)

select
    sale_key,
    document_date,
    currency,
    exact_net,
    shop_net,
    net_rounding,
    shop_total,
    invoiced_total,
    total_rounding,
    concat_ws(
        '; ',
        if(net_rounding <> 0, 'prices with three decimals make a net of ' || exact_net, null),
        if(total_rounding <> 0, 'tax was rounded in each of ' || parts || ' documents', null)
    ) as why
from compared
where net_rounding <> 0 or total_rounding <> 0
order by abs(total_rounding) desc, abs(net_rounding) desc, sale_key
