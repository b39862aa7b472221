"""The register of breaches: for whoever answers for them, and for the people they concern."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page
from api.reading import permits
from api.reading.registers import Filter, breaches_register, page_of
from api.scope import Reading
from models.access import Allowed, Target, Verb, may
from models.errors import RefusedError
from models.lifecycle.breach import STATE_VI, hours_late
from models.lifecycle.breach_notice import DATA_VI, KIND_VI, Told, notification
from models.record.breaching import story_of


class BreachLine(BaseModel):
    """One breach in the register."""

    id: UUID = Field(title="Sự cố")
    agency_id: UUID = Field(title="Nơi xảy ra")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    kind: str = Field(title="Loại")
    kind_vi: str = Field(title="Loại bằng lời")
    state: str = Field(title="Trạng thái", description="open, notified, closed")
    state_vi: str = Field(title="Trạng thái bằng lời")
    known_at: datetime = Field(title="Phát hiện lúc")
    due_at: datetime | None = Field(title="Hạn thông báo, chính xác đến phút")
    hours_left: float | None = Field(
        title="Số giờ còn lại", description="Âm khi quá hạn; không có khi đã xong"
    )
    late_hours: int | None = Field(title="Số giờ trễ", description="Khi đã thông báo, hoặc đang quá hạn")
    people: int = Field(title="Số người liên quan")
    data: list[str] = Field(title="Loại dữ liệu")
    recorded_at: datetime = Field(title="Ghi nhận lúc")
    notified_at: datetime | None = Field(title="Thông báo lúc")
    notified_document: str | None = Field(title="Văn bản thông báo")
    closed_at: datetime | None = Field(title="Kết thúc lúc")
    citation: str | None = Field(title="Căn cứ")


class BreachRegister(Page):
    """A page of the register, the newest first."""

    items: list[BreachLine] = Field(title="Sự cố")


class BreachEntry(BaseModel):
    """One thing written about a breach; never changed."""

    at: datetime = Field(title="Lúc")
    by: UUID = Field(title="Tài khoản")
    role: str = Field(title="Vai trò")
    what: str = Field(title="Việc")
    said: str = Field(title="Nội dung")
    not_notifiable: str | None = Field(default=None, title="Vì sao không phải thông báo")


class BreachNotice(BaseModel):
    """One notification made as a file under a seal."""

    id: UUID = Field(title="Văn bản")
    document: str = Field(title="Số văn bản")
    state: Literal["making", "made", "failed"] = Field(title="Trạng thái")
    reason: str | None = Field(title="Vì sao không ký được")
    sealed_by: str = Field(title="Cơ quan ký")
    asked_at: datetime = Field(title="Yêu cầu lúc")
    made_at: datetime | None = Field(title="Lập xong lúc")
    document_sha256: str | None = Field(title="Tệp", description="Lấy ở /documents/{sha256}")


class Breach(BreachLine):
    """One breach with all that was written of it."""

    happened_at: datetime | None = Field(title="Xảy ra lúc")
    notified_to: str | None = Field(title="Nơi nhận thông báo")
    duty_id: UUID | None = Field(title="Nghĩa vụ thông báo")
    profiles: list[UUID] = Field(title="Hồ sơ liên quan")
    story: list[BreachEntry] = Field(title="Diễn biến")
    notices: list[BreachNotice] = Field(title="Văn bản thông báo đã lập")


class OwnBreach(BaseModel):
    """A breach that concerns a profile, as its person sees it."""

    id: UUID = Field(title="Sự cố")
    agency: str = Field(title="Nơi xảy ra")
    kind_vi: str = Field(title="Loại")
    data_vi: list[str] = Field(title="Dữ liệu liên quan")
    state_vi: str = Field(title="Trạng thái")
    known_at: datetime = Field(title="Phát hiện lúc")
    notified_at: datetime | None = Field(title="Thông báo cơ quan chuyên trách lúc")
    closed_at: datetime | None = Field(title="Kết thúc lúc")
    citation: str | None = Field(title="Căn cứ")


_ONE = text(
    "SELECT b.*, g.name AS agency, array(SELECT c.ancestor_id FROM agency_closure c"
    " WHERE c.descendant_id = b.agency_id AND c.valid_to IS NULL ORDER BY c.depth) AS line,"
    " (SELECT coalesce(json_agg(f.profile_id ORDER BY f.profile_id), '[]') FROM breach_files f"
    "  WHERE f.breach_id = b.id) AS profiles,"
    " u.name AS authority, coalesce(d.name, g.name) AS department"
    " FROM breaches b JOIN agencies g ON g.id = b.agency_id JOIN authorities u"
    " ON u.authority_id = b.authority_id LEFT JOIN agencies d ON d.id = u.department_id WHERE b.id = :id"
)
_NOTICES = text(
    "SELECT n.*, n.failure AS reason, s.name AS sealed_by FROM breach_notices n"
    " JOIN agencies s ON s.id = n.sealer_id WHERE n.breach_id = :id ORDER BY n.asked_at, n.id"
)
_CARRIES = text(
    "SELECT breach_id FROM breach_notices WHERE document_sha256 = :sha256 AND state = 'made' LIMIT 1"
)
_OF_PROFILE = text(
    "SELECT b.id, g.name AS agency, b.kind, b.data, b.state, b.known_at, b.notified_at, b.closed_at,"
    " b.citation FROM breach_files f JOIN breaches b ON b.id = f.breach_id"
    " JOIN agencies g ON g.id = b.agency_id WHERE f.profile_id = :id ORDER BY b.known_at DESC, b.id"
)
_READERS = (Verb.READ_REGISTER, Verb.RECORD_BREACH, Verb.ANSWER_BREACH)


def told(row: Any, now: datetime) -> dict[str, Any]:
    """A breach's row as people see it: how many hours are left, or by how many it is late."""
    open_ = row.state == "open" and row.due_at is not None
    left = round((row.due_at - now).total_seconds() / 3600, 1) if open_ else None
    late = hours_late(row.due_at, now) if open_ else row.late_hours
    return {
        **row._mapping,
        "kind_vi": KIND_VI[row.kind],
        "state_vi": STATE_VI[row.state],
        "hours_left": left,
        "late_hours": late,
    }


