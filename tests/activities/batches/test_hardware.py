"""A round of signatures by a real PKCS#11 token (SoftHSM2) that is pulled out in the middle, and put back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from temporalio.exceptions import ApplicationError

from activities.batches.rounds import approve_batch
from activities.signing.assurance import Level
from activities.signing.issuing import SignerName, issue_signer
from activities.signing.notary import Notary
from activities.signing.signer import Signer
from activities.signing.sources import TokenSigners
from models.evidence import verify
from models.messages import MonthStart
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.activities.signing.hardware import Hardware, plugged_in
from tests.models.evidence import samples
from tests.world import World


class Plug(TokenSigners):
    """Signers of the token; it is pulled out of its socket before the signature that was named."""

    def __init__(self, hardware: Hardware, before: int) -> None:
        super().__init__(hardware.token())
        self._hardware, self._before, self.asked = hardware, before, 0

    def signer_for(self, name: SignerName) -> Signer:
        self.asked += 1
        if self.asked == self._before:
            self._hardware.pull_out()
        return super().signer_for(name)


@pytest.fixture
def hardware(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hardware:
    """A token with the approver's own key, by the account's id."""
    made = plugged_in(tmp_path / "hsm", monkeypatch)
    account = str(world.accounts["culture.approver"])
    name = SignerName("Trần Văn Đức", "Sở Văn hóa", "Giám đốc", account)
    made.add(issue_signer(samples.authority(), name), account, "0c01")
    return made


async def test_it_goes_on_at_the_exact_item(world: World, months, run, signing, hardware) -> None:
    people: list[UUID] = sorted([await submitted(world, n) for n in range(1, 5)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    month = await month_of(world, world.culture)
    plug = Plug(hardware, before=3)
    office = replace(
        signing,
        signers=plug,
        threads=ThreadPoolExecutor(1),
        notary=Notary(samples.trust(), Level.B_B, None, None),
    )

    async def go(given: Any) -> Any:
        return await approve_batch(world.tools, office, given)

    given = batch(world, month, await chosen(world, month.id))
    with pytest.raises(ApplicationError) as told:
        await run(go, given)
    assert told.value.type == "token-away"
    before = {row.id: row for row in await world.rows("SELECT * FROM approvals")}
    signed = {key: row.document_sha256 for key, row in before.items() if row.document_sha256 is not None}
    assert len(signed) == 2
    assert {row.state for row in before.values()} <= {"signed", "signing"}, "nothing is given up"
    assert (await world.one("SELECT trouble FROM approval_rounds")).trouble == "token-away"
    with pytest.raises(ApplicationError):
        await run(go, given, attempt=2)
    hardware.put_back()
    result = await run(go, given, attempt=3)
    assert (result.done, result.refused) == (4, 0)
    assert (await world.one("SELECT trouble FROM approval_rounds")).trouble is None
    assert {(await items_of(world, month.id))[p].state for p in people} == {"approved"}
    after = {row.id: row.document_sha256 for row in await world.rows("SELECT * FROM approvals")}
    assert signed.items() <= after.items(), "what was signed before was not signed again"
    assert len(set(after.values())) == 4
    for document in after.values():
        verdict = verify(office.store.get(world.authority, document), samples.trust())
        assert verdict.valid, verdict.problems
        assert verdict.signatures[0].serial == str(world.accounts["culture.approver"])
