"""``hoso doctor`` on the history: how long each log is, its last head and seal, what hinders it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
from psycopg.rows import namedtuple_row

from api.cli.finding import START, Finding
from models.evidence.verdict import VIETNAM
from models.settings import DatabaseRole, MissingSettingError, Settings

SILENT = timedelta(minutes=2)
"""A sealer gives a sign of life each minute."""
_STATE = (
    "SELECT h.size, h.made_at, s.size AS sealed, s.sealed_at, s.exported_at, w.looked_at, w.trouble,"
    " w.trouble_since FROM authorities a"
    " LEFT JOIN LATERAL (SELECT * FROM log_heads ORDER BY size DESC LIMIT 1) h ON true"
    " LEFT JOIN LATERAL (SELECT * FROM log_seals ORDER BY size DESC LIMIT 1) s ON true"
    " LEFT JOIN sealers w ON w.authority_id = a.authority_id WHERE a.authority_id = %s"
)
GRADES: tuple[Literal["ok", "warning", "failed"], ...] = ("ok", "warning", "failed")
AUDIT = "hoso audit verify"
REMEDIES = {
    "timestamp-unset": "đặt / set HOSO_TSA_URL",
    "second-place-away": "kiểm tra / check HOSO_SECOND_PLACE",
    "log-broken": AUDIT,
    "second-place-differs": AUDIT,
    "second-place-ahead": AUDIT,
}


def check_history(settings: Settings) -> Finding:
    """Every authority's log; altered is a failure, late a warning."""
    told, worst, remedies = [], 0, []
    try:
        with psycopg.connect(settings.libpq_url(DatabaseRole.API), connect_timeout=5) as connection:
            for authority_id, code in connection.execute(
                "SELECT authority_id, code FROM authorities ORDER BY code"
            ).fetchall():
                connection.execute("SELECT set_config('hoso.authority', %s, true)", [str(authority_id)])
                with connection.cursor(row_factory=namedtuple_row) as cursor:
                    row = cursor.execute(_STATE, [authority_id]).fetchone()
                line, grade, remedy = _judged(row, settings.clock == "system")
                told.append(f"{code}: {line}")
                worst = max(worst, grade)
                remedies += [remedy] if remedy else []
    except (MissingSettingError, psycopg.Error) as error:
        return Finding("history", "failed", f"không đọc được / unreadable ({type(error).__name__})", START)
    place = f"nơi lưu thứ hai / second place: {settings.second_place_address}"
    return Finding("history", GRADES[worst], "; ".join([*told, place]), "; ".join(sorted(set(remedies))))


def _judged(row: Any, real_time: bool) -> tuple[str, int, str]:
    """Words, how bad (0 to 2), what to do."""
    if row.looked_at is None:
        return "chưa niêm phong bao giờ / never looked after", 1, START
    size, made = row.size or 0, _when(row.made_at)
    sealed = f"{row.sealed or 0:,} niêm phong / sealed {_when(row.sealed_at)}"
    line = f"{size:,} sự kiện / events, đầu / head {made}, {sealed}"
    if row.trouble is not None:
        altered = REMEDIES.get(row.trouble) == AUDIT
        since = f"{row.trouble} từ / since {_when(row.trouble_since)}"
        remedy = REMEDIES.get(row.trouble, "đợi hoặc báo đơn vị vận hành / wait or tell its operator")
        return f"{line}, {since}", 2 if altered else 1, remedy
    if real_time and datetime.now(UTC) - row.looked_at > SILENT:
        return f"{line}, im lặng từ / silent since {_when(row.looked_at)}", 1, START
    return line, 0, ""


def _when(instant: datetime | None) -> str:
    return f"{instant.astimezone(VIETNAM):%d/%m/%Y %H:%M}" if instant is not None else "—"
