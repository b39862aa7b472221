"""What a comparison with the national database leads to: sent again, or put before somebody."""

from typing import Any
from uuid import UUID

from models.command_national import AnswerProposal
from models.form import carry, catalogue, digest, tidy
from models.lifecycle import gate
from models.lifecycle.forms import form_of
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import Chapter, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.proposed import Proposal
from models.lifecycle.scene import Scene

TABLE = "national_proposals"


def repair(life: Life, facts: dict[str, Any], scene: Scene) -> Outcome:
    """What a difference leads to: their own correction is put before people, anything else is sent again."""
    return propose(life, facts, scene) if "proposal" in facts else resend(life, scene)


def resend(life: Life, scene: Scene) -> Outcome:
    """They do not hold what we sent: the approved revision goes out again, on the running list."""
    out = Outcome()
    if life.approved_revision_id is None:
        return out
    out.happened("national.resent", None, revision=str(life.approved_revision_id))
    _put(out, life, scene)
    return out


def propose(life: Life, facts: dict[str, Any], scene: Scene) -> Outcome:
    """Put what they corrected before the person and HR; an older proposal that waits is overtaken by it."""
    out = Outcome()
    named = UUID(str(facts["proposal"]))
    found = next((p for p in life.proposals if p.id == named and p.state == "fetched"), None)
    if found is None:
        return out
    for older in life.proposals:
        if older.id != named:
            out.update(TABLE, {"id": older.id}, state="overtaken")
    out.update(TABLE, {"id": named}, state="open")
    out.happened("national.proposed", None, proposal=str(named), fields=list(found.fields))
    told = {"fields": len(found.fields)}
    out.notices.append(Notice("national_proposed", life.agency_id, role="hr_officer", facts=told))
    if life.account is not None:
        out.notices.append(
            Notice("national_proposed", life.agency_id, account_id=life.account.id, facts=told)
        )
    return out


def answer(life: Life, body: AnswerProposal, scene: Scene) -> Outcome:
    """Accepted, their values stand in the draft, to be declared and approved as any change; disputed, ours go
    out again. Nothing that was approved is changed by either."""
    in_chapter(life, Chapter.SERVICE, Chapter.TRANSFER)
    found = next((p for p in life.proposals if p.id == body.proposal_id and p.state == "open"), None)
    if found is None:
        refuse("not-found", "Không có đề nghị nào đang chờ trả lời.", "No proposal waits for an answer.")
    if not body.accepted and body.reason is None:
        refuse("malformed-request", "Cần nêu lý do.", "Say why it is disputed.", path="reason")
    out = Outcome(answer={"proposal_id": str(found.id), "accepted": body.accepted})
    state = "accepted" if body.accepted else "disputed"
    out.update(TABLE, {"id": found.id}, state=state, decided_at=scene.now, decided_by=scene.actor_id)
    out.happened(f"national.{state}", None, proposal=str(found.id), fields=list(found.fields))
    if body.accepted:
        _into_the_draft(out, life, found, scene)
    else:
        _put(out, life, scene)
    return out


def _into_the_draft(out: Outcome, life: Life, proposal: Proposal, scene: Scene) -> None:
    if life.pending is not None:
        refuse(
            "approval-open",
            "Một bản khai đang chờ phê duyệt; trả lời sau khi có kết quả.",
            "A submission awaits approval; answer when it is decided.",
        )
    form = form_of(scene)
    begun = carry(catalogue(life.base_form), form, life.base, on=scene.today) if life.base else {}
    theirs = carry(catalogue(proposal.form_version), form, proposal.content, on=scene.today)
    kept = {name: value for name, value in begun.items() if name not in proposal.fields}
    content = tidy(form, {**kept, **theirs})
    number = life.draft.number if life.draft else life.revision_number + 1
    out.insert(
        "draft_prefilled",
        id=life.draft.id if life.draft else scene.new_id("draft"),
        number=number,
        based_on=life.revision_number or None,
        form=form.version,
        content=content,
        digest=digest(content),
        before=life.draft.digest if life.draft else None,
        author=life.account.id if life.account else scene.actor_id,
    )
    out.answer |= {"draft": number, "filled": list(proposal.fields)}


def _put(out: Outcome, life: Life, scene: Scene) -> None:
    out.insert(
        "event_item",
        revision_id=life.approved_revision_id,
        agency_id=life.agency_id,
        gate=gate.position(scene),
        listed=False,
    )
