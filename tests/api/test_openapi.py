"""The committed description is the API's, and no client of the released one is broken by it."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from api.app import create_app
from api.request_words import members, unnamed, word, words
from models.access import roles
from models.settings import Settings
from tests.api.breaking import breaking

COMMITTED = Path(__file__).parents[2] / "api" / "openapi.json"
MATRIX = Path(__file__).parent / "matrix" / "expected.yaml"
RELEASED = Path(__file__).parent / "openapi_released.json"
"""The description of the last release; replaced at a release, with a line in the changelog for each break."""


@pytest.fixture(scope="module")
def committed() -> dict:
    return json.loads(COMMITTED.read_text(encoding="utf-8"))


def test_committed_description_is_the_present_one(committed, tmp_path) -> None:
    present = json.loads(json.dumps(create_app(Settings(data=tmp_path)).openapi()))
    assert present == committed, "run `make openapi` and commit api/openapi.json"


def test_no_client_of_the_release_breaks(committed) -> None:
    assert breaking(json.loads(RELEASED.read_text(encoding="utf-8")), committed) == []


def test_every_operation_has_a_name_of_its_own(committed) -> None:
    operations = [o for item in committed["paths"].values() for o in item.values()]
    names = [o["operationId"] for o in operations]
    assert len(names) == len(set(names))


def test_every_route_and_every_role_stands_in_the_matrix_of_who_is_let_in(committed) -> None:
    operations = {o["operationId"] for item in committed["paths"].values() for o in item.values()}
    table = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
    declared = {*table["routes"], *table["beside"]}
    assert operations - declared == set(), (
        "say in tests/api/matrix/expected.yaml who is let in where: one line"
    )
    assert declared - operations == set(), "there is no such route any more"
    assert set(roles().roles) <= set(table["roles"]["everybody"]), "say what the new role may"


def test_every_member_of_a_request_is_called_something_in_vietnamese(committed) -> None:
    nameless = {name for name, schema in members(committed) if unnamed(name, schema)}
    assert nameless == set(), "give it a title, or a line in api/request_words.yaml"


def test_no_word_is_left_over(committed) -> None:
    assert set(words()) - {name for name, _ in members(committed)} - SEEN_ELSEWHERE == set()


SEEN_ELSEWHERE = {"body"}
"""Named in refusals only."""


def notice(document: dict) -> dict:
    """The properties of one body."""
    return document["components"]["schemas"]["GiveNotice"]["properties"]


def test_breaks_are_found(committed) -> None:
    """The check itself, on one change of each kind."""
    path, method = "/api/v1/profiles/{profile_id}/notices", "post"
    changes = {
        "gone": lambda d: d["paths"].pop(path),
        "operationId": lambda d: d["paths"][path][method].update(operationId="other"),
        "now required": lambda d: d["paths"][path][method]["parameters"].append(
            {"in": "header", "name": "X-New", "required": True}
        ),
        "body field kind gone": lambda d: notice(d).pop("kind"),
        "no longer takes": lambda d: notice(d)["kind"]["enum"].pop(),
        "answer field verb gone": lambda d: d["components"]["schemas"]["Answered"]["properties"].pop("verb"),
    }
    for said, change in changes.items():
        altered = copy.deepcopy(committed)
        change(altered)
        assert any(said in one for one in breaking(committed, altered)), said
        assert breaking(committed, committed) == []


def test_a_member_with_a_title_of_its_own_is_called_by_it_where_it_has_but_one() -> None:
    assert word("signed_on") == "Ngày ký"
    assert word("title") is None, "a plan's name in one place, somebody's title in another"
