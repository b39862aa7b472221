"""`hoso law simulate DRAFT`: a law tried on a running installation's facts, through the API, by right."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from api.cli.deadline import parse_day, refuse
from api.cli.explain import Json, Login, Token, Url, session
from api.cli.importing import ImportFailedError, checked

SHOWN = 20
KINDS = {
    "only_before": "chỉ theo luật đang có hiệu lực / only in force",
    "only_after": "chỉ theo văn bản thử nghiệm / only simulated",
    "moved": "khác hạn / due on another day",
    "laid_elsewhere": "khác người thực hiện / laid on another post",
}


def simulate(
    draft: Annotated[
        list[str], typer.Argument(help="Mã văn bản hoặc tệp YAML / documents' ids, or one YAML file")
    ],
    start: Annotated[str, typer.Option("--from", help="Từ ngày / YYYY-MM-DD")],
    to: Annotated[str, typer.Option(help="Đến hết ngày / YYYY-MM-DD")],
    authority: Annotated[
        str | None, typer.Option(help="Cơ quan phải là / refuse unless the installation's authority is this")
    ] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    login: Login = None,
) -> None:
    """Thử văn bản trên dữ liệu đang có, không ghi gì / try a law on the live facts; nothing is written."""
    body = body_of(draft, parse_day(start), parse_day(to), authority)
    try:
        with session(url, token, login) as client:
            found = checked(client.post("/law/simulations", json=body))
    except (ImportFailedError, httpx.TransportError) as error:
        refuse(f"LỖI / ERROR: {error}")
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else "\n".join(as_lines(found)))


def body_of(draft: list[str], start: date, to: date, authority: str | None) -> dict[str, Any]:
    """The request: ids of packaged documents, or the text of one file; exits with 2 for two files."""
    files = [Path(one) for one in draft if one.endswith((".yaml", ".yml"))]
    if len(files) > 1:
        refuse("chỉ một tệp mỗi lần / one file at a time")
    body: dict[str, Any] = {"from": start.isoformat(), "to": to.isoformat(), "authority": authority}
    body["simulate"] = [one for one in draft if not one.endswith((".yaml", ".yml"))]
    for file in files:
        try:
            body["document"] = file.read_text(encoding="utf-8")
        except OSError as error:
            refuse(f"không đọc được / cannot be read: {file}: {error.strerror}")
    return body


def as_lines(found: dict[str, Any]) -> list[str]:
    """Both laws side by side, as people read them."""
    laws = found["laws"]
    lines = [
        f"Từ {_day(found['from'])} đến {_day(found['to'])}: {found['profiles']} hồ sơ,"
        f" {found['lists']} danh sách tháng, {found['reviews']} kỳ rà soát / profiles, lists, reviews",
        f"  A  đang có hiệu lực / in force: {'; '.join(laws['in_force']['regulations'])}",
        f"  B  thử nghiệm / simulated: {'; '.join(laws['simulated']['regulations'])}",
        "",
        f"{'':34}{'A':>8}{'B':>8}",
    ]
    for key, words in (
        ("duties", "nghĩa vụ / duties"),
        ("late", "trễ hạn / late"),
        ("open", "chưa xong / open"),
        ("without_date", "không có hạn / without a date"),
    ):
        lines.append(f"{words:34}{found['in_force'][key]:>8}{found['simulated'][key]:>8}")
    lines += ["", "Ai phải làm, ai phải ký / who owes, who signs"]
    for side, name in (("in_force", "A"), ("simulated", "B")):
        lines += [f"  {name}  {_owed(one)}" for one in found[side]["owed_by"]]
    lines += ["", "Đến hạn từng ngày / due per day", f"  {'':10}{'A':>8}{'B':>8}"]
    lines += [f"  {_day(one['day'])}{one['in_force']:>8}{one['simulated']:>8}" for one in found["load"]]
    lines += ["", "Khác nhau / differences"]
    lines += [f"  {number:>8}  {KINDS[kind]}" for kind, number in sorted(found["counts"].items())]
    lines += [f"    {_differs(one)}" for one in found["differences"][:SHOWN]]
    return [*lines, "", *(f"Không mô phỏng: {one}" for one in found["left_out"])]


def _owed(one: dict[str, Any]) -> str:
    late = f", trễ / late {one['late']}" if one["late"] else ""
    assumed = f", giả định / assumed {one['assumed']}" if one["assumed"] else ""
    return f"{one['duties']:>6} {one['slot']} · {one['party']}{late}{assumed} ({one['citation']})"


def _differs(one: dict[str, Any]) -> str:
    sides = [
        f"{side['slot']} {_day(side['due_on']) if side['due_on'] else '–'} {side['party']}" if side else "–"
        for side in (one["in_force"], one["simulated"])
    ]
    return f"{one['profile_id'] or one['agency_month_id'] or one['report_id']}: {' → '.join(sides)}"


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"
