"""One content, one spelling."""

import hashlib
import json
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.form import Catalogue, PartialDate, canonical, carry_over, completeness, digest, normalise, tidy
from models.form.normal import normal_text

scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)
contents = st.dictionaries(st.text(max_size=6), values, max_size=6)


def _no_surrogates(value: Any) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in json.dumps(value, ensure_ascii=False))


@settings(deadline=None)
@given(contents)
def test_normalise_is_idempotent(content: dict[str, Any]) -> None:
    once = normalise(content)
    assert normalise(once) == once


@settings(deadline=None)
@given(contents.filter(_no_surrogates))
def test_canonical_is_the_same_for_nfc_and_nfd(content: dict[str, Any]) -> None:
    def decomposed(value: Any) -> Any:
        if isinstance(value, str):
            return unicodedata.normalize("NFD", value)
        if isinstance(value, list):
            return [decomposed(item) for item in value]
        return {key: decomposed(item) for key, item in value.items()} if isinstance(value, dict) else value

    assert canonical(content) == canonical(decomposed(content))
    assert digest(content) == hashlib.sha256(canonical(content)).hexdigest()
    assert json.loads(canonical(content)) == normalise(content)


def test_empty_means_absent_at_every_depth() -> None:
    content = {
        "a": "",
        "b": [],
        "c": {},
        "d": None,
        "e": ["", {"x": " "}],
        "f": 0,
        "g": False,
        "h": {"x": {"y": []}},
    }
    assert normalise(content) == {"f": 0, "g": False}


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Nguyễn\u00a0 Thị ", "Nguyễn Thị"),
        ("a\r\nb\rc\n", "a\nb\nc"),
        ("\n\n a \n\n b ", "a\n\nb"),
        ("\t", ""),
        (unicodedata.normalize("NFD", "Ưỡn ẹo"), "Ưỡn ẹo"),
    ],
)
def test_normal_text(text: str, normal: str) -> None:
    assert normal_text(text) == normal


@settings(deadline=None)
@given(contents)
@example({"a": '\x00\x1f\x7f\u2028"\\\b/\U0001f600'})
@example({"\U0001f600": 1, "\uffee": 2, "a": 3})
def test_the_quick_spelling_is_the_reference_s(content: dict[str, Any]) -> None:
    normal = normalise(content)
    try:
        expected = rfc8785.dumps(normal)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises(ValueError, match="canonical"):
            canonical(content)
    else:
        assert canonical(content) == expected


@pytest.mark.parametrize("content", [{"ạ": {"b": 1.5}}, {"a": 2**53}, {"a": "\ud800"}])
def test_what_has_no_canonical_form_has_none_quickly_either(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"float|canonical"):
        canonical(content)


def test_canonical_orders_keys_and_keeps_decimals_as_text() -> None:
    content = {"b": Decimal("2.340"), "a": date(2024, 2, 29), "c": PartialDate(1975), "ạ": "ộ"}
    assert canonical(content) == '{"a":"2024-02-29","b":"2.340","c":"1975","ạ":"ộ"}'.encode()


@pytest.mark.parametrize("value", [2.34, float("nan"), 2**53, "\ud800", {"x": [1.0]}])
def test_what_has_no_single_spelling_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"float|canonical"):
        canonical({"a": value})


def test_bottomless_nesting_has_no_canonical_form() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ValueError, match="canonical"):
        canonical({"a": deep})


def test_tidy_spells_as_the_catalogue_wants(cat: Catalogue) -> None:
    content = {
        "birth_full_name": "nguyễn  thị ánh",
        "salary_coefficient": "2.1",
        "salary_history": [{"coefficient": "4.4", "step": "x"}],
        "weight_kg": "60",
        "height_cm": 158,
        "other": "2.1",
        "work_strength": "4.4",
    }
    tidied = tidy(cat, content)
    assert tidied["birth_full_name"] == "NGUYỄN THỊ ÁNH"
    assert tidied["salary_coefficient"] == "2.10"
    assert tidied["salary_history"] == [{"coefficient": "4.40", "step": "x"}]
    assert (tidied["weight_kg"], tidied["other"], tidied["work_strength"]) == ("60.0", "2.1", "4.4")
    assert tidy(cat, tidied) == tidied


def test_completeness_counts_both_sides_and_conditions(cat: Catalogue, right: dict[str, Any]) -> None:
    filled, asked = completeness(cat, right)
    assert filled == asked
    always = sum(field.required == "always" for field in cat.fields)
    assert completeness(cat, {}) == (0, always)
    assert completeness(cat, {"current_position": "principal", "gender": " "}) == (0, always + 1)
    assert completeness(cat, right | {"religion": ""}) == (filled - 1, asked)


def test_a_declaration_keeps_what_the_authority_wrote(cat: Catalogue, right: dict[str, Any]) -> None:
    next_one = carry_over(cat, right, {"gender": "female"})
    assert next_one["employer_assessment"] == right["employer_assessment"]
    assert next_one["record_code"] == right["record_code"]
    assert "birth_date" not in next_one
    with pytest.raises(ValueError, match="employer_assessment"):
        carry_over(cat, right, {"employer_assessment": "Xuất sắc"})
