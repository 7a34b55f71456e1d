-- The independent proof of a period: what the vendors' write logs, the order file and the two trial balances say, with
-- no word of the product. prove.py makes the tables it starts from, runs it, and prints `proof_*`:
--
--   freshbooks_log, m3_log (sequence, operation, object, key, body JSON)   every applied mutation, oldest first
--   order_file (ordinal, invoice_no, stock_code, quantity, invoice_date, unit_price, country)   net prices in GBP
--   trial_balance (system, account, debit, credit, balance)                company currency GBP
--   period (first_day, last_day)                                           local days of the orders, both included
--
-- Amounts are decimals throughout: cents DECIMAL(18,2), the file's own net DECIMAL(18,3), products DECIMAL(38,6).

-- ---------------------------------------------------------------------------------------------- rules of the policy

-- A text of a write's body. (The arrow operators bind looser than comparisons.)
create macro said(body, path) as json_extract_string(body, path);

create macro line_class(code) as case
    when regexp_full_match(upper(trim(code)), 'AMAZONFEE|B|CRUK|BANK CHARGES') then 'cost ' || upper(trim(code))
    when regexp_full_match(upper(trim(code)), 'POST|DOT|C2|FREIGHT') then 'freight'
    when regexp_full_match(upper(trim(code)), 'M|S|MANUAL') then 'manual'
    when regexp_full_match(upper(trim(code)), 'D|DISCOUNT') then 'discount'
    when regexp_full_match(upper(trim(code)), 'GIFT_.*|VOUCHER') then 'voucher'
    when regexp_full_match(upper(trim(code)), '[0-9]{5}[A-Z]?[A-Z]?|DCGS[A-Z0-9]*|PADS') then 'goods'
    else 'unknown'
end;

create macro tolerance(lines) as greatest(0.05, round(0.005 * sqrt(greatest(lines, 1)), 4))::decimal(18, 4);

-- 536365-2 is the second invoice of 536365.
create macro sale_of(number) as case
    when regexp_full_match(number, '.+-[0-9]+') and regexp_extract(number, '-([0-9]+)$', 1)::bigint > 1
        then regexp_replace(number, '-[0-9]+$', '')
    else number
end;

-- ---------------------------------------------------------------------------------------------- the order file

-- A document belongs to the day, and goes to the country, of its first line.
create table shop_head as
select invoice_no as sale, arg_min(country, ordinal) as country
from order_file
group by invoice_no
having arg_min(invoice_date, ordinal)::date between (select first_day from period) and (select last_day from period);

create table shop_line as
select
    invoice_no as sale,
    line_class(stock_code) as line_class,
    quantity,
    unit_price,
    (quantity * unit_price)::decimal(18, 3) as net,
    round(quantity * unit_price, 2)::decimal(18, 2) as cents
from order_file
where invoice_no in (select sale from shop_head);

-- VAT of 20 % where the goods go to the United Kingdom, rounded half up once per document.
create table shop_document as
select
    sale,
    case
        when bool_and(line_class like 'cost %') then 'cost'
        when upper(sale) like 'C%' or sum(cents) < 0 then 'credit'
        when bool_and(unit_price = 0 and quantity < 0) then 'stock_adjustment'
        when sum(cents) = 0 then 'free_goods'
        else 'sale'
    end as document_class,
    sum(net)::decimal(18, 3) as net,
    sum(cents)::decimal(18, 2) as cents,
    case when any_value(country) = 'United Kingdom' then round(sum(cents) * 0.20, 2) else 0 end::decimal(18, 2) as tax,
    (sum(cents) + case when any_value(country) = 'United Kingdom' then round(sum(cents) * 0.20, 2) else 0 end)
        ::decimal(18, 2) as total
from shop_line
inner join shop_head using (sale)
group by sale;

create view accepted as select * from shop_document where document_class in ('sale', 'credit');

create table shop_sum as
select sale, line_class, count(*) as lines, sum(net)::decimal(18, 3) as net from shop_line group by all;

-- ---------------------------------------------------------------------------------------------- FreshBooks

