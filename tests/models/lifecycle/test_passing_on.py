"""Where the posts of a unit that ends go: work goes on, nobody who signs is doubled."""

from datetime import date
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from models.lifecycle.passing_on import SIGNING, Right, pass_rights

ENDED, HEIR, OTHER, AWAY = (uuid4() for _ in range(4))
ROLES = ("head", "approver", "hr_officer", "deputy")


def right(role: str, account: UUID | None = None, *, at: UUID = HEIR, acting: bool = False) -> Right:
    return Right(
        grant_id=uuid4(),
        holder_id=uuid4(),
        account_id=account or uuid4(),
        agency_id=ENDED,
        role=role,
        valid_from=date(2024, 1, 1),
        valid_to=None,
        acting=acting,
        at=at,
    )


def went(rights: list[Right], *held: tuple[UUID, str, UUID]) -> list[UUID | None]:
    passed = pass_rights(
        rights, heirs={ENDED: HEIR}, destinations={ENDED: frozenset({HEIR, OTHER})}, held=held
    )
    assert [one.right for one in passed] == rights
    return [one.to for one in passed]


def test_a_head_passes_on_only_to_a_vacant_post_and_alone() -> None:
    assert went([right("head")]) == [HEIR]
    assert went([right("head")], (HEIR, "head", uuid4())) == [None]
    assert went([right("head"), right("head")]) == [None, None]
    assert went([right("head"), right("head", acting=True)]) == [HEIR, HEIR]


def test_work_follows_the_person_where_the_units_people_went() -> None:
    assert went([right("hr_officer", at=OTHER)]) == [OTHER]
    # Whoever is elsewhere altogether goes on working for what the unit has become.
    assert went([right("hr_officer", at=AWAY)]) == [HEIR]
    mine = uuid4()
    assert went([right("hr_officer", mine)], (HEIR, "hr_officer", mine)) == [None]


@given(st.lists(st.tuples(st.sampled_from(ROLES), st.integers(0, 3), st.sampled_from((HEIR, OTHER)))))
def test_no_signing_post_is_doubled_and_nobody_holds_one_thing_twice(
    drawn: list[tuple[str, int, UUID]],
) -> None:
    accounts = [UUID(int=n + 1) for n in range(4)]
    rights = [right(role, accounts[who], at=at) for role, who, at in drawn]
    there = [(HEIR, "approver", UUID(int=99))]
    aims = went(rights, *there)
    after = there + [(to, one.role, one.account_id) for one, to in zip(rights, aims, strict=True) if to]
    assert len(set(after)) == len(after)
    signing = [(agency, role) for agency, role, _ in after if role in SIGNING]
    assert len(set(signing)) == len(signing)
