"""What a password costs whoever guesses it (RFC 9106), and what becomes of hashes that cost less."""

import unicodedata
from hashlib import sha1
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from argon2 import Type
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api import passwords
from models.errors import RefusedError
from models.settings import Settings
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


async def test_only_a_throw_away_installation_may_have_cheap_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings(data=tmp_path).login_cost == "people"
    monkeypatch.setenv("HOSO_LOGIN_COST", "throwaway")
    with pytest.raises(ValidationError, match="needs clock"):
        Settings(data=tmp_path)
    settings = Settings(data=tmp_path, clock="engine")
    passwords.configure(settings.login_cost)
    stored = await passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert not passwords.outdated(stored)


async def test_what_people_s_cost_is_told_at_the_start_changes_nothing() -> None:
    passwords.configure("people")
    assert (await passwords.hashed(PASSWORD)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@given(st.lists(st.text(min_size=1, max_size=20), min_size=0, max_size=60, unique=True), st.booleans())
def test_a_sorted_list_is_searched_in_place(words: list[str], counted: bool) -> None:
    """Every password of the file is found and none other, whatever its place, with and without counts."""
    kept, others = words[::2], words[1::2]
    lines = sorted(sha1(_same(one).encode()).hexdigest().upper() for one in kept)
    with NamedTemporaryFile() as file:
        file.write("".join(line + (":17\r\n" if counted else "\n") for line in lines).encode())
        file.flush()
        path, known = Path(file.name), {_same(one) for one in kept}
        assert all(passwords.listed(path, one) for one in kept)
        assert not any(passwords.listed(path, one) for one in others if _same(one) not in known)


def _same(word: str) -> str:
    return unicodedata.normalize("NFKC", word)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("1qaz2wsx3edc", "dễ đoán"),
        ("manchester", "dễ đoán"),  # zxcvbn's list of what people choose
        ("xin-Chào-ngày-mới-2026", "bị lộ"),
    ],
)
def test_known_and_breached_passwords_are_refused(password: str, reason: str, tmp_path: Path) -> None:
    breached = tmp_path / "list.txt"
    breached.write_text(sha1(_same("xin-Chào-ngày-mới-2026").encode()).hexdigest() + "\n")
    with pytest.raises(RefusedError) as refused:
        passwords.judge(password, "ai.do", "mật khẩu cũ", breached)
    assert reason in refused.value.refusal.fields[0].message_vi
    passwords.judge("mùa-hạ-Huế-1968", "ai.do", "mật khẩu cũ", breached)


def test_a_list_that_cannot_be_read_lets_no_password_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        passwords.judge("mùa-hạ-Huế-1968", "ai.do", "mật khẩu cũ", tmp_path / "gone.txt")
