"""``kill -9`` of the API in the middle of an upload: what was received is there, and the upload goes on."""

import base64
import time
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from random import Random

import httpx
import pytest
from PIL import Image

from tests.whole.rig import Rig, own_folder

pytestmark = [pytest.mark.whole, pytest.mark.exhaustive, pytest.mark.timeout(300)]
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = TUS | {"Content-Type": "application/offset+octet-stream"}
STEP = 64 * 1024


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with own_folder() as folder:
        made = Rig(folder)
        try:
            made.install(1)
            made.start("api")
            yield made
        finally:
            made.stop()


def picture() -> bytes:
    """Noise, so that it takes several pieces: JPEG shrinks anything else."""
    side, out = 1500, BytesIO()
    Image.frombytes("RGB", (side, side), Random(7).randbytes(side * side * 3)).save(out, "JPEG", quality=95)
    return out.getvalue()


def received(rig: Rig) -> int:
    (row,) = rig.rows("SELECT received FROM uploads")
    return int(row["received"])


def until(rig: Rig, least: int) -> None:
    """Wait until the server has written down so much."""
    end = time.monotonic() + 60
    while received(rig) < least:
        assert time.monotonic() < end, "the server writes nothing down"
        time.sleep(0.05)


def killed_after(rig: Rig, data: bytes, sent: int, written: int) -> Iterator[bytes]:
    """The body, up to the instant at which nobody is there any more to read it."""
    for at in range(0, sent, STEP):
        yield data[at : min(at + STEP, sent)]
    until(rig, written)
    rig.kill("api")
    yield data[sent : sent + 1]


def go_on(rig: Rig, place: str, body: bytes | Iterator[bytes], offset: int) -> httpx.Response:
    with rig.web() as web:
        return web.patch(place, content=body, headers=BYTES | {"Upload-Offset": str(offset)})


def offset_of(rig: Rig, place: str) -> int:
    with rig.web() as web:
        return int(web.head(place, headers=TUS).headers["Upload-Offset"])


def test_it_goes_on_where_it_was_written_down(rig: Rig) -> None:
    data, profile = picture(), rig.profiles[0]
    assert len(data) > 2_500_000
    told = ",".join(
        f"{key} {base64.b64encode(value).decode()}"
        for key, value in {"filetype": b"image/jpeg", "kind": b"decision"}.items()
    )
    with rig.web() as web:
        headers = TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": told}
        begun = web.post(f"/api/v1/profiles/{profile}/uploads", headers=headers)
    assert begun.status_code == 201, begun.text
    place = begun.headers["Location"]

    with pytest.raises(httpx.TransportError):
        go_on(rig, place, killed_after(rig, data, 2_200_000, 1_000_000), 0)
    kept = received(rig)
    assert 1_000_000 <= kept < len(data)
    rig.start("api")
    assert offset_of(rig, place) == kept, "what was written down before the kill, and no byte more"

    # Once more, with the whole file on its way: it is an attachment, or it goes on, and never both.
    rest = data[kept:]
    with pytest.raises(httpx.TransportError):
        go_on(rig, place, killed_after(rig, rest, len(rest) - 1, kept + 1), kept)
    rig.start("api")
    again = offset_of(rig, place)
    assert kept < again < len(data)
    done = go_on(rig, place, data[again:], again)
    assert (done.status_code, int(done.headers["Upload-Offset"])) == (204, len(data)), done.text
    (row,) = rig.rows("SELECT original_sha256, original_size, sha256 FROM attachments")
    assert (row["original_sha256"], row["original_size"]) == (sha256(data).hexdigest(), len(data))
    with rig.web() as web:
        handed = web.get(f"/api/v1/profiles/{profile}/attachments/{row['sha256']}")
    assert sha256(handed.content).hexdigest() == row["sha256"]
    assert rig.rows("SELECT count(*) FROM upload_parts")[0]["count"] == 0
