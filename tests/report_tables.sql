-- The report tables of a small company, by hand: eleven documents of four parties in two currencies, one of them named by
-- somebody hostile. Columns and types are those of dbt_project/models/reports (test_report_columns.py holds both equal).
create schema ops;
create schema reports;

create table ops.builds (generation bigint, finished_at timestamptz, status varchar);
insert into ops.builds values (6, '2011-01-04 20:00:00+00', 'complete'), (7, '2011-01-04 21:30:00+00', 'complete');

create table names (party_key varchar, party_name varchar);
insert into names values
    ('SHOP-17850', 'Hartley Gifts Ltd'),
    ('SHOP-13047', 'Å & Søn "Gaver" ApS'),
    ('SHOP-12583', 'Maison Lefèvre'),
    ('SHOP-66666', '<script>document.title="taken"</script><img src=x onerror=alert(1)>'' {{ 7*7 }} </style></svg>');

create table reports.reconciliation_documents (
    comparison_key varchar, sale_key varchar, class varchar, party_key varchar, party_name varchar, document_date date,
    currency varchar,
    shop_total decimal(18, 2), freshbooks_total decimal(18, 2), freshbooks_sent decimal(18, 2),
    m3_ordered decimal(18, 2), m3_invoiced decimal(18, 2), freshbooks_open decimal(18, 2), m3_open decimal(18, 2),
    freshbooks_received decimal(18, 2), m3_order_number varchar, m3_invoice_numbers varchar, status varchar,
    difference decimal(18, 2), open_difference decimal(18, 2), cause varchar, counterpart varchar, owner varchar, note varchar, unexplained decimal(18, 2),
    age_days integer, _generation bigint
);
insert into reports.reconciliation_documents by name
select
    sale_key as comparison_key, sale_key, 'sale' as class, party_key, party_name, day::date as document_date, currency,
    total as shop_total, total as freshbooks_total, sent as freshbooks_sent, total as m3_ordered, invoiced as m3_invoiced,
    fb_open as freshbooks_open, m3_open, sent - fb_open as freshbooks_received,
    '50' || sale_key as m3_order_number, '1' || sale_key as m3_invoice_numbers, status,
    sent - invoiced as difference, fb_open - m3_open as open_difference, cause,
    if(cause is null, null, 'invoice 9' || sale_key) as counterpart, if(cause is null, null, 'fbinfor') as owner,
    if(cause is null, null, 'read back <soon>') as note, 0 as unexplained, age as age_days, 7 as _generation
from (
    values
    ('536365', 'SHOP-17850', '2010-12-01', 'GBP', 1234.50, 1234.50, 1234.50, 0.00, 0.00, 'agrees', null, null),
    ('536366', 'SHOP-17850', '2010-12-02', 'GBP', 22.20, 22.20, 22.20, 22.20, 22.20, 'agrees', null, null),
    ('536367', 'SHOP-17850', '2010-12-03', 'GBP', 278.73, 278.73, 278.73, 278.73, 278.73, 'agrees', null, null),
    ('536368', 'SHOP-13047', '2010-12-03', 'GBP', 70.05, 0.00, 70.05, 0.00, 70.05, 'in transit', 'in transit', 1),
    ('536369', 'SHOP-13047', '2010-12-05', 'GBP', 17.85, 0.00, 0.00, 0.00, 0.00, 'not delivered yet', 'not delivered yet', 30),
    ('536370', 'SHOP-12583', '2010-12-06', 'EUR', 855.86, 855.86, 855.86, 855.86, 855.86, 'agrees', null, null),
    ('536371', 'SHOP-12583', '2010-12-07', 'EUR', 204.00, 204.00, 204.00, 0.00, 0.00, 'agrees', null, null),
    ('536372', 'SHOP-66666', '2011-01-02', 'GBP', 22.20, 22.20, 22.20, 22.20, 22.20, 'agrees', null, null),
    ('536373', 'SHOP-66666', '2011-01-03', 'GBP', 259.86, 259.86, 259.86, 0.00, 0.00, 'agrees', null, null),
    ('C536379', 'SHOP-17850', '2011-01-03', 'GBP', -27.50, 0.00, -27.50, 0.00, 0.00, 'in transit', 'in transit', 1),
    ('536999', 'SHOP-13047', '2011-01-03', 'GBP', -13541.33, 0.00, 0.00, 0.00, 0.00, 'not a document', null, null)
) as document (sale_key, party_key, day, currency, total, sent, invoiced, fb_open, m3_open, status, cause, age)
inner join names using (party_key);

