"""The form: revisions as of a day, what changed, ETags, drafts and the files that prove them."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api.cli.demo.papers import paper
from models.database import Scope, transaction
from models.tables import ApprovalRow, ArchivedFileRow
from tests.api.reading.world import CONTENT, NOW, Caller, World, code_of

PDF = paper("A decision, certified")
JANUARY, FEBRUARY = datetime(2026, 1, 30, 3, tzinfo=UTC), datetime(2026, 2, 27, 3, tzinfo=UTC)
SECOND = {**CONTENT, "contact_phone": "0911111111", "other_names": ["An Bình"], "record_code": "HN-000-1"}


@pytest.fixture(scope="module")
def an(world: World) -> UUID:
    """A person with two approved revisions, the second signed on 27 February, and nothing pending."""

    async def write(c: Any) -> UUID:
        person = await world.profile(c, "NGUYỄN VĂN AN", world.a, revision_number=2)
        author = await world.account(c, "an", kind="personal", profile_id=person)
        first = await world.revision(c, person, 1, "superseded", CONTENT, author, submitted_at=JANUARY)
        second = await world.revision(
            c, person, 2, "approved", SECOND, author, based_on=1, submitted_at=FEBRUARY
        )
        kept = world.documents.put(world.authority, PDF, "application/pdf")
        for revision, at, document in ((first, JANUARY, None), (second, FEBRUARY, kept.sha256)):
            await c.execute(
                insert(ApprovalRow).values(
                    id=uuid4(),
                    authority_id=world.authority,
                    profile_id=person,
                    revision_id=revision,
                    approver_id=world.accounts["approver.a"],
                    approver_role="approver",
                    digest="0" * 64,
                    rule_ids=["hanoi.art7"],
                    rule_set_hash="0",
                    state="signed",
                    late_days=0,
                    requested_at=at,
                    signed_at=at,
                    document_sha256=document,
                )
            )
        query = text("UPDATE profiles SET approved_revision_id = :revision WHERE id = :id")
        await c.execute(query, {"revision": second, "id": person})
        return person

    return asyncio.run(world.written(write))


async def starter(world: World, name: str, **values: Any) -> tuple[UUID, str]:
    """A person who declares for the first time, with an account of the same name."""
    login = f"u{uuid4().hex[:12]}"

    async def write(c: Any) -> UUID:
        person = await world.profile(
            c, name, world.a, **{"chapter": "declaration", "status": "pending", **values},
            id_number=f"000{uuid4().int % 10**9:09d}",
        )  # fmt: skip
        await world.account(c, login, kind="personal", profile_id=person)
        return person

    return await world.written(write), login


async def test_the_approved_form_with_its_sealed_fields_opened(an: UUID, caller: Caller) -> None:
    await caller.login("hr.a")
    answer = await caller.get(f"/profiles/{an}/form")
    assert answer.headers["ETag"] == '"r2"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json()["content"] == SECOND
    assert answer.json()["filled"] < answer.json()["asked"]


async def test_sealed_fields_lie_sealed(world: World, an: UUID) -> None:
    query = text(
        "SELECT content::text || encode(sealed, 'escape') AS all FROM revisions WHERE profile_id = :id"
    )
    rows = await world.written(lambda c: _all(c, query, an))
    assert rows
    assert not any("0911111111" in row.all or "0900000000" in row.all for row in rows)


async def _all(connection: Any, query: Any, id_: UUID) -> list[Any]:
    return list((await connection.execute(query, {"id": id_})).all())


@pytest.mark.parametrize(
    ("asked", "number"),
    [("as_of=2026-01-29", None), ("as_of=2026-01-30", 1), ("as_of=2026-02-26", 1), ("as_of=2026-02-27", 2),
     ("revision=1", 1), ("revision=3", None), ("draft=true", None)],
)  # fmt: skip
async def test_the_form_as_it_was_approved(an: UUID, caller: Caller, asked: str, number: int | None) -> None:
    await caller.login("an")
    answer = await caller.get(f"/profiles/{an}/form?{asked}")
    if number is None:
        assert code_of(answer) == (404, "not-found")
    else:
        assert answer.json()["number"] == number


@pytest.mark.parametrize(
    "asked", ["as_of=2026-02-30", "as_of=x", "revision=0", "revision=1&draft=true", "revision=99999999999"]
)
async def test_an_impossible_question_is_refused(an: UUID, caller: Caller, asked: str) -> None:
    await caller.login("an")
    assert code_of(await caller.get(f"/profiles/{an}/form?{asked}")) == (400, "malformed-request")


async def test_changes_between_revisions(an: UUID, caller: Caller) -> None:
    await caller.login("hr.a")
    answer = await caller.ok(f"/profiles/{an}/changes")
    assert (answer["from_number"], answer["to_number"]) == (1, 2)
    assert {c["path"]: c["kind"] for c in answer["items"]} == {
        "record_code": "added", "other_names[0]": "added", "contact_phone": "changed"
    }  # fmt: skip
    back = await caller.ok(f"/profiles/{an}/changes", **{"from": 2, "to": 1})
    assert {c["kind"] for c in back["items"]} == {"removed", "changed"}
    missing = await caller.get(f"/profiles/{an}/changes?from=1&to=9")
    assert code_of(missing) == (404, "not-found")


async def test_signed_documents_and_their_bytes(an: UUID, callers: Callable[[], Caller]) -> None:
    hr, other, admin = (
        await callers().login("hr.a"),
        await callers().login("hr.b"),
        await callers().login("admin"),
    )
    signed = await hr.ok(f"/profiles/{an}/documents")
    assert [(s["revision"], s["rule_ids"]) for s in signed] == [(1, ["hanoi.art7"]), (2, ["hanoi.art7"])]
    digest = signed[1]["document_sha256"]
    got = await hr.get(f"/documents/{digest}")
    assert got.content == PDF
    assert got.headers["Content-Type"] == "application/pdf"
    assert code_of(await other.get(f"/documents/{digest}")) == (404, "not-found")
    assert code_of(await admin.get(f"/documents/{digest}")) == (403, "not-permitted")
    assert code_of(await hr.get(f"/documents/{sha256(b'x').hexdigest()}")) == (404, "not-found")
    assert code_of(await hr.get("/documents/..%2Fsecret")) == (404, "not-found")
    assert code_of(await hr.get("/documents/abc")) == (404, "not-found")


async def test_the_renewed_form_of_a_signed_document(an: UUID, world: World, caller: Caller) -> None:
    hr = await caller.login("hr.a")
    digest = (await hr.ok(f"/profiles/{an}/documents"))[1]["document_sha256"]
    assert (await hr.get(f"/documents/{digest}", params={"newest": "true"})).content == PDF
    newer = PDF + b"newer\n%%EOF\n"
    kept = world.documents.put(world.authority, newer, "application/pdf").sha256

    async def write(connection: Any) -> None:
        row = {"document_sha256": digest, "current_sha256": kept, "ends_at": NOW, "renewed_at": NOW}
        values = {"authority_id": world.authority, "renewals": 1, **row}
        await connection.execute(insert(ArchivedFileRow).values(**values))

    await asyncio.to_thread(lambda: asyncio.run(world.written(write)))
    assert (await hr.get(f"/documents/{digest}", params={"newest": "true"})).content == newer
    assert (await hr.get(f"/documents/{digest}")).content == PDF
    assert code_of(await hr.get(f"/documents/{kept}", params={"newest": "true"})) == (404, "not-found")


async def test_a_file_nobody_approved_is_not_given_out(world: World, caller: Caller) -> None:
    kept = world.documents.put(world.authority, PDF + b"%%EOF\n", "application/pdf")
    await caller.login("sonoivu")
    assert code_of(await caller.get(f"/documents/{kept.sha256}")) == (404, "not-found")


async def test_a_first_draft_and_its_etags(world: World, caller: Caller) -> None:
    person, login = await starter(world, "Hoàng Thị Lan")
    await caller.login(login)
    path, body = f"/profiles/{person}/draft", {"content": CONTENT}
    assert code_of(await caller.put(path, json=body)) == (428, "precondition-required")
    assert code_of(await caller.put(path, json=body, headers={"If-Match": "*"})) == (412, "stale-revision")
    stale = await caller.put(path, json=body, headers={"If-Match": '"r7"'})
    assert code_of(stale) == (412, "stale-revision")
    assert stale.json()["current_etag"] == '"r0"'
    saved = await caller.put(path, json=body, headers={"If-Match": '"r0"'})
    assert saved.status_code == 200, saved.text
    first = saved.headers["ETag"]
    assert saved.json()["number"] == 1
    assert {"missing"} <= {r["code"] for r in saved.json()["remaining"]}
    again = await caller.put(path, json=body, headers={"If-Match": '"r0"'})
    assert code_of(again) == (412, "stale-revision"), "the draft's own tag counts from now on"
    changed = {"content": {**CONTENT, "other_names": ["Lan"]}}
    second = await caller.put(path, json=changed, headers={"If-Match": first})
    assert second.status_code == 200
    assert second.headers["ETag"] != first
    assert second.json()["id"] == saved.json()["id"]
    assert code_of(await caller.put(path, json=body, headers={"If-Match": first})) == (412, "stale-revision")
    shown = await caller.get(f"/profiles/{person}/form?draft=true")
    assert shown.headers["ETag"] == second.headers["ETag"]
    assert shown.json()["content"] == changed["content"]
    assert shown.json()["digest"] == second.json()["digest"]
    assert (await caller.ok(f"/profiles/{person}"))["draft_revision_id"] == saved.json()["id"]


async def test_two_savers_at_once_lose_nothing(world: World, callers: Callable[[], Caller]) -> None:
    person, login = await starter(world, "Hai Cửa Sổ")
    left, right = await callers().login(login), await callers().login(login)
    path, headers = f"/profiles/{person}/draft", {"If-Match": '"r0"'}
    for _ in range(3):
        bodies = [{"content": {**CONTENT, "other_names": [uuid4().hex]}} for _ in range(2)]
        answers = await asyncio.gather(
            left.put(path, json=bodies[0], headers=headers), right.put(path, json=bodies[1], headers=headers)
        )
        assert sorted(a.status_code for a in answers) == [200, 412]
        kept = (await left.ok(f"/profiles/{person}/form", draft=True))["content"]
        won = next(n for n, a in enumerate(answers) if a.status_code == 200)
        assert kept == bodies[won]["content"]
        headers = {"If-Match": answers[won].headers["ETag"]}


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"no_such_field": "x"}, "no_such_field"),
        ({"gender": 7}, "gender"),
        ({"gender": "x"}, "gender"),
        ({"birth_date": "1990-02-30"}, "birth_date"),
        ({"contact_phone": "abc"}, "contact_phone"),
        ({"employer_assessment": "tốt"}, "employer_assessment"),
        ({"record_code": "HN"}, "record_code"),
        ({"education": "x"}, "education"),
    ],
)
async def test_what_may_not_stand_in_a_draft_is_named(
    world: World, caller: Caller, content: dict[str, Any], path: str
) -> None:
    person, login = await starter(world, "Người Khai Sai")
    await caller.login(login)
    body = {"content": content}
    answer = await caller.put(f"/profiles/{person}/draft", json=body, headers={"If-Match": '"r0"'})
    assert code_of(answer) == (422, "invalid-form")
    assert [e["path"] for e in answer.json()["errors"]] == [path]
    assert answer.json()["errors"][0]["label"]
    assert code_of(await caller.get(f"/profiles/{person}/form?draft=true")) == (404, "not-found")


async def test_unreadable_contents_are_refused(world: World, caller: Caller) -> None:
    person, login = await starter(world, "Người Thử")
    await caller.login(login)
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    path, headers = f"/profiles/{person}/draft", {"If-Match": '"r0"', "Content-Type": "application/json"}
    for raw in (
        json.dumps({"content": {"other_names": deep}}),
        '{"content": {"\\ud800": 1}}',
        '{"content": {"other_names": ["\\ud800"]}}',
        '{"content": []}',
        '{"content"',
        '{"content": {}, "more": 1}',
    ):
        answer = await caller.put(path, content=raw, headers=headers)
        assert code_of(answer) == (400, "malformed-request"), raw[:40]
    huge = {"content": {"other_names": ["x" * 1_100_000]}}
    assert code_of(await caller.put(path, json=huge, headers=headers)) == (413, "request-too-large")


@pytest.mark.parametrize(
    ("values", "code"),
    [({"chapter": "account"}, "wrong-state"), ({"chapter": "archive", "status": "retired"}, "wrong-state"),
     ({"chapter": "separation"}, "wrong-state"), ({"pending_revision_id": uuid4()}, "approval-open")],
)  # fmt: skip
async def test_no_draft_in_the_wrong_state(
    world: World, caller: Caller, values: dict[str, Any], code: str
) -> None:
    person, login = await starter(world, "Sai Lúc", **values)
    await caller.login(login)
    body = {"content": CONTENT}
    answer = await caller.put(f"/profiles/{person}/draft", json=body, headers={"If-Match": '"r0"'})
    assert code_of(answer) == (409, code)


async def test_others_write_no_draft(world: World, an: UUID, callers: Callable[[], Caller]) -> None:
    body, headers = {"content": CONTENT}, {"If-Match": '"r2"'}
    for login, expected in (
        ("hr.b", (404, "not-found")),
        ("approver.a", (403, "not-permitted")),
        ("sonoivu", (403, "not-permitted")),
        ("hr.a", (422, "invalid-form")),
    ):
        caller = await callers().login(login)
        answer = await caller.put(f"/profiles/{an}/draft", json=body, headers=headers)
        assert code_of(answer) == expected, login


async def test_each_side_writes_its_own_part(an: UUID, callers: Callable[[], Caller]) -> None:
    person, hr = await callers().login("an"), await callers().login("hr.a")
    path = f"/profiles/{an}/draft"
    theirs = {k: v for k, v in SECOND.items() if k != "record_code"}
    saved = await person.put(path, json={"content": theirs}, headers={"If-Match": '"r2"'})
    assert saved.status_code == 200, saved.text
    assert saved.json()["number"] == 3
    kept = await hr.put(
        path, json={"content": {"record_code": "HN-000-2", "employer_assessment": "Hoàn thành tốt"}},
        headers={"If-Match": saved.headers["ETag"]},
    )  # fmt: skip
    assert kept.status_code == 200, kept.text
    whole = (await person.ok(f"/profiles/{an}/form", draft=True))["content"]
    assert whole == {**theirs, "record_code": "HN-000-2", "employer_assessment": "Hoàn thành tốt"}
    approved = (await person.ok(f"/profiles/{an}/form"))["content"]
    assert approved == SECOND, "the approved revision stays as it is"


async def test_attachments_and_evidence(world: World, callers: Callable[[], Caller]) -> None:
    person, login = await starter(world, "Người Có Bằng")
    caller, other = await callers().login(login), await callers().login("hr.b")
    path = f"/profiles/{person}/attachments"
    file = {"file": ("bằng.pdf", PDF, "application/pdf")}
    made = await caller.post(path, files=file, data={"kind": "certificate"})
    assert made.status_code == 201, made.text
    digest = made.json()["sha256"]
    assert (await caller.post(path, files=file)).json()["kind"] == "certificate", "the same file is kept once"
    assert [a["sha256"] for a in await caller.ok(path)] == [digest]
    got = await caller.get(f"{path}/{digest}")
    assert got.content == PDF
    assert got.headers["Content-Disposition"] == "attachment"
    assert code_of(await other.post(path, files=file)) == (404, "not-found")
    assert code_of(await other.get(f"{path}/{digest}")) == (404, "not-found")
    absent = {"content": CONTENT, "evidence": [digest, "f" * 64]}
    draft = f"/profiles/{person}/draft"
    refused = await caller.put(draft, json=absent, headers={"If-Match": '"r0"'})
    assert code_of(refused) == (422, "attachment-missing")
    assert [e["path"] for e in refused.json()["errors"]] == ["evidence[1]"]
    saved = await caller.put(
        draft, json={"content": CONTENT, "evidence": [digest]}, headers={"If-Match": '"r0"'}
    )
    dropped = await caller.put(
        draft, json={"content": CONTENT, "evidence": []}, headers={"If-Match": saved.headers["ETag"]}
    )
    assert dropped.headers["ETag"] != saved.headers["ETag"], "the tag covers the evidence"
    assert dropped.json()["digest"] == saved.json()["digest"]


@pytest.mark.parametrize(
    ("data", "media_type", "expected"),
    [
        (b"", "application/pdf", (422, "attachment-empty")),
        (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n", "application/pdf", (422, "attachment-unreadable")),
        (b"\0\0\0\x18ftypheic" + bytes(20), "image/heic", (415, "attachment-heic")),
        (b"\0\0\0\x18ftypmif1" + bytes(20), "image/jpeg", (415, "attachment-heic")),
        (PDF + b"x" * 3000 + b"%%EOF", "application/pdf", (413, "attachment-too-large")),
        (PDF, "image/png", (415, "attachment-type")),
        (b"MZ\x90\0", "application/pdf", (415, "attachment-type")),
        (b"<script>", "text/html", (415, "attachment-type")),
    ],
)
async def test_bad_files_are_refused(
    world: World, caller: Caller, data: bytes, media_type: str, expected: tuple[int, str]
) -> None:
    person, login = await starter(world, "Tệp Sai")
    await caller.login(login)
    answer = await caller.post(f"/profiles/{person}/attachments", files={"file": ("f", data, media_type)})
    assert code_of(answer) == expected
    assert await caller.ok(f"/profiles/{person}/attachments") == []


async def test_the_database_lets_the_api_touch_drafts_only(world: World, an: UUID) -> None:
    engine = create_async_engine(world.database.url("api"), poolclass=NullPool)
    scope = Scope(world.authority, everything=True)
    copied = (
        "authority_id, profile_id, form_version, content, sealed, key_id, digest, author_id, evidence,"
        " saved_at"
    )
    forged_row = f"INSERT INTO revisions (id, number, state, {copied})"
    for statement, why in (
        ("UPDATE revisions SET state = 'approved' WHERE profile_id = :id", "permission denied"),
        ("DELETE FROM revisions WHERE profile_id = :id", "permission denied"),
        (
            f"{forged_row} SELECT gen_random_uuid(), 99, 'submitted', {copied} FROM revisions"
            " WHERE profile_id = :id LIMIT 1",
            "row-level security",
        ),
    ):
        with pytest.raises(ProgrammingError, match=why):
            async with transaction(engine, scope) as connection:
                await connection.execute(text(statement), {"id": an})
    quiet = text(
        "UPDATE revisions SET evidence = '[]', saved_at = :now WHERE profile_id = :id AND number < 3"
    )
    async with transaction(engine, scope) as connection:
        assert (await connection.execute(quiet, {"id": an, "now": NOW})).rowcount == 0
    await engine.dispose()
    forged = text("UPDATE revisions SET digest = repeat('0', 64) WHERE profile_id = :id AND number = 2")
    with pytest.raises(IntegrityError):
        await world.written(lambda c: c.execute(forged, {"id": an}))
