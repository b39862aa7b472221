"""Files beside a profile, over the API: cleaned, shown page by page, signatures judged; bad ones refused."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import text

from api.cli.demo.papers import paper
from api.intake import sandbox
from tests.api.conftest import SETTINGS
from tests.api.intake.test_papers import holding, opening
from tests.api.intake.test_pictures import MAKER, bomb, encoded, exif, halves
from tests.api.reading.world import Caller, StandingClock, World, code_of
from tests.models.evidence import samples


@pytest.fixture(scope="module", autouse=True)
def signed() -> bytes:
    """Made before any test's event loop runs: signing runs one of its own."""
    return samples.small_once()


@pytest.fixture
async def mine(world: World, caller: Caller, app: FastAPI, tmp_path: Any) -> tuple[Caller, str, UUID]:
    """A person logged in, and the address of their files."""
    login = f"u{uuid4().hex[:12]}"

    async def write(c: Any) -> UUID:
        person: UUID = await world.profile(
            c, "Người Có Tệp", world.a, chapter="declaration", status="pending",
            id_number=f"000{uuid4().int % 10**9:09d}",
        )  # fmt: skip
        await world.account(c, login, kind="personal", profile_id=person)
        return person

    person = await world.written(write)
    (tmp_path / "trust.json").write_text(samples.trust().to_json())
    given = {"attachment_bytes": 300_000, "trust_list": None, "pki": tmp_path}
    app.state.settings = SimpleNamespace(**{**vars(SETTINGS), **given})
    return await caller.login(login), f"/profiles/{person}/attachments", person


async def send(caller: Caller, path: str, data: bytes, media: str, name: str = "tệp", **told: Any) -> Any:
    return await caller.post(path, files={"file": (name, data, media)}, data=told)


async def test_a_telephones_picture(mine: tuple[Caller, str, UUID], world: World) -> None:
    caller, path, _ = mine
    sent = encoded(halves(), "JPEG", exif=exif(6))
    made = await send(caller, path, sent, "image/jpeg", "../../etc/passwd\0.jpg")
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["original_sha256"], told["original_size"]) == (sha256(sent).hexdigest(), len(sent))
    assert (told["width"], told["height"], told["turned"]) == (32, 48, True)
    assert {"exif", "location"} <= {one["code"] for one in told["removed"]}
    assert all(one["vi"] and one["en"] for one in told["removed"])
    kept = await caller.get(f"{path}/{told['sha256']}")
    assert MAKER not in kept.content
    assert sha256(kept.content).hexdigest() == told["sha256"] != told["original_sha256"]
    assert "passwd" not in made.text
    again = await send(caller, path, sent, "image/jpeg")
    assert again.json() == told, "the same original is the same attachment"
    assert (await send(caller, path, kept.content, "image/jpeg")).json() == told, (
        "and so is what was kept of it"
    )
    assert len(await caller.ok(path)) == 1
    assert not [name for name in world.documents._blobs.names() if "passwd" in name]


async def test_a_page_is_shown_as_a_picture(
    mine: tuple[Caller, str, UUID], callers: Callable[[], Caller]
) -> None:
    caller, path, _ = mine
    digest = (await send(caller, path, paper("Look"), "application/pdf")).json()["sha256"]
    shown = await caller.get(f"{path}/{digest}/preview", params={"page": 1})
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/png")
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert Image.open(BytesIO(shown.content)).size[1] == 1600
    assert code_of(await caller.get(f"{path}/{digest}/preview", params={"page": 2})) == (404, "not-found")
    assert (await caller.get(f"{path}/{digest}/preview", params={"page": 0})).status_code == 400
    assert code_of(await caller.get(f"{path}/{'0' * 64}/preview")) == (404, "not-found")
    other = await callers().login("hr.b")
    for beneath in ("preview", "signatures"):
        assert code_of(await other.get(f"{path}/{digest}/{beneath}")) == (404, "not-found")


async def test_signatures_inside_are_judged_and_shown(
    mine: tuple[Caller, str, UUID], signed: bytes, app: FastAPI, clock: StandingClock
) -> None:
    caller, path, _ = mine
    made = (await send(caller, path, signed, "application/pdf")).json()
    assert (made["signatures"], made["pages"]) == (1, 1)
    assert [one["code"] for one in made["findings"]] == ["embedded-file"], "our own slips carry their data"
    assert (made["sha256"], made["removed"]) == (sha256(signed).hexdigest(), []), (
        "a signed file stays as it is"
    )
    address = f"{path}/{made['sha256']}/signatures"
    told = await caller.ok(address)
    (one,) = told["signatures"]
    assert (one["state"], one["signer"], one["organisation"]) == (
        "valid", samples.OFFICIAL.common_name, samples.OFFICIAL.organisation,
    )  # fmt: skip
    assert one["signed_at"].startswith("2025-03-28T02:05")
    picture = (await send(caller, path, encoded(halves(), "PNG"), "image/png")).json()["sha256"]
    assert (await caller.ok(f"{path}/{picture}/signatures"))["signatures"] == []
    (app.state.settings.pki / "trust.json").unlink()
    assert code_of(await caller.get(address)) == (503, "trust-list-unreadable")


