"""Taking in somebody whom the national database already holds (hanoi.art12.2.2.b; tt06.art11.1.b).

HR or the department asks; the national side is read outside any act; what it said becomes fact here. The
person's form is filled where it is empty, so that nobody declares again what the State holds (tt06.art4).
"""

from typing import Any

from models.commands import PullNationalRecord
from models.errors import Refusal
from models.form import Prefilled, carry, catalogue, digest, prefill
from models.lifecycle.duties import close_duty, open_duty, void_duty
from models.lifecycle.forms import form_of
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import Chapter, Duty, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.pulled import Pulled
from models.lifecycle.scene import Scene

NOT_FOUND = "no-national-record"
"""The one failure that is an answer about the person, not about the connection."""


def ask(life: Life, _body: PullNationalRecord, scene: Scene) -> Outcome:
    """Judge whether the record may be pulled now; the answer waits for what the national database says."""
    in_chapter(life, Chapter.ACCOUNT, Chapter.DECLARATION, Chapter.REVIEW, Chapter.SERVICE)
    if _owed(life) is None:
        rule = scene.rule("intake_pull")
        refuse(
            "wrong-state",
            "Hồ sơ không chờ tiếp nhận từ Cơ sở dữ liệu quốc gia.",
            "The profile does not wait for its national record.",
            citation=rule.citation if rule else None,
        )
    if life.pending is not None:
        refuse(
            "approval-open",
            "Một bản khai đang chờ phê duyệt; tiếp nhận sau khi có kết quả.",
            "A submission awaits approval; pull the record when it is decided.",
        )
    return Outcome(settles=False, answer={"pull": True})


def complete(life: Life, scene: Scene) -> Outcome:
    """The record is here: fill the draft's gaps, say what was left as entered, meet the duty."""
    pulled = life.pulled
    assert pulled is not None
    duty = _owed(life)
    if duty is None or life.pending is not None:
        # Another pull, or a submission, was quicker: what was fetched changes nothing.
        return _told(Refusal("wrong-state", extra={"chapter": str(life.chapter)}), scene)
    form = form_of(scene)
    held = carry(catalogue(pulled.form_version), form, pulled.content, on=scene.today)
    begun = carry(catalogue(life.base_form), form, life.base, on=scene.today) if life.base else {}
    made = prefill(form, begun, held, on=scene.today)
    number = life.draft.number if life.draft else life.revision_number + 1
    rule, once = scene.rule("intake_pull"), scene.rule("no_redeclaration")
    out = Outcome(answer=_answer(pulled, made, number))
    out.answer |= {
        "citation": duty.citation,
        "no_redeclaration": once.citation if once else None,
        "late_days": close_duty(out, scene, duty),
    }
    _write_draft(out, life, pulled, made, number, scene)
    out.update(
        "national_records",
        {"id": pulled.id},
        state="used",
        filled=list(made.filled),
        kept=list(made.kept),
        unfit=list(made.unfit),
    )
    out.happened(
        "intake.pulled",
        rule,
        record=str(pulled.id),
        held_by=pulled.held_by,
        status=pulled.status,
        digest=pulled.digest,
        fetched_at=pulled.fetched_at.isoformat(),
    )
    out.happened(
        "draft.prefilled", once, filled=list(made.filled), kept=list(made.kept), unfit=list(made.unfit)
    )
    if life.account is not None:
        out.notices.append(
            Notice(
                "draft_prefilled",
                life.agency_id,
                account_id=life.account.id,
                citation=once.citation if once else None,
                facts={"filled": len(made.filled), "kept": len(made.kept)},
            )
        )
    return out


def fail(life: Life, code: str, extra: dict[str, str], scene: Scene) -> Outcome:
    """Nothing was pulled, and nothing of the form changed; why is the command's answer.

    Where the national database holds no such person, the case is the other one the law knows: somebody
    received without a record, for whom an account is owed from the same day (hanoi.art12.2.2.a).
    """
    rule = scene.rule("intake_pull")
    refusal = Refusal(code, citation=rule.citation if rule else None, extra=extra)
    out = _told(refusal, scene)
    duty = _owed(life)
    if code != NOT_FOUND or duty is None:
        return out
    void_duty(out, scene, duty, NOT_FOUND)
    out.subject = {"origin": "received"}
    account = scene.rule("intake_account")
    if life.account is None and account is not None:
        open_duty(
            out,
            scene,
            account,
            agency_id=life.agency_id,
            event_on=duty.event_on,
            label=NOT_FOUND,
            profile_id=life.profile_id,
        )
    return out


def _owed(life: Life) -> Duty | None:
    return next(iter(life.owed("intake_pull")), None)


def _told(refusal: Refusal, scene: Scene) -> Outcome:
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    return out.happened("intake.not_pulled", scene.rule("intake_pull"), reason=refusal.code)


def _answer(pulled: Pulled, made: Prefilled, number: int) -> dict[str, Any]:
    return {
        "record": str(pulled.id),
        "draft": number,
        "held_by": pulled.held_by,
        "status": pulled.status,
        "fetched_at": pulled.fetched_at.isoformat(),
        "filled": list(made.filled),
        "kept": list(made.kept),
        "unfit": list(made.unfit),
    }


def _write_draft(
    out: Outcome, life: Life, pulled: Pulled, made: Prefilled, number: int, scene: Scene
) -> None:
    """The draft as it is now; nothing where nothing was filled."""
    if not made.filled:
        return
    out.insert(
        "draft_prefilled",
        id=life.draft.id if life.draft else scene.new_id("draft"),
        number=number,
        based_on=life.revision_number or None,
        form=form_of(scene).version,
        content=made.content,
        digest=digest(made.content),
        before=life.draft.digest if life.draft else None,
        author=life.account.id if life.account else pulled.asked_by,
    )
