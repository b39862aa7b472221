"""Reading a key pair from the file an emulator or an administrator left."""

import json
from dataclasses import fields
from pathlib import Path

from activities.national.adapter.credentials import Credentials
from activities.national.adapter.errors import KeyRevokedError

__all__ = ["read_key_file"]

_NAMES = frozenset(one.name for one in fields(Credentials))


def read_key_file(path: Path) -> Credentials:
    """The pair in a JSON file with `Credentials`' field names; KeyRevokedError if there is no usable one."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(**{name: value for name, value in said.items() if name in _NAMES})
    except (OSError, ValueError, TypeError, AttributeError):
        pass
    raise KeyRevokedError
