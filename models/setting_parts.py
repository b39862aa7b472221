"""What settings are made of: the database's roles, secrets from files, the bucket, what is missing."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from models.errors import HosoError

PREFIX = "HOSO_"


class SecretFiles(PydanticBaseSettingsSource):
    """A secret from the file that ``HOSO_<NAME>_FILE`` names, as containers are given them.

    The environment of a process is read by its children and shown by tools; a file has owner and mode.
    Settings that have a file setting of their own (`master_key_file`, `token_pin_file`) keep to it.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if not path or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        return Path(path).read_text(encoding="utf-8").removesuffix("\n"), field_name, False

    def __call__(self) -> dict[str, Any]:
        secret = (n for n, f in self.settings_cls.model_fields.items() if f.annotation == SecretStr | None)
        found = {n: self.get_field_value(self.settings_cls.model_fields[n], n)[0] for n in secret}
        return {name: value for name, value in found.items() if value is not None}


class BucketSettings(BaseSettings):
    """Where documents lie, if not in the folder."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    documents_bucket: str | None = None
    """Bucket of documents and uploaded workbooks, `s3://bucket/prefix`; unset: the folder `documents`."""
    documents_endpoint: AnyHttpUrl | None = None
    """Address of the server that speaks S3; unset: AWS's, or the usual AWS variable."""
    documents_region: str | None = None
    """Its region; unset: the usual AWS variable."""
    documents_access_key: str | None = None
    """Access key; unset: the usual AWS variables, or the machine's own role."""
    documents_secret_key: SecretStr | None = None
    """Secret key that belongs to it."""
    documents_seconds: float = Field(default=30.0, gt=0)
    """Seconds to wait for the bucket, all tries of one request together."""


class LimitSettings(BucketSettings):
    """How long the API waits: for a body, for PostgreSQL."""

    body_seconds: float = Field(default=1_800.0, gt=0)
    """Seconds after which a body that still comes, however slowly, is no longer waited for."""
    statement_seconds: float = Field(default=60.0, gt=0)
    """Seconds one statement of the API may take in PostgreSQL; then it is cancelled, and nothing was done."""


class DatabaseRole(StrEnum):
    """Who speaks to PostgreSQL. None is a superuser, none bypasses row-level security."""

    API = "api"
    WORKER = "worker"
    REPORT = "report"
    MIGRATION = "migration"  # owns the schema; the policies are forced upon it too


class MissingSettingError(HosoError):
    """A setting is needed here and was not given; `variable` is the name to set."""

    def __init__(self, variable: str, meaning: str) -> None:
        super().__init__(f"{variable} chưa được đặt / is not set: {meaning}")
        self.variable = variable
