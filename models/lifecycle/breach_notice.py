"""The notification of a breach in words: as text to look at, and as what the sealed file says. Pure.

The text of a breach that nobody has issued a notification of has gaps where people must say more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.calendar import legal_date, local_time

KIND_VI: Mapping[str, str] = {
    "disclosure": "để lộ, gửi nhầm dữ liệu",
    "unauthorised_access": "truy cập trái phép",
    "loss": "mất, không truy cập được dữ liệu",
    "alteration": "dữ liệu bị sửa đổi trái phép",
    "other": "vi phạm khác",
}
DATA_VI: Mapping[str, str] = {
    "basic": "dữ liệu cá nhân cơ bản",
    "sensitive": "dữ liệu cá nhân nhạy cảm",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the notification says of a breach."""

    authority: str
    department: str
    agency: str
    kind: str
    known_at: datetime
    happened_at: datetime | None
    due_at: datetime | None
    people: int
    data: Sequence[str]
    citation: str | None
    story: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Issued:
    """What people said when they had the notification made."""

    document: str
    recipient: str
    measures: str
    contact: str
    late_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One numbered point of the notification, and what stands below it."""

    text: str
    below: tuple[str, ...] = ()


TITLE = "Thông báo"
SUBJECT = "Vi phạm quy định về bảo vệ dữ liệu cá nhân"
GAP = "……"
_RECIPIENT = "Cơ quan chuyên trách bảo vệ dữ liệu cá nhân"


def legal_basis(told: Told) -> str:
    """By what it is notified."""
    return told.citation or "quy định về bảo vệ dữ liệu cá nhân"


def dated(now: datetime) -> str:
    """The day as a heading has it: 0 before days under 10 and months 1, 2 (NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    day = legal_date(now)
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"Ngày {day.day:02d} tháng {month} năm {day.year}"


def points(told: Told, now: datetime, issued: Issued | None = None) -> tuple[Point, ...]:
    """What it says, point by point; it names nobody but whom to ask, as what was written of the breach does.

    Args:
        now: it is late where that is past the breach's hours.
    """
    facts = [one for one in told.story if one["what"] in ("record_breach", "add_to_breach")]
    return (
        Point(f"Nơi xảy ra: {told.agency}."),
        Point(f"Loại vi phạm: {KIND_VI[told.kind]}."),
        Point(f"Thời điểm phát hiện: {_at(told.known_at)}."),
        Point(f"Thời điểm xảy ra: {_at(told.happened_at) if told.happened_at else 'chưa xác định'}."),
        Point(
            f"Hạn thông báo: {_at(told.due_at) if told.due_at else 'không quy định'}."
            + _late(told, now, issued)
        ),
        Point(f"Số người liên quan (ước tính): {told.people}."),
        Point(f"Dữ liệu liên quan: {', '.join(DATA_VI[one] for one in told.data)}."),
        Point(
            "Diễn biến:", tuple(f"{_at(datetime.fromisoformat(one['at']))}: {one['said']}" for one in facts)
        ),
        Point(f"Biện pháp đã và sẽ thực hiện: {issued.measures if issued else GAP}"),
        Point(f"Người phụ trách, cách liên hệ: {issued.contact if issued else GAP}"),
    )


def _late(told: Told, now: datetime, issued: Issued | None) -> str:
    if told.due_at is None or now <= told.due_at:
        return ""
    why = GAP if issued is None else issued.late_reason or "không nêu."
    return f" Thông báo này chậm so với hạn; lý do chậm: {why}"


def notification(told: Told, now: datetime) -> str:
    """The text as it would be today, with its gaps."""
    lines = [
        told.authority.upper(),
        told.department.upper(),
        "",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "",
        f"Số: {GAP}/TB-{GAP}",
        dated(now),
        "",
        TITLE.upper(),
        SUBJECT,
        "",
        f"Kính gửi: {_RECIPIENT}",
        "",
        f"Căn cứ: {legal_basis(told)}.",
    ]
    for number, point in enumerate(points(told, now), start=1):
        lines += [f"{number}. {point.text}", *(f"   - {one}" for one in point.below)]
    lines += [
        "",
        "Nơi nhận:                                        THỦ TRƯỞNG CƠ QUAN",
        "- Như trên;                                      (ký số)",
        "- Lưu: VT.",
    ]
    return "\n".join(lines) + "\n"


def _at(instant: datetime) -> str:
    return f"{local_time(instant):%H:%M} ngày {local_time(instant):%d/%m/%Y}"
