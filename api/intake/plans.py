"""A reorganisation's plan as a file, YAML or a workbook: read line by line, the wrong line named.

Everything is read as text first: a staff number keeps its zeros, a date its digits. What a line means is the
plan's own shape (``models.command_reorganisation``) and nothing of this file.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from unicodedata import normalize

import yaml
from pydantic import ValidationError
from python_calamine import CalamineWorkbook

from models.command_reorganisation import Plan

HEAD, BODY = "Phương án", "Nội dung"
"""The sheets of a workbook: what the plan stands on, and its lines."""
ABOUT: Mapping[str, tuple[str, ...]] = {
    "Tên phương án": ("title",),
    "Số quyết định": ("decision", "number"),
    "Ngày ký": ("decision", "signed_on"),
    "Cơ quan ban hành": ("decision", "issuer"),
    "SHA-256 bản số hóa": ("decision", "document_hash"),
    "Ngày có hiệu lực": ("effective_on",),
}
COLUMNS: Mapping[str, str] = {
    "Loại sắp xếp": "op",
    "Đơn vị": "units",
    "Đến đơn vị": "to",
    "Mã mới": "code",
    "Tên mới": "name",
    "Loại đơn vị mới": "kind",
    "Cấp trên của đơn vị mới": "under",
    "Có tài khoản": "has_account",
    "Thuộc hay trực thuộc": "standing",
    "Mã kiểu cũ": "legacy_code",
    "Hồ sơ, số hiệu": "people",
    "Quy chế": "regulation",
    "Nghĩa vụ đang chạy": "duties",
    "Dự thảo áp dụng thử": "drafts",
}
OPERATIONS: Mapping[str, str] = {
    "Sáp nhập": "merge",
    "Hợp nhất": "consolidate",
    "Chia": "divide",
    "Tách": "separate",
    "Giải thể": "dissolve",
    "Chuyển cấp trên": "reparent",
    "Đổi tên": "rename",
    "Đổi mã": "recode",
    "Chuyển cơ quan quản lý": "move_authority",
    "Xếp người": "place",
    "Hoàn lại": "restore",
}
"""The word of each kind of line; the word of the API is taken, too."""
YES: Mapping[str, str] = {"Có": "true", "Không": "false"}
STANDING: Mapping[str, str] = {"Thuộc": "constituent", "Trực thuộc": "subordinate"}
DUTIES: Mapping[str, str] = {"Giữ căn cứ cũ": "keep", "Tính lại": "rebase"}
"""The words of a cell that is chosen; the word of the API is taken, too."""
_CHOSEN = {"has_account": YES, "standing": STANDING, "duties": DUTIES}
_OF_NEW = ("code", "name", "kind", "under", "has_account", "standing", "legacy_code")
Row = dict[str, str]


class PlanFileError(ValueError):
    """A line that is no line of a plan; ``line`` counts from 1, of the file or of the sheet `BODY`."""

    def __init__(self, line: int, vi: str, en: str) -> None:
        super().__init__(en)
        self.line, self.vi, self.en = line, vi, en


def read_plan(data: bytes) -> Plan:
    """The plan in a file: a workbook where it is one, else YAML.

    Raises:
        PlanFileError: the first line that is wrong.
    """
    raw, lines = _workbook(data) if data.startswith(b"PK") else _yaml(data)
    operations = raw.get("operations")
    if isinstance(operations, list):
        for one, line in zip(operations, lines, strict=False):
            if isinstance(one, dict):
                one.setdefault("line", line)
    try:
        return Plan.model_validate(raw)
    except ValidationError as error:
        raise _invalid(error, lines) from None


def _invalid(error: ValidationError, lines: Sequence[int]) -> PlanFileError:
    """The first member that is wrong, and where it stands."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = first["loc"]
    named = ".".join(str(part) for part in path)
    at = path[1] if len(path) > 1 and path[0] == "operations" else None
    line = lines[at] if isinstance(at, int) and at < len(lines) else 1
    return PlanFileError(line, f"“{named}”: {first['msg']}", f"'{named}': {first['msg']}")


