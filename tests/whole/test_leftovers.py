"""The scanner finds what is there, however it is written."""

import base64
import json
import unicodedata
import urllib.parse

import pytest

from tests.whole.leftovers import found

NAME, NUMBER = "Nguyễn Thị Thảo", "000190123456"
DECOMPOSED = unicodedata.normalize("NFD", NAME)


@pytest.mark.parametrize(
    "written",
    [
        NAME.encode(),
        NAME.upper().encode(),
        NAME.lower().encode(),
        DECOMPOSED.encode(),
        b"Nguyen Thi Thao",
        b"NGUYEN THI thao",
        b"nguyen.thi.thao@example.vn",
        b"/files/nguyen-thi-thao.pdf",
        NAME.encode("utf-16-le"),
        NAME.encode("utf-16-be"),
        json.dumps({"name": NAME}).encode(),
        json.dumps(json.dumps(NAME)).encode(),
        json.dumps(NAME).upper().encode(),
        f"/search?name={urllib.parse.quote(NAME)}".encode(),
        f"/search?name={urllib.parse.quote_plus(NAME)}".encode(),
        NAME.encode().hex().encode(),
        *(base64.b64encode(b"x" * shift + NAME.encode() + b"yz") for shift in range(4)),
        *(
            base64.urlsafe_b64encode(b"?" * shift + unicodedata.normalize("NFD", NAME).encode())
            for shift in range(3)
        ),
        base64.encodebytes(b"a letter that is long enough to be broken over two lines " + NAME.encode()),
    ],
)
def test_a_name_is_found_however_it_is_written(written: bytes) -> None:
    assert found([NAME], b"before " + written + b" after") == [NAME]


@pytest.mark.parametrize(
    "written",
    [
        NUMBER.encode(),
        f'"{NUMBER}"'.encode("utf-16-le"),
        *(base64.b64encode(b"x" * shift + NUMBER.encode() + b"}") for shift in range(3)),
        NUMBER.encode().hex().upper().encode(),
    ],
)
def test_so_is_a_number(written: bytes) -> None:
    assert found([NUMBER, "000190999999"], written) == [NUMBER]


def test_what_is_not_there_is_not_found() -> None:
    others = "Nguyễn Thị Hoa, Trần Thảo, 000190123465, thảo luận".encode()
    assert found([NAME, NUMBER], others + base64.b64encode(others) + others.hex().encode()) == []
    assert found(["nam", "12/12"], b"nam 12/12") == [], "too short to be told from chance"
