"""What ``hoso keys status`` finds: every key of the ring, what still needs it, and whether it may go."""

import asyncio
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError

from models.documents import Blobs, DocumentStore
from models.key_ring import DataKey, KeyRing, Purpose, current_of
from models.record import resealing
from models.record.tools import Tools
from models.workbook_vault import WorkbookVault

MARGIN = timedelta(hours=1)
"""How long after its successor was made a key stays at least: by then every process has the successor. One on
the same ring file has it within a second."""

NONE = "(none)"
OPEN = "(open)"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key. ``uses`` counts what is sealed under it by place; None: it could not be asked."""

    id: str
    purpose: str
    authority: str | None
    made_at: str
    current: bool
    """Something is sealed under it from now on."""
    retirable: bool
    why: str
    uses: dict[str, int | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """For machines."""
        return asdict(self)


async def key_lines(
    tools: Tools, blobs: Blobs, backups: Path, client: Client | None, now: datetime
) -> list[KeyLine]:
    """Every key of the ring, oldest first.

    Rows, documents and kept workbooks are counted by the id of the key that stands beside each; backups by
    their manifests; documents kept before any were sealed, and forms that hold fields in the open which are
    sealed today, on lines of their own. The engine cannot be asked
    which key a payload is under: every run it retains that began before the key's successor was everywhere
    counts as using it (a later one cannot): ``engine`` are those that run (`hoso keys begin-anew`), ``engine,
    kept`` those that are over and go with the retention.
    """
    authorities = await resealing.authorities(tools.engine)
    found = await _rows(tools, blobs, authorities)
    _backups(found, backups)
    keys = list(tools.ring.keys)
    lines = []
    for key in keys:
        successor = _successor(key, tools.ring, authorities)
        uses: dict[str, int | None] = dict(found.get(key.id, {}))
        if key.purpose is Purpose.CODEC and successor is not None:
            uses["engine"] = await _runs(client, successor.made_at + MARGIN)
            uses["engine, kept"] = await _runs(client, successor.made_at + MARGIN, running=False)
        lines.append(_line(key, successor, uses, authorities, keys, now))
    unsealed = await asyncio.to_thread(_unsealed, DocumentStore(blobs, tools.cipher))
    if too_open := sum([await resealing.too_open(tools.engine, one) for one in authorities]):
        lines.append(_open(too_open))
    return [*lines, _none(unsealed)] if unsealed else lines


def _unsealed(store: DocumentStore) -> int:
    return sum(1 for _ in store.unsealed())


def _open(forms: int) -> KeyLine:
    """Fields that a later version seals, in forms of an earlier one."""
    why = f"{forms} tờ khai còn trường để ngỏ, hãy `hoso keys seal` / fields in the open: `hoso keys seal`"
    return KeyLine(OPEN, Purpose.FIELDS.value, None, "-", False, False, why, {"revisions": forms})


def _none(documents: int) -> KeyLine:
    """What is under no key at all."""
    why = f"{documents} tài liệu chưa mã hoá, hãy `hoso keys seal` / not sealed: `hoso keys seal`"
    return KeyLine(NONE, Purpose.FIELDS.value, None, "-", False, False, why, {"documents": documents})


async def _rows(tools: Tools, blobs: Blobs, authorities: dict[UUID, str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    vault, store = WorkbookVault(blobs, tools.cipher), DocumentStore(blobs, tools.cipher)
    for authority_id in authorities:
        for key_id, tables in (await resealing.uses(tools.engine, authority_id)).items():
            # An index from before keys were noted is under the oldest key that may have made it.
            known = key_id or tools.ring.serving(Purpose.BLIND_INDEX, authority_id)[0].id
            found.setdefault(known, Counter()).update(tables)
        for _digest, key_id in vault.kept(authority_id):
            found.setdefault(key_id, Counter())["workbooks"] += 1
        for _name, key_id in store.kept(authority_id):
            found.setdefault(key_id, Counter())["documents"] += 1
    return found


def _backups(found: dict[str, Counter[str]], folder: Path) -> None:
    for manifest in folder.glob("*/manifest.json"):
        try:
            key_id = str(json.loads(manifest.read_bytes())["key_id"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a damaged backup is named by its own check
        found.setdefault(key_id, Counter())["backups"] += 1


def _successor(key: DataKey, ring: KeyRing, authorities: dict[UUID, str]) -> DataKey | None:
    """The youngest of the keys that are current in its place; None while it is current for anybody."""
    mine = [key.authority_id] if key.authority_id else [None, *authorities]
    current = [current_of(ring.keys, key.purpose, who) for who in mine]
    if key in current:
        return None
    return max((one for one in current if one is not None), key=lambda one: one.made_at)


async def _runs(client: Client | None, before: datetime, *, running: bool = True) -> int | None:
    if client is None:
        return None
    query = f"ExecutionStatus {'=' if running else '!='} 'Running' AND StartTime < '{before.isoformat()}'"
    try:
        return (await client.count_workflows(query)).count
    except RPCError:
        return None


def _line(
    key: DataKey,
    successor: DataKey | None,
    uses: dict[str, int | None],
    authorities: dict[UUID, str],
    keys: list[DataKey],
    now: datetime,
) -> KeyLine:
    why = ""
    if successor is None:
        why = "đang dùng để mã hóa / seals what is written now"
    elif [one.purpose for one in keys if one.authority_id is None].count(key.purpose) == 1 and (
        key.authority_id is None
    ):
        why = "khóa chung cuối cùng / the last that serves all"
    elif any(count is None for count in uses.values()):
        why = "không hỏi được Temporal / the engine could not be asked"
    elif total := sum(count or 0 for count in uses.values()):
        why = f"còn {total} nơi dùng / {total} still need it"
    elif now - successor.made_at < MARGIN:
        minutes = int(MARGIN.total_seconds() // 60)
        why = f"khóa thay thế chưa đủ {minutes} phút / its successor is younger than {minutes} minutes"
    authority = None
    if key.authority_id is not None:
        authority = authorities.get(key.authority_id, str(key.authority_id))
    made = key.made_at.isoformat()
    return KeyLine(key.id, key.purpose.value, authority, made, successor is None, not why, why, uses)
