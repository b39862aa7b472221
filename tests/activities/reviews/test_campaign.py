"""A campaign on real rows: opened once, measured, chased, signed, late where it is late, closed."""

import json
from datetime import date
from io import BytesIO

from pypdf import PdfReader

from activities.reviews.office import ReviewOffice
from models.commands import SignReport
from models.evidence import TrustList, verify
from tests.activities.reviews.conftest import OPENING, Campaign
from tests.world import World

RULE = "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 21.6"


async def test_nothing_before_the_opening(campaign: Campaign, world: World) -> None:
    moment = await campaign.look(date(2025, 12, 10))
    assert moment.state == "waiting"
    assert moment.next_at is not None
    assert moment.next_at.isoformat() == "2025-12-10T17:00:00+00:00"
    assert await world.rows("SELECT 1 FROM reviews") == []


async def test_opening_lays_a_duty_on_every_agency_of_the_first_rank(
    campaign: Campaign, world: World
) -> None:
    await campaign.look(OPENING)
    await campaign.look(OPENING)  # an attempt whose answer was lost
    review = await world.one("SELECT * FROM reviews")
    assert (review.period, review.state, review.due_on, review.policy_date) == (
        "2025-q4",
        "open",
        date(2025, 12, 25),
        False,
    )
    duties = await world.rows(
        "SELECT d.*, t.whole FROM duties d JOIN review_reports t ON t.id = d.report_id ORDER BY d.due_on"
    )
    each = {d.agency_id: d for d in duties if not d.whole}
    assert set(each) == {world.department, world.culture, world.health}
    assert {(d.party, d.due_on, d.citation) for d in each.values()} == {("head", date(2025, 12, 25), RULE)}
    (consolidating,) = [d for d in duties if d.whole]
    # The text lets the department consolidate and names no day for it.
    assert (consolidating.party, consolidating.due_on) == ("department_officer", None)
    kinds = [e.kind for e in await world.rows("SELECT kind FROM events WHERE kind LIKE 'review.campaign%'")]
    assert kinds == ["review.campaign_opened"]


async def test_a_report_is_measured_signed_sent_and_verified(
    campaign: Campaign, world: World, office: ReviewOffice, tmp_path
) -> None:
    profile = await world.employ(agency=world.museum)
    await world.employ(agency=world.museum, until="account")
    await campaign.look(OPENING)
    row = await campaign.sign("culture.head", world.culture)
    assert (row.state, row.late_days, row.figures["profiles"]) == ("sent", 0, 2)
    pdf = office.store.get(world.authority, row.document_sha256)
    verdict = verify(pdf, TrustList.load(tmp_path / "pki" / "trust.json"))
    assert verdict.valid, verdict
    record = verdict.signatures[0].competence
    assert record is not None
    assert (record["role"], record["field"]) == ("head", "reporter")
    assert record["rules"]
    reader = PdfReader(BytesIO(pdf))
    (attached,) = reader.attachments["ho-so.json"]
    content = json.loads(attached)
    assert content == row.content
    assert content["citation"] == RULE
    named = [one["criterion"] for one in content["criteria"] if one["binding"]]
    assert named == ["correct", "complete", "clean", "live"]
    text = "\n".join(page.extract_text() for page in reader.pages)
    for words in ("BÁO CÁO RÀ SOÁT", "Quý IV năm 2025", "Đúng", "Bảo tàng", "CV 5034/BNV-CCVC"):
        assert words in text, words
    assert "Nguyễn Thị Thử" not in text
    assert str(profile) not in attached.decode()
    duty = await world.one("SELECT * FROM duties WHERE report_id = :id", id=row.id)
    assert (duty.state, duty.late_days) == ("met", 0)
    arrived = await world.one("SELECT * FROM notices WHERE kind = 'review_report_arrived'")
    assert (arrived.agency_id, arrived.role) == (world.department, "department_officer")


async def test_the_same_signature_gives_the_same_file(campaign: Campaign, world: World) -> None:
    await campaign.look(OPENING)
    row = await campaign.report(world.health)
    await world.ask("department", SignReport(), row.id, subject="review")
    assert world.moment.refusal == "not-competent"
    whole = await campaign.report(world.department, whole=True)
    await world.ask("department", SignReport(), whole.id, subject="review")
    assert world.moment.to_sign is not None
    first = await campaign.signed(whole.id, world.moment.to_sign)
    again = await campaign.signed(whole.id, world.moment.to_sign)
    assert first == again
    assert first.document


async def test_a_late_report_is_taken_and_flagged_and_the_whole_says_who_reported(
    campaign: Campaign, world: World
) -> None:
    await campaign.look(OPENING)
    await campaign.look(date(2025, 12, 29))
    row = await campaign.sign("culture.head", world.culture)
    assert row.late_days == 2  # Friday 26 and Monday 29
    whole = await campaign.sign("department", world.department, whole=True)
    told = {one["code"]: (one["state"], one["late_days"]) for one in whole.content["reports"]}
    assert told == {"H26.01": ("open", 0), "H26.02": ("sent", 2), "H26.03": ("open", 0)}


