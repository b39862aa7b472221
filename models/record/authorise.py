"""May this actor do this to that subject today? Asked again here, whatever the API asked before."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Denied, Target, Verb, delegables, may
from models.command_sessions import CancelListSigning, CompleteListSigning, OpenListSigning
from models.commands import (
    ApproveByList,
    ApproveList,
    ClaimTransfer,
    CutList,
    Delegate,
    OpenProfile,
    ReopenProfile,
    RevokeDelegation,
)
from models.errors import RefusedError
from models.form import top_level
from models.lifecycle.account import account_issuers
from models.lifecycle.competence import BY_PARTY, competent, signers
from models.lifecycle.giving import could_give
from models.lifecycle.life import AccountState, Chapter
from models.lifecycle.month import OPENING, WHOLE_STOCK
from models.lifecycle.review import obligation_of
from models.lifecycle.scene import Scene
from models.lifecycle.steps import OWN, awaited, owed_by
from models.record.actors import SUSPENDED
from models.record.commands import Command
from models.record.subjects import Found

VERB_OF = {
    "open_profile": "create_profile",
    "pull_national_record": "pull_record",
    "create_account": "create_account",
    "request_account": "request_account",
    "report_lost_password": "report_lost_password",
    "activate_account": "declare",
    "reset_password": "create_account",
    "submit_declaration": "declare",
    "enter_form": "enter_form",
    "amend_submission": "amend",
    "change_fields": "create_profile",
    "return_for_correction": "return_for_correction",
    "approve": "approve",
    "open_signing": "approve",
    "open_own_signing": "declare",
    "complete_signing": "approve",
    "cancel_signing": "approve",
    "give_notice": "give_notice",
    "withdraw_notice": "give_notice",
    "report_error": "declare",
    "answer_error": "give_notice",
    "request_intake": "create_profile",
    "request_transfer": "request_transfer",
    "claim_transfer": "accept_transfer",
    "second": "request_transfer",
    "end_secondment": "request_transfer",
    "confirm_move_out": "report_transfer",
    "reopen_profile": "create_profile",
    "ask_for_profile": "accept_transfer",
    "export_dossier": "export",
    "print_dossier": "print_own",
    "allow_access": "consent_access",
    "revoke_access": "consent_access",
    "ask_consent": "ask_consent",
    "answer_consent": "give_consent",
    "withdraw_consent": "give_consent",
    "place_hold": "hold_file",
    "end_hold": "hold_file",
    "propose_disposal": "propose_disposal",
    "withdraw_disposal": "propose_disposal",
    "approve_disposal": "approve_disposal",
    "propose_profile_merge": "propose_merge",
    "withdraw_profile_merge": "propose_merge",
    "approve_profile_merge": "approve_merge",
    "separate": "separate",
    "cancel_separation": "separate",
    "report_transfer": "report_transfer",
    "hand_over": "hand_over",
    "accept_transfer": "accept_transfer",
    "refuse_transfer": "refuse_transfer",
    "withdraw_transfer": "request_transfer",
    "approve_list": "approve",
    "cut_list": "approve",
    "approve_by_list": "approve",
    "open_list_signing": "approve",
    "complete_list_signing": "approve",
    "cancel_list_signing": "approve",
    "hold_items": "approve",
    "lift_hold": "approve",
    "release_month": "gate",
    "send_back_items": "gate",
    "sign_report": "sign_report",
    "open_report_signing": "sign_report",
    "complete_report_signing": "sign_report",
    "cancel_report_signing": "sign_report",
    "open_export_signing": "export",
    "complete_export_signing": "export",
    "cancel_export_signing": "export",
    "open_campaign": "open_campaign",
    "load_law": "administer",
    "order_backup": "administer",
    "record_breach": "record_breach",
    "add_to_breach": "record_breach",
    "issue_breach_notice": "answer_breach",
    "notify_breach": "answer_breach",
    "close_breach": "answer_breach",
    "request_rectification": "ask_rectification",
    "open_dispute": "ask_rectification",
    "withdraw_request": "ask_rectification",
    "answer_rectification": "answer_rectification",
    "decide_dispute": "decide_dispute",
    "check_escrow": "administer",
    "pause_party": "administer",
    "resume_party": "administer",
    "announce_maintenance": "administer",
    "lift_maintenance": "administer",
    "order_reconciliation": "reconcile",
    "answer_proposal": "answer_national",
    "create_agency": "manage_agency",
    "change_agency": "manage_agency",
    "end_agency": "manage_agency",
    "withdraw_agency_change": "manage_agency",
    "set_quota": "manage_agency",
    "draft_reorganisation": "plan_reorganisation",
    "amend_reorganisation": "plan_reorganisation",
    "withdraw_reorganisation": "plan_reorganisation",
    "approve_reorganisation": "approve_reorganisation",
    "adopt_law": "administer",
    "proclaim_year": "administer",
    "propose_code_list": "import_workbook",
    "decide_code_list": "import_workbook",
}
"""Command verb to the verb of ``models.access``."""

NEW_SIDE = ("ask_for_profile", "accept_transfer", "refuse_transfer")
"""Verbs of a transfer that belong to the agency that receives."""

LISTS = (ApproveList, CutList, ApproveByList, OpenListSigning, CompleteListSigning, CancelListSigning)
"""Bodies by which a month's list is approved."""

