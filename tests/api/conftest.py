"""What all tests of the API share."""

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher

from api import passwords
from api.cli import children

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id at the least it can cost; what it costs people is tested in test_passwords.py."""


SETTINGS = SimpleNamespace(
    session_hours=8.0,
    session_idle_minutes=24 * 60.0,
    second_factor="offered",
    address_attempts=10_000,
    breached_passwords=None,
    attachment_bytes=2000,
    upload_hours=48.0,
    requests_per_minute=1_000_000,
    public_url=None,
    public_address="http://hoso",
    person_signer="development",
)
"""What the routers alone ask of an installation."""


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running provider of identities."""
    port = children.free_port()
    argv = [sys.executable, "-m", "tests.api.identity.provider", str(port)]
    program = children.Program(name="provider", argv=argv, ready=lambda: children.answers(port))
    child = children.start(program, tmp_path_factory.mktemp("provider") / "log")
    yield f"http://127.0.0.1:{port}"
    child.stop()


STRONG = passwords._hasher
"""The hasher people get."""


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins and changes of passwords without the 64 MiB and four lanes that each costs on purpose."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    passwords._dummy.cache_clear()
