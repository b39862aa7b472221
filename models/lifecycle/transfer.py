"""Moving to another agency or division of the same authority; custody changes in one act.

Which steps there are is read from the law (``route``): a report first in one place (hanoi.art12.1), a request
of the new agency in another (moha.art8.2), one side only within an agency (phu_yen.art12.2).
"""

from dataclasses import replace
from datetime import date
from typing import Any

from models.commands import (
    AcceptTransfer,
    AskForProfile,
    ClaimTransfer,
    HandOver,
    RefuseTransfer,
    ReportTransfer,
    RequestTransfer,
    WithdrawTransfer,
)
from models.identifiers import profile_workflow, transfer_workflow
from models.lifecycle import acting, slips
from models.lifecycle.duties import close_duty, days_late, open_duty, void_duty
from models.lifecycle.guard import in_chapter, no_open_case, open_transfer, refuse
from models.lifecycle.life import Case, Chapter, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.posts import leave_posts
from models.lifecycle.receiving import afterwards, take_along
from models.lifecycle.route import STATES, Leg, route_of, runs_from_decision, start_of, told, upcoming
from models.lifecycle.scene import Other, Scene
from models.lifecycle.secondment import end_share
from models.regulations import Obligation

OPEN = STATES[:-1]
"""States of a transfer that has not ended."""


def request(life: Life, body: RequestTransfer, scene: Scene) -> Outcome:
    """The present agency opens the case; within one agency, and once in effect, it is done by that."""
    if body.mode == "biệt phái":
        refuse(
            "malformed-request",
            "Biệt phái không chuyển hồ sơ: dùng việc biệt phái có thời hạn; cơ quan cử đi vẫn quản lý hồ sơ.",
            "A secondment moves no profile: use the dated secondment; the home agency keeps the profile.",
        )
    case = _opened(life, body, body.decided_on, scene)
    legs = _legs(case, scene)
    if legs[0].name == "move" and case.effective_on <= scene.today:
        return _moved_within(life, case, legs, scene)
    return _begin(life, case, legs, scene)


def claim(life: Life, body: ClaimTransfer, scene: Scene) -> Outcome:
    """The new agency opens the case by asking for the profile, where the law has it ask (moha.art8.2)."""
    case = _opened(life, body, body.decided_on, scene)
    legs = _legs(case, scene)
    if legs[0].name != "ask":
        refuse(
            "wrong-state",
            "Quy chế không giao cơ quan mới mở việc chuyển; cơ quan đang quản lý hồ sơ mở việc này.",
            "The regulation does not have the new agency open a transfer; the present agency opens it.",
        )
    case = replace(case, state="asked", facts={**case.facts, "asked_on": scene.today.isoformat()})
    out = _begin(life, case, legs, scene)
    out.happened("transfer.asked", legs[0].rule, case=str(case.id))
    out.notices.append(Notice("transfer_asked", case.from_agency_id, role="hr_officer"))
    return out


def _opened(life: Life, body: RequestTransfer | ClaimTransfer, decided: date | None, scene: Scene) -> Case:
    """The case as it begins, or a refusal."""
    no_open_case(life)
    in_chapter(life, Chapter.SERVICE, Chapter.REVIEW, Chapter.DECLARATION)
    if body.to_agency_id == life.agency_id:
        refuse("malformed-request", "Cơ quan đến trùng cơ quan đi.", "The new agency is the present one.")
    if decided is not None and decided > scene.today:
        refuse("future-date", "Ngày quyết định chưa tới.", "The decision is dated in the future.")
    other = scene.other or Other(body.to_agency_id)
    facts: dict[str, Any] = {
        "chapter_before": str(life.chapter),
        "to": dict(other.facts),
        "within": other.within,
    }
    if decided is not None:
        facts["decided_on"] = decided.isoformat()
    if isinstance(body, RequestTransfer):
        facts |= acting.proposed(life, body, scene)
    return Case(
        id=scene.new_id("transfer"),
        kind="transfer",
        profile_id=life.profile_id,
        from_agency_id=life.agency_id,
        to_agency_id=body.to_agency_id,
        mode=body.mode,
        effective_on=body.effective_on,
        document=body.document,
        state="requested",
        version=1,
        facts=facts,
    )


