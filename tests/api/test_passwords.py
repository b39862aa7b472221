"""What a password costs whoever guesses it (RFC 9106), and what becomes of hashes that cost less."""

import pytest
from argon2 import Type

from api import passwords
from tests.api.conftest import CHEAP, STRONG

PASSWORD = "mùa-thu-Hà-Nội-1954"


@pytest.fixture(autouse=True)
def as_people_get_it(cheap_passwords: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", STRONG)


async def test_the_cost_is_that_of_the_recommendation_for_little_memory() -> None:
    """RFC 9106, section 4: the second recommended option."""
    assert (STRONG.type, STRONG.time_cost, STRONG.memory_cost, STRONG.parallelism) == (Type.ID, 3, 65536, 4)
    assert (await passwords.hashed(PASSWORD)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_only_the_password_matches_and_an_unknown_login_nothing() -> None:
    stored = await passwords.hashed(PASSWORD)
    assert await passwords.matches(stored, PASSWORD)
    assert not await passwords.matches(stored, PASSWORD + "5")
    assert not await passwords.matches(None, PASSWORD)
    assert passwords._dummy().startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "as dear as a known one"


async def test_a_hash_of_less_cost_is_outdated_but_still_matches() -> None:
    cheap = CHEAP.hash(PASSWORD)
    assert passwords.outdated(cheap)
    assert await passwords.matches(cheap, PASSWORD)
    assert not passwords.outdated(await passwords.hashed(PASSWORD))
