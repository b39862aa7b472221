"""Parts of the READMEs that are told by the code: ``python -m tests.guards.readmes`` writes them anew."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pydantic_core import PydanticUndefined

from api.cli.deadline import as_lines, find_rule, parse_day
from models.calendar import Calendar, reckon
from models.regulations import seed
from models.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, VIETNAMESE = ROOT / "README.md", ROOT / "README.vi.md"
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


def _row(name: str, numbers: list[int]) -> str:
    return f"| {name} | " + " | ".join(str(n) if n else "" for n in numbers) + " |"


def settings() -> str:
    """Every variable with its default and meaning."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        plain = field.default is not PydanticUndefined and field.default is not None
        default = f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {default if plain else ''} | {field.description} |")
    return "\n".join(lines).replace("<", "&lt;")


def blocks(path: Path) -> dict[str, str]:
    """The told parts of one README."""
    if path == VIETNAMESE:
        head = "| loại điều khoản | phần mềm | con người | bên kia |"
        return {"deadline": deadline(), "coverage": coverage(head, "Tổng cộng", KIND_VI.__getitem__)}
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
    for readme in (ENGLISH, VIETNAMESE):
        readme.write_text(renewed(readme), encoding="utf-8")
