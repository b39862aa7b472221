import json
from collections.abc import AsyncIterator, Iterator, MutableMapping
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import psycopg
import pytest
import sqlalchemy.exc
import structlog
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api import problems
from api.malformed import LONGEST_PATH, MOST_ERRORS, malformed, path_of
from models.errors import CATALOGUE, FieldRefusal, KeyUnknownError, Refusal, RefusedError

SECRET = "000123456789 Nguyễn Thị Bí Mật"


class Kind(Enum):
    ONE = "one"


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: Annotated[int, Field(ge=1, le=9)] = 1
    name: Annotated[str, Field(max_length=5, min_length=2, pattern="^[a-z]+$")] = "ab"
    on: date = date(2026, 1, 1)
    kind: Kind = Kind.ONE
    word: Literal["a", "b"] = "a"
    who: UUID | None = None
    flag: bool = True

    @field_validator("word")
    @classmethod
    def _never(cls, value: str) -> str:
        if value == "b":
            raise ValueError(f"quoting {SECRET}")
        return value


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rows: Annotated[list[Row], Field(max_length=60)]


RAISED: dict[str, Exception] = {
    "plain": RuntimeError(SECRET),
    "key": KeyUnknownError(SECRET),
    "sql": sqlalchemy.exc.OperationalError(SECRET, {}, Exception(SECRET)),
    "pool": sqlalchemy.exc.TimeoutError(SECRET),
    "psycopg": psycopg.OperationalError(SECRET),
    "engine": RPCError(SECRET, RPCStatusCode.UNAVAILABLE, b""),
    "engine-late": RPCError(SECRET, RPCStatusCode.DEADLINE_EXCEEDED, b""),
    "engine-other": RPCError(SECRET, RPCStatusCode.INVALID_ARGUMENT, b""),
    "engine-never": RuntimeError(f"Failed client connect: Server connection error: {SECRET}"),
    "http": HTTPException(502, SECRET),
}


def application() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    problems.install(app)

    @app.get("/refused/{code}")
    def refused(code: str) -> None:
        raise RefusedError.of(code)

    @app.get("/full")
    def full() -> None:
        field = FieldRefusal("education[2].from_month", "Từ tháng", "Sau tháng đến.", "After the end.")
        raise RefusedError.of(
            "invalid-form",
            "Có 1 mục sai.",
            "One item is wrong.",
            citation="Điều 6.3",
            fields=(field,),
            extra={"revision": 4, "status": 1},
        )

    @app.get("/raised/{name}")
    def raised(name: str) -> None:
        raise RAISED[name]

    @app.get("/wrapped")
    def wrapped() -> None:
        raise RuntimeError(SECRET) from psycopg.OperationalError(SECRET)

    @app.get("/http/{status}")
    def http(status: int) -> None:
        raise HTTPException(status, SECRET, {"Allow": "PUT"})

    @app.post("/body")
    def body(body: Body) -> str:
        return "ok"

    @app.get("/item/{item}")
    def item(item: UUID, page: int = 1) -> str:
        return "ok"

    @app.get("/half")
    def half() -> StreamingResponse:
        async def content() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(SECRET)

        return StreamingResponse(content())

    return app


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MutableMapping[str, Any]]]:
    # A logger in use keeps the configuration of its first line, perhaps a command's that another test ran.
    monkeypatch.setattr("api.problems.log", structlog.stdlib.get_logger("api.problems"))
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://hoso.invalid") as made:
        yield made


def problem(answer: httpx.Response, code: str) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = answer.json()
    assert document["code"] == code
    assert document["type"] == f"/problems/{code}"
    assert document["status"] == answer.status_code == CATALOGUE[code].status
    assert document["title"] == CATALOGUE[code].title_vi
    assert document["title_en"] == CATALOGUE[code].title_en
    assert document["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-language"] == "vi"
    assert SECRET not in answer.text
    assert "Bí Mật" not in answer.text
    return document


@pytest.mark.parametrize("code", sorted(CATALOGUE))
async def test_every_code_is_answered_as_the_catalogue_says(client: httpx.AsyncClient, code: str) -> None:
    document = problem(await client.get(f"/refused/{code}"), code)
    assert document["detail"] == CATALOGUE[code].meaning_vi
    assert document["detail_en"] == CATALOGUE[code].meaning_en
    assert document["remedy"] == CATALOGUE[code].remedy_vi


