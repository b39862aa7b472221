"""The notification of a breach as a file: what it says, whose seal it bears, what keeps it away."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.breaches.office import BreachOffice
from activities.signing.errors import SignerAwayError
from activities.signing.signer import DevelopmentSigners
from activities.signing.sources import NoSigners
from api.starting import start_of
from api.starting_lasting import LASTING
from models.command_registers import AddToBreach, CloseBreach, IssueBreachNotice, RecordBreach
from models.database import Scope, engine_for, transaction
from models.evidence import verify
from models.identifiers import WorkflowKind, breach_workflow
from models.messages_admin import BreachNoticeMade, BreachNoticeRequest
from models.record.breaching import story_of
from models.record.commands import Fate
from models.regulations import in_force
from tests.activities.exports.test_exports import words_of
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for

KNOWN = datetime(2026, 2, 12, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAID = "Tệp danh sách bị gửi nhầm ra ngoài cơ quan."
LATER = "Người nhận đã xóa tệp."
ISSUED = IssueBreachNotice(
    document="12/TB-SNV",
    recipient="Cục An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao",
    measures="Đã thu hồi tệp, đổi mật khẩu của hộp thư.",
    contact="Phòng Công chức, viên chức",
    late_reason="đơn vị báo chậm",
)


@dataclass
class Desk:
    """A breach that was written down, and the office that makes its notifications."""

    world: World
    office: BreachOffice
    breach: UUID

    async def ask(self, who: str, body: Any) -> Fate:
        return await self.world.ask(who, body, self.breach, subject="breach")

    async def issue(self, body: IssueBreachNotice = ISSUED) -> UUID:
        done = await self.ask("department", body)
        assert done.status == 201, done.answer
        assert self.world.moment.to_export == UUID(done.answer["notice_id"])
        return UUID(done.answer["notice_id"])

    async def make(self, notice: UUID, office: BreachOffice | None = None) -> BreachNoticeMade:
        """Made, and recorded as the breach's workflow does; all of it twice is once."""
        world, by = self.world, office or self.office
        request = BreachNoticeRequest(authority_id=world.authority, notice_id=notice, now=world.now)
        made = await by.make_breach_notice(request)
        assert made.failure or await by.make_breach_notice(request) == made
        facts = {"notice": str(notice), **({"reason": made.failure} if made.failure else {})}
        for _ in range(2):
            what = "notice_failed" if made.failure else "notice_made"
            told = {} if made.failure else {"document": made.document}
            await world.step(what, self.breach, subject="breach", **facts, **told)
        assert world.moment.to_export is None
        return made

    async def kinds(self) -> list[str]:
        rows = await self.world.rows(
            "SELECT kind FROM events WHERE stream_id = :b ORDER BY number", b=self.breach
        )
        return [row.kind for row in rows if row.kind.startswith("breach.notice")]


