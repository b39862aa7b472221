"""Passwords: Argon2id (RFC 9106); what may be one (NIST SP 800-63B: length and a list, no character rules).

Hashing costs 64 MiB and tens of milliseconds, so it runs beside the event loop, few at a time.
"""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha1
from importlib.resources import files
from os import SEEK_END
from pathlib import Path
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from models.errors import FieldRefusal, RefusedError

SHORTEST = 10
LONGEST = 200
AT_ONCE = 2

_hasher = PasswordHasher()
_THROWAWAY = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")


@cache
def _dummy() -> str:
    """A hash nobody knows the password of: an unknown login costs as much as a known one."""
    return _hasher.hash(secrets.token_hex(32))


def configure(cost: Literal["people", "throwaway"]) -> None:
    """What a password costs in this process (`Settings.login_cost`); as people get it unless called."""
    global _hasher
    if cost == "throwaway":
        _hasher = _THROWAWAY
        _dummy.cache_clear()


async def hashed(password: str) -> str:
    """The Argon2id hash in its encoded form."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _spelt(password))


async def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. ``None`` (an unknown login) and what stands for no password at
    all (an account not used yet, one closed) take the same time and are not."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, stored, _spelt(password))


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def judge(password: str, login: str, former: str, breached: Path | None = None) -> None:
    """Refuse a password that is too short, too long, well known, breached, the login or the former one.

    ``breached`` is the installation's own list (`Settings.breached_passwords`); no network is asked.

    Raises:
        RefusedError: ``invalid-form`` naming the field.
    """
    password, folded = _spelt(password), _spelt(password).casefold()
    if not SHORTEST <= len(password) <= LONGEST:
        _refuse(
            f"phải có từ {SHORTEST} đến {LONGEST} ký tự.",
            f"must have from {SHORTEST} to {LONGEST} characters.",
        )
    if login.casefold() in folded or folded in login.casefold():
        _refuse("không được chứa tên đăng nhập.", "must not contain the login.")
    if folded in _well_known() or len(set(folded)) < 4:
        _refuse("quá dễ đoán.", "is too easy to guess.")
    if breached is not None and listed(breached, password):
        _refuse("nằm trong danh sách mật khẩu đã bị lộ.", "is on the list of breached passwords.")
    if password == _spelt(former):
        _refuse("phải khác mật khẩu đang dùng.", "must differ from the present one.")


def _refuse(vi: str, en: str) -> None:
    field = FieldRefusal("new_password", "Mật khẩu mới", f"Mật khẩu mới: {vi}", f"New password: {en}")
    raise RefusedError.of("invalid-form", field.message_vi, field.message_en, fields=(field,))


def _matches(stored: str | None, password: str) -> bool:
    instead = _dummy()  # made by the first attempt, whose ever account it is about
    real = stored is not None and stored.startswith("$argon2")
    try:
        found = _hasher.verify(stored if real and stored else instead, password)
    except (VerificationError, InvalidHashError):
        return False
    return found and real


def _spelt(password: str) -> str:
    # The same accents typed on two keyboards are one password.
    return unicodedata.normalize("NFKC", password)


@cache
def _well_known() -> frozenset[str]:
    """Our own list of what is guessed first here, and zxcvbn's of what people choose (30,000, from leaks)."""
    text = files("api").joinpath("well_known_passwords.txt").read_text(encoding="utf-8")
    ours = {line.strip().casefold() for line in text.splitlines() if line and line[0] != "#"}
    return frozenset(ours | {one for one in FREQUENCY_LISTS["passwords"] if len(one) >= SHORTEST})


def listed(file: Path, password: str) -> bool:
    """Whether the password's SHA-1 stands in a sorted file of them, found by halving it: some thirty reads.

    Lines are 40 hexadecimal digits, sorted, perhaps with ``:count``; SHA-1 is how such lists come.

    Raises:
        OSError: the file cannot be read; then no password is changed rather than one unchecked.
    """
    wanted = sha1(_spelt(password).encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, SEEK_END)
        while low < high:
            middle = (low + high) // 2
            lines.seek(max(middle - 1, 0))
            if middle > 0:
                lines.readline()  # the rest of the line before
            start, line = lines.tell(), lines.readline()
            found = line[:40].upper()
            if found == wanted:
                return True
            low, high = (start + len(line), high) if line and found < wanted else (low, middle)
    return False
