"""Documents under the keys: sealed where they are not yet, sealed anew under the current key."""

import asyncio
from collections import Counter
from itertools import islice
from uuid import UUID

from models.documents import DocumentStore
from models.errors import HosoError
from models.key_ring import Purpose
from models.record import papers, resealing
from models.record.tools import Tools

BATCH = 200


async def reseal_documents(tools: Tools, store: DocumentStore, owner: UUID, done: Counter[str]) -> None:
    """Seal every document of an authority anew that is not under its current key; errors as `reseal`."""
    current = tools.ring.current(Purpose.FIELDS, owner).id
    for name in [name for name, key_id in store.kept(owner) if key_id != current]:
        await asyncio.to_thread(store.reseal, owner, name)
        done["documents"] += 1


async def seal_documents(tools: Tools, store: DocumentStore, rest: str | None) -> Counter[str]:
    """Seal what was kept before documents were sealed; answers counts: ``sealed``, and ``nobodys`` left.

    A file that no row names (laid out and given up, uploaded and never taken) goes to ``rest``, the code of
    an authority, or to the only authority there is.

    Raises:
        HosoError: there is no authority of that code.
        StoreError: a file is damaged; those before it are sealed.
    """
    known = await resealing.authorities(tools.engine)
    left = await asyncio.to_thread(list, store.unsealed())
    heir = next((owner for owner, code in known.items() if code == rest), None)
    if rest is not None and heir is None:
        raise HosoError(f"không có cơ quan này / there is no such authority: {rest[:40]}")
    if heir is None and len(known) == 1:
        heir = next(iter(known))
    done: Counter[str] = Counter(sealed=0, nobodys=0)
    waiting = iter(left)
    while digests := list(islice(waiting, BATCH)):
        for digest, owners in (await papers.owners(tools.engine, list(known), digests)).items():
            whose = owners or ([heir] if heir is not None else [])
            if whose:
                await asyncio.to_thread(store.seal, digest, whose)
                done["sealed"] += 1
            else:
                done["nobodys"] += 1
    return done
