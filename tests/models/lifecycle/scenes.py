"""Lives and scenes for the pure decisions, under the law of the seed as it stands when a test asks.

The law comes from `in_force` inside each test, never at import, so that an altered rule reaches the test.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest

from models.calendar import Calendar, at_local
from models.errors import Refusal, RefusedError
from models.form import digest
from models.lifecycle.life import (
    Account,
    AccountState,
    AgencyMonth,
    Case,
    Chapter,
    Duty,
    Life,
    Revision,
    Status,
)
from models.lifecycle.outcome import DutyOpened, Event, Notice, Outcome, Update
from models.lifecycle.scene import Scene
from models.regulations import Policy, RuleSet, in_force, load_policy
from tests.forms import COMPLETE

AUTHORITY, CITY, DEPARTMENT, CULTURE, HEALTH = (UUID(int=n) for n in range(1, 6))
PROFILE, ACCOUNT, OFFICER, ACT, CASE, MONTH = (UUID(int=n) for n in range(11, 17))
DIGEST = digest(COMPLETE)
CALENDAR = Calendar.seed()


def scene(
    day: date,
    *,
    hour: int = 9,
    role: str = "hr_officer",
    act: str = "act",
    law: RuleSet | None = None,
    calendar: Calendar = CALENDAR,
    policy: Policy | None = None,
    **changes: Any,
) -> Scene:
    """What a decision is told on a legal date at a local hour; an officer of the agency acts."""
    base = Scene(
        now=at_local(day, hour),
        law=law or in_force("hanoi", max(day, date(2024, 11, 29))),
        calendar=calendar,
        policy=policy or load_policy(),
        act_id=uuid5(ACT, act),
        actor_id=OFFICER,
        actor_role=role,
        actor_profile_id=None,
        department_id=DEPARTMENT,
        managing_agency_id=CITY,
    )
    return replace(base, **changes)


def own(day: date, **changes: Any) -> Scene:
    """The person acts."""
    return scene(day, role="official", actor_id=ACCOUNT, actor_profile_id=PROFILE, **changes)


def life(chapter: Chapter = Chapter.SERVICE, **changes: Any) -> Life:
    """A profile held by ``CULTURE`` with its account."""
    working = chapter not in (Chapter.ACCOUNT, Chapter.DECLARATION, Chapter.REVIEW)
    base = Life(
        profile_id=PROFILE,
        authority_id=AUTHORITY,
        agency_id=CULTURE,
        category="civil_servant",
        chapter=chapter,
        status=Status.WORKING if working else Status.PENDING,
        version=3,
        revision_number=1 if working else 0,
        account=None if chapter is Chapter.ACCOUNT else Account(ACCOUNT, AccountState.ACTIVE),
        approved_revision_id=UUID(int=50) if working else None,
    )
    return replace(base, **changes)


def revision(number: int = 2, state: str = "draft", **changes: Any) -> Revision:
    """A complete form by the person."""
    base = Revision(
        id=UUID(int=50 + number),
        number=number,
        state=state,
        digest=DIGEST,
        author_id=ACCOUNT,
        evidence=("e" * 64,),
        certified=1,
        form_version="tt06_2023",
        content=dict(COMPLETE),
    )
    return replace(base, **changes)


def duty(slot: str = "update_after_change", **changes: Any) -> Duty:
    """An open duty of the person, due on Friday 5 December 2025."""
    base = Duty(
        id=uuid5(ACT, f"open:{slot}"),
        slot=slot,
        party="person",
        agency_id=CULTURE,
        rule_id="hanoi.art6.3",
        citation="Điều 6.3",
        event_on=date(2025, 11, 28),
        due_on=date(2025, 12, 5),
        due_at=at_local(date(2025, 12, 6), 0),
        opened_on=date(2025, 11, 28),
        profile_id=PROFILE,
    )
    return replace(base, **changes)


def transfer(state: str = "requested", before: Chapter = Chapter.SERVICE, **changes: Any) -> Case:
    """An open transfer from ``CULTURE`` to ``HEALTH``."""
    base = Case(
        id=CASE,
        kind="transfer",
        profile_id=PROFILE,
        from_agency_id=CULTURE,
        to_agency_id=HEALTH,
        mode="điều động",
        effective_on=date(2025, 12, 1),
        document="1/QĐ",
        state=state,
        version=1,
        facts={"chapter_before": str(before)},
    )
    return replace(base, **changes)


def separation(state: str = "decided", mode: str = "retired", **changes: Any) -> Case:
    """A separation decided for 1 March 2026."""
    facts = {"covered": False, "destination": None}
    base = transfer(
        state, kind="separation", to_agency_id=None, mode=mode, effective_on=date(2026, 3, 1), facts=facts
    )
    return replace(base, **changes)


def agency_month(state: str = "open", **changes: Any) -> AgencyMonth:
    """December 2025 of ``CULTURE``: 27–31 December, all nominal; the end falls on a working day."""
    base = AgencyMonth(
        id=MONTH,
        authority_id=AUTHORITY,
        agency_id=CULTURE,
        month="2025-12",
        state=state,
        opens_on=date(2025, 12, 27),
        nominal_end=date(2025, 12, 31),
        rolled_end=date(2025, 12, 31),
        version=1,
    )
    return replace(base, **changes)


def refused(code: str) -> Any:
    """The block is refused with this code; `.value.refusal` says the rest."""
    return pytest.raises(RefusedError, match=f"^{code}$")


def refusal_in(caught: Any) -> Refusal:
    """The refusal that `refused` caught."""
    found: Refusal = caught.value.refusal
    return found


def opened(out: Outcome, slot: str, *, signature: str | None = None) -> DutyOpened:
    """The only duty opened for a slot; it asks for no signature unless one is named."""
    (found,) = (o for o in out.opened if o.duty.slot == slot)
    (told,) = (e for e in out.events if e.kind == "duty.opened" and e.facts["duty"] == str(found.duty.id))
    assert told.facts.get("signature") == signature
    return found


def event(out: Outcome, kind: str) -> Event:
    """The only event of a kind."""
    (found,) = (e for e in out.events if e.kind == kind)
    return found


def notice(out: Outcome, kind: str) -> Notice:
    """The only notice of a kind."""
    (found,) = (n for n in out.notices if n.kind == kind)
    return found


def changed(out: Outcome, table: str) -> dict[str, Any]:
    """The values of the only update of a table."""
    (found,) = (w.values for w in out.writes if isinstance(w, Update) and w.table == table)
    return found


def inserted(out: Outcome, table: str) -> dict[str, Any]:
    """The values of the only insert into a table."""
    (found,) = (w.values for w in out.writes if not isinstance(w, Update) and w.table == table)
    return found


def wake_day(instant: datetime | None) -> date | None:
    """The legal date of a wake."""
    from models.calendar import legal_date

    return legal_date(instant) if instant else None
