"""What was decided about old values, put into a form: only what is old, only where it is surely so."""

from datetime import date

from models.form import catalogue, code_list
from models.form.meaning import decided_by, put_meanings

TODAY = date(2025, 9, 15)
DECIDED = decided_by(
    {
        ("religion", "Đạo Phật"): "buddhism",
        ("religion", "none"): "buddhism",
        ("ethnicity", "Đạo Phật"): "01",
        ("gender", "Nam giới"): "khong-co",
        ("training_mode", "Học từ xa"): "distance",
    }
)


def test_an_old_value_becomes_the_code_decided_however_it_is_spelt() -> None:
    content = {"religion": "  đạo   PHẬT", "gender": "Nam giới", "birth_full_name": "Đạo Phật"}
    assert put_meanings(catalogue("tt06_2023"), content, DECIDED, TODAY) == ["religion"]
    # What was decided to be a code that is in use no more is asked anew: the line is refused as before.
    assert content == {"religion": "buddhism", "gender": "Nam giới", "birth_full_name": "Đạo Phật"}


def test_a_code_in_use_means_itself() -> None:
    content = {"religion": "none"}
    assert put_meanings(catalogue("tt06_2023"), content, DECIDED, TODAY) == []
    assert content == {"religion": "none"}


def test_rows_of_tables_and_repeated_values_are_named_by_their_paths() -> None:
    cat = catalogue("tt06_2023")
    table, column = next((t, c) for t in cat.tables for c in t.columns if c.code_list == "training_mode")
    content = {table.name: [{column.name: "Chính quy"}, {column.name: "học từ xa"}, {}]}
    found = put_meanings(
        cat, content, decided_by({("training_mode", "Học từ xa"): _any("training_mode")}), TODAY
    )
    assert found == [f"{table.name}[1].{column.name}"]
    assert content[table.name][1][column.name] == _any("training_mode")


def _any(name: str) -> str:
    return next(iter(code_list(name).on(TODAY)))
