"""``python -m tests.activities.batches.batch_process JSON``: one round in a process of its own, to be killed.

It says so on standard output when it is about to make (or has just made) its n-th signature, and then waits.
"""

import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.batches.rounds import approve_batch
from activities.signing.issuing import SignerName
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners, Signer
from models.database import engine_for
from models.messages import Batch
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import tools_for


class Stopping:
    """Signers that stand still at the n-th signature, before or after it is made."""

    def __init__(self, real: DevelopmentSigners, at: int, after: bool) -> None:
        self._real, self._at, self._after, self._count = real, at, after, 0

    def signer_for(self, name: SignerName) -> Any:
        return StoppingSigner(self, self._real.signer_for(name))

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        return self._real.seal_for(agency_id, agency)

    def count(self) -> None:
        self._count += 1

    def halt(self, *, made: bool) -> None:
        if made == self._after and self._count == self._at:
            print("standing still", flush=True)
            time.sleep(60)


class StoppingSigner:
    """One signer of theirs."""

    def __init__(self, signers: Stopping, real: Signer) -> None:
        self._signers, self._real = signers, real
        self.certificate, self.certificates = real.certificate, real.certificates

    def sign_pdf(self, pdf: bytes, **how: Any) -> bytes:
        self._signers.count()
        self._signers.halt(made=False)
        signed = self._real.sign_pdf(pdf, **how)
        self._signers.halt(made=True)
        return signed


async def main(given: dict[str, Any]) -> None:
    """Run the round until somebody kills this process."""
    folder = Path(given["folder"])
    tools = tools_for(engine_for(given["database"], pool_size=4), folder)
    signers: Any = Stopping(DevelopmentSigners(Path(given["pki"])), given["at"], given["after"])
    notary = quiet(Path(given["pki"]))
    store = store_in(folder / "documents", tools)
    office = SigningOffice(tools, store, signers, ThreadPoolExecutor(1), notary)
    batch = Batch.model_validate(given["batch"])

    async def go(one: Batch) -> Any:
        return await approve_batch(tools, office, one)

    await ActivityEnvironment().run(go, batch)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
