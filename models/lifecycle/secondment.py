"""Secondment (biệt phái): custody stays at home, the host reads for as long as it lasts.

The texts say little: data management includes seconded staff (phu_yen.art16.5), the profile is at the host's
disposal within 30 working days of the decision (moha.art8.2.c). Which agency keeps the profile none of them
says; here the home agency keeps it. The access ends by itself on its date; two notices come before.
"""

from datetime import date, datetime, timedelta

from models.calendar import MissingYear, start_of_day
from models.commands import EndSecondment, Second
from models.lifecycle.duties import days_late, spread
from models.lifecycle.guard import in_chapter, no_open_case, refuse
from models.lifecycle.life import Chapter, Life, Share
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import message_day

DAY = timedelta(days=1)
NOTICES = (-20, -5)
"""Working days before the last day on which both sides and the person are told: policy, not law."""


def second(life: Life, body: Second, scene: Scene) -> Outcome:
    """The home agency seconds the person; the host reads from the first day to the last."""
    no_open_case(life)
    in_chapter(life, Chapter.SERVICE)
    if life.share is not None:
        refuse(
            "wrong-state",
            "Người này đang có biệt phái chưa kết thúc.",
            "A secondment of this person has not ended.",
        )
    if body.to_agency_id == life.agency_id:
        refuse("malformed-request", "Nơi đến trùng cơ quan đang quản lý.", "The host is the home agency.")
    if body.ends_on < body.starts_on or body.ends_on < scene.today:
        refuse("impossible-date", "Ngày kết thúc không hợp lý.", "The last day cannot be that day.")
    if body.decided_on > scene.today:
        refuse("future-date", "Ngày quyết định chưa tới.", "The decision is dated in the future.")
    rule = scene.rule("secondment")
    late = days_late(rule, body.decided_on, scene)
    share_id = scene.new_id("share")
    running = body.starts_on <= scene.today
    out = Outcome(status=201, answer={"secondment_id": str(share_id), "late_days": late})
    out.answer |= {"citation": rule.citation if rule else None, "ends_on": body.ends_on.isoformat()}
    out.insert(
        "shares",
        id=share_id,
        profile_id=life.profile_id,
        kind="secondment",
        from_agency_id=life.agency_id,
        agency_id=body.to_agency_id,
        starts_on=body.starts_on,
        ends_on=body.ends_on + DAY,
        document=body.document,
        state="running" if running else "ahead",
        warned=sum(day <= scene.today for day in _notice_days(body.ends_on + DAY, scene)),
        next_on=_next_on(body.starts_on, body.ends_on + DAY, scene),
        opened_at=scene.now,
    )
    out.happened(
        "secondment.decided",
        rule,
        share=str(share_id),
        to_agency=str(body.to_agency_id),
        starts_on=body.starts_on.isoformat(),
        last_day=body.ends_on.isoformat(),
        late_days=late,
    )
    out.notices.append(
        Notice(
            "secondment_begins",
            body.to_agency_id,
            role="hr_officer",
            citation=rule.citation if rule else None,
            facts={"starts_on": body.starts_on.isoformat(), "last_day": body.ends_on.isoformat()},
        )
    )
    return out


def end(life: Life, body: EndSecondment, scene: Scene) -> Outcome:
    """The home agency ends the secondment before its date; the host's access ends at once."""
    share = life.share
    if share is None:
        refuse("wrong-state", "Không có biệt phái đang mở.", "No secondment is open.")
    out = Outcome(answer={"secondment_id": str(share.id), "state": "ended"})
    end_share(life, out, scene, body.reason)
    return out


def end_share(life: Life, out: Outcome, scene: Scene, reason: str) -> None:
    """End what is shared, where something is; both sides are told."""
    share = life.share
    if share is None:
        return
    out.update("shares", {"id": share.id}, state="ended", ended_at=scene.now, reason=reason)
    out.happened("secondment.ended", scene.rule("secondment"), share=str(share.id))
    for agency_id in (share.agency_id, share.from_agency_id):
        out.notices.append(Notice("secondment_ended", agency_id, role="hr_officer"))


def wake_share(life: Life, out: Outcome, scene: Scene) -> None:
    """What the date asks of a secondment: it begins, its end is announced, it ends."""
    share = life.share
    if share is None:
        return
    if share.ends_on <= scene.today:
        end_share(life, out, scene, "term")
        return
    if share.next_on > scene.today:
        return
    state = share.state
    if state == "ahead" and share.starts_on <= scene.today:
        state = "running"
        out.happened("secondment.began", scene.rule("secondment"), share=str(share.id))
    come = sum(day <= scene.today for day in _notice_days(share.ends_on, scene))
    if come > share.warned:
        out.happened("secondment.ending", None, share=str(share.id), policy=True)
        _announce(life, share, out)
    next_on = _next_on(share.starts_on, share.ends_on, scene)
    out.update("shares", {"id": share.id}, state=state, warned=max(come, share.warned), next_on=next_on)


def _announce(life: Life, share: Share, out: Outcome) -> None:
    last = share.ends_on - DAY
    facts = {"last_day": last.isoformat(), "policy": True}
    for agency_id in (share.from_agency_id, share.agency_id):
        out.notices.append(
            Notice("secondment_ending", agency_id, role="hr_officer", due_on=last, facts=facts)
        )
    if life.account is not None:
        out.notices.append(
            Notice("secondment_ending", life.agency_id, account_id=life.account.id, due_on=last, facts=facts)
        )


def _notice_days(ends_on: date, scene: Scene) -> list[date]:
    """The days of the notices before the last day; none where the calendar of its year is missing."""
    last = ends_on - DAY
    try:
        return [message_day(last, offset, scene.calendar) for offset in NOTICES]
    except MissingYear:
        return []


def _next_on(starts_on: date, ends_on: date, scene: Scene) -> date:
    """The next day a secondment needs a look."""
    days = [starts_on, *_notice_days(ends_on, scene), ends_on]
    return min((day for day in days if scene.today < day <= ends_on), default=ends_on)


def share_wake(life: Life, outcome: Outcome) -> datetime | None:
    """When the secondment next needs a look, once ``outcome`` is written; none where none is open."""
    next_on = life.share.next_on if life.share else None
    for write in outcome.writes:
        if write.table == "shares":
            next_on = None if write.values.get("state") == "ended" else write.values.get("next_on", next_on)
    return start_of_day(next_on) + spread(life.profile_id) if next_on else None
