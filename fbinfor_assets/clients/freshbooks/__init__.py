"""FreshBooks over HTTP. Belongs here: the public surface of this package, pinned by a test."""

from fbinfor_assets.clients.freshbooks.client import EASTERN, FreshBooksClient, Identity, updated_min
from fbinfor_assets.clients.freshbooks.oauth import FreshBooksTokens, consent_url
from fbinfor_assets.clients.freshbooks.resources import RESOURCES
from fbinfor_assets.clients.freshbooks.settings import FreshBooksSettings

__all__ = [
    "EASTERN",
    "RESOURCES",
    "FreshBooksClient",
    "FreshBooksSettings",
    "FreshBooksTokens",
    "Identity",
    "consent_url",
    "updated_min",
]
