import json
import re

import pytest

from models.errors import (
    CATALOGUE,
    FieldRefusal,
    HosoError,
    KeyRingError,
    KeyUnknownError,
    Refusal,
    RefusedError,
)
from models.problem_catalogue import read_catalogue

ENTRY = """
one:
  status: {status}
  vi: {{title: a, meaning: b, remedy: {remedy}}}
  en: {{title: a, meaning: b, remedy: c}}
"""

FULL = Refusal(
    code="invalid-form",
    detail_vi="Có 1 mục chưa hợp lệ.",
    detail_en="One item is not valid.",
    citation="hanoi.art6.3",
    fields=(FieldRefusal("education[2].from_month", "Từ tháng", "Sau tháng đến.", "After the end."),),
    extra={"current_revision": 4, "holder": None, "late": True},
)


def test_every_entry_speaks_both_languages_and_has_an_error_status() -> None:
    for code, entry in CATALOGUE.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert entry.code == code
        assert entry.uri == f"/problems/{code}"
        assert entry.title_vi != entry.title_en
        assert not entry.title_vi.isascii(), code


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("not-authenticated", 401), ("password-change-required", 403), ("not-permitted", 403),
        ("not-found", 404),
        ("invalid-form", 422), ("wrong-state", 409), ("stale-revision", 412), ("precondition-required", 428),
        ("key-reused", 422), ("in-flight", 409), ("attachment-too-large", 413), ("attachment-type", 415),
        ("own-approval", 403), ("rate-limited", 429), ("engine-unavailable", 503),
        ("database-unavailable", 503), ("internal", 500),
    ],
)  # fmt: skip
def test_statuses_that_other_programs_rely_on(code: str, status: int) -> None:
    assert CATALOGUE[code].status == status


def test_only_what_can_heal_by_itself_is_worth_a_retry() -> None:
    assert CATALOGUE["database-unavailable"].retry
    assert CATALOGUE["in-flight"].retry
    assert not CATALOGUE["wrong-state"].retry
    assert not CATALOGUE["key-reused"].retry


def test_a_refusal_survives_storage_as_json() -> None:
    assert Refusal.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL


def test_a_refusal_with_an_unknown_code_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="not in the catalogue"):
        Refusal("no-such-code")


def test_extra_holds_scalars_only() -> None:
    with pytest.raises(ValueError, match="small scalar"):
        Refusal("wrong-state", extra={"rows": [1]})  # type: ignore[dict-item]  # the refusal under test


def test_the_text_of_an_exception_is_the_code_alone() -> None:
    refused = RefusedError.of("own-approval", "Nguyễn Văn A", "Nguyễn Văn A", citation="hanoi.art8")
    assert str(refused) == "own-approval"
    assert "Nguyễn" not in repr(refused)
    assert refused.refusal.citation == "hanoi.art8"


def test_the_tree_has_one_root() -> None:
    assert issubclass(RefusedError, HosoError)
    assert issubclass(KeyUnknownError, KeyRingError)


def test_a_catalogue_refuses_a_code_given_twice() -> None:
    good = ENTRY.format(status=409, remedy="c")
    assert list(read_catalogue(good)) == ["one"]
    with pytest.raises(ValueError, match="twice"):
        read_catalogue(good + good)


@pytest.mark.parametrize(("status", "remedy"), [(200, "c"), (409, "''")])
def test_a_catalogue_refuses_an_incomplete_entry(status: int, remedy: str) -> None:
    with pytest.raises(ValueError, match="'one'"):
        read_catalogue(ENTRY.format(status=status, remedy=remedy))


def test_a_catalogue_refuses_a_missing_part() -> None:
    with pytest.raises(ValueError, match="remedy_vi"):
        read_catalogue(ENTRY.format(status=409, remedy="c").replace(", remedy: c}\n  en", "}\n  en"))


def test_a_catalogue_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["internal"] = CATALOGUE["not-found"]  # type: ignore[index]  # the refusal under test