def _yaml(data: bytes) -> tuple[dict[str, Any], list[int]]:
    try:
        text = data.decode("utf-8-sig")
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        raw = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 — it makes text, lists and mappings only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PlanFileError(line, "Không phải YAML.", "This is no YAML.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise PlanFileError(1, "Không phải văn bản YAML UTF-8.", "This is no YAML in UTF-8.") from None
    if not isinstance(raw, dict) or not isinstance(node, yaml.MappingNode):
        raise PlanFileError(1, "Tệp không phải một phương án.", "The file is no plan.")
    for key, value in node.value:
        if key.value == "operations" and isinstance(value, yaml.SequenceNode):
            return raw, [one.start_mark.line + 1 for one in value.value]
    return raw, []


def _workbook(data: bytes) -> tuple[dict[str, Any], list[int]]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    titles = {normalize("NFC", name.strip()): name for name in book.sheet_names}
    for wanted in (HEAD, BODY):
        if wanted not in titles:
            raise PlanFileError(1, f"Thiếu trang “{wanted}”.", f"The sheet '{wanted}' is missing.")
    raw: dict[str, Any] = {"decision": {}}
    for cells in book.get_sheet_by_name(titles[HEAD]).to_python(skip_empty_area=False):
        label, value = (*(_text(cell) for cell in cells), "", "")[:2]
        if label in ABOUT and value:
            *way, last = ABOUT[label]
            (raw[way[0]] if way else raw)[last] = value
    rows = book.get_sheet_by_name(titles[BODY]).to_python(skip_empty_area=False)
    operations = list(_operations(rows))
    raw["operations"] = operations
    return raw, [one["line"] for one in operations]


def _operations(rows: Sequence[Sequence[Any]]) -> Iterable[dict[str, Any]]:
    heads = [COLUMNS.get(_text(cell), "") for cell in rows[0]] if rows else []
    if "op" not in heads:
        raise PlanFileError(1, "Thiếu dòng tiêu đề.", "The row of headings is missing.")
    parts: dict[str, dict[str, Any]] = {}
    for line, cells in enumerate(rows[1:], start=2):
        row = {head: _text(cell) for head, cell in zip(heads, cells, strict=False) if head and _text(cell)}
        if not row:
            continue
        said = row.get("op", "")
        row["op"] = OPERATIONS.get(said, said)
        row |= {name: _chosen(row[name], words) for name, words in _CHOSEN.items() if name in row}
        if row["op"] == "divide" and row.get("units", "") in parts:
            parts[row["units"]]["into"].append(_new(row))  # the same unit's next part
            continue
        one = {"line": line, **_line(row)}
        if row["op"] == "divide":
            parts[row.get("units", "")] = one
        yield one


def _line(row: Row) -> dict[str, Any]:
    """One row as a line of the plan; what a kind of line does not take is refused by its shape."""
    op, units, to = row["op"], _list(row.get("units", "")), row.get("to")
    only = units[0] if len(units) == 1 else row.get("units", "")
    match op:
        case "merge":
            return {"op": op, "units": units, "into": to}
        case "consolidate":
            return {"op": op, "units": units, "into": _new(row)}
        case "divide":
            return {"op": op, "unit": only, "into": [_new(row)]}
        case "separate":
            return {"op": op, "unit": only, "into": _new(row)}
        case "reparent":
            return {"op": op, "unit": only, "under": to}
        case "place":
            people = _list(row["people"]) if "people" in row else None
            return {"op": op, "unit": only, "to": to, **({"people": people} if people else {})}
        case "restore":
            return {"op": op, "of": only}
        case "move_authority":
            more: dict[str, Any] = {name: row[name] for name in ("regulation", "duties") if name in row}
            if "drafts" in row:
                more["drafts"] = _list(row["drafts"])
            return {"op": op, "unit": only, **({"under": to} if to else {}), **more}
        case _:
            return {"op": op, "unit": only, **{name: row[name] for name in ("name", "code") if name in row}}


def _new(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in _OF_NEW if name in row}


def _chosen(said: str, words: Mapping[str, str]) -> str:
    return {word.casefold(): value for word, value in words.items()}.get(said.casefold(), said)


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("\n", ";").replace(",", ";").split(";") if part.strip()]


def _text(cell: Any) -> str:
    """A cell as text: a whole number without its point, a day as the law writes it in data."""
    match cell:
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case bool():
            return str(cell).lower()
        case float() if cell.is_integer():
            return str(int(cell))
        case None:
            return ""
        case _:
            return normalize("NFC", str(cell).strip())