BEFORE_SENDING = ("hold_items", "lift_hold")
"""Verbs about what has been approved and has not gone out."""

TAKING_OUT = ("export_dossier", "open_export_signing", "complete_export_signing")
"""Verbs that take the whole of a file out."""
OF_THE_WHOLE = (*TAKING_OUT, "propose_profile_merge", "approve_profile_merge")
"""Verbs about the whole of a file: of an archived one also the right to read it is asked."""

SIGNING = ("approve", "open_signing", "complete_signing", "cancel_signing")
"""Verbs of a signature; a session's stand on the right its document stands on."""
REVIEWING = (*SIGNING, "return_for_correction", "amend_submission")
"""Verbs of whoever owes the next signature."""

_ANCESTORS = text(
    "SELECT ancestor_id FROM agency_closure WHERE descendant_id = :agency AND valid_to IS NULL ORDER BY depth"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """As what an actor acts; and on whose behalf, by which delegation, if the right is somebody else's."""

    role: str
    on_behalf_of: UUID | None = None
    delegation_id: UUID | None = None


async def authorise(connection: AsyncConnection, command: Command, found: Found, scene: Scene) -> Standing:
    """The role under which the actor acts.

    Raises:
        RefusedError: ``not-permitted``, ``password-change-required`` or what access says.
    """
    if command.account_state in (AccountState.CANCELLED, SUSPENDED):
        raise RefusedError.of(
            "not-permitted", "Tài khoản đã bị hủy quyền truy cập.", "The account's access is cancelled."
        )
    if command.account_state == AccountState.DEFAULT_PASSWORD and command.verb != "activate_account":
        raise RefusedError.of(
            "password-change-required",
            "Phải đổi mật khẩu mặc định trước khi thực hiện việc khác.",
            "The default password must be changed first.",
        )
    if command.body.subject == "delegation":
        return authorise_delegation(command, found, scene)
    agency_id, ancestors = await _place(connection, command, found)
    if agency_id is None:
        raise RefusedError.of("not-found", "Không tìm thấy.", "There is no such thing.")
    life = found.subject.life
    step = awaited(life, scene) if life is not None and command.verb in REVIEWING else None
    if step is not None and life is not None:
        # The step's own agency, not the profile's: a department may review for units that are beside it.
        owner = owed_by(step, agency_id, scene)[1]
        if owner != agency_id:
            agency_id, ancestors = owner, await _above(connection, owner)
    target = Target(
        profile_id=life.profile_id if life else None,
        agency_id=agency_id,
        ancestors=ancestors,
        author_account_id=life.pending.author_id if life and life.pending else None,
        subject_account_id=life.account.id if life and life.account else None,
        authority_id=life.authority_id if life else None,
        facts=scene.facts if life else {},
    )
    verb = VERB_OF[command.verb]
    if command.verb in SIGNING and life is not None and life.approval and life.approval.step == OWN:
        step, verb = None, "declare"
    if step is not None and command.verb in SIGNING:
        fitting = may(command.actor, verb, target, scene.today, scene.law, among=signers(step.obligation))
        if isinstance(fitting, Allowed):
            return Standing(fitting.role, fitting.delegation_of, fitting.delegation_id)
    if (issuers := account_issuers(scene)) and verb == "create_account":
        fitting = may(command.actor, verb, target, scene.today, scene.law, among=issuers)
        if isinstance(fitting, Allowed):
            return Standing(fitting.role, fitting.delegation_of, fitting.delegation_id)
    month = found.subject.month
    if isinstance(command.body, LISTS) and month is not None and month.kind == WHOLE_STOCK:
        rule = scene.rule(OPENING[WHOLE_STOCK][0])
        among = signers(rule) if rule is not None else ()
        fitting = may(command.actor, verb, target, scene.today, scene.law, among=among)
        if isinstance(fitting, Allowed):
            return Standing(fitting.role, fitting.delegation_of, fitting.delegation_id)
    report = found.subject.report
    owed = obligation_of(report, scene) if report is not None else None
    if owed is not None:
        # A role of one's own that may not sign goes after a delegation by whoever may.
        fitting = may(command.actor, verb, target, scene.today, scene.law, among=signers(owed))
        if isinstance(fitting, Allowed):
            return Standing(fitting.role, fitting.delegation_of, fitting.delegation_id)
    verdict = may(command.actor, verb, target, scene.today, scene.law)
    if not isinstance(verdict, Allowed) and command.verb in BEFORE_SENDING:
        verdict = _sending(command, target, scene) or verdict
    if not isinstance(verdict, Allowed):
        raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
    if command.verb in OF_THE_WHOLE and life is not None and life.chapter is Chapter.ARCHIVE:
        refuse_archived(command, target, scene)
    if step is not None and verdict.role in BY_PARTY["department"]:
        # The department reaches every agency; it judges only the steps that the law lays on it.
        competent(step.obligation, replace(scene, actor_role=verdict.role))
    return Standing(verdict.role, verdict.delegation_of, verdict.delegation_id)


def refuse_archived(command: Command, target: Target, scene: Scene) -> None:
    """What is archived leaves only by the right to read it, by whoever sees all of it (hanoi.art12.3).

    Raises:
        RefusedError: ``archived-profile``, ``field-withheld``, ``own-file``.
    """
    verdict = may(command.actor, Verb.READ_ARCHIVE, target, scene.today, scene.law)
    if isinstance(verdict, Denied):
        code = "archived-profile" if verdict.code == "not-permitted" else verdict.code
        raise RefusedError.of(code, verdict.reason_vi, verdict.reason_en)
    if verdict.level < top_level():
        raise RefusedError.of(
            "field-withheld",
            f"Vai trò được xem đến độ hạn chế {verdict.level}; bản xuất chứa mục ở độ cao hơn.",
            f"The role sees up to level {verdict.level} of restriction; the export holds fields above it.",
        )


def _sending(command: Command, target: Target, scene: Scene) -> Allowed | None:
    """What goes out, and when, is also for whoever synchronises, also by delegation (hanoi.art14.1)."""
    verdict = may(command.actor, "sync", target, scene.today, scene.law)
    return verdict if isinstance(verdict, Allowed) else None


async def _place(
    connection: AsyncConnection, command: Command, found: Found
) -> tuple[UUID | None, tuple[UUID, ...]]:
    """The agency whose matter this is, and the agencies above it."""
    agency_id, ancestors = found.agency_id, found.ancestors
    if isinstance(command.body, OpenProfile | ReopenProfile):
        agency_id = command.body.agency_id
    elif isinstance(command.body, ClaimTransfer):
        agency_id = command.body.to_agency_id
    elif command.verb in NEW_SIDE and found.subject.case is not None:
        agency_id = found.subject.case.to_agency_id
    else:
        return agency_id, ancestors
    return agency_id, await _above(connection, agency_id)


async def _above(connection: AsyncConnection, agency_id: UUID | None) -> tuple[UUID, ...]:
    rows = await connection.execute(_ANCESTORS, {"agency": agency_id})
    return tuple(rows.scalars())


def authorise_delegation(command: Command, found: Found, scene: Scene) -> Standing:
    """Who may agree to a delegation or end it; whether one may be given is judged with its substance.

    It is ended by those it passed through, by the one who received it, and by whoever could give it.

    Raises:
        RefusedError: ``not-permitted``.
    """
    actor, lent = command.actor, found.subject.lent
    if isinstance(command.body, Delegate) or lent is None or found.row is None:
        return Standing("delegator")
    if isinstance(command.body, RevokeDelegation):
        if actor.account_id in found.row.parties:
            return Standing("delegator")
        if actor.account_id == lent.delegate_id:
            return Standing("delegate")
        role = could_give(actor, delegables().what[lent.what], lent.standing.ancestors, scene)
        if role is None:
            raise RefusedError.of(
                "not-permitted",
                "Chỉ người uỷ quyền, người được uỷ quyền hoặc người đứng đầu cấp trên mới chấm dứt được.",
                "Only its two sides, or whoever above could give it, may end a delegation.",
            )
        return Standing(role)
    place = Target(lent.agency_id, lent.standing.ancestors)
    verdict = may(actor, "agree_delegation", place, scene.today, scene.law)
    if isinstance(verdict, Allowed):
        return Standing(verdict.role)
    raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
