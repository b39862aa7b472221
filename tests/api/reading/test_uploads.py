"""Uploads that resume (tus 1.0): nothing received is lost or taken twice, what is not finished goes."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from hashlib import sha1, sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.security import HTTPAuthorizationCredentials
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from starlette.requests import ClientDisconnect, Request

from api.cli.demo.papers import paper
from api.intake import resumable
from api.intake.resumable import forget_expired, go_on
from api.intake.upload import Intake
from api.scope import Asker, asker
from tests.api.conftest import SETTINGS
from tests.api.reading.world import Caller, StandingClock, World, code_of

FILE = paper("A decision")
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = TUS | {"Content-Type": "application/offset+octet-stream"}
Mine = tuple[Caller, str, UUID]


@pytest.fixture
async def mine(world: World, caller: Caller, app: FastAPI) -> Mine:
    """A person logged in, and the address of their profile."""
    login = f"u{uuid4().hex[:12]}"

    async def write(c: Any) -> UUID:
        person: UUID = await world.profile(
            c, "Người Tải Tệp", world.a, chapter="declaration", status="pending",
            id_number=f"000{uuid4().int % 10**9:09d}",
        )  # fmt: skip
        await world.account(c, login, kind="personal", profile_id=person)
        return person

    person = await world.written(write)
    days = 24.0 * 9
    given = {"session_hours": days, "session_idle_minutes": days * 60, "attachment_bytes": 5000}
    app.state.settings = SimpleNamespace(**{**vars(SETTINGS), **given})
    return await caller.login(login), f"/profiles/{person}", person


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


async def begin(caller: Caller, path: str, length: int = len(FILE), **told: str) -> httpx.Response:
    said = {"filetype": "application/pdf", "filename": "../../bằng.pdf", **told}
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata(**said)}
    return await caller.post(f"{path}/uploads", headers=headers)


async def opened(caller: Caller, path: str, length: int = len(FILE), **told: str) -> str:
    answer = await begin(caller, path, length, **told)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    return answer.headers["Location"].removeprefix("/api/v1")


async def send(caller: Caller, place: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
    return await caller.patch(place, content=data, headers=BYTES | {"Upload-Offset": str(offset)} | headers)


async def test_a_file_in_three_pieces(mine: Mine) -> None:
    caller, path, _ = mine
    place = await opened(caller, path, kind="decision", certified_by="UBND phường", certified_on="2026-01-02")
    for start, end in ((0, 100), (100, 101), (101, len(FILE))):
        asked = await caller.head(place, headers=TUS)
        assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == (
            str(start),
            str(len(FILE)),
        )
        assert asked.headers["Cache-Control"] == "no-store"
        sent = await send(caller, place, start, FILE[start:end])
        assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(end)), sent.text
        assert sent.headers["Upload-Expires"].endswith("GMT")
    digest = sha256(FILE).hexdigest()
    assert sent.headers["Hoso-Attachment"] == digest
    done = await caller.head(place, headers=TUS)
    assert (done.headers["Upload-Offset"], done.headers["Hoso-Attachment"]) == (str(len(FILE)), digest)
    (kept,) = await caller.ok(f"{path}/attachments")
    assert (kept["sha256"], kept["kind"], kept["certified_by"]) == (digest, "decision", "UBND phường")
    assert (await caller.get(f"{path}/attachments/{digest}")).content == FILE


async def test_an_answer_not_heard_costs_nothing(mine: Mine) -> None:
    """The last piece is sent again after its answer was lost: by then it is the same attachment."""
    caller, path, _ = mine
    place = await opened(caller, path)
    assert (await send(caller, place, 0, FILE[:300])).status_code == 204
    assert code_of(await send(caller, place, 0, FILE[:300])) == (409, "upload-offset")
    both = await asyncio.gather(*(send(caller, place, 300, FILE[300:]) for _ in range(2)))
    assert min(one.status_code for one in both) == 204
    assert len(await caller.ok(f"{path}/attachments")) == 1


async def test_two_at_once_never_write_the_same_bytes_twice(mine: Mine) -> None:
    caller, path, _ = mine
    place = await opened(caller, path)
    both = await asyncio.gather(*(send(caller, place, 0, FILE[:300]) for _ in range(4)))
    assert sorted(one.status_code for one in both) == [204, 409, 409, 409]
    assert (await send(caller, place, 300, FILE[300:])).headers["Hoso-Attachment"] == sha256(FILE).hexdigest()


async def test_bytes_lie_sealed(mine: Mine, world: World) -> None:
    caller, path, _ = mine
    place = await opened(caller, path)
    await send(caller, place, 0, FILE[:300])
    query = text("SELECT sealed FROM upload_parts WHERE upload_id = :id")
    (row,) = await world.written(lambda c: _rows(c, query, {"id": UUID(place[-36:])}))
    assert FILE[:20] not in bytes(row.sealed)


async def _rows(connection: Any, query: Any, values: dict[str, Any]) -> list[Any]:
    return list(await connection.execute(query, values))


@pytest.mark.parametrize("name", ["sha1", "sha256"])
async def test_damage_on_the_way_is_noticed(mine: Mine, name: str) -> None:
    caller, path, _ = mine
    place = await opened(caller, path)
    digest = {"sha1": sha1, "sha256": sha256}[name](FILE[:300]).digest()
    said = {"Upload-Checksum": f"{name} {base64.b64encode(digest).decode()}"}
    assert code_of(await send(caller, place, 0, FILE[1:301], **said)) == (460, "upload-checksum")
    assert (await caller.head(place, headers=TUS)).headers["Upload-Offset"] == "0"
    assert (await send(caller, place, 0, FILE[:300], **said)).headers["Upload-Offset"] == "300"
    for wrong in ("md5 AAAA", "sha1 !", "sha1"):
        refused = await send(caller, place, 300, b"x", **{"Upload-Checksum": wrong})
        assert refused.status_code in (400, 460), wrong


async def test_whoever_drops_it_leaves_nothing(mine: Mine, world: World) -> None:
    caller, path, _ = mine
    place = await opened(caller, path)
    await send(caller, place, 0, FILE[:300])
    assert (await caller.delete(place, headers=TUS)).status_code == 204
    assert (await caller.head(place, headers=TUS)).status_code == 404
    query = text("SELECT 1 FROM upload_parts WHERE upload_id = :id")
    assert await world.written(lambda c: _rows(c, query, {"id": UUID(place[-36:])})) == []


async def test_what_is_not_finished_expires(mine: Mine, world: World, clock: StandingClock) -> None:
    caller, path, _ = mine
    place = await opened(caller, path)
    await send(caller, place, 0, FILE[:300])
    engine = create_async_engine(world.database.url("api"), poolclass=NullPool)
    assert await forget_expired(engine, [world.authority], clock.at + timedelta(hours=47)) == 0
    clock.at += timedelta(hours=49)
    assert code_of(await send(caller, place, 300, FILE[300:])) == (410, "upload-expired")
    assert await forget_expired(engine, [world.authority], clock.at) >= 1
    assert (await caller.head(place, headers=TUS)).status_code == 404
    await engine.dispose()


@pytest.mark.parametrize(
    ("length", "told", "expected"),
    [
        (0, {}, (422, "attachment-empty")),
        (5001, {}, (413, "attachment-too-large")),
        (10, {"kind": "nonsense"}, (400, "malformed-request")),
        (10, {"certified_by": "UBND phường"}, (400, "malformed-request")),
        (10, {"certified_by": "UBND phường", "certified_on": "2099-01-01"}, (422, "future-date")),
        (10, {"certified_by": "UBND phường", "certified_on": "hôm qua"}, (400, "malformed-request")),
    ],
)
async def test_what_is_known_to_be_wrong_is_refused_at_once(
    mine: Mine, length: int, told: dict[str, str], expected: tuple[int, str]
) -> None:
    caller, path, _ = mine
    refused = await begin(caller, path, length, **told)
    assert code_of(refused) == expected
    assert refused.headers["Tus-Resumable"] == "1.0.0"


async def test_metadata_that_cannot_be_read_is_refused(mine: Mine) -> None:
    caller, path, _ = mine
    for wrong in ("kind !!!", "kind " + base64.b64encode(b"\xff\xfe").decode(), "kind " + "A" * 5000):
        headers = TUS | {"Upload-Length": "9", "Upload-Metadata": wrong}
        assert code_of(await caller.post(f"{path}/uploads", headers=headers)) == (400, "malformed-request")


async def test_a_file_that_is_refused_ends_its_upload(mine: Mine) -> None:
    caller, path, _ = mine
    place = await opened(caller, path, 20, filetype="image/png")
    refused = await send(caller, place, 0, b"<script></script>   ")
    assert code_of(refused) == (415, "attachment-type")
    assert (await caller.head(place, headers=TUS)).status_code == 404
    assert await caller.ok(f"{path}/attachments") == []


async def test_the_protocol_is_kept_to(mine: Mine) -> None:
    caller, path, _ = mine
    able = await caller.options(f"{path}/uploads")
    assert (able.status_code, able.headers["Tus-Version"], able.headers["Tus-Max-Size"]) == (
        204,
        "1.0.0",
        "5000",
    )
    assert able.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
    old = await caller.post(f"{path}/uploads", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "9"})
    assert (code_of(old), old.headers["Tus-Version"]) == ((412, "upload-protocol"), "1.0.0")
    place = await opened(caller, path)
    assert code_of(await send(caller, place, 5, b"x")) == (409, "upload-offset")
    assert code_of(await send(caller, place, 0, bytes(len(FILE) + 1))) == (413, "upload-length")
    other = await caller.patch(place, content=b"x", headers=TUS | {"Upload-Offset": "0"})
    assert code_of(other) == (415, "unsupported-media-type")
    assert (await caller.head(place, headers=TUS)).headers["Upload-Offset"] == "0"


async def test_nobody_elses_upload_is_there(mine: Mine, callers: Callable[[], Caller]) -> None:
    caller, path, _ = mine
    place = await opened(caller, path)
    # The last two see every row of the authority: an upload is its sender's all the same.
    for login in ("hr.a", "sonoivu", "admin", "hr.b"):
        other = await callers().login(login)
        assert (await other.head(place, headers=TUS)).status_code == 404
        assert code_of(await send(other, place, 0, b"x")) == (404, "not-found")
        assert (await other.delete(place, headers=TUS)).status_code == 404
    assert code_of(await begin(other, path)) == (404, "not-found")


async def test_too_many_at_once(mine: Mine, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, path, _ = mine
    monkeypatch.setattr(resumable, "OPEN_AT_ONCE", 1)
    await opened(caller, path)
    assert code_of(await begin(caller, path)) == (409, "upload-too-many")


async def test_a_broken_connection_loses_nothing_that_came(
    mine: Mine, app: FastAPI, world: World, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces are written as they come; what came since is written when the connection breaks."""
    caller, path, person = mine
    place = await opened(caller, path)
    monkeypatch.setattr(resumable, "PIECE", 100)
    taking = Intake(await _asker(app, caller), app.state.tools, world.documents, 5000)

    async def broken(*chunks: bytes) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        raise ClientDisconnect

    upload = await resumable.find(taking, person, UUID(place[-36:]))
    assert await go_on(taking, upload, 0, broken(FILE[:120], FILE[120:150]), None) == (150, None)
    assert (await caller.head(place, headers=TUS)).headers["Upload-Offset"] == "150"
    upload = await resumable.find(taking, person, upload.id)
    unsure = resumable.Checksum("sha256", bytes(32))
    assert await go_on(taking, upload, 150, broken(FILE[150:160]), unsure) == (150, None), "soundness unknown"

    class KilledError(Exception):
        """The process ends here."""

    async def killed() -> AsyncIterator[bytes]:
        yield FILE[150:260]
        yield FILE[260:270]
        raise KilledError

    with pytest.raises(KilledError):
        await go_on(taking, upload, 150, killed(), None)
    assert (await caller.head(place, headers=TUS)).headers["Upload-Offset"] == "260", "whole pieces stay"
    assert (await send(caller, place, 260, FILE[260:])).headers["Hoso-Attachment"] == sha256(FILE).hexdigest()


async def _asker(app: FastAPI, caller: Caller) -> Asker:
    """Who the API takes the caller for."""
    token = caller.headers["Authorization"].removeprefix("Bearer ")
    request = Request({"type": "http", "app": app, "method": "GET", "path": "/", "headers": [], "state": {}})
    return await asker(request, HTTPAuthorizationCredentials(scheme="Bearer", credentials=token))
