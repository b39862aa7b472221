"""Plan files: YAML and workbook give the same plan; what is wrong is told with its line."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from api.intake.plans import BODY, HEAD, PlanFileError, read_plan
from api.reading.plan_template import plan_template
from models.command_reorganisation import Plan

YAML = """\
title: Sắp xếp các đơn vị
decision:
  number: 12/QĐ-UBND
  signed_on: 2026-06-01
  issuer: UBND Thành phố
effective_on: 2026-07-01
operations:
  - op: merge
    units: [H26.2, H26.3]
    into: H26.1
  - op: divide
    unit: H26.4
    into:
      - {code: H26.41, name: Phòng một, has_account: true}
      - {code: H26.42, name: Phòng hai, under: H26.1, standing: subordinate, legacy_code: 000.42.01.H26}
  - {op: place, unit: H26.4, to: H26.41, people: [00123, CB-9]}
  - {op: place, unit: H26.4, to: H26.42}
  - {op: rename, unit: H26.1, name: Sở mới}
  - {op: reparent, unit: H26.5, under: H26.1}
  - {op: move_authority, unit: H26.6, regulation: phu_yen, duties: keep, drafts: [gia_lai_2025, gia_lai_2026]}
"""
ROWS: list[dict[str, Any]] = [
    {"Loại sắp xếp": "Sáp nhập", "Đơn vị": "H26.2; H26.3", "Đến đơn vị": "H26.1"},
    {
        "Loại sắp xếp": "Chia",
        "Đơn vị": "H26.4",
        "Mã mới": "H26.41",
        "Tên mới": "Phòng một",
        "Có tài khoản": "Có",
    },
    {
        "Loại sắp xếp": "Chia",
        "Đơn vị": "H26.4",
        "Mã mới": "H26.42",
        "Tên mới": "Phòng hai",
        "Cấp trên của đơn vị mới": "H26.1",
        "Thuộc hay trực thuộc": "Trực thuộc",
        "Mã kiểu cũ": "000.42.01.H26",
    },
    {},
    {"Loại sắp xếp": "Xếp người", "Đơn vị": "H26.4", "Đến đơn vị": "H26.41", "Hồ sơ, số hiệu": "00123; CB-9"},
    {"Loại sắp xếp": "Xếp người", "Đơn vị": "H26.4", "Đến đơn vị": "H26.42"},
    {"Loại sắp xếp": "Đổi tên", "Đơn vị": "H26.1", "Tên mới": "Sở mới"},
    {"Loại sắp xếp": "Chuyển cấp trên", "Đơn vị": "H26.5", "Đến đơn vị": "H26.1"},
    {
        "Loại sắp xếp": "Chuyển cơ quan quản lý",
        "Đơn vị": "H26.6",
        "Quy chế": "phu_yen",
        "Nghĩa vụ đang chạy": "Giữ căn cứ cũ",
        "Dự thảo áp dụng thử": "gia_lai_2025; gia_lai_2026",
    },
]


def workbook(rows: list[dict[str, Any]]) -> bytes:
    book = load_workbook(BytesIO(plan_template()))
    head, body = book[HEAD], book[BODY]
    about = ["Sắp xếp các đơn vị", "12/QĐ-UBND", date(2026, 6, 1), "UBND Thành phố", None, date(2026, 7, 1)]
    for number, value in enumerate(about, start=1):
        head.cell(number, 2, value)
    columns = [cell.value for cell in body[1]]
    for number, row in enumerate(rows, start=2):
        for name, value in row.items():
            body.cell(number, columns.index(name) + 1, value)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def lines(plan: Plan) -> list[int]:
    return [one.line for one in plan.operations]


def bare(plan: Plan) -> list[dict[str, Any]]:
    return [one.model_dump(exclude={"line"}) for one in plan.operations]


def test_both_kinds_of_file_give_the_same_plan() -> None:
    told, kept = read_plan(YAML.encode()), read_plan(workbook(ROWS))
    assert bare(told) == bare(kept)
    assert (told.decision, told.effective_on) == (kept.decision, date(2026, 7, 1))
    assert lines(told) == [8, 11, 16, 17, 18, 19, 20]
    assert lines(kept) == [2, 3, 6, 7, 8, 9, 10]
    assert told.operations[2].model_dump()["people"] == ("00123", "CB-9")  # a number keeps its zeros


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (YAML.replace("op: rename", "op: renamed"), 18),
        (YAML.replace("into: H26.1\n", "into: H26.1\n    colour: red\n"), 8),
        (YAML.replace("    unit: H26.4\n", "", 1), 11),
        (YAML.replace("[00123, CB-9]", "[00123, CB-9"), 16),
        (YAML.replace("2026-07-01", "ngày mai"), 1),
        ("- một\n- hai\n", 1),
        ("\x00", 1),
    ],
)
def test_what_is_no_plan_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(PlanFileError) as found:
        read_plan(text.encode())
    assert found.value.line == line


def test_a_row_that_is_none_is_told_with_its_number() -> None:
    with pytest.raises(PlanFileError) as found:
        read_plan(workbook([*ROWS, {"Loại sắp xếp": "Bãi bỏ", "Đơn vị": "H26.5"}]))
    assert found.value.line == 11