create table reports.reconciliation_parties as
select
    party_key, any_value(party_name) as party_name, currency, count(*)::integer as documents,
    sum(shop_total)::decimal(18, 2) as shop_total,
    sum(freshbooks_sent)::decimal(18, 2) as freshbooks_sent, sum(m3_invoiced)::decimal(18, 2) as m3_invoiced,
    sum(difference)::decimal(18, 2) as difference,
    sum(freshbooks_received)::decimal(18, 2) as freshbooks_received,
    sum(m3_invoiced - m3_open)::decimal(18, 2) as m3_received,
    sum(freshbooks_open)::decimal(18, 2) as freshbooks_open, sum(m3_open)::decimal(18, 2) as m3_open,
    sum(open_difference)::decimal(18, 2) as open_difference,
    (count(*) filter (where cause is not null))::integer as disagreeing, 7::bigint as _generation
from reports.reconciliation_documents
where status <> 'not a document'
group by party_key, currency;

create table reports.reconciliation_periods as
select
    date_trunc('month', document_date)::date as period, currency, count(*)::integer as documents,
    sum(freshbooks_sent)::decimal(18, 2) as freshbooks_invoiced, sum(m3_invoiced)::decimal(18, 2) as m3_invoiced,
    sum(difference)::decimal(18, 2) as difference,
    sum(freshbooks_received)::decimal(18, 2) as freshbooks_received,
    sum(m3_invoiced - m3_open)::decimal(18, 2) as m3_received,
    sum(freshbooks_received - m3_invoiced + m3_open)::decimal(18, 2) as cash_difference,
    coalesce(-sum(m3_invoiced) filter (where m3_invoiced < 0), 0)::decimal(18, 2) as credited, 7::bigint as _generation
from reports.reconciliation_documents
where status <> 'not a document'
group by all;

create table reports.reconciliation_currencies as
select
    'freshbooks-m3' as pair, currency, count(*)::integer as documents,
    sum(freshbooks_sent)::decimal(18, 2) as left_total, sum(m3_invoiced)::decimal(18, 2) as right_total,
    sum(difference)::decimal(18, 2) as difference, sum(abs(difference))::decimal(18, 2) as explained,
    0.00::decimal(18, 2) as unexplained, 7::bigint as _generation
from reports.reconciliation_documents
where status <> 'not a document'
group by currency;

create table reports.sent (
    intent_id varchar, object varchar, target varchar, operation varchar, business_key varchar, target_ref varchar,
    remote_id varchar, document_date date, currency varchar, amount decimal(18, 2), state varchar, reason varchar,
    changes json, planned_at timestamptz, settled_at timestamptz, error varchar, _generation bigint
);
insert into reports.sent values
    ('i1', 'freshbooks__clients', 'freshbooks', 'create', 'SHOP-17850', 'SHOP-17850', '101', null, null, null, 'confirmed',
     'the shop has a customer that FreshBooks does not have', null, '2011-01-03 08:00:00+00', '2011-01-03 08:00:02+00', null, 7),
    ('i2', 'freshbooks__invoices', 'freshbooks', 'create', '536365', '536365', '9001', '2010-12-01', 'GBP', 1234.50, 'confirmed',
     'an order without an invoice', '[]', '2011-01-03 08:01:00+00', '2011-01-03 08:01:02+00', null, 7),
    ('i3', 'm3__orders', 'm3', 'create', '536365', 'FB-ACM-9001', '5000001', '2010-12-01', 'GBP', 1234.50, 'confirmed',
     'an invoice without an M3 order', '[]', '2011-01-03 08:02:00+00', '2011-01-03 08:02:05+00', null, 7),
    ('i4', 'm3__customers', 'm3', 'update', 'SHOP-66666', 'FB00000104', 'FB00000104', null, null, null, 'confirmed',
     'changed in FreshBooks', '[{"field": "name", "old": "Old Name", "new": "<b>New</b> & Co"}, {"field": "limit", "old": 100.10, "new": null}]',
     '2011-01-03 09:00:00+00', '2011-01-03 09:00:01+00', null, 7),
    ('i5', 'm3__receipts', 'm3', 'create', 'payment:7001', 'P7001', null, '2011-01-02', 'GBP', 259.86, 'dead',
     'a payment without a receipt', '[]', '2011-01-03 07:00:00+00', null, 'XRE0104 payer <unknown> does not exist', 7);

