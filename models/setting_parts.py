"""What `models.settings` is made of: the database's roles, secrets from files, what is missing."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

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
