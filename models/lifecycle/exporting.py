"""Taking a dossier out: who must sign for it to stand for the paper original, and what of it is taken.

A print of one's own data is signed by nobody and says so. Everything taken out is written down, for the
person to see.
"""

from typing import Any
from uuid import UUID

from models.command_exports import ExportDossier, PrintDossier
from models.command_sessions import OpenExportSigning
from models.errors import Refusal
from models.lifecycle.competence import signers
from models.lifecycle.guard import refuse
from models.lifecycle.life import Exportable, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

AUTHORITY, AGENCY = "authority", "agency"
"""The person competent, by their own signature; the agency, by its seal."""

OWN = "Người có hồ sơ"
"""Recipient of a print of one's own data."""

_ALL = "authority_and_agency"


def export(life: Life, body: ExportDossier, scene: Scene) -> Outcome:
    """Judge whether it may be exported now and by whose signatures; the answer waits for them."""
    rule = rule_of(scene)
    places = places_of(rule, scene)
    out = asked(life, body, scene, rule, legal=True, recipient=body.recipient, places=places)
    told(out, life, rule)
    return out


def rule_of(scene: Scene) -> Obligation:
    """The rule that says whose signatures an export needs.

    Raises:
        RefusedError: ``not-permitted``, none in force says so.
    """
    rule = scene.rule("export_signature")
    if rule is None:
        refuse(
            "not-permitted",
            "Quy định đang có hiệu lực không nêu cách xuất hồ sơ có giá trị pháp lý.",
            "No rule in force says how a dossier is exported with legal value.",
        )
    return rule


def told(out: Outcome, life: Life, rule: Obligation) -> None:
    """A line for the person whose dossier leaves."""
    if life.account is not None:
        out.notices.append(
            Notice("dossier_exported", life.agency_id, account_id=life.account.id, citation=rule.citation)
        )


def print_own(life: Life, body: PrintDossier, scene: Scene) -> Outcome:
    """Print one's own approved data."""
    rule = scene.rule("print_own") or scene.rule("own_data")
    return asked(life, body, scene, rule, legal=False, recipient=OWN, places=())


def complete(life: Life, facts: dict[str, Any], scene: Scene) -> Outcome:
    """The file is made: the command's answer."""
    out = Outcome(status=201, answer={"export_id": facts["export"], "document": facts["document"]})
    out.update("exports", {"id": UUID(str(facts["export"]))}, state="made", made_at=scene.now)
    out.happened("dossier.exported", None, export=facts["export"], document=facts["document"])
    return out


def fail(life: Life, facts: dict[str, Any], scene: Scene) -> Outcome:
    """Nothing was made; why is the command's answer, and the attempt stays in the log."""
    reason = str(facts["reason"])
    refusal = Refusal("signature-failed", extra={"reason": reason})
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    return unmade(out, UUID(str(facts["export"])), reason)


def unmade(out: Outcome, export_id: UUID, reason: str) -> Outcome:
    """It came to nothing: the attempt stays in the log, with why."""
    out.update("exports", {"id": export_id}, state="failed", failure=reason)
    return out.happened("dossier.export_failed", None, export=str(export_id), reason=reason)


def places_of(rule: Obligation, scene: Scene) -> tuple[str, ...]:
    """Who signs, in order: both, or whichever of the two the actor may give.

    Raises:
        RefusedError: ``not-competent``.
    """
    competent = scene.actor_role in signers(rule)
    if rule.signature == _ALL and not competent:
        refuse(
            "not-competent",
            "Văn bản xuất ra phải có chữ ký số của người có thẩm quyền và của cơ quan;"
            " vai trò này không có thẩm quyền ký.",
            "The export needs the signatures of the person competent and of the agency;"
            " this role is not competent to sign.",
            citation=rule.citation,
            signature=rule.signature,
        )
    if rule.signature == _ALL:
        return (AUTHORITY, AGENCY)
    return (AUTHORITY,) if competent else (AGENCY,)


def asked(
    life: Life,
    body: ExportDossier | PrintDossier | OpenExportSigning,
    scene: Scene,
    rule: Obligation | None,
    *,
    legal: bool,
    recipient: str,
    places: tuple[str, ...],
) -> Outcome:
    """The row of what is taken out, still to be made.

    Raises:
        RefusedError: ``future-date``, ``nothing-approved``.
    """
    as_of = body.as_of or scene.today
    if as_of > scene.today:
        refuse("future-date", "Ngày khai thác ở tương lai.", "The day lies in the future.")
    taken = _taken(life, rule)
    export_id = scene.new_id("export")
    out = Outcome(settles=False, answer={"export_id": str(export_id), "revision": taken.number})
    out.insert(
        "exports",
        id=export_id,
        profile_id=life.profile_id,
        revision_id=taken.revision_id,
        command_id=scene.act_id,
        legal=legal,
        purpose=body.purpose,
        recipient=recipient,
        as_of=as_of,
        digest=taken.digest,
        asked_by=scene.actor_id,
        asked_role=scene.actor_role,
        on_behalf_of=scene.on_behalf_of,
        delegation_id=scene.delegation_id,
        places=list(places),
        rule_ids=list(rule.rule_ids) if rule else [],
        citation=rule.citation if rule else None,
        rule_set_hash=scene.law.hash,
        state="making",
        asked_at=scene.now,
    )
    out.happened(
        "export.asked",
        rule,
        export=str(export_id),
        revision=taken.number,
        digest=taken.digest,
        as_of=as_of.isoformat(),
        legal=legal,
    )
    return out


def _taken(life: Life, rule: Obligation | None) -> Exportable:
    if life.exportable is None:
        refuse(
            "nothing-approved",
            "Đến ngày này hồ sơ chưa có dữ liệu được phê duyệt.",
            "By that day no data of this profile had been approved.",
            citation=rule.citation if rule else None,
        )
    return life.exportable