create table reports.receivables_ageing as
select
    party_key, any_value(party_name) as party_name, currency, date '2011-01-04' as as_of,
    coalesce(sum(m3_open) filter (where document_date > '2010-12-05'), 0)::decimal(18, 2) as not_due,
    coalesce(sum(m3_open) filter (where document_date between '2010-12-03' and '2010-12-05'), 0)::decimal(18, 2) as days_1_30,
    coalesce(sum(m3_open) filter (where document_date < '2010-12-03'), 0)::decimal(18, 2) as days_31_60,
    0.00::decimal(18, 2) as days_61_90, 0.00::decimal(18, 2) as over_90,
    0.00::decimal(18, 2) as on_account,
    sum(m3_open)::decimal(18, 2) as total_open, sum(freshbooks_open)::decimal(18, 2) as freshbooks_open,
    sum(open_difference)::decimal(18, 2) as difference, min(document_date)::date as oldest_due_date,
    7::bigint as _generation
from reports.reconciliation_documents
where m3_open <> 0 or freshbooks_open <> 0
group by party_key, currency;

create table reports.line_classes (
    line_class varchar, document_class varchar, currency varchar, lines bigint, documents bigint, quantity decimal(18, 4),
    net decimal(18, 3), posts boolean, fate varchar, _generation bigint
);
insert into reports.line_classes values
    ('goods', 'sale', 'GBP', 14, 7, 120, 1572.790, true, 'invoiced when shipped', 7),
    ('goods', 'credit', 'GBP', 1, 1, -5, -22.917, true, 'credited', 7),
    ('freight', 'sale', 'GBP', 2, 2, 2, 36.000, true, 'invoiced with the goods', 7),
    ('goods', 'sale', 'EUR', 6, 2, 300, 1059.860, true, 'invoiced when shipped', 7),
    ('fee', 'cost', 'GBP', 1, 1, -1, -13541.330, false, 'a cost, posted nowhere', 7),
    ('goods', 'free_goods', 'GBP', 3, 1, 40, 0.000, false, 'delivered and worth nothing', 7);

create table reports.revenue_by_class (
    period date, line_class varchar, currency varchar, lines bigint, shop_net decimal(18, 3),
    freshbooks_net decimal(18, 2), m3_net decimal(18, 2), rounding decimal(18, 3), credited decimal(18, 2), _generation bigint
);
insert into reports.revenue_by_class values
    ('2010-12-01', 'goods', 'GBP', 12, 1338.067, 1338.06, 1338.07, 0.003, 0.00, 7),
    ('2010-12-01', 'freight', 'GBP', 2, 36.000, 36.00, 36.00, 0.000, 0.00, 7),
    ('2010-12-01', 'goods', 'EUR', 6, 1059.860, 1059.86, 1059.86, 0.000, 0.00, 7),
    ('2011-01-01', 'goods', 'GBP', 3, 211.806, 211.80, 211.80, -0.006, -22.92, 7);

create table reports.anomalies (
    finding_id varchar, rule varchar, system varchar, document varchar, party_key varchar, party_name varchar,
    document_date date, currency varchar, amount_at_risk decimal(18, 2), sentence varchar, evidence json,
    suggested_action varchar, score decimal(9, 4), _generation bigint
);
insert into reports.anomalies
select finding_id, rule, system, document, party_key, party_name, day::date, currency, amount, sentence, evidence, action, score, 7
from (
    values
    ('f1', 'duplicate_invoice', 'm3', '536372', 'SHOP-66666', '2011-01-02', 'GBP', 22.20,
     'Invoices 536366 and 536372 have the same lines and the same total of 22.20 GBP.',
     '[{"document": "536366", "day": "2010-12-02", "total": 22.20}, {"document": "536372", "day": "2011-01-02", "total": 22.20}]',
     'Ask the customer before the second one is collected.', 0.9000),
    ('f2', 'unusual_amount', 'm3', '536365', 'SHOP-17850', '2010-12-01', 'GBP', 955.77,
     'Usually 180.00 GBP to 260.00 GBP over 31 invoices, this one 1,234.50 GBP.',
     '[{"document": "536367", "day": "2010-12-03", "total": 278.73, "note": null}]', 'Look at the order.', 0.7500),
    ('f3', 'sequence_gap', 'm3', null, null, '2010-12-06', null, null,
     'M3 invoice 10000007 is missing between 10000006 and 10000008.', '[]', 'Look for a cancelled invoice.', 0.2000)
) as finding (finding_id, rule, system, document, party_key, day, currency, amount, sentence, evidence, action, score)
left join names using (party_key);

drop table names;
