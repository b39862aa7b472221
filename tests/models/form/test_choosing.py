"""Which form: what a regulation names, by the day; and what goes over from one form to another."""

from datetime import date

import pytest

from models.form import carry, catalogue, form_named, forms, validate
from tests.forms import COMPLETE, CONTRACT

DAY = date(2026, 3, 2)
GENERAL, LABOUR = catalogue("tt06_2023"), catalogue("tt05_2023")


@pytest.mark.parametrize(
    ("names", "version"),
    [
        ((), "tt06_2023"),
        (("tt06_2023",), "tt06_2023"),
        (("tt06_2023_38",), "tt06_2023"),  # as regulations loaded by an earlier release name it
        (("tt05_2023",), "tt05_2023"),
        (("unheard_of",), "tt06_2023"),
        (("unheard_of", "tt05_2023"), "tt05_2023"),
    ],
)
def test_a_regulation_names_the_form(names: tuple[str, ...], version: str) -> None:
    assert form_named(names, DAY).version == version


def test_of_several_the_newest_in_force_on_the_day() -> None:
    both = ("tt05_2023", "tt06_2023")
    assert LABOUR.in_force_from == date(2023, 6, 20)
    assert form_named(both, date(2023, 6, 20)) is LABOUR
    assert form_named(both, date(2023, 6, 19)) is GENERAL
    assert form_named(both, date(2020, 1, 1)) is GENERAL, "the first to begin"


def test_the_workbook_s_own_catalogue_is_no_form() -> None:
    assert set(forms()) == {"tt05_2023", "tt06_2023", "tt06_2023_38"}


def test_what_both_forms_ask_for_goes_over() -> None:
    carried = carry(LABOUR, GENERAL, CONTRACT | {"employer_unit_id": "H99.01"}, on=DAY)
    assert carried == {
        "employing_unit_id": "H99.01",
        "birth_full_name": CONTRACT["worker_full_name"],
        "gender": "female",
        "birth_date": "1990-05-17",
        "citizen_id_number": CONTRACT["citizen_id_number"],
        "contact_phone": CONTRACT["contact_phone"],
        "current_address": CONTRACT["current_address"],
        "main_assigned_work": "Lái xe",
        "job_position": CONTRACT["job_position"],
        "position_salary_amount": CONTRACT["salary_amount"],
    }
    back = carry(GENERAL, LABOUR, COMPLETE, on=DAY)
    assert back["worker_full_name"] == COMPLETE["birth_full_name"]
    assert {issue.code for issue in validate(LABOUR, back, on=DAY, by="person")} == {"missing"}


def test_the_same_form_takes_everything_and_a_value_that_is_refused_stays_behind() -> None:
    odd = CONTRACT | {"unheard_of": 1, "gender": "x"}
    assert carry(LABOUR, LABOUR, odd, on=DAY) == odd
    assert "gender" not in carry(LABOUR, GENERAL, odd, on=DAY)
