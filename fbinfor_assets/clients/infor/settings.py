"""What the Infor clients must be told: the `.ionapi` credentials, company and division, and the settings of
behaviour that the reference could not verify.

Belongs here: the fields, their checks and defaults. Does not belong here: where values come from (`config.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from fbinfor_assets.clients.hosts import checked_host


class IonApi(BaseModel):
    """The `.ionapi` file of a Backend Service app (infor-api 1.1); keys that we do not use are ignored.

    `iu` gateway, `ti` tenant, `pu` authorisation server, `ot`/`or` token and revoke path (relative to `pu`, or
    absolute), `ci`/`cs` client id and secret, `saak`/`sask` service account. Without a service account the app must
    allow the grant "client credentials" (infor-api 1.2). The older form without `iu` has the gateway in `pu`.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    ti: str = Field(min_length=1)
    ci: str = Field(min_length=1)
    cs: SecretStr
    iu: str
    pu: str
    ot: str = Field(min_length=1)
    saak: SecretStr | None = None
    sask: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _shape(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            raise ValueError("must be the JSON object of an .ionapi file")
        if "iu" not in document and "://" in str(document.get("ot", "")):
            document = {**document, "iu": document.get("pu", "")}
        return document

    @model_validator(mode="after")
    def _service_account(self) -> IonApi:
        if (self.saak is None) != (self.sask is None):
            raise ValueError(
                "has only one of saak and sask: download the credentials again with 'Create Service Account'"
            )
        return self

    @field_validator("iu", "pu")
    @classmethod
    def _host(cls, value: str) -> str:
        return checked_host(value)

    @field_validator("ot")
    @classmethod
    def _token_host(cls, value: str) -> str:
        return checked_host(value) if "://" in value else value

    @property
    def token_url(self) -> str:
        """Where a token is asked for."""
        return self.ot if "://" in self.ot else f"{self.pu.rstrip('/')}/{self.ot.lstrip('/')}"

    @property
    def base_url(self) -> str:
        """The tenant's root on the gateway."""
        return f"{self.iu}/{self.ti}"


class ExportSettings(BaseModel):
    """How EXPORTMI is spoken to (infor-api 2.6 "Bulk extract"; its grammar is only known from third parties)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # One character that no value may contain; a value that does is found by its row's number of columns.
    separator: str = Field(default="^", min_length=1, max_length=1)
    order_by: bool = True  # false: the tenant knows no `order by`; the answer's order is then only checked
    page: int = Field(default=1000, ge=1, le=10000)
    query_limit: int = Field(default=982, ge=100)  # QERY:A982
    row_limit: int = Field(default=3985, ge=100)  # REPL:3985; a row that fills it may have been cut
    # Adds `<prefix>CONO = company` to every query, as public callers do: one database may hold several companies.
    company_filter: bool = True
    # Columns (without their table prefix) whose literals are written as numbers, besides the known ones.
    numeric_fields: frozenset[str] = frozenset()

    @field_validator("separator")
    @classmethod
    def _separator(cls, value: str) -> str:
        if value.isalnum() or value.isspace() or value in ".,-'\"":
            raise ValueError("must be a character that values do not contain, such as ^ or |")
        return value


class InforSettings(BaseModel):
    """One M3 company and division behind one gateway tenant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ionapi: IonApi
    company: str = Field(pattern=r"^[0-9]{1,3}$")
    division: str = Field(default="", max_length=3)
    # A little above the gateway's own 60 s, so that its 504 arrives rather than our time-out (infor-api 1.4).
    timeout_seconds: float = Field(default=65.0, gt=0, le=360)
    bulk_limit: int = Field(default=100, ge=1, le=100)
    # Message ids that mean "no such record" when they answer a read (infor-api 2.4).
    not_found_codes: frozenset[str] = frozenset({"XRE0103"})
    export: ExportSettings = ExportSettings()
    token_lock: Path | None = None
    control_url: str | None = None  # of the sandbox only

    @field_validator("company", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value