def _legs(case: Case, scene: Scene) -> tuple[Leg, ...]:
    """The steps of a new case; refused where a period runs from a decision whose day was not told."""
    legs = route_of(case, scene)
    rule = runs_from_decision(legs)
    if rule is not None and "decided_on" not in case.facts:
        refuse(
            "malformed-request",
            "Cần ngày ra quyết định: thời hạn chuyển hồ sơ tính từ ngày đó.",
            "The day of the decision is needed: a period of the transfer runs from it.",
            citation=rule.citation,
        )
    return legs


def _begin(life: Life, case: Case, legs: tuple[Leg, ...], scene: Scene) -> Outcome:
    """Write the case and open what is owed in it."""
    out = Outcome(status=201, answer={"transfer_id": str(case.id)})
    _insert(out, case, scene)
    out.subject = {"case_id": case.id, "chapter": Chapter.TRANSFER}
    out.happened(
        "transfer.requested",
        legs[0].rule,
        case=str(case.id),
        to_agency=str(case.to_agency_id),
        mode=case.mode,
    )
    go_on(out, life, case, legs, scene)
    acting.told(out, case, scene)
    assert case.to_agency_id is not None
    out.notices.append(Notice("transfer_announced", case.to_agency_id, role="hr_officer"))
    out.tell.append((transfer_workflow(case.id), {"profile_id": life.profile_id}))
    return out


def _insert(out: Outcome, case: Case, scene: Scene, **closing: object) -> None:
    row: dict[str, object] = {
        "id": case.id,
        "kind": "transfer",
        "profile_id": case.profile_id,
        "from_agency_id": case.from_agency_id,
        "to_agency_id": case.to_agency_id,
        "mode": case.mode,
        "effective_on": case.effective_on,
        "document": case.document,
        "state": case.state,
        "version": 1,
        "facts": case.facts,
        "opened_at": scene.now,
    }
    out.insert("cases", **{**row, **closing})


def _moved_within(life: Life, case: Case, legs: tuple[Leg, ...], scene: Scene) -> Outcome:
    """A move within one agency whose document is in effect: one act of one side, and it is done."""
    _not_while_signing(life)
    rule = legs[0].rule
    on = scene.today.isoformat()
    case = replace(case, state="accepted", facts={**case.facts, "accepted_on": on})
    out = Outcome(status=201, answer={"transfer_id": str(case.id), "state": "accepted"})
    out.answer["late_days"] = days_late(rule, case.effective_on, scene)
    out.answer["agency_id"] = str(case.to_agency_id)
    _insert(out, case, scene, closed_at=scene.now)
    out.happened("transfer.within", rule, case=str(case.id), late_days=out.answer["late_days"])
    take_along(life, case, legs, out, scene)
    out.answer |= _told(out, life, case, legs)
    out.tell.append((transfer_workflow(case.id), {"profile_id": life.profile_id}))
    return out


def go_on(out: Outcome, life: Life, case: Case, legs: tuple[Leg, ...], scene: Scene) -> None:
    """Open the duties whose day is known by now, and that of the step the transfer waits for.

    The simulation walks through here too: what it would open is what a transfer really opens.
    """
    waiting = upcoming(legs, case.state)
    running = {d.slot for d in life.duties if d.case_id == case.id}
    for leg in legs:
        if leg.rule is None or not leg.state or leg.rule.slot in running:
            continue
        if STATES.index(leg.state) <= STATES.index(case.state):
            continue
        start = start_of(leg.rule, case) or (scene.today if leg is waiting else None)
        if start is not None:
            _open_leg(out, case, leg, leg.rule, start, scene)
    out.answer |= _told(out, life, case, legs)


def _open_leg(out: Outcome, case: Case, leg: Leg, rule: Obligation, start: date, scene: Scene) -> None:
    """The duty of one step; the outer limit of the whole move runs beside it, the earlier binds."""
    agency_id = case.to_agency_id if leg.side == "new" else case.from_agency_id
    assert agency_id is not None
    outer = start_of(leg.limit, case) if leg.limit else None
    runs = leg.limit if outer is not None else None
    facts: dict[str, Any] = {"limit": runs.citation} if runs else {}
    open_duty(
        out,
        scene,
        rule,
        agency_id=agency_id,
        event_on=start,
        case_id=case.id,
        beside=((runs, outer),) if runs and outer else (),
        **facts,
    )


def _told(out: Outcome, life: Life, case: Case, legs: tuple[Leg, ...]) -> dict[str, Any]:
    """The steps with their dates, and the next one, for the answer."""
    due = {d.slot: d.due_on for d in life.duties if d.case_id == case.id}
    due |= {o.duty.slot: o.duty.due_on for o in out.opened}
    steps = told(legs, case, due)
    return {"steps": steps, "next": next((one for one in steps if not one["done"]), None)}