create table freshbooks_write as
select
    sequence,
    operation,
    object,
    key,
    coalesce(said(body, '$.result.invoice_number'), said(body, '$.result.credit_number')) as number,
    said(body, '$.result.net')::decimal(18, 2) as net,
    said(body, '$.result.tax')::decimal(18, 2) as tax,
    said(body, '$.result.amount')::decimal(18, 2) as amount,
    said(body, '$.result.status') as status,
    said(body, '$.result.credit_type') as credit_type,
    coalesce(said(body, '$.result.vis_state'), '0') as vis_state,
    coalesce(json_extract(body, '$.given.invoice.lines'), json_extract(body, '$.given.credit_note.lines')) as lines
from freshbooks_log
where object in ('invoice', 'credit_note');

create table freshbooks_given_line as
select
    sequence,
    line_class(line.name) as line_class,
    round(line.qty::decimal(18, 6) * line.unit_cost.amount::decimal(18, 6), 2)::decimal(18, 2) as cents,
    coalesce(line."taxAmount1", '0')::decimal(9, 4) as rate
from (
    select
        sequence,
        unnest(from_json(lines, '[{
            "name": "VARCHAR", "qty": "VARCHAR", "unit_cost": {"amount": "VARCHAR"}, "taxAmount1": "VARCHAR"
        }]')) as line
    from freshbooks_write
    where lines is not null
);

create table freshbooks_added as
select sequence, sum(cents) as net, round(sum(cents * rate) / 100, 2) as tax
from freshbooks_given_line
group by sequence;

alter table freshbooks_write add column has_lines boolean;
update freshbooks_write set has_lines = lines is not null;
alter table freshbooks_write drop column lines;

-- A document is what its last write says; its lines are those of the last write that had lines.
create table freshbooks_document as
select
    object as kind,
    key as id,
    arg_max(number, sequence) as number,
    sale_of(arg_max(number, sequence)) as sale,
    case when object = 'invoice' then 1 else -1 end as sign,
    object = 'credit_note' or arg_max(status, sequence) <> '1' as is_sent,
    arg_max(net, sequence) as net,
    arg_max(tax, sequence) as tax,
    arg_max(amount, sequence) as amount,
    max(sequence) filter (has_lines) as lines_sequence
from freshbooks_write
group by object, key
having arg_max(vis_state, sequence) = '0'
   and (object = 'invoice' or arg_max(credit_type, sequence) = 'goodwill');

create table payment as
select
    key as id,
    arg_max(said(body, '$.result.invoiceid'), sequence) as invoice_id,
    arg_max(said(body, '$.result.amount')::decimal(18, 2), sequence) as amount,
    arg_max(said(body, '$.given.amount')::decimal(18, 2), sequence) as given_amount
from freshbooks_log
where object = 'payment'
group by key
having arg_max(said(body, '$.result.vis_state'), sequence) = '0'
   and coalesce(arg_max(said(body, '$.result.type'), sequence), '') <> 'Credit';

-- ---------------------------------------------------------------------------------------------- M3

create table m3_order as
with head as (
    select key as batch, said(body, '$.PYRE') as reference, said(body, '$.CUCD') as currency
    from m3_log where operation = 'OIS100MI/AddBatchHead'
),
confirmed as (
    select key as order_number, said(body, '$.ORNO') as batch from m3_log where operation = 'OIS100MI/Confirm'
)
select
    confirmed.order_number,
    head.batch,
    head.currency,
    head.reference,
    document.sale
from confirmed
inner join head using (batch)
left join freshbooks_document as document
    on document.id = regexp_extract(head.reference, '^FBC?-[^-]+-([0-9]+)$', 1)
    and document.kind = case when head.reference like 'FBC-%' then 'credit_note' else 'invoice' end;

create table m3_order_line as
select
    key as batch,
    row_number() over (partition by key order by sequence) as line_number,
    said(body, '$.CUPO') as place,
    line_class(said(body, '$.ITNO')) as line_class,
    said(body, '$.ORQT')::decimal(18, 6) as quantity,
    said(body, '$.SAPR')::decimal(18, 6) as price
from m3_log
where operation = 'OIS100MI/AddBatchLine';

create table m3_invoice as
select
    said(body, '$.YEA4') || '/' || said(body, '$.IVNO') as number,
    said(body, '$.ORNO') as order_number,
    said(body, '$.PYNO') as payer,
    said(body, '$.CINO') as ledger_number,
    said(body, '$.YEA4') as year,
    said(body, '$.IDAT') as day,
    said(body, '$.NTAM')::decimal(18, 2) as net,
    said(body, '$.VTAM')::decimal(18, 2) as tax,
    said(body, '$.IVAM')::decimal(18, 2) as total,
    said(body, '$.VTRT')::decimal(9, 4) as rate
