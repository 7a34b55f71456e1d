"""One writer per outbound object: how it is sent, looked up and read back in its vendor's own words.

Belongs here: choosing the writer of an object.
Does not belong here: states, retries, gate, crosswalk (sender.py): a writer knows one vendor and no store.
"""

from __future__ import annotations

from fbinfor_assets.delivery.settings import Clients, DeliverySettings
from fbinfor_assets.delivery.writers import freshbooks, m3
from fbinfor_assets.delivery.writers.base import Writer

WRITERS: dict[str, type[Writer]] = {
    writer.object: writer
    for writer in (
        freshbooks.ClientWriter,
        freshbooks.InvoiceWriter,
        freshbooks.CreditNoteWriter,
        m3.ItemWriter,
        m3.CustomerWriter,
        m3.OrderWriter,
        m3.CreditOrderWriter,
        m3.ReceiptWriter,
    )
}


def writer_for(object: str, clients: Clients, settings: DeliverySettings) -> Writer:
    """The writer of an outbound object. Raises ValueError for an unknown object or a client that is not configured."""
    if object not in WRITERS:
        raise ValueError(f"{object!r} is no outbound object; known are {', '.join(sorted(WRITERS))}")
    return WRITERS[object](clients, settings)
