"""The eCommerce shop of the sandbox: an order file or a generator, served in the shape of WooCommerce's REST API v3.

Belongs here: reading and checking order files (`orders`), made-up orders (`generator`), the store of loaded orders
(`book`), the documents as the shop serves them (`woo`), its paths (`app`), the process (`__main__`).
Does not belong here: who a customer is (`sandbox.profiles`), what people do later (`sandbox.driver`).
"""
