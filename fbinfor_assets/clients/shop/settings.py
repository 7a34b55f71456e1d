"""What the shop client must be told. Belongs here: fields and checks; not where the values come from (`config.py`)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from fbinfor_assets.clients.hosts import checked_host

API = "/wp-json/wc/v3"


class ShopSettings(BaseModel):
    """One shop with the WooCommerce REST API v3: its address and a key with permission to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    consumer_key: SecretStr
    consumer_secret: SecretStr
    per_page: int = Field(default=100, ge=1, le=100)
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)
    control_url: str | None = None  # of the sandbox only

    @field_validator("base_url")
    @classmethod
    def _host(cls, value: str) -> str:
        return checked_host(value).removesuffix(API)