from m3_log
where object = 'invoice';

create table m3_invoice_line as
with delivered as (
    select
        said(body, '$.ORNO') as order_number,
        said(body, '$.YEA4') || '/' || said(body, '$.IVNO') as number,
        unnest(from_json(json_extract(body, '$.lines'), '[{"PONR": "VARCHAR", "IVQT": "VARCHAR", "LNAM": "VARCHAR"}]')) as line
    from m3_log
    where object = 'delivery' and coalesce(said(body, '$.IVNO'), '') <> ''
)
select
    delivered.order_number,
    delivered.number,
    line.PONR::bigint as line_number,
    order_line.line_class,
    line.IVQT::decimal(18, 6) as quantity,
    line.LNAM::decimal(18, 2) as net,
    order_line.price
from delivered
inner join m3_order using (order_number)
left join m3_order_line as order_line
    on order_line.batch = m3_order.batch and order_line.line_number = delivered.line.PONR::bigint;

-- Free goods have no FreshBooks document: their M3 order names the shop's (PYRE SHOP-<number>).
create table free_goods as
with delivered as (
    select order_number, line.PONR::bigint as line_number
    from (
        select
            said(body, '$.ORNO') as order_number,
            unnest(from_json(json_extract(body, '$.lines'), '[{"PONR": "VARCHAR"}]')) as line
        from m3_log
        where object = 'delivery'
    )
)
select
    shop_document.sale,
    m3_order.order_number,
    coalesce(bool_and(line.line_number in (
        select line_number from delivered where delivered.order_number = m3_order.order_number
    )), false) as is_delivered
from shop_document
left join m3_order on m3_order.reference = 'SHOP-' || shop_document.sale
left join m3_order_line as line using (batch)
where shop_document.document_class = 'free_goods'
group by all;

-- What a payment did: cash on an invoice (P), cash on account (P on its own number), allocation of such cash (A).
create table m3_receipt as
select
    line.key || ' line ' || said(line.body, '$.TRNO') as place,
    regexp_extract(said(line.body, '$.CKNO'), '^FB[PA]([0-9]+)$', 1) as payment_id,
    case
        when said(line.body, '$.CKNO') like 'FBA%' then 'allocation'
        when said(line.body, '$.CINO') = 'P' || regexp_extract(said(line.body, '$.CKNO'), '^FB[PA]([0-9]+)$', 1)
            then 'on_account'
        else 'receipt'
    end as kind,
    said(line.body, '$.PYNO') as payer,
    said(line.body, '$.CINO') as ledger_number,
    said(line.body, '$.INYR') as year,
    said(line.body, '$.CINO') like 'P%' as of_account,
    said(line.body, '$.PYAM')::decimal(18, 2) as amount
from m3_log as line
inner join m3_log as posted on posted.operation = 'ARS040MI/ControlBatch' and posted.key = line.key
where line.operation = 'ARS040MI/AddBatchLine';

-- The bodies are read now; without them a year's logs are small.
alter table freshbooks_log drop column body;
alter table m3_log drop column body;

-- ---------------------------------------------------------------------------------------------- per sale

create table sent as
select *, row_number() over (partition by sale order by length(number), number) as place
from freshbooks_document where is_sent;

create table posted as
select
    invoice.*,
    m3_order.sale,
    invoice.total - coalesce(paid.amount, 0) as open,
    row_number() over (partition by m3_order.sale order by invoice.day, invoice.number) as place
from m3_invoice as invoice
inner join m3_order using (order_number)
left join (
    select payer, ledger_number, year, sum(amount) as amount from m3_receipt group by all
) as paid using (payer, ledger_number, year)
where m3_order.sale is not null;

create table paid as select invoice_id as id, sum(amount)::decimal(18, 2) as amount from payment group by invoice_id;

create table freshbooks_sum as
select sent.sale, line.line_class, sum(sent.sign * line.cents)::decimal(18, 2) as net
from sent
inner join freshbooks_given_line as line on line.sequence = sent.lines_sequence
group by all;

create table m3_sum as
select m3_order.sale, line.line_class, sum(line.net)::decimal(18, 2) as net
from m3_invoice_line as line
inner join m3_order using (order_number)
where m3_order.sale is not null
group by all;

