"""The committed description is the API's, and no client of the released one is broken by it."""

import copy
import hashlib
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
"""What clients rely on. It stays as it is until the next release; `BREAKS` says what has left it."""
BREAKS = Path(__file__).parent / "breaks.yaml"
PINNED = {"0.1.0": "b7da7e7ca3b6518c1cc56f06bcdf44f5a0f7211ab18ba8ce2410d93941d55912"}
"""SHA-256 of `RELEASED` by our version: taken anew with a new one, never to make a test pass."""


@pytest.fixture(scope="module")
def committed() -> dict:
    return json.loads(COMMITTED.read_text(encoding="utf-8"))


def test_committed_description_is_the_present_one(committed, tmp_path) -> None:
    present = json.loads(json.dumps(create_app(Settings(data=tmp_path)).openapi()))
    assert present == committed, "run `make openapi` and commit api/openapi.json"


def test_no_client_breaks_without_a_word(committed) -> None:
    found = set(breaking(json.loads(RELEASED.read_text(encoding="utf-8")), committed))
    said = yaml.safe_load(BREAKS.read_text(encoding="utf-8")) or {}
    assert found - set(said) == set(), "keep what clients rely on, or say in breaks.yaml why it had to go"
    assert set(said) - found == set(), "these break nobody"


def test_what_clients_rely_on_is_not_changed_between_releases(committed) -> None:
    found = hashlib.sha256(RELEASED.read_bytes()).hexdigest()
    assert found == PINNED[committed["info"]["version"]]


def test_every_operation_has_a_name_of_its_own(committed) -> None:
    operations = [o for item in committed["paths"].values() for o in item.values()]
    names = [o["operationId"] for o in operations]
    assert len(names) == len(set(names))


def test_every_route_and_every_role_stands_in_the_matrix_of_who_is_let_in(committed) -> None:
    operations = {o["operationId"] for item in committed["paths"].values() for o in item.values()}
    table = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
    declared = {*table["routes"], *table["kinds"], *table["beside"]}
    assert operations - declared == set(), (
        "say in tests/api/matrix/expected.yaml who is let in where: one line"
    )
    assert declared - operations == set(), "there is no such route any more"
    assert set(roles().roles) <= set(table["roles"]["everybody"]), "say what the new role may"


def test_every_route_lets_somebody_in_somewhere() -> None:
    """Else what is refused everywhere may as well be no route, or one that was asked about nothing."""
    table = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
    lists = (table["routes"], *table["by_law"].values(), table["with_provider"], *table["kinds"].values())
    groups = {name: [] for one in lists for name in one}
    for one in lists:
        for name, group in one.items():
            groups[name].append(table["groups"][group])
    assert [name for name, letting in groups.items() if not any(letting)] == []
    assert {*table["with_provider"]} == {n for n, g in table["routes"].items() if g == "no_provider_here"}


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
        "field kind gone": lambda d: notice(d).pop("kind"),
        "no longer takes": lambda d: notice(d)["kind"]["enum"].pop(),
        "field verb gone": lambda d: d["components"]["schemas"]["Answered"]["properties"].pop("verb"),
        "field verb may now be ['null']": lambda d: d["components"]["schemas"]["Answered"][
            "properties"
        ].update(verb={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "is now required": lambda d: d["components"]["schemas"]["GiveNotice"]["required"].append("note"),
        "takes at most 3 now": lambda d: notice(d)["document"].update(maxLength=3),
    }
    for said, change in changes.items():
        altered = copy.deepcopy(committed)
        change(altered)
        assert any(said in one for one in breaking(committed, altered)), said
        assert breaking(committed, committed) == []


def test_a_member_with_a_title_of_its_own_is_called_by_it_where_it_has_but_one() -> None:
    assert word("signed_on") == "Ngày ký"
    assert word("title") is None, "a plan's name in one place, somebody's title in another"
