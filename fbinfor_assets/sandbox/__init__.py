"""The vendors' simulators: local HTTP servers that behave as the vendors' APIs are known to behave.

Belongs here: one sub-package per simulated system and what they share.
Does not belong here: anything of our own product. The sandbox imports nothing of ours outside this folder,
so that it cannot agree with our own mistakes; the product starts it only as processes.

Which file holds what::

    kernel.py    the transaction around a request, the control plane, the process
    state.py     durable tables and the write log    clock.py     simulated time
    ledger.py    double entry                        switch.py    what a switch is; switches.py  all of them
    webhooks.py  sending what vendors send           history.py   the past, for reads that lag
    faults.py    which request is hit                fault_kinds.py  by what; breakage.py, gate.py  how
    fault_file.py  --faults FILE                     serve.py, leash.py  all simulators as processes
    driver.py    whole days by a stated rule (habits.py)
    people.py    edits by chance (edits.py)          profiles.py  made-up parties
"""
