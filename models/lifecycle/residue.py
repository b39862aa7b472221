"""What a reorganisation leaves to people: heads, signers, posts that are missing, people nobody placed. Pure.

Each is a duty of whoever works on personnel there, under the rule that has structures kept up to date after a
merger or a dissolution (slot ``org_change``). No text gives it a period, so it has no date; it is met when
what it is about is no longer so, which is looked at every morning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from models.lifecycle.duties import open_duty
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.reorganisation import Switch
from models.lifecycle.scene import Scene

SLOT = "org_change"
What = Literal["head", "signer", "post", "unplaced"]
"""A unit's head, a step's signer, the post that owes duties: nobody; people who were not placed."""


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that is left in one agency: what, and how many people or steps it is about."""

    what: What
    agency_id: UUID
    count: int = 1


def leave(
    out: Outcome,
    scene: Scene,
    case_id: UUID,
    left: Sequence[Left],
    arrived: Mapping[UUID, int],
    owed_by: Mapping[UUID, tuple[str, UUID]],
    codes_closed: Sequence[str] = (),
    switched: Mapping[UUID, Switch] = MappingProxyType({}),
) -> None:
    """Open a duty for everything that is left, and tell each agency once what it has and what is to be done.

    ``arrived`` are the people who came to each agency; ``owed_by`` the role and agency that work on personnel
    for it; ``codes_closed`` the codes that nobody has any more; ``switched`` the agencies whose law is
    another from the day on: the same notice says so. Where the law has no such rule there is no duty to open:
    the notice says it all the same.
    """
    rule = scene.rule(SLOT)
    for one in left:
        facts: dict[str, Any] = {"residue": one.what, "agency": str(one.agency_id), "count": one.count}
        out.happened("reorganisation.residue", rule, **facts)
        if rule is None:
            continue
        open_duty(
            out,
            scene,
            rule,
            agency_id=one.agency_id,
            event_on=scene.today,
            label=f"{one.what}:{one.agency_id}",
            case_id=case_id,
            owed_by=owed_by[one.agency_id],
            quiet=True,  # one notice for each agency, below
            **facts,
        )
        # No workflow waits for it: the morning's digest speaks of what is open.
        opened = out.opened[-1]
        out.opened[-1] = replace(opened, duty=replace(opened.duty, next_wake_at=None))
    for agency in sorted({*arrived, *(one.agency_id for one in left), *switched}):
        role, where = owed_by[agency]
        open_here = {one.what: one.count for one in left if one.agency_id == agency}
        law = switched.get(agency)
        new_law = {"regime": law.regulation, "rule": law.running.told} if law is not None else {}
        out.notices.append(
            Notice(
                "reorganisation_done",
                where,
                role=role,
                citation=rule.citation if rule else None,
                facts={
                    "reorganisation": str(case_id),
                    "agency": str(agency),
                    "arrived": arrived.get(agency, 0),
                    "left": open_here,
                    "codes_closed": list(codes_closed),
                    **new_law,
                },
            )
        )