@pytest.mark.parametrize(
    ("data", "kind", "expected", "found"),
    [
        (bomb(60_000, 60_000), "image/png", (422, "attachment-too-complex"), "pixels"),
        (opening("/Launch"), "application/pdf", (422, "attachment-active"), "launch"),
        (holding("a.exe", b"MZ"), "application/pdf", (422, "attachment-active"), "program"),
        (encoded(halves(), "JPEG")[:300] + b"\xff\xd9", "image/jpeg", (422, "attachment-unreadable"), None),
    ],
    ids=["bomb", "launch", "program", "cut"],
)
async def test_hostile_files_leave_nothing_behind(
    mine: tuple[Caller, str, UUID], data: bytes, kind: str, expected: tuple[int, str], found: str | None
) -> None:
    caller, path, _ = mine
    answer = await send(caller, path, data, kind)
    assert code_of(answer) == expected
    assert answer.json().get("found") == found
    assert all(answer.json()[name] for name in ("detail", "detail_en", "remedy", "remedy_en"))
    assert await caller.ok(path) == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"certified_by": "UBND phường Ba Đình"}, (400, "malformed-request")),
        ({"certified_on": "2026-01-02"}, (400, "malformed-request")),
        ({"certified_by": "UBND phường Ba Đình", "certified_on": "2099-01-02"}, (422, "future-date")),
    ],
)
async def test_who_certified_it_comes_with_its_day(
    mine: tuple[Caller, str, UUID], told: dict[str, str], expected: tuple[int, str]
) -> None:
    caller, path, _ = mine
    assert code_of(await send(caller, path, paper("x"), "application/pdf", **told)) == expected


async def test_a_certified_copy_says_who_certified_it(mine: tuple[Caller, str, UUID]) -> None:
    caller, path, _ = mine
    told = {"certified_by": " UBND  phường Ba Đình ", "certified_on": "2026-01-02", "kind": "decision"}
    made = (await send(caller, path, paper("x"), "application/pdf", **told)).json()
    assert (made["certified_by"], made["certified_on"]) == ("UBND phường Ba Đình", "2026-01-02")


async def test_an_archived_profile_takes_no_files(mine: tuple[Caller, str, UUID], world: World) -> None:
    caller, path, person = mine
    change = text("UPDATE profiles SET chapter = 'archive' WHERE id = :id")
    await world.written(lambda c: c.execute(change, {"id": person}))
    assert code_of(await send(caller, path, paper("x"), "application/pdf")) in (
        (409, "wrong-state"), (403, "archived-profile"), (403, "not-permitted"),
    )  # fmt: skip


async def test_the_process_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies of what it may not do, takes too long, or asks too much: each time a refusal."""
    monkeypatch.setattr(sandbox, "SECONDS", 0.0)
    with pytest.raises(sandbox.FileRefusedError) as refused:
        await sandbox.ask("examine", "application/pdf", data=paper("x"))
    assert (refused.value.code, refused.value.found) == ("attachment-too-complex", ("time",))
    monkeypatch.setattr(sandbox, "SECONDS", 30.0)
    with pytest.raises(sandbox.FileRefusedError) as refused:
        await sandbox.ask("no such question", data=b"")
    assert refused.value.found == ("limits",)


async def test_the_process_has_little_memory_and_no_environment() -> None:
    probe = (
        "import os, resource, sys\n"
        "from api.intake.process import _limit, MEMORY\n"
        "_limit()\n"
        "try:\n    bytearray(2 * MEMORY)\n    print('roomy')\n"
        "except MemoryError:\n    print('narrow')\n"
        "try:\n    os.write(os.memfd_create('probe'), b'x')\n    print('wrote')\n"
        "except OSError:\n    print('read only')\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU)[0], sorted(k for k in os.environ if 'HOSO' in k))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sandbox.sys.executable, "-I", "-c", probe, stdout=asyncio.subprocess.PIPE, env=sandbox._ENVIRONMENT
    )
    said, _ = await process.communicate()
    assert said.decode().split("\n")[:3] == ["narrow", "read only", "15 []"]
