"""`hoso law diff A B`: two regulations, or an authority's law on two days, purpose by purpose."""

import json
from datetime import date
from typing import Annotated, Any

import typer

from api.cli.deadline import refuse
from models.regulations import MissingSlots, NoLawInForce, OverlappingRegulations, Rule, in_force, seed
from models.regulations.comparing import Change, Side, compare

SIGNS = {"added": "+", "removed": "−", "changed": "≠", "reworded": "≈"}
WORDS = {
    "added": "thêm / added",
    "removed": "bỏ / removed",
    "changed": "khác / changed",
    "reworded": "khác lời / reworded",
}


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="Mã văn bản, hoặc ngày / a document, or a day")],
    after: Annotated[str, typer.Argument(metavar="B", help="Như A / likewise")],
    authority: Annotated[str | None, typer.Option(help="Cơ quan, khi so hai ngày / whose law")] = None,
    simulate: Annotated[
        list[str] | None, typer.Option(help="Đọc như đang có hiệu lực ở B / as if in force, in B")
    ] = None,
    words: Annotated[bool, typer.Option(help="Cả chỗ chỉ khác lời / other words too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Cho máy đọc / for machines")] = False,
) -> None:
    """So sánh hai văn bản hoặc hai ngày / Compare two regulations or two days. Exit: 1 where they differ."""
    one, other = _side(before, authority, ()), _side(after, authority, simulate or ())
    found = [change for change in compare(one, other) if words or change.kind != "reworded"]
    if as_json:
        typer.echo(json.dumps(as_data(one, other, found), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(as_lines(one, other, found)))
    if found:
        raise typer.Exit(1)


def _side(name: str, authority: str | None, simulate: tuple[str, ...] | list[str]) -> Side:
    """A packaged document, or an authority's law on a day; exits with status 2 for anything else."""
    document = next((one for one in seed() if one.id == name), None)
    if document is not None:
        return Side(name, (document.header,), document.rules)
    day = _day(name)
    if authority is None:
        refuse("so hai ngày thì cần --authority / two days are compared of one authority: --authority")
    try:
        law = in_force(authority, day, simulate=simulate)
    except (NoLawInForce, MissingSlots, OverlappingRegulations) as error:
        refuse(str(error))
    return Side(f"{authority} {day:%d/%m/%Y}", law.regulations, law.rules)


def _day(name: str) -> date:
    """What is no document's id must be a day; where it is neither, the answer names both."""
    try:
        return date.fromisoformat(name)
    except ValueError:
        refuse(
            f"không phải mã văn bản, cũng không phải ngày (NĂM-THÁNG-NGÀY): {name}\n"
            f"neither a document nor a day (YYYY-MM-DD): {name}\n"
            f"văn bản / documents: {', '.join(one.id for one in seed())}"
        )


def as_lines(one: Side, other: Side, found: list[Change]) -> list[str]:
    """The differences as people read them."""
    lines = [f"A  {one.name}: {_documents(one)}", f"B  {other.name}: {_documents(other)}", ""]
    for change in found:
        lines.append(f"{SIGNS[change.kind]} {change.slot}  {WORDS[change.kind]}")
        lines += [f"    A  {_cited(change.before)}"] if change.before is not None else []
        lines += [f"    B  {_cited(change.after)}"] if change.after is not None else []
        lines += [
            f"       {name}: {_shown(pair[0])} → {_shown(pair[1])}" for name, pair in change.fields.items()
        ]
    counts = {kind: sum(change.kind == kind for change in found) for kind in SIGNS}
    told = ", ".join(f"{WORDS[kind]} {number}" for kind, number in counts.items() if number)
    return [*lines, "", told or "không khác nhau / no difference"]


def _documents(side: Side) -> str:
    return "; ".join(f"{header.number or header.title} ({header.status})" for header in side.headers)


def _cited(rule: Rule) -> str:
    return f"{rule.citation} [{rule.id}] — {rule.text_vi}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items()) or "–"
    if isinstance(value, list):
        return "/".join(map(str, value))
    return "–" if value in (None, False) else "có / yes" if value is True else str(value)


def as_data(one: Side, other: Side, found: list[Change]) -> dict[str, Any]:
    """The differences for machines."""
    return {
        "a": {"name": one.name, "regulations": [header.id for header in one.headers]},
        "b": {"name": other.name, "regulations": [header.id for header in other.headers]},
        "changes": [
            {
                "slot": change.slot,
                "kind": change.kind,
                "a": _rule(change.before),
                "b": _rule(change.after),
                "fields": {name: {"a": pair[0], "b": pair[1]} for name, pair in change.fields.items()},
            }
            for change in found
        ],
    }


def _rule(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {"id": rule.id, "citation": rule.citation, "citation_en": rule.citation_en, "text": rule.text_vi}