create table open_sum as
select
    m3_order.sale,
    line.line_class,
    sum((line.quantity - coalesce(invoiced.quantity, 0)) * line.price)::decimal(18, 3) as net
from m3_order
inner join m3_order_line as line using (batch)
left join (
    select order_number, line_number, sum(quantity) as quantity from m3_invoice_line group by all
) as invoiced on invoiced.order_number = m3_order.order_number and invoiced.line_number = line.line_number
where m3_order.sale is not null
group by all;

create table class_of_sale as
with keys as (
    select sale, line_class from shop_sum
    union select sale, line_class from freshbooks_sum
    union select sale, line_class from m3_sum
    union select sale, line_class from open_sum where net <> 0
),
joined as (
    select
        keys.sale,
        keys.line_class,
        coalesce(document.document_class, 'by_hand') as document_class,
        coalesce(shop.lines, 0) as lines,
        coalesce(shop.net, 0)::decimal(18, 3) as shop_net,
        coalesce(freshbooks.net, 0)::decimal(18, 3) as freshbooks_net,
        coalesce(m3.net, 0)::decimal(18, 3) as m3_net,
        coalesce(open.net, 0)::decimal(18, 3) as not_delivered,
        keys.sale in (select sale from m3_order where sale is not null) as is_ordered,
        (select count(*) from sent where sent.sale = keys.sale)
            <> (select count(*) from posted where posted.sale = keys.sale) as is_in_transit
    from keys
    left join shop_document as document using (sale)
    left join shop_sum as shop using (sale, line_class)
    left join freshbooks_sum as freshbooks using (sale, line_class)
    left join m3_sum as m3 using (sale, line_class)
    left join open_sum as open using (sale, line_class)
),
rest as (
    select
        *,
        shop_net - m3_net - not_delivered as rest,
        freshbooks_net - m3_net as between_rest,
        document_class in ('sale', 'credit') as is_posted
    from joined
)
select
    *,
    case when is_posted and is_ordered and lines > 0 and abs(rest) <= tolerance(lines) then rest else 0 end as rounding,
    case when is_posted and not is_ordered then rest else 0 end as held,
    case when not is_posted and document_class <> 'by_hand' then shop_net else 0 end as not_posted,
    case when document_class = 'by_hand' then rest else 0 end as by_hand,
    case when is_in_transit then -between_rest else 0 end as in_transit,
    case
        when document_class = 'by_hand' or (is_posted and not is_ordered) then 0
        when not is_posted then abs(rest - shop_net)
        when lines > 0 and abs(rest) <= tolerance(lines) then 0
        else abs(rest)
    end + case
        when is_in_transit or abs(between_rest) <= tolerance(lines) then 0
        else abs(between_rest)
    end as unexplained
from rest;

-- ---------------------------------------------------------------------------------------------- what it says

create view proof_classes as
select
    document_class,
    line_class,
    'GBP' as currency,
    count(*) as documents,
    sum(lines) as lines,
    sum(shop_net) as shop_net,
    sum(freshbooks_net) as freshbooks_net,
    sum(m3_net) as m3_net,
    sum(rounding) as rounding,
    sum(not_delivered) as not_delivered,
    sum(held) as held,
    sum(not_posted) as not_posted,
    sum(by_hand) as by_hand,
    sum(in_transit) as in_transit,
    sum(unexplained) as unexplained
from class_of_sale
group by document_class, line_class;

create view proof_totals as
select
    'GBP' as currency,
    count(distinct sale) as documents,
    sum(lines) as lines,
    sum(shop_net) as shop_net,
    sum(freshbooks_net) as freshbooks_net,
    sum(m3_net) as m3_net,
    sum(rounding) as rounding,
    sum(not_delivered) as not_delivered,
    sum(held) as held,
    sum(not_posted) as not_posted,
    sum(by_hand) as by_hand,
    sum(in_transit) as in_transit,
    sum(unexplained) as unexplained
from class_of_sale;

create view proof_rounding as
select sale as document, document_class, line_class, 'GBP' as currency, shop_net, m3_net, rounding as amount
from class_of_sale
where rounding <> 0;

