"""``hoso import FILE``: a workbook through the HTTP API, as any other program would bring it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import typer

from api.cli import missing_agencies
from models.calendar import legal_date
from models.settings import PREFIX, Settings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
"""How long an API or engine that is away is waited for."""
SHOWN = 40
SECTIONS = {"agencies": "cơ quan", "profiles": "hồ sơ", "posts": "vị trí", "tables": "bảng con"}
VERDICTS = {
    "create": "tạo mới",
    "update": "cập nhật",
    "same": "không đổi",
    "conflict": "xung đột",
    "refused": "từ chối",
}


class ImportFailedError(Exception):
    """The API refused, or the workbook could not be read; the text is for people."""


@dataclass(frozen=True, slots=True)
class Report:
    """An import that has ended."""

    id: UUID
    dry_run: bool
    counts: dict[str, Any]
    issues: list[dict[str, Any]]

    def total(self, *verdicts: str) -> int:
        """Lines of any sheet with one of these verdicts."""
        return sum(self.counts.get(name, {}).get(verdict, 0) for name in SECTIONS for verdict in verdicts)

    def __iter__(self) -> Iterator[str]:
        """One line per kind of row, as people read it."""
        yield "chạy thử / dry run" if self.dry_run else "đã nhập / imported"
        for name, words in SECTIONS.items():
            found = self.counts.get(name, {})
            parts = (f"{found[v]} {VERDICTS[v]}" for v in VERDICTS if found.get(v))
            if found:
                yield f"  {words}: {', '.join(parts)}"


class Importer:
    """An HTTP client with a session; what is away is tried again with the same key."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def bring(
        self,
        workbook: Path,
        *,
        dry_run: bool,
        key: str,
        until: float,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> Report:
        """Upload, wait for the end and answer the report. ``until``: seconds of ``time.monotonic()``.

        Raises:
            ImportFailedError: refused, unreadable, or not done in time (the import itself goes on).
        """
        data = workbook.read_bytes()
        accepted = self._send(
            lambda: self._client.post(
                "/imports",
                params={"dry_run": str(dry_run).lower()},
                headers={"Idempotency-Key": key},
                files={"file": ("workbook.xlsx", data, XLSX)},
            )
        )
        import_id, said = UUID(accepted["id"]), ""
        while True:
            row = self._send(lambda: self._client.get(f"/imports/{import_id}"))
            if row["state"] in ("done", "failed"):
                break
            progress = f"{row['counts'].get('phase', '…')} {row['counts'].get('next', '')}".strip()
            if progress != said:
                tell(progress)
                said = progress
            if time.monotonic() > until:
                raise ImportFailedError(
                    f"chưa xong, việc nhập vẫn tiếp tục / not done yet, it goes on: {import_id}"
                )
            time.sleep(PAUSE_SECONDS)
        if row["state"] == "failed":
            raise ImportFailedError("; ".join(shown(issue) for issue in row["issues"][:SHOWN]))
        return Report(import_id, row["dry_run"], row["counts"], row["issues"])

    def lines(self, import_id: UUID, *verdicts: str) -> Iterator[dict[str, Any]]:
        """The lines with these verdicts, page by page."""
        after = None
        while True:
            params: list[tuple[str, Any]] = [("verdict", verdict) for verdict in verdicts]
            params += [("limit", 200)] + ([("after", after)] if after else [])
            found = self._page(import_id, params)
            yield from found["items"]
            after = found["next"]
            if after is None:
                return

    def missing(self, workbook: Path) -> list[missing_agencies.Standing]:
        """Agencies that stand and that the workbook does not name, the lowest first."""
        named = missing_agencies.codes_in(workbook.read_bytes())
        return missing_agencies.missing(
            lambda params: self._send(lambda: self._client.get("/agencies", params=params)), named
        )

    def end(self, one: missing_agencies.Standing, document: str, on: date, key: str) -> None:
        """End one agency from a day on.

        Raises:
            ImportFailedError: refused, in the API's words.
        """
        headers = {"Idempotency-Key": missing_agencies.key_of(key, one)}
        body = missing_agencies.body_of(one, document, on)
        self._send(lambda: self._client.post("/agencies/ends", json=body, headers=headers))

    def _page(self, import_id: UUID, params: list[tuple[str, Any]]) -> dict[str, Any]:
        return self._send(lambda: self._client.get(f"/imports/{import_id}/lines", params=params))

    def _send(self, request: Callable[[], httpx.Response]) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = request()
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise ImportFailedError(
                        f"không gọi được API / the API is away: {type(error).__name__}"
                    ) from error
            else:
                if answer.status_code != 503 or time.monotonic() > until:
                    return checked(answer)
            time.sleep(PAUSE_SECONDS)


