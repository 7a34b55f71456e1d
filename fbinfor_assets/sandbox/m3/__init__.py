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
"""
