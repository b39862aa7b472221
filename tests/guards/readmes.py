"""Parts of the READMEs that are told by the code: ``python -m tests.guards.readmes`` writes them anew."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pydantic_core import PydanticUndefined

from api.cli.deadline import as_lines, find_rule, parse_day
from api.cli.law import accounted, must_be_proven
from models.calendar import Calendar, reckon
from models.regulations import seed
from models.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, VIETNAMESE = ROOT / "README.md", ROOT / "README.vi.md"
LAW = ROOT / "models" / "regulations" / "README.md"
WORK = (
    "deadline", "approval", "transfer", "account", "access", "report", "retention", "delegation", "org",
    "security", "interop", "data_standard", "prohibition",
)  # fmt: skip
"""Kinds of record that are work for code; one that code does not carry names who does."""
CARRIERS = ("code", "people", "other_side")
KIND_VI = {
    "access": "khai thác dữ liệu",
    "account": "tài khoản",
    "approval": "phê duyệt",
    "data_standard": "chuẩn dữ liệu",
    "deadline": "thời hạn",
    "definition": "giải thích từ ngữ",
    "delegation": "ủy quyền",
    "duty": "trách nhiệm",
    "infra": "hạ tầng",
    "interop": "kết nối, đồng bộ",
    "legal_effect": "hiệu lực",
    "liability": "trách nhiệm cá nhân",
    "org": "tổ chức",
    "principle": "nguyên tắc",
    "prohibition": "điều cấm",
    "report": "báo cáo",
    "retention": "lưu trữ",
    "sanction": "khen thưởng, xử lý vi phạm",
    "scope": "phạm vi",
    "security": "an toàn thông tin",
    "transfer": "chuyển, tiếp nhận hồ sơ",
}


def deadline() -> str:
    """What ``hoso deadline hanoi.art6.3 --from 2025-12-29`` prints."""
    _, rule = find_rule("hanoi.art6.3")
    assert rule.deadline is not None
    found = reckon(rule.deadline, parse_day("2025-12-29"), Calendar.seed())
    return "```\n" + "\n".join(as_lines(rule, found)).strip("\n") + "\n```"


def coverage(head: str, total: str, words: Callable[[str], str]) -> str:
    """Records by kind and by who carries them."""
    counted = Counter((str(rule.kind), str(rule.carried_by)) for one in seed() for rule in one.rules)
    kinds = sorted({kind for kind, _ in counted}, key=words)
    lines = [head, "|---|--:|--:|--:|"]
    lines += [_row(words(kind), [counted[kind, who] for who in CARRIERS]) for kind in kinds]
    sums = [sum(n for (_, who), n in counted.items() if who == carrier) for carrier in CARRIERS]
    return "\n".join([*lines, _row(f"**{total} {sum(sums)}**", sums)])


def documents() -> str:
    """Every document's records by who carries them, how many a test must prove, and those nobody answers for.

    How many marked tests there are changes daily and is not told here; `hoso law coverage` lists them.
    """
    lines = [
        "| document | status | records | code | people | other side | to be proven by tests | unaccounted |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    sums = [0] * 6
    for one in seed():
        counted = Counter(str(rule.carried_by) for rule in one.rules)
        proven = sum(map(must_be_proven, one.rules))
        nobody = sum(not accounted(rule) for rule in one.rules)
        numbers = [len(one.rules), *(counted[who] for who in CARRIERS), proven, nobody]
        # The words of a copy are those of another document: its records are not counted twice.
        copied = f", text of `{one.same_text_as}`, not in the sum" if one.same_text_as else ""
        lines.append(
            f"| `{one.id}` | {one.status.replace('_', ' ')}{copied} | {' | '.join(map(str, numbers))} |"
        )
        if not one.same_text_as:
            sums = [total + number for total, number in zip(sums, numbers, strict=True)]
    lines.append(f"| **all** | | {' | '.join(f'**{number}**' for number in sums)} |")
    return "\n".join(lines)


def not_by_code() -> str:
    """The records of a kind that is work for code and that code does not carry, with who does."""
    lines = ["| record | kind | carried by | what the software shows |", "|---|---|---|---|"]
    lines += [
        f"| `{rule.id}` | {rule.kind.replace('_', ' ')} | {rule.carrier} | {rule.shown} |"
        for one in seed()
        for rule in one.rules
        if rule.kind in WORK and rule.carried_by != "code" and not one.same_text_as
    ]
    return "\n".join(lines)


def _row(name: str, numbers: list[int]) -> str:
    return f"| {name} | " + " | ".join(str(n) if n else "" for n in numbers) + " |"


def settings() -> str:
    """Every variable with its default and meaning."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        plain = field.default is not PydanticUndefined and field.default is not None
        default = f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        meaning = " ".join(str(field.description).split())  # a line break would end the row
        lines.append(f"| `{PREFIX}{name.upper()}` | {default if plain else ''} | {meaning} |")
    return "\n".join(lines).replace("<", "&lt;")


def blocks(path: Path) -> dict[str, str]:
    """The told parts of one README."""
    if path == VIETNAMESE:
        head = "| loại điều khoản | phần mềm | con người | bên kia |"
        return {"deadline": deadline(), "coverage": coverage(head, "Tổng cộng", KIND_VI.__getitem__)}
    if path == LAW:
        return {"documents": documents(), "not by code": not_by_code()}
    head = "| kind of record | code | people | other side |"
    told = coverage(head, "All", lambda kind: kind.replace("_", " "))
    return {"deadline": deadline(), "coverage": told, "settings": settings()}


def renewed(path: Path) -> str:
    """The README as it ought to read."""
    text = path.read_text(encoding="utf-8")
    for name, told in blocks(path).items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, found = between.subn(lambda match, told=told: f"{match[1]}{told}\n{match[2]}", text)
        assert found == 1, f"{path.name}: the marks of {name!r} stand {found} times"
    return text


if __name__ == "__main__":
    for readme in (ENGLISH, VIETNAMESE, LAW):
        readme.write_text(renewed(readme), encoding="utf-8")