async def test_details_fields_citation_and_extras_are_told(client: httpx.AsyncClient) -> None:
    document = problem(await client.get("/full"), "invalid-form")
    assert document["detail"] == "Có 1 mục sai."
    assert document["citation"] == "Điều 6.3"
    assert document["revision"] == 4
    assert document["status"] == 422  # an extra never replaces a member of the standard
    assert document["errors"] == [
        {
            "path": "education[2].from_month",
            "label": "Từ tháng",
            "message": "Sau tháng đến.",
            "message_en": "After the end.",
        }
    ]


@pytest.mark.parametrize("code", ["rate-limited", "in-flight", "engine-unavailable", "database-unavailable"])
async def test_where_patience_helps_its_seconds_are_told(client: httpx.AsyncClient, code: str) -> None:
    assert int((await client.get(f"/refused/{code}")).headers["retry-after"]) > 0


def test_a_refusal_may_name_its_own_patience() -> None:
    answer = problems.answer(Refusal("rate-limited", extra={"retry_after": 7}), UUID(int=1))
    assert answer.headers["retry-after"] == "7"


async def test_who_is_not_signed_in_is_asked_to(client: httpx.AsyncClient) -> None:
    assert (await client.get("/refused/not-authenticated")).headers["www-authenticate"] == "Bearer"
    assert "www-authenticate" not in (await client.get("/refused/not-permitted")).headers


# --- accidents


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("plain", "internal"), ("key", "internal"), ("http", "internal"), ("engine-other", "internal"),
        ("sql", "database-unavailable"), ("pool", "database-unavailable"),
        ("psycopg", "database-unavailable"),
        ("engine", "engine-unavailable"), ("engine-late", "engine-unavailable"),
        ("engine-never", "engine-unavailable"),
    ],
)  # fmt: skip
async def test_an_accident_tells_its_kind_and_an_id_only(
    client: httpx.AsyncClient, name: str, code: str
) -> None:
    document = problem(await client.get(f"/raised/{name}"), code)
    assert "Traceback" not in json.dumps(document)
    assert set(document) <= {
        "type", "code", "title", "title_en", "status", "detail", "detail_en", "remedy", "remedy_en",
        "instance",
    }  # fmt: skip


async def test_a_first_connection_that_fails_is_the_engine_away() -> None:
    """The SDK's own words, as it says them today."""
    client = await Client.connect("127.0.0.1:1", lazy=True)
    with pytest.raises(RuntimeError) as accident:
        await client.get_workflow_handle("profile").describe()
    assert problems.code_of(accident.value) == "engine-unavailable"


async def test_the_cause_of_an_accident_decides(client: httpx.AsyncClient) -> None:
    problem(await client.get("/wrapped"), "database-unavailable")


async def test_an_accident_is_logged_with_the_id_that_was_told(
    client: httpx.AsyncClient, logged: list[MutableMapping[str, Any]]
) -> None:
    answer = await client.get("/raised/plain")
    (line,) = logged
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["log_level"] == "error"
    assert line["exc_info"]
    assert SECRET not in json.dumps({key: str(value) for key, value in line.items() if key != "exc_info"})


async def test_an_answer_already_begun_is_broken_off_rather_than_ended(
    client: httpx.AsyncClient, logged: list[MutableMapping[str, Any]]
) -> None:
    with pytest.raises(RuntimeError):
        await client.get("/half")
    assert len(logged) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "malformed-request"), (401, "not-authenticated"), (403, "not-permitted"), (404, "not-found"),
        (405, "method-not-allowed"), (413, "request-too-large"), (415, "unsupported-media-type"),
        (428, "precondition-required"), (429, "rate-limited"), (418, "malformed-request"), (599, "internal"),
    ],
)  # fmt: skip
async def test_the_frameworks_own_refusals_have_the_same_shape(
    client: httpx.AsyncClient, status: int, code: str
) -> None:
    answer = await client.get(f"/http/{status}")
    problem(answer, code)
    assert answer.headers["allow"] == "PUT"


async def test_no_route_and_a_wrong_method_are_problems_too(client: httpx.AsyncClient) -> None:
    problem(await client.get(f"/nowhere/{SECRET}"), "not-found")
    problem(await client.delete("/body"), "method-not-allowed")


# --- malformed requests


