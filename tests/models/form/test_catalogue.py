"""The catalogue as data: all 38 items, in order, with their protection."""

from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import get_args

import pytest

from models.form import Catalogue, catalogue, code_list, communes, provinces
from models.form.fields import Field, _check, _field
from models.form.loading import code_rows, document
from models.regulations.schema import Category

ENCRYPTED = {
    "record_code", "citizen_id_number", "contact_phone", "social_insurance_number", "health_insurance_card",
    "current_address", "planned_position", "salary_coefficient", "position_salary_amount", "health_status",
    "arrest_history", "former_regime_service", "foreign_org_relations", "disciplines", "family_members",
    "salary_history", "family_income", "housing", "residential_land", "production_land",
    "employer_assessment",
}  # fmt: skip


def test_all_38_items_in_the_order_of_the_form(cat: Catalogue) -> None:
    numbers = [int(field.item.split(".")[0]) for field in cat.fields if not field.item.startswith("H")]
    assert [number for number, _ in groupby(numbers)] == list(range(1, 39))
    assert [field.item for field in cat.fields if field.item.startswith("H")] == [
        "H1",
        "H2",
        "H3",
        "H4",
        "H5",
    ]


def test_the_sections_of_the_tables(cat: Catalogue) -> None:
    items = [table.item for table in cat.tables]
    assert items[:6] == ["32.1", "32.2", "32.3", "32.4", "32.5", "32.6"]
    assert items[6:] == ["33", "34.2", "34.3", "35.1", "35.2", "36", "37.1", "37.2", "37.3", "37.3", "37.3"]


def test_what_is_sealed(cat: Catalogue) -> None:
    assert {field.name for field in cat.fields if field.encrypted} == ENCRYPTED
    for table in cat.tables:
        for column in table.columns:
            assert (column.encrypted, column.sensitivity) == (table.encrypted, table.sensitivity)


def test_what_the_authority_owns(cat: Catalogue) -> None:
    owned = {field.name for field in cat.fields if field.owner == "agency"}
    assert owned == {
        "managing_authority_id",
        "employing_unit_id",
        "staff_number",
        "record_code",
        "employer_assessment",
    }


def test_labels_of_paths(cat: Catalogue) -> None:
    assert cat.label("birth_date") == "Ngày sinh"
    assert cat.label("it_training[1].from_month") == "Tin học, dòng 2: Từ"
    assert cat.label_en("it_training[1].from_month") == "information technology, row 2: from"
    assert cat.label("birth_place.commune") == "Nơi sinh"
    assert cat.label("nowhere[0].x") == "nowhere[0].x"
    assert cat.field("education[2].degree_level").code_list == "qualification"
    with pytest.raises(KeyError):
        cat.field("nowhere")


def test_every_label_stands_in_both_languages(cat: Catalogue) -> None:
    for version in ("tt06_2023", "tt05_2023", "workbook"):
        for path, field in catalogue(version).walk():
            assert field.label.strip(), path
            assert field.label_en.strip(), path


@pytest.mark.parametrize("version", ["tt06_2099", "../tt06_2023", ""])
def test_unknown_versions_are_refused(version: str) -> None:
    with pytest.raises(KeyError):
        catalogue(version)


def _with(cat: Catalogue, field: Field) -> Catalogue:
    return Catalogue("x", "x", "x", "x", "x", (*cat.fields, field), date(2023, 1, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "gender"}, "twice"),
        ({"kind": "number"}, "unknown type"),
        ({"kind": "code"}, "go together"),
        ({"required_when": "nothing"}, "required_when"),
        ({"key": ("nothing",)}, "key column"),
    ],
)
def test_contradicting_data_is_refused(cat: Catalogue, change: dict[str, object], message: str) -> None:
    good = Field(name="extra", label="x", label_en="x", kind="string")
    _check(_with(cat, good))
    with pytest.raises(ValueError, match=message):
        _check(_with(cat, replace(good, **change)))  # type: ignore[arg-type] - one wrong attribute at a time


def test_a_misspelt_attribute_is_refused() -> None:
    entry = {"name": "x", "label": "x", "label_en": "x", "type": "string", "requried": "always"}
    with pytest.raises(ValueError, match="requried"):
        _field(entry)


def test_categories_are_those_a_rule_may_ask_about() -> None:
    assert set(code_list("staff_category").codes) == set(get_args(Category))


def test_code_lists_are_closed_and_labelled() -> None:
    for name in document("code_lists", "lists"):
        rows = code_rows(name)
        found = code_list(name)
        assert len(found.codes) == len(rows) > 0, name
        assert len({entry.label for entry in found.codes.values()}) == len(rows), name
        assert found.source
        assert found.status in ("found", "known", "own")
        for entry in found.codes.values():
            assert found.resolve(entry.code) == entry.code
            assert found.resolve(entry.label.upper()) in (entry.code, entry.label.upper())
            assert found.resolve(f"{entry.code} – {entry.label}") == entry.code
    assert len(code_list("ethnicity").codes) == 54
    assert code_list("ethnicity").resolve("Người ngoài hành tinh") is None
    assert code_list("ethnicity").label("99") == "99"
    with pytest.raises(KeyError):
        code_list("nothing")


def test_administrative_units_of_today() -> None:
    assert len(provinces()) == 34
    assert len(communes()) == 3321
    assert sum(unit.province == "01" for unit in communes().values()) == 126
    assert communes()["00070"].name == "Phường Hoàn Kiếm"
    assert all(len(code) == 5 for code in communes())
