"""People, places and laws for the tests of delegations."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.access import Actor, Delegables, Delegation, Grant, delegables
from models.commands import Delegate
from models.errors import Refusal, RefusedError
from models.lifecycle.delegation import Lent, give
from models.lifecycle.giving import Giving, Party
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import Rule, RuleSet, in_force
from tests.models.lifecycle.scenes import CITY, CULTURE, DEPARTMENT, HEALTH, scene

DAY = date(2026, 3, 2)
HANOI, MUSEUM, STORE = UUID(int=1), UUID(int=60), UUID(int=61)
LINES = {
    CITY: (CITY,),
    CULTURE: (CULTURE, CITY),
    HEALTH: (HEALTH, CITY),
    MUSEUM: (MUSEUM, CULTURE, CITY),
    STORE: (STORE, MUSEUM, CULTURE, CITY),
}
HEAD, DEPUTY, THIRD, GIVEN = (UUID(int=n) for n in (70, 71, 72, 73))
SINCE = date(2025, 1, 1)
DEEP = Delegables.model_validate({**delegables().model_dump(), "depth": 2})


def actor(*grants: Grant, account: UUID = HEAD, profile: UUID | None = None, **more: Any) -> Actor:
    return Actor(account, profile, HANOI, grants or (Grant("head", CULTURE, SINCE),), **more)


def party(account: UUID = DEPUTY, agency: UUID = CULTURE, **changes: Any) -> Party:
    return replace(Party(account, None, "active", LINES[agency]), **changes)


def giving(agency: UUID = MUSEUM, **changes: Any) -> Giving:
    return replace(Giving(actor(), party(), LINES[agency], department_id=DEPARTMENT), **changes)


def body(agency: UUID = MUSEUM, **changes: Any) -> Delegate:
    values = {
        "delegate_id": DEPUTY,
        "what": "approval",
        "agency_id": agency,
        "valid_from": DAY,
        "valid_to": DAY + timedelta(days=30),
        "document": "7/QĐ-SVH",
    }
    return Delegate.model_validate({**values, **changes})


def given(one: Giving | None = None, what: Delegate | None = None, at: Scene | None = None) -> Outcome:
    return give(one or giving(), GIVEN, what or body(), at or scene(DAY, role="head", actor_id=HEAD))


def refused(
    one: Giving | None = None,
    what: Delegate | None = None,
    at: Scene | None = None,
    table: Delegables | None = None,
) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        give(one or giving(), GIVEN, what or body(), at or scene(DAY, role="head", actor_id=HEAD), table)
    return caught.value.refusal


def law(**slots: str) -> RuleSet:
    """Hà Nội's law with slots given to rules of one's choice, each altered copy of article 6.4."""
    rules = in_force("hanoi", DAY)
    base = rules.rule("hanoi.art6.4.c").model_dump()
    more = [
        Rule.model_validate({**base, "id": f"test.art{n}", "slot": (slot,), "citation": f"Điều {words}"})
        for n, (slot, words) in enumerate(slots.items(), start=1)
    ]
    return rules.model_copy(update={"rules": (*rules.rules, *more)})


def lent(**changes: Any) -> Lent:
    ends = DAY + timedelta(days=30)
    standing = Delegation(GIVEN, "approval", actor(), MUSEUM, LINES[MUSEUM], DAY, ends)
    base = Lent(
        GIVEN, "approval", HEAD, DEPUTY, MUSEUM, DAY, ends, "granted", warned=False, standing=standing
    )
    return replace(base, **changes)
