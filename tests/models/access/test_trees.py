"""Random trees: the decision against a brute-force walk that knows nothing of scopes as sets (R26)."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from models.access import Actor, Allowed, Grant, Reach, Target, Verb, may, reach, roles

TODAY = date(2026, 3, 2)
DAYS = st.dates(date(2026, 2, 25), date(2026, 3, 8))
HANOI = UUID(int=1)
WHOLE = ("approve", "amend", "gate", "export", "propose_merge", "approve_merge")
"""Not by a grant that shows less of a form than its role does."""
WIDE = {"department_officer", "department_head", "auditor", "administrator"}

Tree = list[int | None]
"""The parent of each agency; agency n is UUID(int=100 + n), the root has none."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    size = draw(st.integers(1, 12))
    return [None, *(draw(st.integers(0, n - 1)) for n in range(1, size))]


def agency(n: int) -> UUID:
    return UUID(int=100 + n)


def ancestors(tree: Tree, n: int) -> tuple[UUID, ...]:
    parent = tree[n]
    return () if parent is None else (agency(parent), *ancestors(tree, parent))


def lies_below(tree: Tree, place: int, top: int) -> bool:
    """Walk up, one parent at a time."""
    here: int | None = place
    while here is not None:
        if here == top:
            return True
        here = tree[here]
    return False


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Tree, list[tuple[int, Grant]], int, bool]:
    tree = draw(trees())
    held = []
    for _ in range(draw(st.integers(0, 4))):
        top = draw(st.integers(0, len(tree) - 1))
        begins, ends = draw(DAYS), draw(st.none() | DAYS)
        role = draw(st.sampled_from([*sorted(roles().roles), "unknown"]))
        lent, level = draw(st.none() | st.just(UUID(int=9))), draw(st.none() | st.integers(1, 4))
        held.append((top, Grant(role, agency(top), begins, ends, lent, level)))
    return tree, held, draw(st.integers(0, len(tree) - 1)), draw(st.booleans())


def slowly(verb: Verb, tree: Tree, held: list[tuple[int, Grant]], place: int, own: bool) -> bool:
    """The same decision, one grant and one step up the tree at a time."""
    if own and verb in (
        "read_own",
        "print_own",
        "declare",
        "answer_national",
        "report_lost_password",
        "give_consent",
        "ask_rectification",
    ):
        return True
    if own and "subject" in roles().verbs[verb].never:
        return False
    for top, grant in held:
        if grant.role in ("unknown", "official") or verb not in roles().roles[grant.role].verbs:
            continue
        if grant.valid_from > TODAY or (grant.valid_to is not None and grant.valid_to <= TODAY):
            continue
        if verb in WHOLE and sight(grant) < roles().roles[grant.role].level:
            continue
        if grant.role in WIDE or lies_below(tree, place, top):
            return True
    return False


def sight(grant: Grant) -> int:
    """Up to which level the grant shows fields."""
    return grant.level or roles().roles[grant.role].level


def seen_to(verb: Verb, tree: Tree, held: list[tuple[int, Grant]], place: int) -> int:
    """The most any one grant shows there, each asked by itself; 0 where none does."""
    alone = [grant for top, grant in held if slowly(verb, tree, [(top, grant)], place, own=False)]
    return max((sight(grant) for grant in alone), default=0)


@given(scenes(), st.sampled_from(["read_profile", "read_archive"]))
def test_the_level_is_the_highest_of_the_grants_that_reach_there(
    scene: tuple[Tree, list[tuple[int, Grant]], int, bool], name: str
) -> None:
    tree, held, place, _ = scene
    verb, actor = Verb(name), Actor(UUID(int=3), None, HANOI, tuple(grant for _, grant in held))
    target = Target(agency(place), ancestors(tree, place), UUID(int=6))
    answer, expected = may(actor, verb, target, TODAY), seen_to(verb, tree, held, place)
    assert (answer.level if isinstance(answer, Allowed) else 0) == expected
    for level in (1, 2, 3, 4):
        assert reach(actor, verb, TODAY, level=level).covers(target) == (level <= expected)


@given(scenes(), st.sampled_from(sorted(Verb)), st.booleans())
def test_the_decision_equals_a_brute_force_walk(
    scene: tuple[Tree, list[tuple[int, Grant]], int, bool], verb: Verb, with_self: bool
) -> None:
    tree, held, place, own = scene
    person = UUID(int=5)
    actor = Actor(UUID(int=3), person, HANOI, tuple(grant for _, grant in held))
    above = (agency(place), *ancestors(tree, place)) if with_self else ancestors(tree, place)
    target = Target(agency(place), above, person if own else UUID(int=6))
    answer = may(actor, verb, target, TODAY)
    assert isinstance(answer, Allowed) == slowly(verb, tree, held, place, own)


@given(scenes(), st.sampled_from(sorted(Verb)))
def test_the_reach_of_a_verb_covers_exactly_what_is_allowed(
    scene: tuple[Tree, list[tuple[int, Grant]], int, bool], verb: Verb
) -> None:
    tree, held, _, _ = scene
    actor = Actor(UUID(int=3), UUID(int=5), HANOI, tuple(grant for _, grant in held))
    covered = reach(actor, verb, TODAY)
    for place in range(len(tree)):
        for profile in (UUID(int=5), UUID(int=6), None):
            target = Target(agency(place), ancestors(tree, place), profile)
            separated = profile == UUID(int=5) and "subject" in roles().verbs[verb].never
            allowed = isinstance(may(actor, verb, target, TODAY), Allowed)
            assert allowed == (covered.covers(target) and not separated)


def test_nothing_is_reached_without_a_role() -> None:
    assert reach(Actor(UUID(int=3), None, HANOI), "read_profile", TODAY) == Reach()
