"""The notification of a breach as text, to be numbered, signed and sent by the agency itself. Pure."""

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


def notification(told: Told, now: datetime) -> str:
    """The text; it names nobody, because what was written of the breach names nobody."""
    day = legal_date(now)
    late = told.due_at is not None and now > told.due_at
    facts = [one for one in told.story if one["what"] in ("record_breach", "add_to_breach")]
    lines = [
        told.authority.upper(),
        told.department.upper(),
        "",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "",
        "Số: ……/TB-……",
        f"Ngày {day.day:02d} tháng {day.month:02d} năm {day.year}",
        "",
        "THÔNG BÁO",
        "Vi phạm quy định về bảo vệ dữ liệu cá nhân",
        "",
        "Kính gửi: Cơ quan chuyên trách bảo vệ dữ liệu cá nhân",
        "",
        f"Căn cứ: {told.citation or 'quy định về bảo vệ dữ liệu cá nhân'}.",
        f"1. Nơi xảy ra: {told.agency}.",
        f"2. Loại vi phạm: {KIND_VI[told.kind]}.",
        f"3. Thời điểm phát hiện: {_at(told.known_at)}.",
        f"4. Thời điểm xảy ra: {_at(told.happened_at) if told.happened_at else 'chưa xác định'}.",
        f"5. Hạn thông báo: {_at(told.due_at) if told.due_at else 'không quy định'}."
        + (" Thông báo này chậm so với hạn; lý do chậm: ……" if late else ""),
        f"6. Số người liên quan (ước tính): {told.people}.",
        f"7. Dữ liệu liên quan: {', '.join(DATA_VI[one] for one in told.data)}.",
        "8. Diễn biến:",
        *(f"   - {_at(datetime.fromisoformat(one['at']))}: {one['said']}" for one in facts),
        "9. Biện pháp đã và sẽ thực hiện: ……",
        "10. Người phụ trách, cách liên hệ: ……",
        "",
        "Nơi nhận:                                        THỦ TRƯỞNG CƠ QUAN",
        "- Như trên;                                      (ký số)",
        "- Lưu: VT.",
    ]
    return "\n".join(lines) + "\n"


def _at(instant: datetime) -> str:
    return f"{local_time(instant):%H:%M} ngày {local_time(instant):%d/%m/%Y}"
