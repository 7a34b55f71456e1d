"""The Infor M3 simulator: the API gateway and m3api-rest (v1 and v2) over a small sales-to-cash M3.

Belongs here: everything M3 and its gateway would do for customers, items, customer orders, deliveries,
invoices, receivables and customer payments, and the people who work in it (control plane).
Does not belong here: the kernel's clock, state and control plane (`sandbox/kernel.py`), other Infor products,
anything the product itself knows (this package imports nothing of ours outside `sandbox`).

Which file answers what::

    the interface
    __main__.py     the process                     gateway.py      who may come in, statuses, time-outs
    switches.py     what can be switched, and why   tokens.py       apps, tokens, the page of interactive apps
    catalogue.py    programs, fields, lengths       policies.py     throttling and quota
    mi.py           one MI call: options, checks    rest.py         v1, v2 and CSRF token over HTTP
    dispatch.py     from a call to its outcome      answers.py      the bodies of v1 and v2
    world.py        the stored M3 and its numbers   texts.py        messages in other languages
    export.py       EXPORTMI: parser, planner       export_tables.py, export_purchase_tables.py  its tables
    repository.py   MRS001MI                        search.py       SQRY of the Search transactions
    control.py, control_sales.py, purchase_people.py  the people's verbs
    seed.py         what is there before the first call
    jobs.py         what M3 does between two calls

    what several programs share
    general.py      GENERAL, MNS150MI               organisation.py MNS095MI, MNS100MI, MMS005MI
    reference.py    CRS045MI, CRS055MI, CRS165MI,   changes.py      SES120MI, EVS002MI, CEVENTMI
                    MMS030MI                        periods.py      months that close
    items.py        MMS200MI                        item_maintenance.py  the rest of MMS200MI
    stock.py        balances, cost, MMS060MI

    sales
    customers.py    CRS610MI                        addresses.py    CRS610MI addresses
    batches.py      OIS100MI: entering a batch      orders.py       OIS100MI Confirm
    customer_orders.py  OIS100MI: orders that stand text_blocks.py  texts of orders (OSYTXH)
    deliveries.py   picking, shipping, invoicing    dispatching.py  MWS410MI, MWS411MI, MWS420MI, MWS423MI
    delivery_lines.py, lines.py  one line (pure)    invoices.py     OIS350MI
    customer_ledger.py  ARS200MI, ARS201MI          receivables.py  ARS040MI, write-offs
    manual_invoices.py  ARS120MI

    purchasing and the ledger
    suppliers.py    CRS620MI                        purchase_batches.py  PPS370MI
    purchasing.py   PPS200MI, PPS001MI              purchase_lines.py  an order's values and statuses (pure)
    supplier_invoices.py  APS450MI, APS455MI        supplier_matching.py  their checks, matching, posting
    payables.py     APS200MI, APS130MI              order_matching.py  invoices matched to a whole order
    bank_statements.py  ABS100MI                    general_ledger.py  GLS200MI, GLS840MI
    purchase_indexes.py  secondary keys             purchase_programs.py  the list of these programs
"""