def _at(life: Life, case: Case | None, verb: str, scene: Scene) -> tuple[Case, tuple[Leg, ...]]:
    """The open transfer, if what it waits for is this step; or a refusal."""
    case = open_transfer(life, case, *OPEN)
    legs = route_of(case, scene)
    waiting = upcoming(legs, case.state)
    if waiting is None or waiting.verb != verb:
        open_transfer(life, case)
    return case, legs


def _duty_of(life: Life, case: Case, rule: Obligation | None, out: Outcome, scene: Scene) -> None:
    for duty in life.owed(rule.slot) if rule else ():
        if duty.case_id == case.id:
            close_duty(out, scene, duty)


def ask(life: Life, case: Case | None, _body: AskForProfile, scene: Scene) -> Outcome:
    """The new agency asks for the profile; the old one's period runs from now (moha.art8.2)."""
    case, legs = _at(life, case, "ask_for_profile", scene)
    out = Outcome(answer={"transfer_id": str(case.id), "state": "asked"})
    after = _change(out, case, state="asked", asked_on=scene.today.isoformat())
    _duty_of(life, case, legs[0].rule, out, scene)
    out.happened("transfer.asked", legs[0].rule, case=str(case.id))
    go_on(out, life, after, legs, scene)
    out.notices.append(Notice("transfer_asked", case.from_agency_id, role="hr_officer"))
    return out


def report(life: Life, case: Case | None, body: ReportTransfer, scene: Scene) -> Outcome:
    """The old agency reports to the managing authority of the same level."""
    case, legs = _at(life, case, "report_transfer", scene)
    out = Outcome(answer={"transfer_id": str(case.id), "state": "reported"})
    after = _change(out, case, state="reported", report=body.document)
    rule = scene.rule("transfer_report")
    _duty_of(life, case, rule, out, scene)
    out.happened("transfer.reported", rule, case=str(case.id))
    go_on(out, life, after, legs, scene)
    if scene.department_id is not None:
        out.notices.append(Notice("transfer_reported", scene.department_id, role="department_officer"))
    return out


def hand_over(life: Life, case: Case | None, body: HandOver, scene: Scene) -> Outcome:
    """Dossier and account are handed over; within one agency the move is done by that."""
    case, legs = _at(life, case, "hand_over", scene)
    _possible(body.handed_over_on, case, scene)
    named = _named_late(life, case, body, scene)
    if legs[0].name == "move":
        return _move(life, case, legs, scene)
    out = Outcome(answer={"transfer_id": str(case.id), "state": "handed_over"})
    slip = str(slips.slip_id(case, slips.HAND_OVER))
    on = body.handed_over_on.isoformat()
    after = _change(out, case, state="handed_over", handed_over_on=on, slip=slip, **named)
    leg = next(one for one in legs if one.name == "hand_over")
    _duty_of(life, case, leg.rule, out, scene)
    rule = leg.rule or scene.rule("transfer_report")
    out.happened("transfer.handed_over", rule, case=str(case.id))
    slips.asked(out, life, case, slips.HAND_OVER, rule, case.from_agency_id, scene)
    go_on(out, life, after, legs, scene)
    if named:
        if case.facts.get(acting.FACT) != named[acting.FACT]:
            acting.taken_back(out, case, scene)
        acting.told(out, after, scene)
    return out


def _named_late(life: Life, case: Case, body: HandOver, scene: Scene) -> dict[str, Any]:
    """Who is to act for a head who goes, named with the hand-over: whoever claimed the transfer could not.

    Raises:
        RefusedError: ``acting-head-unfit``.
    """
    assert case.to_agency_id is not None
    other = Other(case.to_agency_id, within=bool(case.facts.get("within")))
    return acting.proposed(life, body, replace(scene, other=other))


def _possible(on: date, case: Case, scene: Scene) -> None:
    """Refuse a hand-over on a day that cannot be."""
    if on > scene.today:
        refuse("future-date", "Ngày bàn giao chưa tới.", "The hand-over date lies in the future.")
    if on < case.effective_on and on < scene.today:
        refuse(
            "impossible-date",
            "Ngày bàn giao trước ngày quyết định có hiệu lực.",
            "The hand-over lies before the decision takes effect.",
        )


