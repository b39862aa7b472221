"""``hoso explain ID``: a duty or a profile, why and by when, as its reader may see it through the API."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from api.cli.deadline import refuse
from api.cli.importing import ImportFailedError, address_of, checked, connected, signed_in
from models.settings import PREFIX, Settings

Url = Annotated[str | None, typer.Option(envvar=PREFIX + "URL", help="Địa chỉ API / address; this machine's")]
Token = Annotated[str | None, typer.Option(envvar=PREFIX + "TOKEN", help="Mã phiên / a session's token")]
Login = Annotated[str | None, typer.Option(help="Tên đăng nhập, sẽ hỏi mật khẩu / asks for the password")]
Json = Annotated[bool, typer.Option("--json", help="Cho máy đọc / for machines")]
STATES = {"open": "đang mở", "met": "đã hoàn thành", "void": "không còn nghĩa vụ"}


def explain(
    subject: Annotated[UUID, typer.Argument(help="Mã nghĩa vụ hoặc hồ sơ / id of a duty or a profile")],
    closed: Annotated[bool, typer.Option(help="Cả việc đã kết thúc / those that ended too")] = False,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    login: Login = None,
) -> None:
    """Giải thích một nghĩa vụ hoặc một hồ sơ / why something is owed, by the rights of who asks."""
    try:
        with session(url, token, login) as client:
            found = ask(client, subject, closed=closed)
    except (ImportFailedError, httpx.TransportError) as error:
        refuse(f"LỖI / ERROR: {error}")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    duties = found.get("duties", [found])
    lines = list(_head(found)) if "duties" in found else []
    for duty in duties:
        lines += ["", *as_lines(duty)] if lines else as_lines(duty)
    typer.echo("\n".join(lines))


def session(url: str | None, token: str | None, login: str | None) -> httpx.Client:
    """A client of the API as somebody: by a token, or after asking for login and password.

    Raises:
        ImportFailedError: login or password is wrong, or the API is away.
    """
    address = url or address_of(Settings())
    if token is None:
        name = login or typer.prompt("Tên đăng nhập / login")
        token = signed_in(address, name, typer.prompt("Mật khẩu / password", hide_input=True))
    return connected(address, token)


def ask(client: httpx.Client, subject: UUID, *, closed: bool) -> dict[str, Any]:
    """The explanation of a duty of this id, else of a profile.

    Raises:
        ImportFailedError: neither is known to this reader, or the API refuses.
    """
    answer = client.get(f"/duties/{subject}/explanation")
    if answer.status_code == 404:
        answer = client.get(f"/profiles/{subject}/explanation", params={"closed": str(closed).lower()})
    return checked(answer)


def _head(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['person']} — {found['chapter_vi']}, {found['status_vi']}"
    yield f"Văn bản đang áp dụng / regulations: {'; '.join(found['regulations'])}"
    if not found["duties"]:
        yield "Không có nghĩa vụ đang mở / nothing is owed"


def as_lines(duty: dict[str, Any]) -> list[str]:
    """One duty as people read it, Vietnamese first."""
    lines = [duty["summary"]["vi"], duty["summary"]["en"], f"  {_state(duty)}", ""]
    lines += _event(duty["event"])
    for rule in duty["rules"]:
        lines += _rule(rule)
    for clock in duty["clocks"]:
        lines += ["", *_clock(clock)]
    lines += ["", _who(duty["responsible"])]
    for number, step in enumerate(duty["next"], 1):
        lines.append(("Tiếp theo / next: " if number == 1 else " " * 18) + _next(step))
    lines += [f"Lưu ý / note: {one['vi']} / {one['en']}" for one in duty["notes"]]
    law = duty["law"]
    kept = "" if law["in_force_today"] else " (nay đã có bộ quy định khác / another is in force today)"
    return [*lines, f"Bộ quy định / rule set {law['rule_set_hash'][:12]}, lịch / calendar "
            f"{law['calendar_hash'][:12]}{kept}"]  # fmt: skip


def _state(duty: dict[str, Any]) -> str:
    late = f", trễ {duty['late_days']} ngày làm việc" if duty["late_days"] else ""
    met = f" ngày {_day(duty['met_on'])}" if duty["met_on"] else ""
    return f"Tình trạng / state: {STATES.get(duty['state'], duty['state'])}{met}{late}"


def _event(event: dict[str, Any]) -> Iterator[str]:
    document = f", {event['document']}" if event["document"] else ""
    trigger = f": {event['trigger']}" if event["trigger"] else ""
    yield f"Sự kiện / event {_day(event['on'])}{document}{trigger}"
    for act in event["acts"]:
        yield f"  {act['kind']} ({act['actor_role']}, {act['at'][:16].replace('T', ' ')} UTC)"


def _rule(rule: dict[str, Any]) -> Iterator[str]:
    sign = "⚖" if rule["binds"] else "·"
    yield f"{sign} {rule['citation']} [{rule['id']}] — {rule['document']} ({rule['status']})"
    if rule["quote"]:
        yield f"    “{rule['quote'].strip()}”"


def _clock(clock: dict[str, Any]) -> Iterator[str]:
    binds = " — quyết định hạn / binds" if clock["binds"] else ""
    yield f"⏱ {clock['period'] or clock['citation']} [{clock['rule_id']}]{binds}"
    if clock["doubt"]:
        yield f"  {clock['doubt']['vi']} / {clock['doubt']['en']}"
    elif clock["from"]:
        yield f"  Kể từ / from {_day(clock['from'])} (không tính ngày này / not counted)"
    for day in clock["days"]:
        number = "–" if day["number"] is None else str(day["number"])
        named = day["kind"] not in ("working", "weekend")
        yield f"  {_day(day['day'])}  {number:>3}  {day['reason_vi']} / {day['reason_en']}" + (
            f" — {day['source']}" if named else ""
        )
    if clock["due_on"]:
        yield f"  Hạn / due: hết ngày {_day(clock['due_on'])}"
    if clock["alternative_due_on"]:
        yield f"  Nếu ngày chưa xác minh được công bố / if proclaimed: {_day(clock['alternative_due_on'])}"


def _who(one: dict[str, Any]) -> str:
    holders = ", ".join(one["holders"]) or "chưa thấy ai giữ / nobody in sight"
    return f"Trách nhiệm / responsible: {one['party_vi']}, {one['agency']}: {holders}"


def _next(step: dict[str, Any]) -> str:
    place = f"{step['number']}/{step['of']} " if step["number"] and step["of"] and step["of"] > 1 else ""
    period = f" ({step['period']})" if step["period"] else ""
    return f"{place}{step['party_vi']} → {step['text_vi']}{period} ({step['citation']})"


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"
