"""The eCommerce shop of the sandbox: an order file or a generator, served as WooCommerce's REST API v3.

Belongs here: reading and checking order files (`orders`), made-up orders (`generator`), the store of loaded orders
(`book`) and lists over it and what changed since (`table`); the documents (`woo`, `lines`) and the rules of each kind:
orders (`sales`), `notes`, `refunds`, `customers`, `products`, categories (`terms`), webhooks (`hooks`, `arrivals`),
what never changes (`store`); credentials (`keys`), parameters of lists (`query`), refusals (`errors`), paths (`app`),
the process (`__main__`).
Does not belong here: who a customer is (`sandbox.profiles`), what people do later (`sandbox.driver`), the sending of
webhooks (`sandbox.webhooks`).
"""
