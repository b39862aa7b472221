"""Reading a key pair from the file an emulator or an administrator left."""

import json
from pathlib import Path

from activities.national.adapter.connection import Credentials
from activities.national.adapter.errors import KeyRevokedError

__all__ = ["read_key_file"]


def read_key_file(path: Path) -> Credentials:
    """The pair in a JSON file with `Credentials`' field names; KeyRevokedError if there is no usable one."""
    try:
        return Credentials(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass
    raise KeyRevokedError