async def test_reminders_and_escalations_climb_the_ladder(campaign: Campaign, world: World) -> None:
    moment = await campaign.look(OPENING)
    while moment.next_at is not None and moment.next_at.date() < date(2026, 1, 10):
        moment = await campaign.look_at(moment.next_at)
    row = await campaign.report(world.culture)
    kinds = await world.rows(
        "SELECT kind, facts FROM events WHERE stream_id = :id ORDER BY number", id=row.id
    )
    told = [(e.kind, e.facts.get("to")) for e in kinds if e.kind.startswith("duty.") and "to" in e.facts]
    assert told == [
        ("duty.reminder", "responsible"),
        ("duty.reminder", "responsible"),
        ("duty.reminder", "responsible"),
        ("duty.escalation", "unit_head"),
        ("duty.escalation", "managing_agency"),
        ("duty.escalation", "department"),
    ]
    assert row.state == "open"  # overdue decides nothing


async def test_what_never_came_is_missing_when_the_next_campaign_opens(
    campaign: Campaign, world: World
) -> None:
    await campaign.look(OPENING)
    await campaign.sign("culture.head", world.culture)
    closes = (await world.one("SELECT closes_at FROM reviews")).closes_at
    moment = await campaign.look_at(closes)
    assert moment.state == "closed"
    review = await world.one("SELECT * FROM reviews")
    assert review.state == "closed"
    assert review.summary == {"reports": 3, "sent": 1, "late": 0, "missing": 2, "whole_sent": False}
    states = await world.rows("SELECT state FROM duties WHERE report_id IS NOT NULL ORDER BY state")
    assert [row.state for row in states] == ["met", "void", "void", "void"]
    again = await campaign.look_at(closes)
    assert again.state == "closed"
    row = await campaign.report(world.health)
    await world.ask("culture.head", SignReport(), row.id, subject="review")
    assert world.moment.status == 403
    missing = await campaign.report(world.department)
    assert missing.state == "missing"


async def test_all_reports_in_end_the_review(campaign: Campaign, world: World, write) -> None:
    await campaign.look(OPENING)
    await campaign.sign("culture.head", world.culture)
    await write(
        "UPDATE grants SET role = 'head' WHERE account_id = ANY(:ids)",
        ids=[world.accounts["health.approver"], world.accounts["admin"]],
    )
    await campaign.sign("health.approver", world.health)
    await campaign.sign("admin", world.department)
    assert (await campaign.look(date(2025, 12, 12))).state == "open"
    await campaign.sign("department", world.department, whole=True)
    assert (await campaign.look(date(2025, 12, 12))).state == "closed"


async def test_a_signature_that_fails_leaves_the_report_open(campaign: Campaign, world: World) -> None:
    await campaign.look(OPENING)
    row = await campaign.report(world.culture)
    asked = await world.ask("culture.head", SignReport(), row.id, subject="review")
    signature = str(world.moment.to_sign)
    # Put again after a crash of the engine, the same command goes on with the same signature.
    await world.ask("culture.head", SignReport(), row.id, subject="review", key=asked.id)
    assert str(world.moment.to_sign) == signature
    other = await world.ask("culture.head", SignReport(), row.id, subject="review")
    assert (other.status, other.answer["code"]) == (409, "in-flight")
    await world.step(
        "fail_report", row.id, subject="review", signature=signature, settles=str(asked.id), reason="x"
    )
    row = await campaign.report(world.culture)
    assert (row.state, row.signature_id) == ("open", None)
    assert (await campaign.sign("culture.head", world.culture)).state == "sent"
    sent = await world.ask("culture.head", SignReport(), row.id, subject="review")
    assert (sent.status, sent.answer["code"]) == (409, "wrong-state")


async def test_reports_of_other_agencies_are_not_theirs_to_sign(campaign: Campaign, world: World) -> None:
    await campaign.look(OPENING)
    row = await campaign.report(world.health)
    for who in ("culture.head", "culture.hr", "health.hr", "admin"):
        asked = await world.ask(who, SignReport(), row.id, subject="review")
        assert (asked.status, asked.answer["code"]) == (403, "not-permitted"), who


async def test_the_yearly_report_is_another_campaign(world: World, office: ReviewOffice) -> None:
    year = Campaign(world, office, "2025")
    assert (await year.look(OPENING)).state == "waiting"
    await year.look(date(2025, 12, 16))
    review = await world.one("SELECT * FROM reviews")
    assert (review.slot, review.opens_on, review.due_on) == (
        "report_year",
        date(2025, 12, 16),
        date(2025, 12, 30),
    )
