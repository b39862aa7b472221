"""Who may plan or approve a reorganisation: whoever has that right under each of the places it changes."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from models.access import Actor, Allowed, Target, Verb, may, reach, roles
from models.access.catalogue import Scope
from models.errors import RefusedError
from models.lifecycle.guard import refuse
from models.lifecycle.tree import Tree
from models.regulations import RuleSet


def anywhere(actor: Actor, verbs: Iterable[Verb], today: date, law: RuleSet) -> None:
    """Refuse whoever may do none of it anywhere, before anything is said about a plan.

    Raises:
        RefusedError: ``not-permitted``.
    """
    wanted = tuple(verbs)
    for verb in wanted:
        there = reach(actor, verb, today, law)
        if there.everywhere or there.subtrees:
            return
    words = roles().verbs[wanted[0]]
    refuse(
        "not-permitted",
        f"Tài khoản không có vai trò được phép {words.vi}.",
        f"No role of this account may {words.en}.",
    )


def role_for(
    actor: Actor,
    verbs: Iterable[Verb],
    tree: Tree,
    places: Iterable[UUID | None],
    today: date,
    law: RuleSet,
    root: UUID,
) -> str:
    """The role under which the actor may do one of it, under each of the places; none is the top, which is
    nobody's subtree: only who reaches the whole authority decides there.

    Raises:
        RefusedError: what access says.
    """
    wanted = tuple(verbs)
    whole = [name for name, one in roles().roles.items() if one.scope is Scope.AUTHORITY]
    role = ""
    for place in places:
        line = tree.line(place, today) if place is not None else ()
        target = Target(agency_id=line[0] if line else root, ancestors=line)
        verdicts = [may(actor, one, target, today, law, among=None if line else whole) for one in wanted]
        allowed = next((one for one in verdicts if isinstance(one, Allowed)), None)
        if allowed is None:
            refused = verdicts[0]
            assert not isinstance(refused, Allowed)
            raise RefusedError.of(refused.code, refused.reason_vi, refused.reason_en)
        role = allowed.role
    return role
