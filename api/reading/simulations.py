"""A law tried on the recorded facts: what would be owed when and by whom, beside the law in force."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import text

from api.reading import permits
from api.reading.simulation_facts import Facts, collect
from api.scope import Reading
from models.calendar import Calendar, start_of_day
from models.errors import RefusedError
from models.lifecycle.sidebyside import Difference, differences, ended_by, within
from models.lifecycle.simulated import Review, World, Would
from models.lifecycle.simulated_reviews import might_open, of_review
from models.lifecycle.simulating import of_month, of_person
from models.record.law_of import DIVIDED
from models.regulations import (
    MissingSlots,
    NoLawInForce,
    OverlappingRegulations,
    Policy,
    Regulation,
    RuleSet,
    SourceError,
    in_force,
    load_all,
    seed,
)

LONGEST = timedelta(days=366)
MOST = 200
"""Differences told one by one; their counts are always whole."""
DAY = timedelta(days=1)


class Trial(BaseModel):
    """Which law to try on which days: packaged documents, or a file's own text."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    simulate: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]] = Field(
        default_factory=list, max_length=10, title="Văn bản đọc như đang có hiệu lực"
    )
    document: Annotated[str, StringConstraints(max_length=2_000_000)] | None = Field(
        default=None, title="Văn bản (YAML)", description="Thay cho văn bản cùng mã nếu có"
    )
    authority: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, title="Cơ quan", description="Từ chối nếu không phải cơ quan của người hỏi"
    )
    from_: date = Field(alias="from", title="Từ ngày")
    to: date = Field(title="Đến hết ngày")

    @model_validator(mode="after")
    def _sensible(self) -> "Trial":
        if not self.from_ <= self.to <= self.from_ + LONGEST:
            raise ValueError("the period must begin before it ends and be at most a year long")
        if not self.simulate and self.document is None:
            raise ValueError("name a document to simulate, or give one")
        return self


class LawTold(BaseModel):
    """One of the two laws."""

    rule_set_hash: str = Field(title="Mã băm của bộ quy định")
    regulations: list[str] = Field(title="Văn bản")


class Signer(BaseModel):
    """Who owes a kind of duty, and under which rule."""

    slot: str = Field(title="Loại nghĩa vụ")
    party: str = Field(title="Vai trò")
    citation: str = Field(title="Căn cứ")
    duties: int = Field(title="Số nghĩa vụ")
    late: int = Field(title="Trễ hạn")
    assumed: int = Field(title="Dựa trên bước giả định")


class Total(BaseModel):
    """One side as a whole."""

    duties: int = Field(title="Số nghĩa vụ")
    late: int = Field(title="Trễ hạn", description="Xong sau hạn, hoặc chưa xong khi hết kỳ mà đã quá hạn")
    open: int = Field(title="Chưa xong khi hết kỳ")
    without_date: int = Field(title="Không có hạn")
    owed_by: list[Signer] = Field(title="Ai phải làm, ai phải ký")


class Load(BaseModel):
    """Duties due on one day."""

    day: date = Field(title="Ngày")
    in_force: int = Field(title="Theo luật đang có hiệu lực")
    simulated: int = Field(title="Theo văn bản thử nghiệm")


class Side(BaseModel):
    """A duty on one side of a difference."""

    slot: str = Field(title="Loại nghĩa vụ")
    rule_id: str = Field(title="Mã quy định")
    party: str = Field(title="Vai trò")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    event_on: date = Field(title="Ngày phát sinh")
    due_on: date | None = Field(title="Hạn")
    late: bool = Field(title="Trễ hạn")


class Differs(BaseModel):
    """One difference: only on one side, due on another day, or laid on another post."""

    kind: Literal["only_before", "only_after", "moved", "laid_elsewhere"] = Field(title="Khác nhau")
    profile_id: UUID | None = Field(title="Hồ sơ")
    agency_month_id: UUID | None = Field(title="Danh sách tháng")
    report_id: UUID | None = Field(title="Báo cáo rà soát")
    in_force: Side | None = Field(title="Theo luật đang có hiệu lực")
    simulated: Side | None = Field(title="Theo văn bản thử nghiệm")