create table received as
select
    payment_id,
    coalesce(sum(amount) filter (kind = 'receipt'), 0)::decimal(18, 2) as receipts,
    coalesce(sum(amount) filter (kind = 'on_account'), 0)::decimal(18, 2) as on_account,
    coalesce(sum(amount) filter (kind = 'allocation' and not of_account), 0)::decimal(18, 2) as allocated
from m3_receipt
group by payment_id;

create view proof_pairs as
with freshbooks_total as (
    select sale, sum(sign * amount) as total from freshbooks_document group by sale
),
m3_total as (
    select sale, sum(total) as total from posted group by sale
),
counted as (
    select
        coalesce(sent.sale, posted.sale) as sale,
        greatest(coalesce(sent.count, 0), coalesce(posted.count, 0)) as documents,
        coalesce(sent.total, 0) as left_total,
        coalesce(posted.total, 0) as right_total
    from (select sale, count(*) as count, sum(sign * amount) as total from sent group by sale) as sent
    full join (select sale, count(*) as count, sum(total) as total from posted group by sale) as posted using (sale)
),
pairs as (
    select 'shop-freshbooks' as pair, count(*) as documents, sum(accepted.total) as left_total,
        sum(coalesce(freshbooks_total.total, 0)) as right_total
    from accepted left join freshbooks_total using (sale)
    union all
    select 'shop-m3', count(*), sum(accepted.total), sum(coalesce(m3_total.total, 0))
    from accepted left join m3_total using (sale)
    union all
    select 'freshbooks-m3', sum(documents), sum(left_total), sum(right_total) from counted
    union all
    select 'freshbooks-m3 cash', count(*), sum(coalesce(payment.amount, 0)),
        sum(coalesce(received.receipts + received.on_account, 0))
    from payment full join received on received.payment_id = payment.id
    union all
    select 'freshbooks-m3 settled', count(*), sum(payment.amount),
        sum(coalesce(received.receipts + received.allocated, 0))
    from payment left join received on received.payment_id = payment.id
    union all
    select 'freshbooks-m3 open', count(*), sum(sent.amount - coalesce(paid.amount, 0)), sum(posted.open)
    from sent
    inner join posted on posted.sale = sent.sale and posted.place = sent.place
    left join paid on paid.id = sent.id
    where sent.kind = 'invoice'
)
select
    pair,
    'GBP' as currency,
    documents,
    left_total::decimal(18, 2) as left,
    right_total::decimal(18, 2) as right,
    (left_total - right_total)::decimal(18, 2) as difference
from pairs
where documents > 0;

-- What was written, in all: how many and how much.
create view proof_figures as
select 'freshbooks' as system, 'documents sent' as what, count(*) as count, sum(sign * net) as net, sum(sign * tax) as tax,
    sum(sign * amount) as total from sent
union all select 'freshbooks', 'drafts', count(*), sum(net), sum(tax), sum(amount) from freshbooks_document where not is_sent
union all select 'freshbooks', 'payments', count(*), null, null, sum(amount) from payment
union all select 'm3', 'orders', count(*), null, null, null from m3_order
union all select 'm3', 'invoices', count(*), sum(net), sum(tax), sum(total) from m3_invoice
union all select 'm3', 'receipts on invoices', count(*), null, null, sum(amount) from m3_receipt where kind = 'receipt'
union all select 'm3', 'receipts on account', count(*), null, null, sum(amount) from m3_receipt where kind = 'on_account'
union all select 'm3', 'allocations', count(*), null, null, sum(amount)
    from m3_receipt where kind = 'allocation' and not of_account
union all select 'm3', 'open on invoices', count(*) filter (open <> 0), null, null, sum(open) from posted;

-- Nothing stands here where free goods are only recorded (a setting of the policy).
create view proof_free_goods as
select count(distinct sale) as documents, count(distinct sale) filter (is_delivered) as delivered
from free_goods
where exists (select 1 from free_goods where order_number is not null);

