"""A head goes away for a month: lends approval, the delegate signs in both names, it is taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import text
from temporalio.client import Client

from api.reconcile import Reconciler
from models.calendar import legal_date
from models.database import transaction
from models.identifiers import delegation_workflow
from models.messages import Moment
from workflows.payload_codec import data_converter

pytestmark = pytest.mark.usefixtures("worker")


def wish(world: Any, receiver: str = "culture.hr", **changes: Any) -> dict[str, Any]:
    day = legal_date(world.now)
    values = {
        "delegate_id": str(world.accounts[receiver]),
        "what": "approval",
        "agency_id": str(world.culture),
        "valid_from": day.isoformat(),
        "valid_to": (day + timedelta(days=30)).isoformat(),
        "document": "7/QĐ-SVH",
    }
    return {**values, **changes}


@pytest.mark.rule("hanoi.art6.4.c")
async def test_from_lending_to_taking_back(log_in, world, app, tmp_path) -> None:
    profile = await world.employ(until="review")
    head, hr = await log_in("culture.head"), await log_in("culture.hr")
    given = await head.command("/delegations", wish(world), key="one")
    assert given.status_code == 201, given.text
    lent = given.json()["answer"]["delegation_id"]
    again = await head.command("/delegations", wish(world), key="one")
    assert (again.status_code, again.json()["answer"]["delegation_id"]) == (201, lent)
    other = await head.command("/delegations", wish(world, document="8/QĐ"), key="one")
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")

    received = (await hr.get("/delegations")).json()["items"]
    assert [(one["id"], one["delegator"], one["in_force"]) for one in received] == [
        (lent, "culture.head", True)
    ]
    assert received[0]["what_vi"] == "phê duyệt dữ liệu"
    assert "Điều 6.4" in received[0]["citation"]
    given_list = (await head.get("/delegations", params={"side": "given"})).json()["items"]
    assert [one["delegate"] for one in given_list] == ["culture.hr"]
    in_agency = (await head.get("/delegations", params={"side": "agency", "running": "true"})).json()["items"]
    assert [one["id"] for one in in_agency] == [lent]
    stranger = await log_in("health.hr")
    assert (await stranger.get(f"/delegations/{lent}")).status_code == 404
    assert (await stranger.get("/delegations")).json()["items"] == []

    body = await world.pending(profile)
    tag = (await hr.get(f"/profiles/{profile}")).headers["ETag"]
    approved = await hr.command(f"/profiles/{profile}/approvals", body.model_dump(mode="json"), If_Match=tag)
    assert approved.status_code == 200, approved.text
    answer = approved.json()["answer"]
    assert answer["on_behalf_of"] == str(world.accounts["culture.head"])
    assert answer["delegation_id"] == lent
    file = await hr.get(f"/documents/{answer['document']}")
    path = tmp_path / "signed.pdf"
    path.write_bytes(file.content)
    with path.open("rb") as opened:
        signature = next(s for s in PdfFileReader(opened).embedded_signatures if s.sig_object.get("/Reason"))
        assert "thừa uỷ quyền (TUQ.) của culture.head theo 7/QĐ-SVH" in signature.sig_object["/Reason"]
        subject = signature.signer_cert.subject.native
        assert subject["common_name"] == "culture.hr"
        assert subject["title"] == "Người được uỷ quyền phê duyệt"
    listed = (await hr.get(f"/profiles/{profile}/documents")).json()
    line = listed[-1]
    assert (line["approver"], line["on_behalf_of_name"], line["delegation_id"]) == (
        "culture.hr",
        "culture.head",
        lent,
    )
    events = (await hr.get(f"/profiles/{profile}/timeline")).json()["events"]
    prepared = next(e for e in events if e["kind"] == "approval.prepared")
    assert prepared["on_behalf_of"] == str(world.accounts["culture.head"])
    story = (await head.get(f"/delegations/{lent}/timeline")).json()["events"]
    assert {"delegation.given", "approval.prepared"} <= {e["kind"] for e in story}

    ended = await head.command(f"/delegations/{lent}/revocation", {"reason": "đã về lại cơ quan"})
    assert ended.status_code == 200, ended.text
    second = await world.employ(until="review")
    body = await world.pending(second)
    tag = (await hr.get(f"/profiles/{second}")).headers["ETag"]
    refused = await hr.command(f"/profiles/{second}/approvals", body.model_dump(mode="json"), If_Match=tag)
    assert (refused.status_code, refused.json()["code"]) == (403, "delegation-ended")
    one = (await hr.get(f"/delegations/{lent}")).json()
    assert (one["state"], one["end_reason"], one["in_force"], one["calls"]) == ("ended", "revoked", False, [])
    inbox = (await hr.get("/inbox")).json()["items"]
    assert {"delegation_given", "delegation_ended"} <= {n["kind"] for n in inbox}


async def open_list(world: Any) -> None:
    """A month's list of culture with somebody on it, and the duty to approve it."""
    day, month = legal_date(world.now), UUID(int=world.authority.int ^ 1)
    profile = await world.employ(until="review")
    waits = await world.pending(profile)
    values = {
        "a": world.authority, "g": world.culture, "month": month, "name": f"{day:%Y-%m}", "day": day,
        "end": day + timedelta(days=5), "now": world.now, "closes": world.now + timedelta(days=20),
        "due": world.now + timedelta(days=6), "profile": profile, "revision": waits.revision_id,
        "digest": waits.digest, "duty": UUID(int=month.int ^ 2),
    }  # fmt: skip
    rows = (
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:month, :a, :g, :name, 'open',"
        " :day, :end, :end, :closes, 1, 1, :now, '{}')",
        "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
        " changed_at) VALUES (:month, :profile, :a, :revision, :digest, 'listed', :now)",
        "INSERT INTO duties (id, authority_id, agency_id, agency_month_id, slot, party, rule_id, citation,"
        " rule_set_hash, calendar_hash, event_on, due_on, due_at, state, facts, opened_at, late_days,"
        " ladder_step) VALUES (:duty, :a, :g, :month, 'approval_window', 'approver', 'hanoi.art7', 'Điều 7',"
        " 'x', 'x', :day, :end, :due, 'open', '{}', :now, 0, 0)",
    )
    async with transaction(world.tools.engine, world.scope) as connection:
        for row in rows:
            await connection.execute(text(row), values)


