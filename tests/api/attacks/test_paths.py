"""Paths in what is sent: in addresses, in the names of files, in what a resumed upload says of itself."""

import base64
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import api
from api.cli.demo.papers import paper
from tests.api.attacks.test_requests import theirs
from tests.api.attacks.test_sql import Wire, wire
from tests.api.reading.world import Caller, World

__all__ = ["theirs", "wire"]

FILE = paper("A decision")
NAMES = (
    "../../../../etc/passwd",
    "..\\..\\keys\\master.key",
    "/etc/cron.d/planted",
    "C:\\windows\\planted.pdf",
    "....//....//planted.pdf",
    "planted\0.pdf",
    "planted%2f..%2f.pdf",
    'x"; filename="../planted.pdf',
    "x\r\nSet-Cookie: planted=1",
)
"""What a file may be called by whoever means ill."""


def tree(world: World) -> set[Path]:
    """Every file beside and below the store of documents: what climbs out of it lands here."""
    folder: Path = world.documents._blobs._folder.parent  # type: ignore[attr-defined]  # a folder, in these tests
    return {one.relative_to(folder) for one in folder.rglob("*") if one.is_file()}


def form(name: str, data: bytes, **fields: str) -> tuple[bytes, dict[str, str]]:
    """A form as no client of good faith writes it: the file's name as it is, unescaped."""
    parts = [f'form-data; name="{field}"\r\n\r\n{value}' for field, value in fields.items()]
    parts.append(f'form-data; name="file"; filename="{name}"\r\nContent-Type: application/pdf\r\n\r\n')
    told = "".join(f"--xyz\r\nContent-Disposition: {part}\r\n" for part in parts).removesuffix("\r\n")
    headers = {"Content-Type": "multipart/form-data; boundary=xyz", "Idempotency-Key": uuid4().hex}
    return told.encode() + data + b"\r\n--xyz--\r\n", headers


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2fkeys%2fmaster.key",
        "....//....//etc/passwd",
        "%00",
        "C:%5cwindows",
    ],
)
async def test_path_traversal_an_attachment_has_no_path(caller: Caller, theirs: UUID, name: str) -> None:
    await caller.login("hr.a")
    for rest in ("", "/preview", "/signatures"):
        answer = await caller.get(f"/profiles/{theirs}/attachments/{name}{rest}")
        assert answer.status_code in (404, 422)
        assert "root:" not in answer.text
    for path in (f"/documents/{name}", f"/../docs/assets/{name}"):
        assert (await caller.get(path)).status_code == 404


async def test_path_traversal_a_file_s_name_is_written_nowhere(
    caller: Caller, theirs: UUID, world: World, wire: Wire
) -> None:
    """Neither on disk nor in a row: what is kept is called by its hash."""
    await caller.login("hr.a")
    before, kept = tree(world), set[str]()
    for name in NAMES:
        body, headers = form(name, FILE, kind="decision")
        answer = await caller.post(f"/profiles/{theirs}/attachments", content=body, headers=headers)
        if answer.status_code == 201:
            kept.add(answer.json()["sha256"])
            shown = await caller.get(f"/profiles/{theirs}/attachments/{answer.json()['sha256']}")
            assert shown.headers["content-disposition"] == "attachment"
        else:
            assert answer.status_code in (400, 422), (name, answer.text)
        assert "planted" not in answer.text + str(answer.headers)
        assert "passwd" not in answer.text
    assert len(kept) == 1, "a good file under bad names is taken, and is one file"
    (fresh,) = tree(world) - before
    assert re.fullmatch(r"documents/sealed/[0-9a-f-]{36}/fields-[0-9a-f]+/../[0-9a-f]{64}", fresh.as_posix())
    assert not wire.arrived("planted")
    assert not wire.arrived("passwd")


async def test_path_traversal_a_resumed_upload_names_no_file_either(
    caller: Caller, theirs: UUID, world: World, wire: Wire
) -> None:
    await caller.login("hr.a")
    before = tree(world)
    for name in NAMES:
        told = {"filename": name, "filetype": "application/pdf", "relativePath": name, "name": name}
        said = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in told.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(FILE)), "Upload-Metadata": said}
        begun = await caller.post(f"/profiles/{theirs}/uploads", headers=headers)
        assert begun.status_code == 201, begun.text
        place = begun.headers["Location"].removeprefix("/api/v1")
        assert re.fullmatch(rf"/profiles/{theirs}/uploads/[0-9a-f-]{{36}}", place)
        assert (await caller.delete(place, headers={"Tus-Resumable": "1.0.0"})).status_code == 204
    for path in ("..%2f..%2fplanted", "%2e%2e", "planted%00"):
        answer = await caller.head(f"/profiles/{theirs}/uploads/{path}", headers={"Tus-Resumable": "1.0.0"})
        assert answer.status_code in (404, 422)
    assert tree(world) == before
    assert not wire.arrived("planted")


def test_path_traversal_no_code_asks_what_a_file_was_called() -> None:
    """Workbooks, plans, lists of codes and signed files come the same way, and are read by their bytes."""
    folder = Path(api.__file__).parent
    asking = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r"\b(?:file|uploadfile|upload)\.filename", path.read_text(encoding="utf-8"))
    }
    assert asking == set()
