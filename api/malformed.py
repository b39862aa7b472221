"""What pydantic finds wrong with a request, told by place and kind without repeating what was sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.request_words import word
from models.errors import FieldRefusal, Refusal

LONGEST_PATH = 120
MOST_ERRORS = 50

_WORDS = {
    "missing": ("Thiếu mục này.", "This is missing."),
    "extra_forbidden": ("Không có mục này trong yêu cầu.", "There is no such member."),
    "json_invalid": ("Không phải JSON hợp lệ.", "Not valid JSON."),
    "string_too_long": ("Dài hơn {max_length} ký tự.", "Longer than {max_length} characters."),
    "string_too_short": ("Ngắn hơn {min_length} ký tự.", "Shorter than {min_length} characters."),
    "string_pattern_mismatch": ("Sai khuôn dạng.", "Not of the expected shape."),
    "too_long": ("Nhiều hơn {max_length} mục.", "More than {max_length} items."),
    "too_short": ("Ít hơn {min_length} mục.", "Fewer than {min_length} items."),
    "greater_than": ("Phải lớn hơn {gt}.", "Must be greater than {gt}."),
    "greater_than_equal": ("Phải từ {ge} trở lên.", "Must be {ge} or more."),
    "less_than": ("Phải nhỏ hơn {lt}.", "Must be less than {lt}."),
    "less_than_equal": ("Phải từ {le} trở xuống.", "Must be {le} or less."),
    "literal_error": ("Không thuộc các giá trị được nhận.", "Not one of the accepted values."),
    "enum": ("Không thuộc các giá trị được nhận.", "Not one of the accepted values."),
}
_BY_PREFIX = (
    ("uuid", ("Phải là UUID.", "Must be a UUID.")),
    ("datetime", ("Phải là thời điểm theo ISO 8601.", "Must be an instant in ISO 8601.")),
    ("date", ("Phải là ngày dạng năm-tháng-ngày.", "Must be a date, year-month-day.")),
    ("int", ("Phải là số nguyên.", "Must be an integer.")),
    ("float", ("Phải là số.", "Must be a number.")),
    ("decimal", ("Phải là số.", "Must be a number.")),
    ("bool", ("Phải là true hoặc false.", "Must be true or false.")),
    ("string", ("Phải là chuỗi ký tự.", "Must be a string.")),
    ("list", ("Phải là danh sách.", "Must be a list.")),
    ("dict", ("Phải là đối tượng JSON.", "Must be a JSON object.")),
    ("model", ("Phải là đối tượng JSON.", "Must be a JSON object.")),
)
_OTHERWISE = ("Giá trị không hợp lệ.", "Not a valid value.")


def malformed(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """The refusal of a request: `not-found` if only its address is wrong, else `malformed-request`."""
    if errors and all(error["loc"][:1] == ("path",) for error in errors):
        return Refusal("not-found")
    return Refusal(
        "malformed-request",
        detail_vi=f"Có {len(errors)} chỗ sai trong yêu cầu.",
        detail_en=f"{len(errors)} things are wrong with the request."
        if len(errors) > 1
        else "One thing is wrong with the request.",
        fields=tuple(_field(error) for error in errors[:MOST_ERRORS]),
    )


def path_of(location: Sequence[str | int]) -> str:
    """`("body", "rows", 2, "name")` as `body.rows[2].name`, cut at 120 characters."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 1] + "…"


def _field(error: Mapping[str, Any]) -> FieldRefusal:
    location = error["loc"]
    names = [step for step in location if isinstance(step, str)]
    message_vi, message_en = _words(str(error["type"]), error.get("ctx") or {})
    label = (word(names[-1]) if names else None) or path_of(names[-1:])
    return FieldRefusal(path_of(location), label, message_vi, message_en)


def _words(kind: str, limits: Mapping[str, Any]) -> tuple[str, str]:
    """Words by kind. Limits are the schema's own; whatever else pydantic tells may hold the value."""
    numbers = {name: value for name, value in limits.items() if isinstance(value, int | float)}
    words = _WORDS.get(kind)
    if words is None:
        words = next((found for prefix, found in _BY_PREFIX if kind.startswith(prefix)), _OTHERWISE)
    try:
        return words[0].format_map(numbers), words[1].format_map(numbers)
    except KeyError:
        return _OTHERWISE