def _move(life: Life, case: Case, legs: tuple[Leg, ...], scene: Scene) -> Outcome:
    """The move within one agency that waited for its day."""
    if scene.today < case.effective_on:
        refuse("future-date", "Quyết định chưa có hiệu lực.", "The decision is not in effect yet.")
    _not_while_signing(life)
    out = Outcome(answer={"transfer_id": str(case.id), "state": "accepted"})
    out.answer["agency_id"] = str(case.to_agency_id)
    after = _change(out, case, state="accepted", closed_at=scene.now, accepted_on=scene.today.isoformat())
    out.happened("transfer.within", legs[0].rule, case=str(case.id))
    take_along(life, after, legs, out, scene)
    out.subject |= {"case_id": None, "chapter": life.stage}
    out.answer |= _told(out, life, after, legs)
    out.tell.append((profile_workflow(life.profile_id), {}))
    return out


def _not_while_signing(life: Life) -> None:
    if life.approval is not None:
        refuse(
            "in-flight",
            "Một bản khai của hồ sơ đang được ký; xin thử lại sau ít phút.",
            "A submission of this profile is being signed; try again in a moment.",
        )


def accept(life: Life, case: Case | None, _body: AcceptTransfer, scene: Scene) -> Outcome:
    """The new agency receives: custody, account, duties and the month's item move in this one act."""
    case, legs = _at(life, case, "accept_transfer", scene)
    _not_while_signing(life)
    assert case.to_agency_id is not None
    to_agency, on = case.to_agency_id, scene.today
    out = Outcome(answer={"transfer_id": str(case.id), "state": "accepted", "agency_id": str(to_agency)})
    after = _change(out, case, state="accepted", closed_at=scene.now, accepted_on=on.isoformat())
    out.happened(
        "transfer.accepted",
        scene.rule("transfer_receive"),
        case=str(case.id),
        from_agency=str(case.from_agency_id),
        to_agency=str(to_agency),
    )
    if "slip" in case.facts:  # none where it was handed over by an earlier release
        slips.asked(out, life, case, slips.RECEIPT, scene.rule("transfer_receive"), to_agency, scene)
    out.subject = {"case_id": None, "chapter": life.stage}
    there = take_along(life, after, legs, out, scene)
    out.insert("month_item_moved", to_agency=to_agency)
    leave_posts(life, out, scene)
    end_share(life, out, scene, "transferred")
    afterwards(life, legs, to_agency, on, out, scene, there)
    out.answer |= _told(out, life, after, legs)
    out.notices.append(Notice("transfer_accepted", case.from_agency_id, role="hr_officer"))
    out.tell.append((profile_workflow(life.profile_id), {}))
    return out


def refuse_transfer(life: Life, case: Case | None, body: RefuseTransfer, scene: Scene) -> Outcome:
    """The new agency refuses: the profile stays where it is."""
    return _end(life, open_transfer(life, case, *OPEN), "refused", body.reason, scene)


def withdraw(life: Life, case: Case | None, body: WithdrawTransfer, scene: Scene) -> Outcome:
    """The old agency takes the transfer back."""
    return _end(life, open_transfer(life, case, *OPEN), "withdrawn", body.reason, scene)


def _end(life: Life, case: Case, state: str, reason: str, scene: Scene) -> Outcome:
    out = Outcome(answer={"transfer_id": str(case.id), "state": state})
    _change(out, case, state=state, closed_at=scene.now, reason=reason)
    out.subject = {"case_id": None, "chapter": life.stage}
    for duty in life.duties:
        if duty.case_id == case.id:
            void_duty(out, scene, duty, state)
    out.happened(f"transfer.{state}", scene.rule("transfer_receive"), case=str(case.id))
    acting.taken_back(out, case, scene)
    other = case.from_agency_id if state == "refused" else case.to_agency_id
    assert other is not None
    out.notices.append(Notice(f"transfer_{state}", other, role="hr_officer"))
    out.tell.append((profile_workflow(life.profile_id), {}))
    return out


def _change(out: Outcome, case: Case, *, state: str, closed_at: object = None, **facts: Any) -> Case:
    """Move the case on; its row is the second one an act on a transfer writes. Answers what it became."""
    values: dict[str, object] = {
        "state": state,
        "version": case.version + 1,
        "facts": {**case.facts, **facts},
    }
    if closed_at is not None:
        values["closed_at"] = closed_at
    out.update("cases", {"id": case.id}, **values)
    return replace(case, state=state, facts={**case.facts, **facts})
