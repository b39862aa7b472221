"""Who is to act for a head who leaves, named with the leaving itself. Pure.

There is one way into a post: ``appointing.appoint``, by whoever may give it. Who records a leaving seldom
may, so what is named is a proposal: it goes, with the call that appoints, to who gives the post, and the
weekly asking for an acting head (``activities/readiness/vacancies.py``) repeats it until one is appointed.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from models.command_accounts import Appoint
from models.commands import HandOver, RequestTransfer, Separate
from models.lifecycle.granting import givers
from models.lifecycle.guard import refuse
from models.lifecycle.life import Case, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Named, Scene

FACT = "acting_head"
"""Where a case keeps who is proposed."""
_UNFIT: Mapping[str, tuple[str, str]] = {
    "head-stays": (
        "Chuyển trong nội bộ cơ quan không làm trống vị trí người đứng đầu.",
        "A move within the agency empties no head's post.",
    ),
    "no-head": (
        "Người rời đi không đứng đầu đơn vị nào.",
        "Who leaves heads no unit.",
    ),
    "leaver": (
        "Người rời đi không thể tự phụ trách thay mình.",
        "Who leaves cannot act for themselves.",
    ),
    "not-of-unit": (
        "Người được đề nghị không thuộc đơn vị đó.",
        "The person named is not of that unit.",
    ),
    "no-account": (
        "Người được đề nghị chưa có tài khoản đang hoạt động.",
        "The person named has no account in use.",
    ),
    "holds-already": (
        "Người được đề nghị đang giữ vị trí này.",
        "The person named holds that post already.",
    ),
}


def proposed(life: Life, body: Separate | RequestTransfer | HandOver, scene: Scene) -> dict[str, Any]:
    """What the case keeps of who is proposed; empty where nobody is named.

    Raises:
        RefusedError: ``acting-head-unfit``, whose ``why`` says what stands against that person.
    """
    if body.acting_head is None:
        return {}
    named = scene.acting or Named(body.acting_head)
    why = _unfit(life, named, scene)
    if why is not None:
        vi, en = _UNFIT[why]
        refuse("acting-head-unfit", vi, en, why=why)
    return {FACT: {"account": str(named.account_id), "agency": str(named.unit), "post": named.post}}


def _unfit(life: Life, named: Named, scene: Scene) -> str | None:
    """Why this person cannot be proposed; None where nothing stands against it."""
    if scene.other is not None and scene.other.within:
        return "head-stays"
    if named.unit is None:
        return "no-head"
    if named.profile_id == life.profile_id:
        return "leaver"
    if not named.of_unit:
        return "not-of-unit"
    if named.account_id is None:
        return "no-account"
    return "holds-already" if named.holds else None


def told(out: Outcome, case: Case, scene: Scene) -> None:
    """Tell who gives the post whom the leaving proposes, with the call that appoints them."""
    kept = case.facts.get(FACT)
    if kept is None:
        return
    rule = scene.rule("decentralised_accounts")
    out.happened("acting_head.proposed", rule, case=str(case.id), **kept)
    # From the day of the leaving on; of one that has come, from the day on which it is called.
    since = case.effective_on if case.effective_on > scene.today else None
    body = Appoint(
        role=kept["post"],
        agency_id=UUID(kept["agency"]),
        acting=True,
        valid_from=since,
        document=case.document,
    )
    facts = {"case": str(case.id), **kept, "call": call(UUID(kept["account"]), body)}
    out.notices.append(_notice("acting_head_proposed", kept["post"], rule, facts, scene))


def call(account_id: UUID, body: Appoint) -> dict[str, Any]:
    """The call that appoints, as whoever may give the post sends it."""
    return {
        "method": "POST",
        "path": f"/accounts/{account_id}/posts",
        "body": body.model_dump(mode="json", exclude_none=True),
    }


def taken_back(out: Outcome, case: Case, scene: Scene) -> None:
    """The leaving is off: who was told of a proposal hears so, and relieves whoever was put in meanwhile."""
    kept = case.facts.get(FACT)
    if kept is not None:
        rule = scene.rule("decentralised_accounts")
        facts = {"case": str(case.id), **kept}
        out.notices.append(_notice("acting_head_withdrawn", kept["post"], rule, facts, scene))


def _notice(kind: str, post: str, rule: Any, facts: dict[str, Any], scene: Scene) -> Notice:
    """To the department, whose roles give a head's post everywhere below it."""
    return Notice(
        kind,
        scene.department_id or scene.managing_agency_id,
        role=givers(post)[0],
        citation=rule.citation if rule else None,
        facts=facts,
    )
