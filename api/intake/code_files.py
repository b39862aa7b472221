"""A version of a code list as a file: a workbook, CSV or YAML, read row by row into what is handed in.

The first row of a sheet or a CSV names its columns: code, label, label_en, valid_from, valid_to, replaced_by,
in English or as people call them; any other is the list's own. YAML is a list of such rows. All is text.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any
from unicodedata import normalize

import yaml
from pydantic import ValidationError
from python_calamine import CalamineWorkbook

from models.command_codes import CodeRow
from models.form.list_versions import MOST_ROWS

HEADS = {
    "mã": "code",
    "tên": "label",
    "tên (tiếng anh)": "label_en",
    "dùng từ ngày": "valid_from",
    "dùng đến trước ngày": "valid_to",
    "mã thay thế": "replaced_by",
}
OWN = frozenset(CodeRow.model_fields) - {"columns"}


class CodeFileError(ValueError):
    """A row that is no code; ``line`` counts from 1, of the sheet or the file (of YAML: of the list)."""

    def __init__(self, line: int, vi: str, en: str) -> None:
        super().__init__(en)
        self.line, self.vi, self.en = line, vi, en


def read_codes(data: bytes) -> list[CodeRow]:
    """The rows of a file: a workbook where it is one, else YAML where it begins like it, else CSV.

    Raises:
        CodeFileError: the first row that cannot be read.
    """
    if data.startswith(b"PK"):
        rows = _table(CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python())
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CodeFileError(1, "Không phải văn bản UTF-8.", "This is no text in UTF-8.") from None
        rows = _yaml(text) if text.lstrip().startswith(("-", "[", "#")) else _csv(text)
    found = [_row(line, cells) for line, cells in rows]
    if not found:
        raise CodeFileError(1, "Tệp không có mã nào.", "The file holds no code.")
    if len(found) > MOST_ROWS:
        raise CodeFileError(MOST_ROWS, f"Nhiều hơn {MOST_ROWS} mã.", f"More than {MOST_ROWS} codes.")
    return found


def _csv(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    head = text.partition("\n")[0]
    # A workbook programme with Vietnamese settings writes semicolons.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        return _table(list(csv.reader(StringIO(text), delimiter=delimiter, strict=True)))
    except csv.Error as error:
        raise CodeFileError(1, f"Không phải CSV: {error}", f"This is no CSV: {error}") from None


def _yaml(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        raw = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 — it makes text, lists and mappings only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CodeFileError(mark.line + 1 if mark else 1, "Không phải YAML.", "This is no YAML.") from None
    if not isinstance(raw, list):
        raise CodeFileError(1, "Tệp không phải danh sách mã.", "The file is no list of codes.")
    for number, one in enumerate(raw, start=1):
        if not isinstance(one, dict) or not all(isinstance(value, str) for value in one.values()):
            raise CodeFileError(number, "Mỗi mã gồm các cột và giá trị.", "Each code is columns and values.")
        yield number, {_head(name): value for name, value in one.items() if value}


def _table(rows: Sequence[Sequence[Any]]) -> Iterable[tuple[int, dict[str, str]]]:
    heads = [_head(_text(cell)) for cell in rows[0]] if rows else []
    if "code" not in heads or "label" not in heads:
        raise CodeFileError(
            1, "Dòng đầu phải có cột code và label.", "The first row must name code and label."
        )
    for line, cells in enumerate(rows[1:], start=2):
        row = {head: _text(cell) for head, cell in zip(heads, cells, strict=False) if head and _text(cell)}
        if row:
            yield line, row


def _row(line: int, cells: dict[str, str]) -> CodeRow:
    own = {name: _day(value) if name.startswith("valid_") else value for name, value in cells.items()}
    values: dict[str, Any] = {name: value for name, value in own.items() if name in OWN}
    values["columns"] = {name: value for name, value in own.items() if name not in OWN}
    try:
        return CodeRow.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        named = ".".join(str(part) for part in first["loc"])
        raise CodeFileError(line, f"“{named}”: {first['msg']}", f"'{named}': {first['msg']}") from None


def _head(text: str) -> str:
    name = normalize("NFC", text.strip())
    return HEADS.get(name.casefold(), name)


def _day(text: str) -> str:
    """A day as people write it (1/7/2026), as ISO 8601; anything else is left to be refused by its name."""
    parts = text.split("/")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return f"{int(parts[2]):04}-{int(parts[1]):02}-{int(parts[0]):02}"
    return text


def _text(cell: Any) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case datetime() | date():
            return cell.strftime("%Y-%m-%d")
        case float() if cell.is_integer():
            return str(int(cell))
    return normalize("NFC", str(cell).strip())
