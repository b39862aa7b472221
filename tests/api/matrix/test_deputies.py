"""Confused deputies: a right over one thing used to reach another, by naming it where nobody looks."""

from uuid import UUID, uuid4

import pytest

from tests.api.matrix.city import PAPER, TODAY, City
from tests.api.matrix.fresh import Spot, export_given_out
from tests.api.matrix.objects import waiting_at_the_gate
from tests.api.matrix.papers import PAPER_SHA
from tests.api.matrix.stage import Stage


@pytest.mark.parametrize("way", ["opened", "handed over"])
async def test_whoever_gives_an_account_out_gives_nobody_the_file_of_its_holder(city: City, way: str) -> None:
    """An administrator sees no dossier: naming somebody as an account's holder, and coming in by the one-time
    password that the answer tells, must not make it theirs."""
    world, file = city.world, await city.world.employ()
    admin = await city.named("admin")
    assert (await admin.get(f"/profiles/{file}")).status_code == 403
    body = {"display_name": "Người giữ", "holder_profile_id": str(file), **PAPER}
    if way == "opened":
        body |= {"agency_id": str(world.health), "login": f"y-te-{uuid4().hex[:6]}"}
        account = None
        answer = await admin.post("/accounts", body)
    else:
        account = await city.account(world.health)
        answer = await admin.post(f"/accounts/{account}/handovers", body)
    assert answer.status_code in (200, 201), answer.text
    account = account or UUID(answer.json()["answer"]["account_id"])
    await world.rows("UPDATE accounts SET state = 'active' WHERE id = :id RETURNING id", id=account)
    holder = await city.session(account)
    for path in ("", "/form", "/documents", "/reads", "/slips", "/evidence"):
        got = await holder.get(f"/profiles/{file}{path}")
        assert got.status_code in (403, 404), (path, got.text)
    assert (await holder.get("/me")).json()["profile_id"] is None
    assert (await holder.post(f"/profiles/{file}/prints", {"purpose": "xem"})).status_code in (403, 404)
    # What the name is there for: the holder judges no file of their own by the post.
    await city.grant(account, "approver", world.culture)
    assert (await holder.get(f"/profiles/{file}")).status_code == 200
    logged = await world.rows("SELECT account_id FROM dossier_reads WHERE profile_id = :p", p=file)
    assert account in {row.account_id for row in logged}, "and what the post reads is told to the person"


@pytest.mark.parametrize("left", [False, True], ids=["nobody", "somebody who left"])
async def test_an_accounts_holder_is_somebody_in_service_here(city: City, left: bool) -> None:
    holder = uuid4()
    if left:
        holder = await city.world.employ()
        await city.world.rows("UPDATE profiles SET chapter = 'archive' WHERE id = :p RETURNING id", p=holder)
    body = {"display_name": "Ai đó", "holder_profile_id": str(holder), **PAPER}
    account = await city.account(city.world.health)
    answer = await (await city.named("admin")).post(f"/accounts/{account}/handovers", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_who_gave_an_account_up_signs_by_it_no_more(city: City) -> None:
    """The next holder is in; the former one still has a certificate and the token of a signing session."""
    account = await city.account(city.world.culture)
    await city.grant(account, "head", city.world.culture)
    stage = Stage(city.world, city.world, askers={"x": account})
    stage.targets = {"agency_id": {"s": city.world.culture}, "profile_id": {"s": await city.world.employ()}}
    token, _ = await export_given_out(Spot(stage, city.world, "x", "o"))
    admin = await city.named("admin")
    body = {"display_name": "Người mới", **PAPER}
    assert (await admin.post(f"/accounts/{account}/handovers", body)).status_code == 200
    await city.world.rows("UPDATE accounts SET state = 'active' WHERE id = :id RETURNING id", id=account)
    sent = {"Authorization": f"Bearer {token}"}
    given = {"prepared": PAPER_SHA, "value": "AAAA"}
    answer = await city.client.post("/api/v1/signing-agent/signature", json=given, headers=sent)
    assert answer.json()["code"] == "certificate-not-registered", answer.text


async def test_two_posts_of_one_person_are_not_two_people(city: City) -> None:
    """Who wrote a reorganisation's plan does not approve it by another account of the same person."""
    world, person = city.world, await city.world.employ()
    writer = await city.account(world.department, holder=person)
    await city.grant(writer, "department_officer", world.department)
    judge = await city.account(world.department, holder=person)
    await city.grant(judge, "department_head", world.department)
    plan = {
        "title": "Đổi tên", "effective_on": "2027-01-01",
        "decision": {"number": "1/QĐ", "signed_on": TODAY.isoformat(), "issuer": "UBND"},
        "operations": [{"op": "rename", "unit": "H26.02.01", "name": "Bảo tàng mới"}],
    }  # fmt: skip
    drafted = await (await city.session(writer)).post("/reorganisations", {"plan": plan})
    assert drafted.status_code == 201, drafted.text
    one = drafted.json()["answer"]
    path = f"/reorganisations/{one['reorganisation_id']}"
    shown = (await (await city.session(judge)).get(path)).json()
    body = {"plan_hash": shown["plan_hash"], "answers": {}}
    refused = await (await city.session(judge)).post(f"{path}/approval", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "own-approval"), refused.text
    other = await city.named("department.head")
    assert (await other.post(f"{path}/approval", body)).json().get("code") != "own-approval"


async def test_nobody_clears_their_own_file_at_the_gate(city: City) -> None:
    """Named alone, among others, or as all that waits: the own file waits for somebody else."""
    world, own, other = city.world, await city.world.employ(), await city.world.employ()
    officer = await city.account(world.department, holder=own)
    await city.grant(officer, "department_officer", world.department)
    month = await waiting_at_the_gate(world, world.culture, "2026-02", own, other)
    session = await city.session(officer)
    for body in ({"profiles": [str(own)]}, {"profiles": [str(own), str(other)]}):
        answer = await session.post(f"/agency-months/{month}/release", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "own-approval"), answer.text
    one = {"agency_month_id": str(month), "profile_id": str(own)}
    bulk = await session.post("/gate/decisions", {"decisions": [one, {**one, "profile_id": str(other)}]})
    said = [(line["outcome"], line["code"]) for line in bulk.json()["results"]]
    assert said == [("left", "own-approval"), ("released", None)], bulk.text
    whole = await session.post(f"/agency-months/{month}/release", {})
    assert (whole.status_code, whole.json()["code"]) == (403, "own-approval"), whole.text
    states = await world.rows(
        "SELECT state FROM month_items WHERE agency_month_id = :m ORDER BY state", m=month
    )
    assert [row.state for row in states] == ["accepted", "released"]
    stranger = {**one, "profile_id": str(await world.employ())}
    bulk = await session.post("/gate/decisions", {"decisions": [stranger]})
    assert [line["outcome"] for line in bulk.json()["results"]] == ["left"], "it is on no list before them"
    bulk = await (await city.named("culture.hr")).post("/gate/decisions", {"decisions": [one]})
    assert [line["code"] for line in bulk.json()["results"]] == ["not-permitted"], bulk.text
