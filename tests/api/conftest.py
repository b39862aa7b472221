"""What all tests of the API share."""

import pytest
from argon2 import PasswordHasher

from api import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id at the least it can cost; what it costs people is tested in test_passwords.py."""


STRONG = passwords._hasher
"""The hasher people get."""


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins and changes of passwords without the 64 MiB and four lanes that each costs on purpose."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    passwords._dummy.cache_clear()