def checked(answer: httpx.Response) -> dict[str, Any]:
    """The body of a success.

    Raises:
        ImportFailedError: a problem document, in its own words.
    """
    if answer.is_success:
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    detail = problem.get("detail") or answer.reason_phrase
    raise ImportFailedError(f"{answer.status_code} {problem.get('code', '')}: {detail}")


def shown(issue: dict[str, Any]) -> str:
    """An issue as one line: sheet, cell, words."""
    place = f"{issue['sheet']}!{issue['column']}{issue['row']}: " if issue.get("sheet") else ""
    return f"{place}{issue.get('message') or issue.get('code')}"


def address_of(settings: Settings) -> str:
    """The API of this machine."""
    host = "127.0.0.1" if settings.api_host in ("0.0.0.0", "::") else settings.api_host  # noqa: S104 — compared only
    return f"http://{host}:{settings.api_port}"


def connected(url: str, token: str) -> httpx.Client:
    """A client below ``/api/v1`` with a session's token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url.rstrip("/") + "/api/v1", headers=headers, timeout=120)


def signed_in(url: str, login: str, password: str) -> str:
    """A new session's token.

    Raises:
        ImportFailedError: login or password is wrong, or the API is away.
    """
    try:
        with httpx.Client(base_url=url.rstrip("/") + "/api/v1", timeout=30) as client:
            answer = client.post("/session", json={"login": login, "password": password})
    except httpx.TransportError as error:
        raise ImportFailedError(f"không gọi được API / the API is away: {type(error).__name__}") from error
    return str(checked(answer)["token"])


def command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Sổ .xlsx / the workbook")],
    dry_run: Annotated[bool, typer.Option(help="Chỉ đánh giá, không ghi / judge only")] = False,
    url: Annotated[
        str | None, typer.Option(envvar=PREFIX + "URL", help="Địa chỉ API / address; this machine's")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar=PREFIX + "TOKEN", help="Mã phiên / a session's token")
    ] = None,
    login: Annotated[
        str | None, typer.Option(help="Tên đăng nhập, sẽ hỏi mật khẩu / asks for the password")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency-Key: cùng khóa, cùng lần nhập / go on with an import")
    ] = None,
    missing: Annotated[
        bool, typer.Option(help="Nêu cơ quan sổ không có / list agencies that the workbook does not name")
    ] = False,
    end_missing: Annotated[
        str | None,
        typer.Option(help="Số quyết định: kết thúc các cơ quan đó / the decision by which they are ended"),
    ] = None,
    ends_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày kết thúc / from which day; today")
    ] = None,
) -> None:
    """Nhập sổ Excel qua API / import a workbook. Exit: 0 all lines taken, 1 some refused, 2 none read."""
    address = url or address_of(Settings())
    try:
        if token is None:
            name = login or typer.prompt("Tên đăng nhập / login")
            token = signed_in(address, name, typer.prompt("Mật khẩu / password", hide_input=True))
        with connected(address, token) as client:
            importer, key = Importer(client), key or uuid4().hex
            status = _run(importer, file, dry_run=dry_run, key=key)
            if missing or end_missing is not None:
                on = ends_on.date() if ends_on is not None else legal_date(datetime.now(UTC))
                document = None if dry_run else end_missing
                status = _missing(importer, file, document, on, key) or status
            raise typer.Exit(status)
    except ImportFailedError as error:
        typer.echo(f"LỖI / ERROR: {error}", err=True)
        raise typer.Exit(2) from error


def _run(importer: Importer, file: Path, *, dry_run: bool, key: str) -> int:
    tell = lambda text: typer.echo(f"  … {text}", err=True)  # noqa: E731 — a name for one argument
    report = importer.bring(file, dry_run=dry_run, key=key, until=time.monotonic() + 7200, tell=tell)
    for line in report:
        typer.echo(line)
    for issue in report.issues:
        typer.echo(f"  ! {shown(issue)}")
    wrong = report.total("refused", "conflict")
    told = 0
    for line_ in importer.lines(report.id, "refused", "conflict"):
        for issue in line_["issues"]:
            told += 1
            if told <= SHOWN:
                typer.echo(f"  ✗ {shown(issue)}")
    if told > SHOWN:
        typer.echo(f"  … và {told - SHOWN} lỗi khác / more: GET /api/v1/imports/{report.id}/lines")
    return 1 if wrong else 0


def _missing(importer: Importer, file: Path, document: str | None, on: date, key: str) -> int:
    """Name them; with a document end them, each for itself. Answers 1 where one was refused."""
    refused = 0
    for one in importer.missing(file):
        typer.echo(f"  ? không có trong sổ / not in the workbook: {one.code} {one.name}")
        if document is None:
            continue
        try:
            importer.end(one, document, on, key)
            typer.echo(f"  – kết thúc từ / ended from {on:%d/%m/%Y}: {one.code}")
        except ImportFailedError as error:
            refused += 1
            typer.echo(f"  ✗ {one.code}: {error}")
    return 1 if refused else 0