LABELS = {"number": "Số thứ tự", "name": "Họ tên", "kind": "Loại", "on": "Ngày"}
"""Names that requests of ours have; the others here are told as they were sent."""
ROWS = [
    ({"number": SECRET}, "body.rows[0].number", "Must be an integer."),
    ({"number": 10}, "body.rows[0].number", "Must be 9 or less."),
    ({"number": 0}, "body.rows[0].number", "Must be 1 or more."),
    ({"name": 5}, "body.rows[0].name", "Must be a string."),
    ({"name": SECRET}, "body.rows[0].name", "Longer than 5 characters."),
    ({"name": "a"}, "body.rows[0].name", "Fewer"),
    ({"name": "A12"}, "body.rows[0].name", "Not of the expected shape."),
    ({"on": SECRET}, "body.rows[0].on", "Must be a date, year-month-day."),
    ({"on": "2026-02-30"}, "body.rows[0].on", "Must be a date, year-month-day."),
    ({"kind": SECRET}, "body.rows[0].kind", "Not one of the accepted values."),
    ({"word": SECRET}, "body.rows[0].word", "Not one of the accepted values."),
    ({"word": "b"}, "body.rows[0].word", "Not a valid value."),
    ({"who": SECRET}, "body.rows[0].who", "Must be a UUID."),
    ({"flag": SECRET}, "body.rows[0].flag", "Must be true or false."),
    ({"more": SECRET}, "body.rows[0].more", "There is no such member."),
]


@pytest.mark.parametrize(("row", "path", "message"), ROWS)
async def test_a_wrong_field_is_named_and_its_value_is_not(
    client: httpx.AsyncClient, row: dict[str, object], path: str, message: str
) -> None:
    document = problem(await client.post("/body", json={"rows": [row]}), "malformed-request")
    (error,) = document["errors"]
    assert error["path"] == path
    name = path.rpartition(".")[2]
    assert error["label"] == LABELS.get(name, name)
    assert error["message_en"] == message.replace("Fewer", "Shorter than 2 characters.")
    assert not error["message"].isascii()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 2000, b"null", b"[]", f'"{SECRET}"'.encode()]
)
async def test_a_body_that_is_not_what_it_should_be(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/body", content=content, headers={"content-type": "application/json"})
    problem(answer, "malformed-request")


async def test_too_many_errors_are_counted_but_not_all_listed(client: httpx.AsyncClient) -> None:
    document = problem(await client.post("/body", json={"rows": [{"number": 0}] * 60}), "malformed-request")
    assert len(document["errors"]) == MOST_ERRORS
    assert "60" in document["detail"]


async def test_an_address_that_is_no_id_leads_nowhere(client: httpx.AsyncClient) -> None:
    problem(await client.get(f"/item/{SECRET}"), "not-found")
    problem(await client.get(f"/item/{UUID(int=1)}?page=x"), "malformed-request")
    problem(await client.get("/item/x?page=x"), "malformed-request")


def test_a_kind_of_error_nobody_foresaw_has_words_too() -> None:
    refusal = malformed(
        [{"type": "new_kind", "loc": ("body",)}, {"type": "too_long", "loc": ("body",), "ctx": {}}]
    )
    assert {one.message_en for one in refusal.fields} == {"Not a valid value."}


def test_a_path_is_readable_and_bounded() -> None:
    assert path_of(("body", "rows", 2, "name")) == "body.rows[2].name"
    assert path_of(()) == ""
    assert len(path_of(("body", "x" * 1000))) == LONGEST_PATH


# --- the published catalogue


async def test_the_catalogue_is_published(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/problems")).json()
    assert [one["code"] for one in listed] == sorted(CATALOGUE)
    for one in listed:
        assert (await client.get(one["type"])).json() == one
    problem(await client.get("/problems/no-such-code"), "not-found")


async def test_openapi_shows_what_a_route_may_refuse_with(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()
    shown = schema["paths"]["/problems/{code}"]["get"]["responses"]["404"]
    assert shown["content"]["application/problem+json"]["examples"]["not-found"]["value"]["status"] == 404


def test_codes_of_one_status_share_an_entry() -> None:
    shown = problems.responses("wrong-state", "transfer-open", "not-found")
    assert sorted(shown) == [404, 409]
    assert list(shown[409]["content"]["application/problem+json"]["examples"]) == [
        "wrong-state",
        "transfer-open",
    ]


async def test_every_answer_has_its_own_request_id(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/problems")).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
