"""Entering from outside: which duties begin, by where the person comes from and what the law knows."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from models.commands import RequestIntake
from models.lifecycle.duties import close_duty, open_duty
from models.lifecycle.guard import refuse
from models.lifecycle.life import Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation


def owed_at_entry(origin: str, scene: Scene) -> list[Obligation]:
    """What is owed for somebody of this origin; empty where the law is silent.

    A law that does not tell people with a national record from those without has the account made and the
    department asked in writing for both (phu_yen.art12.1.a), or asks for account and data in one clause
    (tt06.art11.1.b). One that tells them apart gives no date for the account of those with a record
    (hanoi.art12.2.2). Where it does not know systems that cannot be connected, whoever comes from one is
    received like anybody else.
    """

    def filled(*slots: str) -> list[Obligation]:
        return [rule for slot in slots if (rule := scene.rule(slot, origin=origin)) is not None]

    asking = filled("account_request")
    if asking:
        # The period of whoever creates the account runs from the request (moha.art7.1).
        return asking + [rule for rule in _entering(origin, filled) if rule.slot != "personal_account"]
    return _entering(origin, filled)


def _entering(origin: str, filled: Callable[..., list[Obligation]]) -> list[Obligation]:
    match origin:
        case "recruited":
            return filled("personal_account")
        case "received_unconnected" if filled("intake_unconnected"):
            return filled("intake_unconnected", "personal_account")
        case "received_with_national_record" if pull := filled("intake_pull"):
            account, request = filled("intake_account"), filled("intake_request")
            one_clause = [rule.rule.id for rule in account] == [rule.rule.id for rule in pull]
            return [*pull, *(account if request or one_clause else []), *request]
        case _:
            return filled("intake_account", "intake_request")


def open_entry(
    out: Outcome,
    scene: Scene,
    owed: list[Obligation],
    profile_id: UUID,
    agency_id: UUID,
    event_on: date,
    document: str,
) -> None:
    """Open them, each from the decision or the hand-over of the dossier."""
    for obligation in owed:
        open_duty(
            out,
            scene,
            obligation,
            agency_id=agency_id,
            event_on=event_on,
            profile_id=profile_id,
            document=document,
        )


def request_intake(life: Life, body: RequestIntake, scene: Scene) -> Outcome:
    """The written request to the department is sent (phu_yen.art12.1.a); the department hears of it."""
    owed = life.owed("intake_request")
    if not owed:
        refuse(
            "wrong-state",
            "Không có văn bản đề nghị Sở Nội vụ nào còn phải gửi.",
            "No written request to the department is owed.",
        )
    rule = scene.rule("intake_request")
    out = Outcome(answer={"document": body.document, "citation": owed[0].citation})
    out.answer["late_days"] = max(close_duty(out, scene, duty) for duty in owed)
    out.happened("intake.requested", rule, late_days=out.answer["late_days"])
    if scene.department_id is not None:
        out.notices.append(
            Notice(
                "intake_requested",
                scene.department_id,
                role="department_officer",
                citation=owed[0].citation,
            )
        )
    return out
