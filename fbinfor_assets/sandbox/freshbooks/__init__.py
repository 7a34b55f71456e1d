"""The FreshBooks simulator: the public API as the reference describes it, odd parts included.

Belongs here: what a FreshBooks account answers on the wire, and the memo ledger behind it.
Does not belong here: the clock, the state and the control plane (`sandbox/kernel.py`); anything of M3, the shop
or our product.

Where to look: `app` paths and envelopes; `oauth` the auth family's paths, `consent` the page, `auth` applications
and tokens, `scopes`, `identity` users/me; `families` and `refusals` what each family of paths answers where
nothing else does; `limits` what surrounds every request; `callbacks` who is told of `events`; `clients`,
`invoices`, `payments`, `credit_notes`, `taxes`, `items`, `expenses`, `categories`, `bills`, `bill_vendors`,
`bill_payments`, `other_income`, `estimates`, `invoice_profiles`, `staff`, `systems`, `contacts`, `projects`,
`time_entries`, `uploads`, `payment_options` one resource each, `tasks` two views of one; `reports`;
`other_families` the paths beside accounting, `business` their lists; `document` and `extras` what documents have
in common, `document_paths` links and PDFs; `journal` every posting and whose it is, `chart` the accounts;
`listing` paging, filters, sorting; `amounts` lines and totals; `books` the ledger; `errors` and `fields` refusals;
`switches` every behaviour the reference does not know.

Facts are cited as "freshbooks-api N" (section N of the reference). What is assumed without evidence is either
a switch or marked "assumed" where it stands.
"""