def duty_of(world: Any) -> UUID:
    """The duty of `open_list`."""
    return UUID(int=world.authority.int ^ 3)


async def notice_to_the_post(world: Any) -> UUID:
    """What the approvers are told about the duty of `open_list`."""
    notice = uuid4()
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO notices (id, authority_id, agency_id, role, kind, duty_id, facts, created_at)"
                " VALUES (:id, :a, :g, 'approver', 'reminder', :duty, '{}', :now)"
            ),
            {
                "id": notice,
                "a": world.authority,
                "g": world.culture,
                "duty": duty_of(world),
                "now": world.now,
            },
        )
    return notice


async def test_what_a_post_is_told_is_no_business_of_who_was_lent_nothing(log_in, world) -> None:
    await open_list(world)
    notice = await notice_to_the_post(world)
    head, hr = await log_in("culture.head"), await log_in("culture.hr")
    assert [n for n in (await hr.get("/inbox")).json()["items"] if n["kind"] == "reminder"] == []
    assert (await hr.post(f"/inbox/{notice}/read")).status_code == 404
    given = await head.command("/delegations", wish(world))
    lent = given.json()["answer"]["delegation_id"]
    assert str(notice) in [n["id"] for n in (await hr.get("/inbox")).json()["items"]]
    await head.command(f"/delegations/{lent}/revocation", {"reason": "đã về lại cơ quan"})
    assert str(notice) not in [n["id"] for n in (await hr.get("/inbox")).json()["items"]]


async def test_what_was_lent_shows_among_the_delegates_work(log_in, world) -> None:
    await open_list(world)
    head, hr = await log_in("culture.head"), await log_in("culture.hr")
    before = (await hr.get("/me")).json()
    assert (before["delegations"], [o for o in before["owed"] if o["slot"] == "approval_window"]) == ([], [])
    assert (await head.command("/delegations", wish(world))).status_code == 201
    mine = (await hr.get("/me")).json()
    assert [one["delegator"] for one in mine["delegations"]] == ["culture.head"]
    owed = next(o for o in mine["owed"] if o["slot"] == "approval_window")
    assert owed["on_behalf_of"] == "culture.head"
    assert [call["verb"] for call in owed["calls"]] == ["approve_list"]
    today = (await hr.get("/today")).json()
    assert [(line["what"], line["on_behalf_of"]) for line in today["delegated"]["items"]] == [
        ("approval_window", "culture.head")
    ]
    await notice_to_the_post(world)
    line = next(n for n in (await hr.get("/inbox")).json()["items"] if n["kind"] == "reminder")
    assert (line["role"], line["duty_id"], line["read_at"]) == ("approver", str(duty_of(world)), None)
    assert (await hr.post(f"/inbox/{line['id']}/read")).status_code == 204
    approver = await log_in("culture.approver")
    own = next(o for o in (await approver.get("/me")).json()["owed"] if o["slot"] == "approval_window")
    assert own["on_behalf_of"] is None


async def test_what_may_not_be_lent_is_refused_in_words(log_in, world) -> None:
    hr, head = await log_in("culture.hr"), await log_in("culture.head")
    beyond = await hr.command("/delegations", wish(world, "culture.approver"))
    assert (beyond.status_code, beyond.json()["code"]) == (403, "delegation-beyond-right")
    assert "Điều 6.4" in beyond.json()["citation"]
    elsewhere = await head.command("/delegations", wish(world, agency_id=str(world.health)))
    assert elsewhere.json()["code"] == "delegation-beyond-right"
    unfit = await head.command("/delegations", wish(world, "health.hr"))
    assert (unfit.status_code, unfit.json()["code"]) == (422, "unfit-delegate")
    no_end = await head.command("/delegations", {k: v for k, v in wish(world).items() if k != "valid_to"})
    assert (no_end.status_code, no_end.json()["code"]) == (400, "malformed-request")
    nothing = await head.command(f"/delegations/{world.culture}/revocation", {"reason": "không có"})
    assert nothing.status_code == 404
    person = await world.employ()
    assert person
    assert await world.rows("SELECT 1 FROM delegations") == []


async def test_a_missing_workflow_is_found_and_started(log_in, world, app, temporal_server) -> None:
    head = await log_in("culture.head")
    given = await head.command("/delegations", wish(world))
    lent = UUID(given.json()["answer"]["delegation_id"])
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    handle = client.get_workflow_handle(delegation_workflow(lent))
    assert (await handle.query("where", result_type=Moment)).chapter == "granted"
    await handle.terminate(reason="lost")
    reconciler = Reconciler(client, app.state.settings.task_queue, world.tools.engine, app.state.clock)
    assert delegation_workflow(lent) in (await reconciler.run()).started
    assert (await handle.query("where", result_type=Moment)).chapter == "granted"
