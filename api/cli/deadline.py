"""`hoso deadline RULE --from DATE`: a due date explained day by day, with the acts that say so."""

import json
from datetime import date
from typing import Annotated, Any, NoReturn

import typer

from models.calendar import Calendar, CountedDay, MissingYear, NoPeriod, Reckoning, reckon
from models.regulations import Regulation, Rule, seed


def deadline(
    rule: Annotated[str, typer.Argument(help="Mã điều khoản / rule id, e.g. hanoi.art6.3")],
    start: Annotated[str, typer.Option("--from", help="Ngày bắt đầu tính / event day, YYYY-MM-DD")],
    as_json: Annotated[bool, typer.Option("--json", help="Cho máy đọc / for machines")] = False,
) -> None:
    """Giải thích thời hạn từng ngày một / Explain a due date day by day."""
    regulation, found = find_rule(rule)
    event = parse_day(start)
    if found.deadline is None:
        refuse(f"{rule}: {NoPeriod(None)}")
    try:
        result = reckon(found.deadline, event, Calendar.seed())
    except (NoPeriod, MissingYear) as error:
        refuse(f"{rule}: {error}")
    if not _binding(regulation, event):
        warning = "chưa hoặc không còn hiệu lực vào ngày này / not in force on this day"
        typer.echo(f"{regulation.number or regulation.title}: {warning}", err=True)
    if as_json:
        typer.echo(json.dumps(as_data(regulation, found, result), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(as_lines(found, result)))


def find_rule(rule_id: str) -> tuple[Regulation, Rule]:
    """The packaged rule of that id with its document; exits with status 2 when there is none."""
    packaged = ((regulation, rule) for regulation in seed() for rule in regulation.rules)
    found = next((pair for pair in packaged if pair[1].id == rule_id), None)
    if found is None:
        refuse(f"không có điều khoản / no rule: {rule_id} (xem / see: hoso law show)")
    return found


def parse_day(text: str) -> date:
    """A date written YYYY-MM-DD; exits with status 2 for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"ngày không hợp lệ, cần NĂM-THÁNG-NGÀY / not a date, YYYY-MM-DD wanted: {text}")


def refuse(message: str) -> NoReturn:
    """Say what is wrong and exit with status 2."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


def _binding(regulation: Regulation, day: date) -> bool:
    start, end = regulation.valid_from, regulation.valid_to
    return regulation.status == "in_force" and (start or date.max) <= day <= (end or date.max)


def as_data(regulation: Regulation, rule: Rule, result: Reckoning) -> dict[str, Any]:
    """The explanation for machines."""
    return {
        "rule": rule.id,
        "from": result.event_day.isoformat(),
        "due": result.due.isoformat(),
        "due_at": result.due_at.isoformat(),
        "nominal_due": result.nominal_due.isoformat(),
        "alternative_due": result.alternative_due and result.alternative_due.isoformat(),
        "opens": result.opens and result.opens.isoformat(),
        "policy": result.policy,
        "in_force": _binding(regulation, result.event_day),
        "citation": rule.citation,
        "citation_en": rule.citation_en,
        "text_vi": rule.text_vi,
        "text_en": rule.text_en,
        "period": rule.deadline and rule.deadline.model_dump(mode="json", exclude_defaults=True),
        "days": [_day_data(day) for day in result.days],
    }


def _day_data(day: CountedDay) -> dict[str, Any]:
    return {**day.model_dump(mode="json"), "counted": day.number is not None}


def as_lines(rule: Rule, result: Reckoning) -> list[str]:
    """The explanation for people: Vietnamese, then English."""
    lines = [
        f"{rule.citation} — {rule.text_vi}",
        f"{rule.citation_en} — {rule.text_en}",
        "",
        f"Kể từ / from {_show(result.event_day)} (không tính ngày này / not counted: BLDS 2015, Điều 147)",
        *(_line(day) for day in result.days),
        "",
    ]
    if result.opens:
        lines.append(f"Mở từ / opens {_show(result.opens)}")
    if result.nominal_due != result.due:
        lines.append(f"Hạn theo câu chữ / nominal due: hết ngày {_show(result.nominal_due)}")
    lines.append(f"Hạn / due: hết ngày {_show(result.due)} (24:00, Asia/Ho_Chi_Minh)")
    if result.policy:
        lines.append("Số ngày là chính sách của hệ thống, không phải luật / the length is policy, not law")
    if result.alternative_due:
        lines.append(
            f"Nếu các ngày chưa xác minh được công bố / if the unverified days are proclaimed: "
            f"{_show(result.alternative_due)}"
        )
    return lines


def _line(day: CountedDay) -> str:
    number = "–" if day.number is None else str(day.number)
    reason = f"{day.reason_vi} / {day.reason_en}"
    named = day.kind not in ("working", "weekend")
    return f"  {_show(day.day)}  {number:>3}  {reason}" + (f" — {day.source}" if named else "")


def _show(day: date) -> str:
    return f"{day:%d/%m/%Y}"
