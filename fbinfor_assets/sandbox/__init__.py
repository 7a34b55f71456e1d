"""The vendors' simulators: local HTTP servers that behave as the vendors' APIs are known to behave.

Belongs here: one sub-package per simulated system, the kernel and the ledger they share, the profile
generator, the server that starts them and the driver that plays the people around them.
Does not belong here: anything of our own product. The sandbox imports nothing of ours outside this folder,
so that it cannot agree with our own mistakes; the product starts it only as processes.
"""
