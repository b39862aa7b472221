"""Damage to the evidence of a profile from an approval list: wrong row, wrong proof, wrong revision, wrong
list.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import rfc8785

from tests.models.evidence import lists, samples

NAMES = ("danh-sach.pdf", "dong.json", "ho-so.json")
Parts = dict[str, bytes]


def _parts(position: int) -> Parts:
    with zipfile.ZipFile(io.BytesIO(lists.evidence(position).pack())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts, names: tuple[str, ...] = NAMES, method: int = zipfile.ZIP_STORED) -> bytes:
    """Packed as the product packs, by its description and not by its code."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name in names:
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.create_system, member.external_attr, member.compress_type = 3, 0o644 << 16, method
            archive.writestr(member, parts[name])
    return written.getvalue()


def _changed(change: Callable[[Parts, Random, int], None]) -> Callable[[bytes, Random], bytes]:
    def damage(_: bytes, chance: Random) -> bytes:
        position = chance.randint(1, lists.SIZE)
        parts = _parts(position)
        change(parts, chance, position)
        return packed(parts)

    return damage


def _proven(change: Callable[[dict[str, Any], Random], None]) -> Callable[[Parts, Random, int], None]:
    def into(parts: Parts, chance: Random, position: int) -> None:
        proven = json.loads(parts["dong.json"])
        change(proven, chance)
        parts["dong.json"] = rfc8785.dumps(proven)

    return into


def _other_row(parts: Parts, chance: Random, position: int) -> None:
    other = chance.choice([one for one in range(1, lists.SIZE + 1) if one != position])
    proven, stranger = json.loads(parts["dong.json"]), json.loads(_parts(other)["dong.json"])
    part = chance.choice(["row", "proof"])
    parts["dong.json"] = rfc8785.dumps(proven | {part: stranger[part]})


def _altered_row(proven: dict[str, Any], chance: Random) -> None:
    field = chance.choice(["profile", "revision", "digest", "changes"])
    if field == "changes":
        proven["row"]["changes"] = [f"Hệ số lương: {chance.randrange(10**6)}"]
    elif field == "digest":
        proven["row"]["digest"] = chance.randbytes(32).hex()
    else:
        proven["row"][field] = f"{chance.randrange(16**8):08x}-0000-4000-8000-000000000000"


def _altered_position(proven: dict[str, Any], chance: Random) -> None:
    was = proven["row"]["position"]
    proven["row"]["position"] = chance.choice([one for one in range(1, 20) if one != was])


def _altered_proof(proven: dict[str, Any], chance: Random) -> None:
    path = proven["proof"]["path"]
    way = chance.randrange(4)
    if way == 0 or not path:
        path.append(chance.randbytes(32).hex())
    elif way == 1:
        path.pop(chance.randrange(len(path)))
    elif way == 2:
        path[chance.randrange(len(path))] = chance.randbytes(32).hex()
    else:
        proven["proof"]["size"] = proven["proof"]["size"] + chance.choice([-3, -1, 1, 5, 100])


def _own_root(proven: dict[str, Any], chance: Random) -> None:
    proven["proof"]["root"] = chance.randbytes(32).hex()


def _other_revision(parts: Parts, chance: Random, position: int) -> None:
    content = json.loads(parts["ho-so.json"])
    content[chance.choice(["citizen_id_number", "birth_full_name", "salary"])] = str(chance.randrange(10**9))
    parts["ho-so.json"] = rfc8785.dumps(content)


def _revision_and_row(parts: Parts, chance: Random, position: int) -> None:
    """Revision and row agree with each other, and not with the list."""
    from hashlib import sha256

    _other_revision(parts, chance, position)
    proven = json.loads(parts["dong.json"])
    proven["row"]["digest"] = sha256(parts["ho-so.json"]).hexdigest()
    parts["dong.json"] = rfc8785.dumps(proven)


def _spelling(parts: Parts, chance: Random, position: int) -> None:
    content = json.loads(parts["ho-so.json"]) | {}
    written = json.dumps(content, indent=chance.randint(0, 8), ensure_ascii=chance.random() < 0.5)
    parts["ho-so.json"] = written.encode()


def _other_list(parts: Parts, chance: Random, position: int) -> None:
    from tests.models.evidence import longterm

    others = (lists.other_list, lists.malformed_list, samples.small_once, samples.signed_once, longterm.slip)
    parts["danh-sach.pdf"] = chance.choice(others)()
    if parts["danh-sach.pdf"] == lists.other_list() and position == (lists.SIZE + 1) // 2:
        parts["ho-so.json"] = lists.revision(1)  # the middle row of a list turned round stays where it was


def _flipped(name: str) -> Callable[[Parts, Random, int], None]:
    def change(parts: Parts, chance: Random, position: int) -> None:
        data = bytearray(parts[name])
        data[chance.randrange(len(data) - 1)] ^= 1 << chance.randrange(8)
        parts[name] = bytes(data)

    return change


def _archive_flip(_: bytes, chance: Random) -> bytes:
    data = bytearray(lists.evidence(chance.randint(1, lists.SIZE)).pack())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _archive_otherwise(_: bytes, chance: Random) -> bytes:
    """The right parts in another archive: compressed, in another order, twice, with more in it or behind
    it.
    """
    parts = _parts(chance.randint(1, lists.SIZE))
    way = chance.randrange(5)
    if way == 0:
        return packed(parts, method=zipfile.ZIP_DEFLATED)
    if way == 1:
        order = list(NAMES)
        while tuple(order) == NAMES:
            chance.shuffle(order)
        return packed(parts, tuple(order))
    if way == 2:
        return packed(parts | {"more": chance.randbytes(8)}, (*NAMES, "more"))
    if way == 3:
        return packed(parts) + chance.randbytes(chance.randint(1, 30))
    return chance.randbytes(chance.randint(1, 30)) + packed(parts)


def _archive_truncated(_: bytes, chance: Random) -> bytes:
    data = lists.evidence(chance.randint(1, lists.SIZE)).pack()
    return data[: chance.randrange(len(data))]


KINDS = {
    "list: row or proof of another": _changed(_other_row),
    "list: row altered": _changed(_proven(_altered_row)),
    "list: position altered": _changed(_proven(_altered_position)),
    "list: proof altered": _changed(_proven(_altered_proof)),
    "list: root of one's own": _changed(_proven(_own_root)),
    "list: another revision": _changed(_other_revision),
    "list: revision and row agree": _changed(_revision_and_row),
    "list: revision in another spelling": _changed(_spelling),
    "list: another document": _changed(_other_list),
    "list: flipped list": _changed(_flipped("danh-sach.pdf")),
    "list: flipped row": _changed(_flipped("dong.json")),
    "list: flipped revision": _changed(_flipped("ho-so.json")),
    "list: flipped archive": _archive_flip,
    "list: another archive": _archive_otherwise,
    "list: truncated archive": _archive_truncated,
}