-- Both books as the logs say they must stand, against the trial balances. Balance = debit less credit.
create view proof_ledger as
with expected as (
    select 'm3' as system, 'revenue goods' as what, ['3000'] as accounts,
        -sum(line.net) filter (line_class = 'goods') as amount from m3_invoice_line as line
    union all select 'm3', 'revenue freight', ['3010'],
        -sum(line.net) filter (line_class = 'freight') from m3_invoice_line as line
    union all select 'm3', 'revenue manual', ['3020'],
        -sum(line.net) filter (line_class = 'manual') from m3_invoice_line as line
    union all select 'm3', 'discounts', ['3030'],
        -sum(line.net) filter (line_class = 'discount') from m3_invoice_line as line
    union all select 'm3', 'vouchers', ['3040'],
        -sum(line.net) filter (line_class = 'voucher') from m3_invoice_line as line
    union all select 'm3', 'VAT', ['2200'], -sum(tax) from m3_invoice
    union all select 'm3', 'cash', ['1000', '1100', '1110'],
        sum(amount) filter (kind in ('receipt', 'on_account')) from m3_receipt
    union all select 'm3', 'receivables', ['1300'],
        (select coalesce(sum(total), 0) from m3_invoice)
        - (select coalesce(sum(amount), 0) from m3_receipt where not of_account)
    union all select 'm3', 'prepayments', ['2400'], -sum(amount) filter (of_account) from m3_receipt
    union all select 'freshbooks', 'sales', ['4000'], -sum(sign * net) from sent
    union all select 'freshbooks', 'taxes', ['2005'], -sum(sign * tax) from sent
    union all select 'freshbooks', 'cash', ['1000'], sum(amount) from payment
    union all select 'freshbooks', 'receivables', ['1200'],
        (select coalesce(sum(sign * amount), 0) from sent)
        - (select coalesce(sum(payment.amount), 0) from payment inner join sent on sent.id = payment.invoice_id
           and sent.kind = 'invoice')
    union all select 'freshbooks', 'received in advance', ['2100'], -sum(payment.amount)
        from payment
        inner join freshbooks_document as document
            on document.id = payment.invoice_id and document.kind = 'invoice' and not document.is_sent
)
select
    system,
    what,
    array_to_string(accounts, ' + ') as accounts,
    coalesce(amount, 0)::decimal(18, 2) as from_logs,
    (select coalesce(sum(balance), 0) from trial_balance as kept
     where kept.system = expected.system and list_contains(expected.accounts, kept.account))::decimal(18, 2)
        as trial_balance
from expected;

-- ---------------------------------------------------------------------------------------------- what must hold

