"""What the FreshBooks client must be told: hosts, credentials, account, and the settings of unverified behaviour.

Belongs here: the fields and their checks. Does not belong here: where their values come from (`config.py`).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from fbinfor_assets.clients.hosts import checked_host


class FreshBooksSettings(BaseModel):
    """One FreshBooks account. `access_token`/`refresh_token` are the pair of the first consent; after the first
    renewal the token store leads, until another pair is configured here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://api.freshbooks.com"
    auth_url: str = "https://auth.freshbooks.com"
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    redirect_uri: str = Field(min_length=1)
    account_id: str = Field(min_length=1)
    business_id: str | None = None
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    # Sent as X-API-VERSION if set; selects the newer error shape on some endpoints (freshbooks-api 4, unverified).
    api_version: str | None = None
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)
    per_page: int = Field(default=100, ge=1, le=100)
    token_lock: Path | None = None
    control_url: str | None = None  # of the sandbox only

    @field_validator("business_id", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value

    @field_validator("base_url", "auth_url")
    @classmethod
    def _host(cls, value: str) -> str:
        return checked_host(value)