class Simulation(BaseModel):
    """Both laws side by side. Nothing was written."""

    model_config = ConfigDict(populate_by_name=True)
    from_: date = Field(alias="from", title="Từ ngày")
    to: date = Field(title="Đến hết ngày")
    profiles: int = Field(title="Số hồ sơ đã xét")
    lists: int = Field(title="Số danh sách tháng đã xét")
    reviews: int = Field(title="Số kỳ rà soát đã xét", description="Kể cả kỳ chỉ văn bản thử nghiệm có")
    laws: dict[Literal["in_force", "simulated"], LawTold] = Field(title="Hai bộ quy định")
    in_force: Total = Field(title="Theo luật đang có hiệu lực")
    simulated: Total = Field(title="Theo văn bản thử nghiệm")
    load: list[Load] = Field(title="Số nghĩa vụ đến hạn từng ngày")
    counts: dict[str, int] = Field(title="Số khác biệt theo loại")
    differences: list[Differs] = Field(title="Khác biệt", description=f"Nhiều nhất {MOST} dòng")
    left_out: list[str] = Field(title="Không mô phỏng")


LEFT_OUT = [
    "Danh sách tháng theo cửa sổ của văn bản thử nghiệm: dùng các danh sách đã lập / lists are those made",
]
OTHER_LAW = (
    "Đơn vị theo quy chế của cơ quan khác: tính như theo quy chế của chính cơ quan quản lý"
    " / units under another regulation are reckoned as under the authority's own"
)
"""Said where a part of the tree ever came under another regulation."""


async def simulate(read: Reading, trial: Trial) -> Simulation:
    """Try a law on everything recorded until the end of the period.

    Raises:
        RefusedError: ``not-permitted`` to whoever does not answer for the whole authority;
            ``law-not-usable`` for a document that is unknown, broken or leaves a purpose open.
    """
    if not (await permits.within(read, "read_reports")).everywhere:
        raise RefusedError.of("not-permitted")
    code = await read.connection.scalar(text("SELECT regulation FROM authorities"))
    if trial.authority not in (None, code):
        raise _unusable(f"cơ quan của phiên làm việc / the session's authority: {code}")
    law = _law(trial, str(code))
    present, calendar = await read.own_law()
    now = read.now + timedelta(microseconds=1)  # what was recorded at this very instant counts
    facts = await collect(read, min(now, start_of_day(trial.to + DAY)))
    # Beside the loop: a whole authority is walked twice, and other requests must be answered meanwhile.
    found = await asyncio.to_thread(
        _told, trial, facts, present, law, calendar, read.tools.policy, read.today
    )
    if not await read.connection.scalar(DIVIDED):
        return found
    return found.model_copy(update={"left_out": [*found.left_out, OTHER_LAW]})


def _law(trial: Trial, authority: str) -> RuleSet:
    """The law to try: the documents named, with the authority's own national layers beneath."""
    given = list(seed())
    names = list(trial.simulate)
    try:
        if trial.document is not None:
            own = _parsed(trial.document)
            given = [one for one in given if one.id != own.id] + [own]
            names.append(own.id)
        owners = {one.authority for one in given if one.id in names} - {None}
        unknown = set(names) - {one.id for one in given}
        if unknown or len(owners) > 1:
            raise _unusable(", ".join(sorted(unknown or {str(one) for one in owners})))
        # A draft of somebody else is tried whole: its own authority's law, on this authority's facts.
        whose = next(iter(owners), None) or authority
        return in_force(whose, trial.from_, given, simulate=names)
    except SourceError as error:
        raise _unusable("; ".join(map(str, error.problems))) from error
    except (NoLawInForce, MissingSlots, OverlappingRegulations) as error:
        raise _unusable(str(error)) from error