-- Each row is a sentence and how many times it is broken, with an example.
create view proof_checks as
with understood (operation, object) as (
    values
        ('api.create', 'invoice'), ('api.update', 'invoice'), ('api.create', 'credit_note'),
        ('people.create', 'payment'), ('OIS100MI/AddBatchHead', 'order'), ('OIS100MI/AddBatchLine', 'order'),
        ('OIS100MI/AddBatchAddress', 'order'), ('OIS100MI/Confirm', 'order'), ('OIS100MI/DelBatchHead', 'order'),
        ('job.invoice', 'delivery'), ('job.invoice', 'invoice'), ('people.fulfil', 'delivery'),
        ('people.fulfil', 'invoice'), ('ARS040MI/AddBatchHead', 'payment'), ('ARS040MI/AddBatchLine', 'payment'),
        ('ARS040MI/ControlBatch', 'payment')
),
logs as (
    select 'FreshBooks' as system, sequence, operation, object, key from freshbooks_log
    union all select 'M3', sequence, operation, object, key from m3_log
),
found as (
    select 'no write is missing from a log or stands there twice' as check, system || ' has ' || count(*)
        || ' writes up to number ' || max(sequence) as example, 1 as broken
    from logs group by system having count(*) <> max(sequence) or count(distinct sequence) <> count(*)

    union all
    -- Master data moves no money, whoever writes it.
    select 'every kind of write is understood', system || ' ' || operation || ' ' || object, 1
    from logs anti join understood using (operation, object)
    where object not in ('client', 'customer', 'item', 'supplier')
    group by all

    union all
    select 'a FreshBooks record is created once', object || ' ' || key, 1
    from freshbooks_log where operation like '%.create' group by object, key having count(*) > 1

    union all
    select 'a FreshBooks number is used once', kind || ' ' || number, 1
    from freshbooks_document group by kind, number having count(*) > 1

    union all
    select 'an M3 order is made once', reference, 1
    from m3_order group by reference having count(*) > 1 or count(distinct order_number) > 1

    union all
    select 'a line of an M3 order is sent once', batch || ' line ' || place, 1
    from m3_order_line group by batch, place having count(*) > 1

    union all
    select 'an M3 invoice is made once', number, 1 from m3_invoice group by number having count(*) > 1

    union all
    select 'a delivered line is invoiced once', number || ' line ' || line_number, 1
    from m3_invoice_line group by number, line_number having count(*) > 1

    union all
    select 'an M3 payment batch is posted once', key, 1
    from m3_log where object = 'payment' and operation <> 'ARS040MI/AddBatchLine' group by operation, key having count(*) > 1

    union all
    select 'a line of an M3 payment batch is sent once', place, 1
    from m3_receipt group by place having count(*) > 1

    union all
    select 'FreshBooks adds its lines up: net, VAT, total', number || ' (write ' || sequence || ')', 1
    from freshbooks_write
    left join freshbooks_added as given using (sequence)
    where amount <> freshbooks_write.net + freshbooks_write.tax
       or (has_lines and (freshbooks_write.net <> given.net or freshbooks_write.tax <> given.tax))

    union all
    select 'FreshBooks keeps the amount that a payment was given with', id, 1
    from payment where given_amount <> amount

    union all
    select 'M3 invoices quantity times price, in cents', number || ' line ' || line_number, 1
    from m3_invoice_line where price is null or net <> round(quantity * price, 2)

    union all
    select 'M3 adds its lines up: net, VAT, total', number, 1
    from m3_invoice
    left join (select number, sum(net) as lines from m3_invoice_line group by number) using (number)
    where net <> coalesce(lines, 0) or tax <> round(net * rate / 100, 2) or total <> net + tax

    union all
    select 'every accepted order is in FreshBooks', sale, 1
    from accepted anti join freshbooks_document using (sale)

    union all
    select 'every accepted order is in M3 once', sale, 1
    from accepted left join m3_order using (sale) group by sale having count(m3_order.order_number) <> 1

    union all
    select 'nothing is in FreshBooks or M3 without an accepted order', sale, 1
    from (
        select sale from freshbooks_document
        union select coalesce(sale, 'M3 order ' || order_number) from m3_order where reference not like 'SHOP-%'
    ) anti join accepted using (sale)

    union all
    select 'every document of free goods is in M3 once, or none is', sale, 1
    from free_goods
    where exists (select 1 from free_goods where order_number is not null)
    group by sale having count(order_number) <> 1

    union all
    select 'free goods in M3 are the shop''s and worth nothing', reference, 1
    from m3_order
    left join shop_document on reference = 'SHOP-' || shop_document.sale and document_class = 'free_goods'
    left join m3_order_line as line using (batch)
    where reference like 'SHOP-%' and (shop_document.sale is null or line.price <> 0)

    union all
    select 'FreshBooks shows what M3 invoiced, per sale and to the tolerance', sale, 1
    from (select sale, sum(sign * amount) as total from sent group by sale) as shown
    full join (select sale, sum(total) as total from posted group by sale) as invoiced using (sale)
    left join (select sale, count(*) as lines from shop_line group by sale) as size using (sale)
    where abs(coalesce(shown.total, 0) - coalesce(invoiced.total, 0)) > tolerance(coalesce(lines, 1))

    union all
    select 'every payment is in M3 to the cent', coalesce(payment.id, received.payment_id), 1
    from payment
    full join received on received.payment_id = payment.id
    where coalesce(payment.amount, 0) <> coalesce(received.receipts + received.on_account, 0)

    union all
    select 'the books stand as the logs say: ' || what, system || ' ' || accounts || ': ' || trial_balance || ' instead of '
        || from_logs, 1
    from proof_ledger where from_logs <> trial_balance

    union all
    select 'a trial balance balances', system, 1
    from trial_balance group by system having sum(debit) <> sum(credit)

    union all
    select 'shop net = M3 net + rounding + not delivered + held + not posted + by hand', document_class || ' ' || line_class, 1
    from proof_classes
    where shop_net <> m3_net + rounding + not_delivered + held + not_posted + by_hand

    union all
    select 'nothing is unexplained', sale || ' ' || line_class || ': ' || unexplained, 1
    from class_of_sale where unexplained <> 0

    union all
    select 'the classes add up to the file', 'the file has ' || net || ', the classes ' || shop_net, 1
    from (select coalesce(sum(net), 0) as net from shop_line), (select coalesce(sum(shop_net), 0) as shop_net from proof_classes)
    where net <> shop_net
)
select "check", sum(broken) as broken, min(example) as example from found group by "check";
