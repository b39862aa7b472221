"""Who may do what with one file, and why: for oneself, and for another account where one administers them."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.reading import permits
from api.scope import Reading
from models.access import Actor, Allowed, Right, Target, Verb, explain, may, principles
from models.errors import RefusedError
from models.form import levels
from models.lifecycle.life import Chapter
from models.record.actors import load_actor


class RightLine(BaseModel):
    """One thing that can be asked, whether it may be, and why."""

    verb: str = Field(title="Việc")
    allowed: bool = Field(title="Được phép")
    role: str | None = Field(title="Vai trò", description="Không có khi không được phép")
    code: str | None = Field(title="Mã từ chối", description="Không có khi được phép")
    why: str = Field(title="Vì sao")
    why_en: str = Field(title="Vì sao (tiếng Anh)")
    slot: str | None = Field(title="Mục đích của quy định")
    citation: str | None = Field(title="Căn cứ")
    delegation_id: UUID | None = Field(title="Theo uỷ quyền")


class Grounds(BaseModel):
    """A rule in force that stands behind every right."""

    slot: str = Field(title="Mục đích của quy định")
    text: str = Field(title="Nội dung")
    text_en: str = Field(title="Nội dung (tiếng Anh)")
    citation: str = Field(title="Căn cứ")


class Access(BaseModel):
    """What an account may do with one file today."""

    profile_id: UUID = Field(title="Hồ sơ")
    account_id: UUID = Field(title="Tài khoản")
    reads: bool = Field(title="Được xem hồ sơ")
    level: int | None = Field(title="Xem đến độ hạn chế tiếp cận", description="Không có khi không được xem")
    level_vi: str | None = Field(title="Độ hạn chế bằng lời")
    rights: list[RightLine] = Field(title="Quyền")
    principles: list[Grounds] = Field(title="Nguyên tắc đang có hiệu lực")


async def of_profile(read: Reading, profile_id: UUID, account: UUID | None) -> Access:
    """The asker's rights over the file, or another account's for who administers accounts.

    Raises:
        RefusedError: ``not-found`` out of scope or for an unknown account, ``not-permitted`` for others'.
    """
    row = await permits.row_of(read, profile_id)
    law, _ = await read.law_at(row.agency_id)
    actor = await _actor(read, account, permits.target_of(row, row.ancestors))
    own = actor.person_profile_id
    target = permits.target_of(row, row.ancestors, own)
    verbs = [verb for verb in Verb if verb != _other_half(row.chapter)]
    places = [target, *(permits.target_of(row, near, own) for near in (row.receiving, row.hosting) if near)]
    found = [_widest(actor, verb, places, read, law) for verb in verbs]
    seen = [one.verdict.level for one in found if one.verb in _READING and isinstance(one.verdict, Allowed)]
    level = max(seen, default=None)
    return Access(
        profile_id=profile_id,
        account_id=actor.account_id,
        reads=level is not None,
        level=level,
        level_vi=levels()[level].vi if level is not None else None,
        rights=[_line(one) for one in found],
        principles=[
            Grounds(slot=one.slot, text=one.text_vi, text_en=one.text_en, citation=one.citation)
            for one in principles(law)
        ],
    )


_READING = (Verb.READ_OWN, Verb.READ_PROFILE, Verb.READ_ARCHIVE)


def _other_half(chapter: str) -> Verb:
    """The right to read that is not asked about: an archived file is read by one of its own."""
    return Verb.READ_PROFILE if chapter == Chapter.ARCHIVE else Verb.READ_ARCHIVE


def _widest(actor: Actor, verb: Verb, places: list[Target], read: Reading, law: Any) -> Right:
    """The right on the holding side; for reading also on the side that receives or hosts the person."""
    answers = [explain(actor, place, read.today, law, [verb])[0] for place in places]
    if verb not in _READING:
        return answers[0]
    return next((one for one in answers if isinstance(one.verdict, Allowed)), answers[0])


async def _actor(read: Reading, account: UUID | None, target: Target) -> Actor:
    if account is None or account == read.who.account_id:
        return read.who.actor
    law, _ = await read.law_at(target.agency_id)
    verdict = may(read.who.actor, Verb.ADMINISTER, target, read.today, law)
    if not isinstance(verdict, Allowed):
        raise permits.refused(verdict)
    found = await load_actor(read.connection, account)
    if found is None or found[1] == "cancelled":
        raise RefusedError.of("not-found", "Không tìm thấy tài khoản.", "There is no such account.")
    return found[0]


def _line(right: Right) -> RightLine:
    verdict = right.verdict
    return RightLine(
        verb=right.verb,
        allowed=isinstance(verdict, Allowed),
        role=verdict.role if isinstance(verdict, Allowed) else None,
        code=None if isinstance(verdict, Allowed) else verdict.code,
        why=right.why_vi,
        why_en=right.why_en,
        slot=verdict.slot if isinstance(verdict, Allowed) else None,
        citation=verdict.citation if isinstance(verdict, Allowed) else None,
        delegation_id=verdict.delegation_id if isinstance(verdict, Allowed) else None,
    )
