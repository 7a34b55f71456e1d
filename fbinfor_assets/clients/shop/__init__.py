"""The shop over HTTP. Belongs here: the public surface of this package, pinned by a test."""

from fbinfor_assets.clients.shop.client import ShopClient
from fbinfor_assets.clients.shop.settings import ShopSettings

__all__ = ["ShopClient", "ShopSettings"]
