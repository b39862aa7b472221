"""Mappings: nothing lost on the way out and back, and every mistake in a file found with its line."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.national.adapter import ItemHeader, PersonQuery, StatusChange, StatusKind
from activities.national.mappings import Mapping, MappingError, ValueRefusedError, load_mapping, load_mappings
from activities.national.mappings.loader import HERE
from models.form import Field, catalogue, code_list, digest, normalise, validate

HEADER = ItemHeader(UUID(int=7), "cd" * 32, date(2026, 1, 28), "ef" * 32)
FORM = catalogue("tt06_2023")
STAND_IN, NESTED = load_mapping("stand_in"), load_mapping("nested")

_dates = st.dates(date(1900, 1, 1), date(2030, 12, 31)).map(date.isoformat)
_months = _dates.map(lambda day: day[:7])
_years = _dates.map(lambda day: day[:4])
_text = st.text(min_size=1, max_size=30)
_address = st.fixed_dictionaries(
    {"province": st.just("01")}, optional=dict.fromkeys(("district", "commune", "detail"), _text)
)
_decimal = st.decimals(Decimal(0), Decimal(999), places=2).map(str)
_by_kind = {
    "date": _dates,
    "partial_date": st.one_of(_dates, _months, _years),
    "month": st.one_of(_dates, _months, _years),
    "year": st.integers(1900, 2030),
    "integer": st.integers(0, 300),
    "decimal": _decimal,
    "percent": _decimal,
    "money": st.integers(0, 10**12).map(str),
    "address": _address,
}


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.is_table:
        row = st.fixed_dictionaries({}, optional={one.name: _values(one) for one in field.columns})
        return st.lists(row.filter(bool), min_size=1, max_size=2)
    if field.code_list:
        value = st.sampled_from(sorted(code_list(field.code_list).codes))
    else:
        value = _by_kind.get(field.kind, _text)
    if field.upper:
        value = value.map(str.upper).filter(lambda text: text.upper() == text)
    return st.lists(value, min_size=1, max_size=3) if field.repeats else value


_sent = [field for field in FORM.fields if field.name not in STAND_IN.unsent]
contents = st.fixed_dictionaries({}, optional={field.name: _values(field) for field in _sent})


@settings(max_examples=50, deadline=None)
@given(contents)
def test_what_goes_out_comes_back_the_same(content: dict[str, Any]) -> None:
    for mapping in (STAND_IN, NESTED):
        assert mapping.to_content(mapping.to_item(content, HEADER)) == content


@settings(max_examples=50, deadline=None)
@given(contents, contents)
def test_different_contents_make_different_items(one: dict[str, Any], other: dict[str, Any]) -> None:
    for mapping in (STAND_IN, NESTED):
        # As revisions are kept: normalised, so that an empty line is no value.
        same = mapping.to_item(normalise(one), HEADER) == mapping.to_item(normalise(other), HEADER)
        assert same is (digest(one) == digest(other))


def test_a_flat_item_looks_as_written_down_here() -> None:
    content = {
        "birth_full_name": "Đặng thị Ý",
        "gender": "female",
        "birth_date": "1984-11",
        "birth_place": {"province": "01", "commune": "00070"},
        "position_salary_amount": "12500000",
        "education": [{"from_month": "2002-09", "degree_level": "master"}],
    }
    assert STAND_IN.to_item(content, HEADER) == {
        "KhoaMuc": f"{UUID(int=7)}.{'cd' * 32}",
        "MaHoSo": str(UUID(int=7)),
        "MaBam": "cd" * 32,
        "NgayPheDuyet": "20260128",
        "PhienBanMau": "tt06_2023",
        "MaBamTaiLieuKySo": "ef" * 32,
        "HoVaTenKhaiSinh": "ĐẶNG THỊ Ý",
        "GioiTinh": "2",
        "NgaySinh": "198411",
        "NoiSinhTinh": "01",
        "NoiSinhXa": "00070",
        "LuongTheoVTVL": 12500000,
        "DaoTaoChuyenMon": [{"TuThang": "200209", "TrinhDo": "master"}],
    }


def test_a_nested_item_looks_as_written_down_here() -> None:
    content = {"gender": "male", "ethnicity": "01", "birth_date": "1984-11-05", "weight_kg": "61.5"}
    item = NESTED.to_item(content, HEADER)
    assert item["identity"] == {"sex": "M", "ethnicity": "DT01", "born": {"on": "05/11/1984"}}
    assert item["health"] == {"weight": "61,5"}
    assert item["meta"]["approved"] == "28/01/2026"


@pytest.mark.parametrize("mapping", [STAND_IN, NESTED], ids=lambda one: one.name)
def test_every_field_of_the_form_is_sent_or_said_not_to_be(mapping: Mapping) -> None:
    sent = {link.ours[0] for link in mapping.links} | {table.ours for table in mapping.tables}
    assert sent | mapping.unsent == {field.name for field in FORM.fields}
    assert mapping.unsent == {"portrait_photo"}
    assert mapping.stand_in, "until the ministry's fields are public, no mapping may claim to be them"


def test_queries_and_status_changes_have_the_packets_shape() -> None:
    assert STAND_IN.person_query(PersonQuery("c", "000000000001")) == {"SoDinhDanhCaNhan": "000000000001"}
    assert NESTED.person_query(PersonQuery("c", "000000000001")) == {
        "identity": {"citizen": {"number": "000000000001"}}
    }
    change = StatusChange(UUID(int=7), StatusKind.RETIRED, date(2026, 6, 1))
    assert NESTED.status_item(change).body == {
        "meta": {"key": change.key, "dossier": str(UUID(int=7))},
        "event": {"type": "RETIRED", "date": "01/06/2026"},
    }


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"birth_date": "5/11/1984"}, "birth_date"),
        ({"birth_date": 1984}, "birth_date"),
        ({"gender": "000123456789"}, "gender"),
        ({"position_salary_amount": "12.5"}, "position_salary_amount"),
        ({"position_salary_amount": "007"}, "position_salary_amount"),
        ({"salary_coefficient": "x000123456789"}, "salary_coefficient"),
        ({"birth_full_name": 5}, "birth_full_name"),
        ({"blood_type": {"a": "b"}}, "blood_type"),
        ({"birth_place": {"province": 1.5}}, "birth_place.province"),
        ({"education": [{"from_month": "2001"}, {"from_month": "000123456789"}]}, "education[1].from_month"),
        ({"education": ["000123456789"]}, "education[0]"),
        ({"education": [{"teacher": "000123456789"}]}, "education[0].teacher"),
        ({"shoe_size": "000123456789"}, "shoe_size"),
    ],
)
def test_a_value_that_cannot_go_over_is_named_and_not_quoted(content: dict[str, Any], path: str) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        STAND_IN.to_item(content, HEADER)
    assert refused.value.path == path
    assert "000123456789" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"GioiTinh": "9"}, "GioiTinh"),
        ({"NgaySinh": "05/11/1984"}, "NgaySinh"),
        ({"LuongTheoVTVL": "12500000"}, "LuongTheoVTVL"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_too(item: dict[str, Any], path: str) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        STAND_IN.to_content(item)
    assert refused.value.path == path


def test_a_record_of_the_nested_service_needs_its_prefix() -> None:
    with pytest.raises(ValueRefusedError):
        NESTED.to_content({"identity": {"ethnicity": "01"}})


TEXT = (HERE / "stand_in.yaml").read_text(encoding="utf-8")


def load_changed(folder: Path, old: str, new: str) -> tuple[int, MappingError]:
    """The line of the change, and how the changed file is refused."""
    assert TEXT.count(old) == 1, old
    text = TEXT.replace(old, new)
    file = folder / "changed.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as refused:
        load_mapping(file)
    return TEXT[: TEXT.index(old)].count("\n") + 1, refused.value


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  staff_number: SoHieu", "  shoe_size: SoHieu", "the form has no field 'shoe_size'"),
        ("      major: ChuyenNganh", "      minor: ChuyenNganh", "the table education has no column 'minor'"),
        ("  staff_number: SoHieu", "  staff_number: [SoHieu]", "a packet path"),
        ("  staff_number: SoHieu", "  staff_number: 'Số hiệu'", "a packet path"),
        ("  staff_number: SoHieu", "  staff_number: {to: SoHieu, as: magic}", "unknown transform"),
        ("  staff_number: SoHieu", "  staff_number: {to: SoHieu, sa: upper}", "unknown key 'sa'"),
        ("  staff_number: SoHieu", "  staff_number: {to: SoHieu, as: upper, prefix: X}", "either 'as'"),
        ("  other_names: CacTenGoiKhac", "  gender: SoHieu2", "'gender' stands twice"),
        ("  staff_number: SoHieu", "  [a]: SoHieu", "a key must be text"),
        ("  staff_number: SoHieu", "  staff_number: ]", "not YAML"),
        ("form: tt06_2023", "form: tt99_2099", "there is no form"),
        ("service: /csdlqg-ccvc/v1/ho-so", "service: https://elsewhere", "a path such as"),
        ("version: 1", "verzion: 1", "unknown key 'verzion'"),
        (
            "  item_key: KhoaMuc\n  profile_id: MaHoSo\n  rev",
            "  itemkey: KhoaMuc\n  profile_id: MaHoSo\n  rev",
            "unknown",
        ),
        ("  retired: NGHI_HUU", "  asleep: NGHI_HUU", "unknown key 'asleep'"),
        (
            "  month: {as: date, pattern: yyyyMMdd}",
            "  month: {as: date, pattern: yy}",
            "unknown transform or pattern",
        ),
        ("  month: {as: date, pattern: yyyyMMdd}", "  moon: {as: date}", "the form has no kind 'moon'"),
        (
            '  gender: {codes: {male: "1", female: "2"}}',
            '  sex: {codes: {male: "1"}}',
            "uses no code list 'sex'",
        ),
        (
            '  gender: {codes: {male: "1", female: "2"}}',
            '  gender: {codes: {m: "1"}}',
            "gender has no code 'm'",
        ),
        (
            '  gender: {codes: {male: "1", female: "2"}}',
            '  gender: {codes: {male: "1"}}',
            "'female' has no counterpart",
        ),
        (
            '  gender: {codes: {male: "1", female: "2"}}',
            '  gender: {codes: {male: "1", female: "1"}}',
            "two codes share",
        ),
        ("  portrait_photo: Ảnh", "  portrait: Ảnh", "the form has no field 'portrait'"),
        (
            "  hometown: {province: QueQuanTinh, district: QueQuanHuyen,",
            "  hometown: {province: QueQuanTinh,",
            "'district' is missing",
        ),
        ("  hometown: {province: QueQuanTinh,", "  hometown: {planet: QueQuanTinh,", "unknown key 'planet'"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, old: str, new: str, reason: str) -> None:
    line, refused = load_changed(tmp_path, old, new)
    assert reason in refused.reason
    assert refused.line == line
    assert str(refused).startswith(f"changed.yaml:{line}: ")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  staff_number: SoHieu\n", "", "'staff_number' is neither sent nor listed as unsent"),
        ("  portrait_photo: Ảnh", "  staff_number: thừa\n  portrait_photo: Ảnh", "'staff_number' is both"),
        ("  staff_number: SoHieu", "  staff_number: GioiTinh", "two values meet at 'GioiTinh'"),
        ("  staff_number: SoHieu", "  staff_number: GioiTinh.Trong", "two values meet at 'GioiTinh.Trong'"),
        ("      major: ChuyenNganh\n", "", "'major' is missing"),
        ("      major: ChuyenNganh", "      major: CoSoDaoTao", "two values meet"),
        ("  retired: NGHI_HUU\n", "", "'retired' is missing"),
        ("  retired: NGHI_HUU", "  retired: TU_TRAN", "two statuses share a code"),
        ("version: 1\n", "", "'version' is missing"),
        ("  citizen_id_number: SoDinhDanhCaNhan\n", "", "'citizen_id_number' is neither"),
    ],
)
def test_what_is_missing_or_contradicts_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    _, refused = load_changed(tmp_path, old, new)
    assert reason in refused.reason


def test_the_number_that_identifies_a_person_cannot_be_left_out(tmp_path: Path) -> None:
    text = TEXT.replace("  citizen_id_number: SoDinhDanhCaNhan\n", "")
    file = tmp_path / "changed.yaml"
    file.write_text(text + "  citizen_id_number: không gửi\n", encoding="utf-8")
    with pytest.raises(MappingError, match="must be sent"):
        load_mapping(file)


@pytest.mark.parametrize(
    ("text", "reason"), [("- a\n", "a mapping"), ("", "a mapping"), ("a: [", "not YAML")]
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "none.yaml"
    file.write_text(text)
    with pytest.raises(MappingError, match=reason):
        load_mapping(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="unreadable: FileNotFoundError"):
        load_mapping(tmp_path / "nowhere.yaml")


def test_the_invented_people_of_these_tests_fill_the_form_as_it_asks(person: Callable[[], Any]) -> None:
    assert validate(FORM, person().content, on=date(2026, 1, 28), by="agency") == ()


class TestInTheirTime:
    """A folder of versions, each valid from a day."""

    def version(self, folder: Path, name: str, of: str = "stand_in", valid_from: str = "") -> None:
        text = (HERE / f"{of}.yaml").read_text(encoding="utf-8")
        line = f"valid-from: {valid_from}\n" if valid_from else ""
        (folder / f"{name}.yaml").write_text(line + text.replace(f"mapping: {of}", f"mapping: {name}"))

    def test_each_day_has_its_version(self, tmp_path: Path) -> None:
        self.version(tmp_path, "b", valid_from="2026-02-01")
        self.version(tmp_path, "a", valid_from="2026-07-01")
        found = load_mappings(tmp_path)
        days = [date(2020, 1, 1), date(2026, 2, 1), date(2026, 6, 30), date(2026, 7, 1), date(2030, 1, 1)]
        assert [found.on(day).name for day in days] == ["b", "b", "b", "a", "a"]
        assert load_mappings("nested").on(date(2026, 1, 1)).name == "nested"

    @pytest.mark.parametrize(
        ("first", "second", "of", "reason"),
        [
            ("2026-01-01", "2026-01-01", "stand_in", "begins on the same day as a.yaml"),
            ("2026-01-01", "2026-02-01", "nested", "goes to another service than a.yaml"),
            ("2026-01-01", "soon", "stand_in", "a day such as 2026-07-01 was expected"),
        ],
    )
    def test_what_contradicts_is_refused(
        self, tmp_path: Path, first: str, second: str, of: str, reason: str
    ) -> None:
        self.version(tmp_path, "a", valid_from=first)
        self.version(tmp_path, "b", of, valid_from=second)
        with pytest.raises(MappingError, match=reason):
            load_mappings(tmp_path)

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(MappingError, match="no mapping in this folder"):
            load_mappings(tmp_path)