@pytest.fixture
async def desk(database: Any, pki: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    engine = engine_for(database.url("worker"), pool_size=2)
    law = in_force("hanoi", KNOWN.date())
    world = await build(tools_for(engine, tmp_path), KNOWN + HOUR, law=law)
    store, threads = store_in(tmp_path / "documents", world.tools), ThreadPoolExecutor(1)
    office = BreachOffice(world.tools, store, DevelopmentSigners(pki), threads, quiet(pki))
    desk = Desk(world, office, uuid4())
    recorded = RecordBreach(
        agency_id=world.culture, kind="disclosure", known_at=KNOWN, story=SAID, people=2, data=("basic",)
    )
    assert (await desk.ask("culture.hr", recorded)).status == 201
    yield desk
    threads.shutdown()
    await engine.dispose()


async def test_it_says_what_was_written_under_the_seal_of_who_answers(desk: Desk) -> None:
    world = desk.world
    world.now = KNOWN + 80 * HOUR
    notice = await desk.issue()
    await desk.ask("culture.hr", AddToBreach(story=LATER, people=3))  # is told by the next one
    made = await desk.make(notice)
    pdf = desk.office.store.get(world.authority, made.document)
    verdict = verify(pdf, desk.office.notary.trust, at=world.now)
    assert verdict.valid, verdict
    department = (await world.one("SELECT name FROM agencies WHERE id = :a", a=world.department)).name
    culture = (await world.one("SELECT name FROM agencies WHERE id = :a", a=world.culture)).name
    assert [(one.field, one.organisation) for one in verdict.signatures] == [("seal", department)]
    words = words_of(pdf)
    for said in (
        "Số: 12/TB-SNV", "Ngày 16 tháng 02 năm 2026", "THÔNG BÁO", f"Kính gửi: {ISSUED.recipient}",
        "Luật 91/2025/QH15, Điều 23.1", f"Nơi xảy ra: {culture}", "để lộ, gửi nhầm dữ liệu",
        "16:30 ngày 12/02/2026", "chậm so với hạn; lý do chậm: đơn vị báo chậm", SAID, ISSUED.measures,
        "(ước tính): 2.", ISSUED.contact, "Nơi nhận",
    ):  # fmt: skip
        assert said in words, said
    assert LATER not in words
    assert "……" not in words
    row = await world.one("SELECT * FROM breach_notices")
    assert (row.state, row.document, row.document_sha256) == ("made", "12/TB-SNV", made.document)
    assert row.made_at == world.now
    proof = await world.one("SELECT document_sha256, kind FROM signature_proofs")
    assert tuple(proof) == (made.document, "breach")
    assert await desk.kinds() == ["breach.notice_asked", "breach.notice_made"], "each once"
    breach = await world.one("SELECT * FROM breaches")
    assert breach.state == "open", "that it was sent is another matter"
    assert ISSUED.contact not in str([one.facts for one in await world.rows("SELECT facts FROM events")])
    assert [one["what"] for one in story_of(world.tools, world.authority, breach)][1] == ISSUED.verb

    again = await desk.make(await desk.issue(ISSUED.model_copy(update={"document": "13/TB-SNV"})))
    words = words_of(desk.office.store.get(world.authority, again.document))
    assert LATER in words
    assert "(ước tính): 3." in words


async def test_one_is_made_at_a_time_and_none_after_the_end(desk: Desk) -> None:
    notice = await desk.issue()
    second = await desk.ask("department", ISSUED)
    assert (second.status, second.answer["code"]) == (409, "wrong-state")
    refused = await desk.ask("culture.hr", ISSUED)
    assert refused.answer["code"] == "not-permitted"
    await desk.make(notice)
    await desk.issue()
    ended = CloseBreach(measures="Không có thiệt hại.", not_notifiable="tệp được mã hóa")
    assert (await desk.ask("department", ended)).status == 200
    assert desk.world.moment.to_export is not None, "what was asked for before is still made"
    assert await lasts(desk), "also where the engine has lost it"
    await desk.make(desk.world.moment.to_export)
    assert not await lasts(desk)
    assert (await desk.ask("department", ISSUED)).answer["code"] == "wrong-state"


async def lasts(desk: Desk) -> bool:
    """Whether a rebuild of the engine begins the breach's workflow, all of them or this one alone."""
    every = await desk.world.rows(str(LASTING[WorkflowKind.BREACH][0]))
    one = await start_of(desk.world.tools.engine, desk.world.authority, breach_workflow(desk.breach))
    assert (desk.breach in {row.id for row in every}) is (one is not None)
    return one is not None


async def test_without_a_key_it_says_so_and_may_be_asked_for_again(desk: Desk) -> None:
    keyless = replace(desk.office, signers=NoSigners())
    made = await desk.make(await desk.issue(), keyless)
    assert made == BreachNoticeMade(failure="external-signature-needed")
    row = await desk.world.one("SELECT state, failure, document_sha256 FROM breach_notices")
    assert tuple(row) == ("failed", "external-signature-needed", None)
    assert await desk.kinds() == ["breach.notice_asked", "breach.notice_failed"]
    assert (await desk.make(await desk.issue())).document


class Away(NoSigners):
    """A token that is not there for the moment."""

    def seal_for(self, _code: str, _name: str) -> Any:
        raise SignerAwayError("token-away", "no token")


async def test_a_key_that_is_away_is_named_until_it_is_back(desk: Desk) -> None:
    world, notice = desk.world, await desk.issue()
    away = replace(desk.office, signers=Away())
    request = BreachNoticeRequest(authority_id=world.authority, notice_id=notice, now=world.now)
    with pytest.raises(ApplicationError, match="token-away"):
        await away.make_breach_notice(request)
    trouble = await world.one("SELECT id, kind, reason FROM signing_troubles")
    assert tuple(trouble) == (notice, "breach", "token-away")
    await desk.make(notice)
    assert not await world.rows("SELECT 1 FROM signing_troubles")


async def test_rows_are_seen_where_the_breach_is_answered_for(desk: Desk) -> None:
    world, person = desk.world, await desk.world.employ()
    more = AddToBreach(story=LATER, profiles=(person,))
    assert (await desk.ask("culture.hr", more)).status == 200
    await desk.make(await desk.issue())
    seen = {}
    scopes = {
        name: Scope(world.authority, agencies=(getattr(world, name),)) for name in ("culture", "health")
    }
    scopes["person"] = Scope(world.authority, profile=person)
    for name, scope in scopes.items():
        async with transaction(world.tools.engine, scope) as connection:
            counted = await connection.exec_driver_sql(
                "SELECT (SELECT count(*) FROM breaches), (SELECT count(*) FROM breach_notices)"
            )
            seen[name] = tuple(counted.one())
    assert seen == {"culture": (1, 1), "health": (0, 0), "person": (1, 0)}