async def register(read: Reading, asked: Filter) -> BreachRegister:
    """The register within the asker's scope.

    Raises:
        RefusedError: ``not-permitted``.
    """
    rows, after = await page_of(read, breaches_register(), asked)
    items = [BreachLine.model_validate(told(row, read.now)) for row in rows]
    return BreachRegister(items=items, next=after)


async def _row(read: Reading, breach_id: UUID) -> Any:
    row = (await read.connection.execute(_ONE, {"id": breach_id})).one_or_none()
    if row is None or not row.line:
        raise permits.missing()
    law, _ = await read.law_at(row.agency_id)
    target = Target(row.agency_id, tuple(row.line))
    verdicts = [may(read.who.actor, verb, target, read.today, law) for verb in _READERS]
    if not any(isinstance(one, Allowed) for one in verdicts):
        raise RefusedError.of(
            "not-permitted", "Vai trò không được xem sự cố này.", "No role may see this breach."
        )
    return row


async def one(read: Reading, breach_id: UUID) -> Breach:
    """One breach with its story.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await _row(read, breach_id)
    story = story_of(read.tools, read.who.authority_id, row)
    made = [dict(one._mapping) for one in await read.connection.execute(_NOTICES, {"id": breach_id})]
    return Breach.model_validate({**told(row, read.now), "story": story, "notices": made})


async def may_read_notice(read: Reading, sha256: str) -> bool:
    """Whether this file is a breach's notification that the asker may read: as the breach itself.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    breach_id = await read.connection.scalar(_CARRIES, {"sha256": sha256})
    if breach_id is None:
        return False
    await _row(read, breach_id)
    return True


async def notification_text(read: Reading, breach_id: UUID) -> str:
    """The notification as text, as it would be sent now.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await _row(read, breach_id)
    fields = ("authority", "department", "agency", "kind", "known_at", "happened_at", "due_at", "people",
              "data", "citation")  # fmt: skip
    story = story_of(read.tools, read.who.authority_id, row)
    return notification(Told(**{name: getattr(row, name) for name in fields}, story=story), read.now)


async def of_profile(read: Reading, profile_id: UUID) -> list[OwnBreach]:
    """The breaches that concern one profile; what was written of them stays with those who answer for them.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await permits.profile(read, profile_id)
    rows = await read.connection.execute(_OF_PROFILE, {"id": profile_id})
    return [
        OwnBreach.model_validate(
            {
                **row._mapping,
                "kind_vi": KIND_VI[row.kind],
                "state_vi": STATE_VI[row.state],
                "data_vi": [DATA_VI[one] for one in row.data],
            }
        )
        for row in rows
    ]
