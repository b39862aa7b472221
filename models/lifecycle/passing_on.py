"""What becomes of the posts and roles of a unit that ends. Pure.

Work goes on where the unit's work goes; competence is not made by it: a post that one person holds, or that
signs, passes to the successor only where it is vacant there and one person claims it. Everything else lapses
and is put before whoever fills posts.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.lifecycle.appointing import SOLE

SIGNING = (*SOLE, "approver", "sync_agent")
"""Posts of one holder, or whose holders sign for the agency: never multiplied by a merger."""


@dataclass(frozen=True, slots=True)
class Right:
    """A role or a post in a unit that ends, as it is held on the day."""

    grant_id: UUID | None
    """None of a post that gives no role (a deputy's)."""
    holder_id: UUID | None
    """The holding of the post; none of a role without one."""
    account_id: UUID
    agency_id: UUID
    role: str
    valid_from: date
    valid_to: date | None
    acting: bool
    at: UUID
    """Where the account's person is once all people have moved."""
    delegation_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """What becomes of a right: held in another agency from the day on, or lapsed."""

    right: Right
    to: UUID | None


def pass_rights(
    rights: Sequence[Right],
    *,
    heirs: Mapping[UUID, UUID],
    destinations: Mapping[UUID, Collection[UUID]],
    held: Collection[tuple[UUID, str, UUID]],
) -> list[Passed]:
    """Where each right goes.

    ``destinations`` are the agencies the unit's people went to; ``held`` are agency, role and account of what
    is held there already.
    """
    aims = [_aim(one, heirs, destinations) for one in rights]
    claims = Counter((to, one.role) for one, to in zip(rights, aims, strict=True) if not one.acting)
    filled = {(agency, role) for agency, role, _ in held}
    mine = set(held)
    passed: list[Passed] = []
    for one, to in zip(rights, aims, strict=True):
        key = (to, one.role, one.account_id)
        alone = one.acting or claims[to, one.role] == 1
        goes = key not in mine and (one.role not in SIGNING or (alone and (to, one.role) not in filled))
        mine.add(key)
        passed.append(Passed(one, to if goes else None))
    return passed


def _aim(right: Right, heirs: Mapping[UUID, UUID], destinations: Mapping[UUID, Collection[UUID]]) -> UUID:
    """The person's new unit where the unit's people went there, too; else whoever takes over its work."""
    return right.at if right.at in destinations.get(right.agency_id, ()) else heirs[right.agency_id]
