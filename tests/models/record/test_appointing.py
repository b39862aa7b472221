"""Posts and who holds them: appointed, acting, relieved; the role comes and goes with the post, one way."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from models import migrations
from models.calendar import legal_date
from models.command_accounts import Appoint, ExtendGrant, GrantRole, Relieve, RestrictGrant, RevokeGrant
from models.commands import Body
from models.record.commands import Fate
from models.settings import DatabaseRole
from tests.world import World

DOCUMENT = "77/QĐ-SVH"


async def do(world: World, who: str, body: Body, account: str) -> Fate:
    return await world.ask(who, body, world.accounts[account], subject="account")


def post(world: World, role: str, **given: Any) -> Appoint:
    known = {"agency_id": world.museum, "valid_from": legal_date(world.now), "document": DOCUMENT, **given}
    return Appoint(role=role, **known)


def code(fate: Fate) -> tuple[int | None, str]:
    return fate.status, (fate.answer or {}).get("code", "")


async def holding(world: World, fate: Fate) -> Any:
    assert fate.status == 201, fate.answer
    return await world.one(
        "SELECT h.*, p.kind, p.agency_id, g.role, g.valid_from AS since, g.valid_to AS until"
        " FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
        " LEFT JOIN grants g ON g.id = h.grant_id WHERE h.id = :id",
        id=UUID(fate.answer["holder_id"]),
    )


@pytest.mark.rule("hanoi.art18.1")
async def test_a_post_gives_its_role_and_takes_it_away(world: World) -> None:
    end = legal_date(world.now) + timedelta(days=90)
    body = post(world, "approver", agency_id=world.culture, valid_to=end)
    held = await holding(world, await do(world, "culture.head", body, "culture.hr"))
    assert (held.kind, held.role, held.acting) == ("approver", "approver", False)
    assert (held.since, held.until, held.valid_to) == (held.valid_from, end, end)
    day = legal_date(world.now) + timedelta(days=10)
    fate = await do(
        world, "culture.head", Relieve(holder_id=held.id, relieved_on=day, document=DOCUMENT), "culture.hr"
    )
    assert fate.status == 200, fate.answer
    row = await world.one(
        "SELECT h.valid_to, g.valid_to AS until FROM post_holders h JOIN grants g ON g.id = h.grant_id"
        " WHERE h.id = :id",
        id=held.id,
    )
    assert (row.valid_to, row.until) == (day, day)


async def test_a_role_taken_back_empties_the_post(world: World) -> None:
    held = await holding(world, await do(world, "department", post(world, "approver"), "culture.hr"))
    revoked = RevokeGrant(grant_id=held.grant_id, document=DOCUMENT, reason="theo đề nghị")
    assert (await do(world, "department", revoked, "culture.hr")).status == 200
    row = await world.one("SELECT valid_to FROM post_holders WHERE id = :id", id=held.id)
    assert row.valid_to == legal_date(world.now)


async def test_one_head_at_a_time_and_somebody_acting_beside(world: World) -> None:
    first = await holding(world, await do(world, "department", post(world, "head"), "culture.hr"))
    assert code(await do(world, "department", post(world, "head"), "culture.approver")) == (409, "post-held")
    acting = await holding(
        world, await do(world, "department", post(world, "head", acting=True), "culture.approver")
    )
    assert (acting.post_id, acting.acting, acting.role) == (first.post_id, True, "head")
    day = legal_date(world.now) + timedelta(days=5)
    relief = Relieve(holder_id=first.id, relieved_on=day, document=DOCUMENT)
    assert (await do(world, "department", relief, "culture.hr")).status == 200
    notice = await world.one("SELECT * FROM notices WHERE kind = 'posts_vacant'")
    assert (notice.role, notice.facts["posts"]) == ("head", ["head"])
    after = post(world, "head", valid_from=day)
    assert (await do(world, "department", after, "health.hr")).status == 201


async def test_a_deputy_has_no_role_of_the_post(world: World) -> None:
    grants = await world.rows("SELECT 1 FROM grants WHERE account_id = :a", a=world.accounts["culture.hr"])
    fate = await do(world, "department", post(world, "deputy", title="Phó Giám đốc"), "culture.hr")
    held = await holding(world, fate)
    assert (held.kind, held.grant_id) == ("deputy", None)
    now = await world.rows("SELECT 1 FROM grants WHERE account_id = :a", a=world.accounts["culture.hr"])
    assert len(now) == len(grants)
    relief = Relieve(holder_id=held.id, relieved_on=legal_date(world.now), document=DOCUMENT)
    assert code(await do(world, "culture.head", relief, "culture.hr")) == (403, "not-permitted")
    assert (await do(world, "department", relief, "culture.hr")).status == 200
    assert code(await do(world, "department", relief, "culture.hr")) == (404, "not-found")


async def test_what_cannot_be(world: World) -> None:
    day = legal_date(world.now)
    cases = [
        (post(world, "auditor"), (403, "not-permitted")),
        (post(world, "approver", valid_from=day - timedelta(days=1)), (422, "period-invalid")),
        (post(world, "deputy", valid_to=day), (422, "period-invalid")),
        (post(world, "deputy", agency_id=UUID(int=9)), (422, "unknown-agency")),
    ]
    for body, expected in cases:
        assert code(await do(world, "department", body, "culture.hr")) == expected, body
    auditor = post(world, "auditor")
    assert code(await do(world, "admin", auditor, "culture.hr")) == (422, "unknown-role")
    held = await holding(world, await do(world, "department", post(world, "archivist"), "culture.hr"))
    early = Relieve(holder_id=held.id, relieved_on=day - timedelta(days=1), document=DOCUMENT)
    assert code(await do(world, "department", early, "culture.hr")) == (422, "period-invalid")


def granted(world: World, role: str, **given: Any) -> GrantRole:
    return GrantRole(role=role, **{"agency_id": world.museum, "document": DOCUMENT, **given})


async def held(world: World, account: str, kind: str) -> list[Any]:
    return await world.rows(
        "SELECT h.valid_from, h.valid_to, h.acting, p.agency_id, h.grant_id = g.id AS same"
        " FROM post_holders h JOIN agency_posts p ON p.id = h.post_id JOIN grants g ON g.id = h.grant_id"
        " WHERE h.account_id = :a AND p.kind = :k ORDER BY h.valid_from, h.valid_to NULLS LAST",
        a=world.accounts[account],
        k=kind,
    )


async def test_a_granted_role_is_held_as_a_post_and_taken_back_with_it(world: World) -> None:
    day = legal_date(world.now)
    made = await do(world, "department", granted(world, "approver"), "culture.hr")
    assert made.status == 201, made.answer
    (one,) = await held(world, "culture.hr", "approver")
    assert (one.same, one.acting, one.valid_from, one.valid_to) == (True, False, day, None)
    second = await do(world, "department", granted(world, "approver"), "culture.approver")
    assert second.status == 201, "many may approve"
    posts = "SELECT 1 FROM agency_posts WHERE agency_id = :m"
    assert len(await world.rows(posts, m=world.museum)) == 1, "two holders of one post"
    revoked = RevokeGrant(grant_id=made.answer["grant_id"], document=DOCUMENT, reason="theo đề nghị")
    assert (await do(world, "department", revoked, "culture.hr")).status == 200
    assert (await held(world, "culture.hr", "approver"))[0].valid_to == day


async def test_a_sole_post_is_held_once_whoever_gave_it(world: World) -> None:
    """The head of culture has the role by a grant of before posts were made with it."""
    held_already = (409, "post-held")
    culture = {"agency_id": world.culture}
    assert code(await do(world, "department", post(world, "head", **culture), "culture.hr")) == held_already
    assert (
        code(await do(world, "department", granted(world, "head", **culture), "culture.hr")) == held_already
    )
    acting = post(world, "head", acting=True, **culture)
    assert (await do(world, "department", acting, "culture.hr")).status == 201
    first = await do(world, "department", granted(world, "head"), "culture.approver")
    assert first.status == 201, first.answer
    assert code(await do(world, "department", post(world, "head"), "culture.hr")) == held_already


async def test_a_sole_post_is_not_narrowed_or_lengthened_onto_somebody_elses(world: World) -> None:
    day = legal_date(world.now)
    until = day + timedelta(days=30)
    first = await do(world, "department", granted(world, "head", valid_to=until), "culture.approver")
    later = granted(world, "head", valid_from=until)
    assert (await do(world, "department", later, "culture.hr")).status == 201
    longer = ExtendGrant(grant_id=first.answer["grant_id"], valid_to=None, document=DOCUMENT)
    assert code(await do(world, "department", longer, "culture.approver")) == (409, "post-held")
    above = await world.one(
        "SELECT id FROM grants WHERE account_id = :a AND role = 'head'", a=world.accounts["culture.head"]
    )
    narrower = RestrictGrant(grant_id=above.id, agency_id=world.museum, document=DOCUMENT)
    assert code(await do(world, "department", narrower, "culture.head")) == (409, "post-held")
    relieved = RevokeGrant(grant_id=first.answer["grant_id"], document=DOCUMENT, reason="theo đề nghị")
    assert (await do(world, "department", relieved, "culture.approver")).status == 200
    short = RestrictGrant(grant_id=above.id, agency_id=world.museum, valid_to=until, document=DOCUMENT)
    assert (await do(world, "department", short, "culture.head")).status == 200
    (one,) = await held(world, "culture.head", "head")
    assert (one.agency_id, one.same, one.valid_to) == (world.museum, True, until)


async def test_roles_of_before_are_posts_after_the_upgrade(world: World, module_database: Any) -> None:
    """What the migration does to grants that no holder names; done again it changes nothing."""
    (made,) = Path(migrations.__file__).parent.glob("versions/*_posts_of_grants.sql")
    count = "SELECT count(*) AS n FROM agency_posts UNION ALL SELECT count(*) FROM post_holders"
    found = []
    with psycopg.connect(module_database.libpq_url(DatabaseRole.MIGRATION), autocommit=True) as owner:
        for _ in range(2):
            owner.execute(made.read_bytes())
            found.append([row.n for row in await world.rows(count)])
    assert found[0] == found[1]
    rows = await world.rows(
        "SELECT g.role, p.kind, p.agency_id = g.agency_id AS there, h.acting,"
        " h.valid_from = g.valid_from AS since FROM grants g LEFT JOIN post_holders h"
        " ON h.grant_id = g.id LEFT JOIN agency_posts p ON p.id = h.post_id WHERE g.role <> 'administrator'"
    )
    assert len(rows) >= 8
    assert all((row.kind, row.there, row.acting, row.since) == (row.role, True, False, True) for row in rows)
    relieved = await world.one(
        "SELECT h.id FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
        " WHERE p.agency_id = :c AND p.kind = 'head'",
        c=world.culture,
    )
    relief = Relieve(holder_id=relieved.id, relieved_on=legal_date(world.now), document=DOCUMENT)
    assert (await do(world, "department", relief, "culture.head")).status == 200
    after = post(world, "head", agency_id=world.culture)
    assert (await do(world, "department", after, "culture.hr")).status == 201