def _parsed(text_: str) -> Regulation:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.yaml"
        path.write_text(text_, encoding="utf-8")
        (found,) = load_all([path])
        return found


def _unusable(why: str) -> RefusedError:
    return RefusedError.of(
        "law-not-usable",
        f"Không dùng được văn bản này để mô phỏng: {why}",
        f"This document cannot be simulated: {why}",
    )


def _told(
    trial: Trial,
    facts: Facts,
    present: RuleSet,
    law: RuleSet,
    calendar: Calendar,
    policy: Policy,
    today: date,
) -> Simulation:
    last = min(trial.to, today)
    present_world, tried = facts.world(calendar, policy), facts.world(calendar, policy, law)
    first = max(trial.from_, facts.begun_on)
    further = tuple(
        might_open(facts.reviews, present_world, tried, first=first, last=last, reporters=facts.reporters)
    )
    before = _duties(trial, facts, last, present_world, ())
    after = _duties(trial, facts, last, tried, further)
    found = differences(before, after)
    counts = Counter(one.kind for one in found)
    return Simulation(
        from_=trial.from_,
        to=trial.to,
        profiles=len(facts.people),
        lists=len(facts.lists),
        reviews=len(facts.reviews) + len(further),
        laws={"in_force": _law_told(present), "simulated": _law_told(law)},
        in_force=_total(before, last),
        simulated=_total(after, last),
        load=_load(trial, before, after),
        counts=dict(counts),
        differences=[_differs(one, last) for one in found[:MOST]],
        left_out=LEFT_OUT,
    )


def _duties(trial: Trial, facts: Facts, last: date, world: World, further: Sequence[Review]) -> list[Would]:
    found = [duty for person in facts.people for duty in of_person(person, world)]
    found += [duty for listed in facts.lists for duty in of_month(listed, world)]
    found += [duty for review in (*facts.reviews, *further) for duty in of_review(review, world)]
    return ended_by(within(found, trial.from_, trial.to), last)


def _law_told(law: RuleSet) -> LawTold:
    return LawTold(
        rule_set_hash=law.hash,
        regulations=[f"{one.number or one.title} ({one.status})" for one in law.regulations],
    )


def _total(duties: Sequence[Would], last: date) -> Total:
    groups: dict[tuple[str, str, str], list[Would]] = {}
    for one in duties:
        groups.setdefault((one.slot, one.party, one.citation), []).append(one)
    return Total(
        duties=len(duties),
        late=sum(one.late(last) for one in duties),
        open=sum(one.stands for one in duties),
        without_date=sum(one.due_on is None for one in duties),
        owed_by=[
            Signer(
                slot=slot,
                party=party,
                citation=citation,
                duties=len(group),
                late=sum(one.late(last) for one in group),
                assumed=sum(one.assumed for one in group),
            )
            for (slot, party, citation), group in sorted(groups.items())
        ],
    )


def _load(trial: Trial, before: Sequence[Would], after: Sequence[Would]) -> list[Load]:
    mine, theirs = Counter(one.due_on for one in before), Counter(one.due_on for one in after)
    days = sorted({day for day in (*mine, *theirs) if day is not None and trial.from_ <= day <= trial.to})
    return [Load(day=day, in_force=mine[day], simulated=theirs[day]) for day in days]


def _differs(one: Difference, last: date) -> Differs:
    either = one.before or one.after
    assert either is not None
    return Differs(
        kind=one.kind,
        profile_id=either.profile_id,
        agency_month_id=either.agency_month_id,
        report_id=either.report_id,
        in_force=_side(one.before, last),
        simulated=_side(one.after, last),
    )


def _side(one: Would | None, last: date) -> Side | None:
    if one is None:
        return None
    return Side(
        slot=one.slot,
        rule_id=one.rule_id,
        party=one.party,
        agency_id=one.agency_id,
        event_on=one.event_on,
        due_on=one.due_on,
        late=one.late(last),
    )
