"""The Infor M3 simulator: the API gateway and m3api-rest v2 over a small sales-to-cash M3.

Belongs here: everything M3 and its gateway would do for customers, items, customer orders, deliveries,
invoices, receivables and customer payments, and the people who work in it (control plane).
Does not belong here: the kernel's clock, state and control plane (`sandbox/kernel.py`), other Infor products,
anything the product itself knows (this package imports nothing of ours outside `sandbox`).

Which file answers what::

    __main__.py     the process                     gateway.py   tokens, statuses, m3api-rest v2 over HTTP
    switches.py     what can be switched, and why   mi.py        one MI call: checks, output, envelope (pure)
    world.py        the stored M3 and its numbers   export.py    EXPORTMI: parser, planner, tables
    customers.py    CRS610MI                        items.py     MMS200MI
    orders.py       OIS100MI                        deliveries.py shipping, invoicing, OIS350MI
    receivables.py  ARS200MI, ARS040MI              reference.py GENERAL, CRS045MI
    control.py      the people's verbs              seed.py      what is there before the first call
    suppliers.py    CRS620MI                        purchase_batches.py PPS370MI
    purchasing.py   PPS200MI, PPS001MI              purchase_lines.py an order's values and statuses (pure)
    supplier_invoices.py APS450MI, APS455MI         supplier_matching.py their checks, matching, posting
    payables.py     APS200MI, APS130MI              order_matching.py invoices matched to a whole order
    bank_statements.py ABS100MI
    general_ledger.py GLS200MI, GLS840MI            periods.py   months that close
    stock.py        balances, cost, MMS060MI        item_maintenance.py the rest of MMS200MI
    purchase_people.py more people's verbs          jobs.py      what M3 does between two calls
    purchase_indexes.py secondary keys              sqry.py      the query of the Search transactions
    export_purchase_tables.py their tables          purchase_programs.py the list of these programs
"""
