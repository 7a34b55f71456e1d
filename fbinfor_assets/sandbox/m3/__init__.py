"""The Infor M3 simulator: the API gateway and m3api-rest v2 over a small sales-to-cash M3.

Belongs here: everything M3 and its gateway would do for customers, items, customer orders, deliveries,
invoices, receivables and customer payments, and the people who work in it (control plane).
Does not belong here: the kernel's clock, state and control plane (`sandbox/kernel.py`), other Infor products,
anything the product itself knows (this package imports nothing of ours outside `sandbox`).

Which file answers what::

    __main__.py     the process                     gateway.py   tokens, statuses, m3api-rest v2 over HTTP
    switches.py     what can be switched, and why   mi.py        one MI call: checks, output, envelope (pure)
    world.py        the stored M3 and its numbers   export.py    EXPORTMI: parser, planner
    customers.py    CRS610MI                        export_tables.py  the tables and columns of EXPORTMI
    addresses.py    CRS610MI addresses              items.py     MMS200MI
    batches.py      OIS100MI: entering a batch      orders.py    OIS100MI Confirm
    customer_orders.py  OIS100MI: orders that stand text_blocks.py texts of orders (OSYTXH)
    deliveries.py   picking, shipping, invoicing    dispatching.py  MWS410MI, MWS411MI, MWS420MI, MWS423MI
    delivery_lines.py, lines.py  one line (pure)    invoices.py  OIS350MI
    customer_ledger.py  ARS200MI, ARS201MI          receivables.py  ARS040MI, write-offs
    manual_invoices.py  ARS120MI                    search.py    SQRY of the Search transactions
    control.py, control_sales.py  the people's verbs  reference.py GENERAL, CRS045MI
    seed.py         what is there before the first call
"""
