"""Opening a profile and its account: the first chapter of a life."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from models.commands import (
    ActivateAccount,
    CreateAccount,
    OpenProfile,
    ReportLostPassword,
    RequestAccount,
    ResetPassword,
)
from models.lifecycle.competence import signers
from models.lifecycle.duties import OPERATING, bearer, close_duty, open_duty
from models.lifecycle.entry import open_entry, owed_at_entry
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import AccountState, Chapter, Life, Status
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene

ACCOUNT_SLOTS = ("intake_account", "personal_account", "transfer_account")
"""Duties that an account meets. A national record is pulled (`intake`), whoever has an account."""
RECEIVED = ("received", "received_with_national_record", "received_unconnected")
NOBODYS_PASSWORD = "!"  # noqa: S105 — no hash ever looks like this, so nobody can log in with it


def account_issuers(scene: Scene, slot: str = "personal_account") -> tuple[str, ...]:
    """Roles that issue personal accounts where the law lays it on one office for the whole authority.

    Empty where each agency issues its own: then access alone decides who may.
    """
    rule = scene.rule(slot)
    return signers(rule) if rule is not None and rule.party in OPERATING else ()


def _issues(scene: Scene, slot: str = "personal_account") -> None:
    """Refuse an account or a password by somebody else than the one office that issues them."""
    issuers = account_issuers(scene, slot)
    if not issuers or scene.actor_role in issuers:
        return
    rule = scene.rule(slot)
    refuse(
        "not-competent",
        "Theo quy chế, tài khoản do đơn vị vận hành cơ sở dữ liệu cấp; đơn vị quản lý gửi yêu cầu.",
        "Under the rule in force the database's operator issues accounts; the managing unit requests them.",
        citation=rule.citation if rule else None,
    )


def open_profile(profile_id: UUID, authority_id: UUID, body: OpenProfile, scene: Scene) -> Outcome:
    """Open the profile; receiving somebody from outside starts the agency's clock (hanoi.art12.2.2.a)."""
    if body.event_on > scene.today:
        refuse(
            "future-date",
            "Ngày quyết định hoặc ngày chuyển giao hồ sơ chưa tới.",
            "The decision or hand-over date lies in the future.",
        )
    out = Outcome(status=201, answer={"profile_id": str(profile_id)})
    out.subject = {
        "agency_id": body.agency_id,
        "category": body.category,
        "chapter": Chapter.ACCOUNT,
        "status": Status.PENDING,
        "origin": body.origin,
    }
    out.insert(
        "custody",
        id=scene.new_id("custody"),
        profile_id=profile_id,
        agency_id=body.agency_id,
        starts_on=body.event_on,
        ends_on=None,
        follows=None,
        case_id=None,
    )
    owed = owed_at_entry(body.origin, scene)
    out.happened(
        "profile.opened",
        next(iter(owed), None),
        origin=body.origin,
        event_on=body.event_on.isoformat(),
    )
    _created(out, scene, profile_id, body)
    open_entry(out, scene, owed, profile_id, body.agency_id, body.event_on, body.document)
    return out


def _created(out: Outcome, scene: Scene, profile_id: UUID, body: OpenProfile) -> None:
    """Opening the profile creates the dossier: its period from the decision, met by this act, late or not.

    Only for people who enter service: whoever is received has a dossier already (NĐ 27/2026 art. 18).
    """
    rule = scene.rule("dossier_creation")
    if rule is None or body.origin != "recruited":
        return
    duty = open_duty(
        out,
        scene,
        rule,
        agency_id=body.agency_id,
        event_on=body.event_on,
        profile_id=profile_id,
        quiet=True,
        document=body.document,
    )
    late = close_duty(out, scene, duty)
    due = duty.due_on.isoformat() if duty.due_on else None
    out.answer["dossier"] = {"due_on": due, "late_days": late, "citation": rule.citation}


def request_account(life: Life, body: RequestAccount, scene: Scene) -> Outcome:
    """Ask for the account; the period of whoever creates it runs from this day (moha.art7.1)."""
    in_chapter(life, Chapter.ACCOUNT)
    _one_account(life, scene)
    if life.owed("personal_account"):
        refuse("wrong-state", "Yêu cầu tạo tài khoản đã được gửi.", "The account was requested already.")
    out = Outcome(status=201)
    late = max((close_duty(out, scene, duty) for duty in life.owed("account_request")), default=0)
    out.happened("account.requested", scene.rule("account_request"), document=body.document, late_days=late)
    out.answer = {"late_days": late}
    rule = scene.rule("personal_account")
    if rule is not None:
        duty = open_duty(
            out,
            scene,
            rule,
            agency_id=life.agency_id,
            event_on=scene.today,
            profile_id=life.profile_id,
            document=body.document,
        )
        out.answer |= {"duty_id": str(duty.id), "due_on": duty.due_on.isoformat() if duty.due_on else None}
    return out


def _one_account(life: Life, scene: Scene) -> None:
    """Refuse a second account for the same person (moha.art4.4)."""
    if life.account is None:
        return
    rule = scene.rule("one_account")
    refuse(
        "wrong-state",
        "Hồ sơ đã có tài khoản; mỗi người chỉ có một tài khoản.",
        "The profile already has an account; each person has exactly one.",
        citation=rule.citation if rule else None,
    )


def create_account(life: Life, body: CreateAccount, scene: Scene) -> Outcome:
    """Create the personal account; the person then owes the first declaration (hanoi.art6.2)."""
    if not life.owed("transfer_account"):
        # Whom the law gives a new account in the new agency (phu_yen.art12.3) is in service already.
        in_chapter(life, Chapter.ACCOUNT)
    _one_account(life, scene)
    _issues(scene)
    asking = scene.rule("account_request")
    if asking is not None and not life.owed("personal_account", "intake_account", "transfer_account"):
        refuse(
            "wrong-state",
            "Đơn vị quản lý chưa gửi yêu cầu tạo tài khoản.",
            "The managing unit has not requested the account yet.",
            citation=asking.citation,
        )
    account_id = scene.new_id("account")
    out = Outcome(status=201, answer={"account_id": str(account_id), "login": body.login})
    out.insert(
        "accounts",
        id=account_id,
        kind="personal",
        login=body.login,
        email=body.email,
        password_hash=body.password_hash,
        state=AccountState.DEFAULT_PASSWORD,
        profile_id=life.profile_id,
        agency_id=life.agency_id,
        created_at=scene.now,
        one_time_until=scene.now + timedelta(hours=scene.policy.accounts.one_time_hours),
    )
    out.subject = {"account_id": account_id}
    out.happened("account.created", scene.rule("personal_account"), account=str(account_id))
    received = life.origin in RECEIVED or bool(life.owed("intake_account", "intake_pull"))
    for duty in life.owed(*ACCOUNT_SLOTS):
        out.answer["late_days"] = close_duty(out, scene, duty)
    moved = bool(life.owed("transfer_account"))
    then = "transfer_check" if moved else "intake_check" if received else "first_declaration"
    for slot in ("default_password", then):
        if obligation := scene.rule(slot):
            open_duty(
                out,
                scene,
                obligation,
                agency_id=life.agency_id,
                event_on=scene.today,
                profile_id=life.profile_id,
                account_id=account_id,
            )
    return out


def activate_account(life: Life, body: ActivateAccount, scene: Scene) -> Outcome:
    """The default password is changed: the person may declare."""
    if life.account is None or life.account.state is not AccountState.DEFAULT_PASSWORD:
        refuse(
            "wrong-state", "Tài khoản đã đổi mật khẩu mặc định.", "The default password was changed already."
        )
    out = Outcome(answer={"account_id": str(life.account.id)})
    out.update(
        "accounts",
        {"id": life.account.id},
        password_hash=body.password_hash,
        state=AccountState.ACTIVE,
        password_changed_at=scene.now,
        one_time_until=None,
    )
    if life.chapter is Chapter.ACCOUNT:
        out.subject = {"chapter": Chapter.DECLARATION}
    out.happened("account.activated", scene.rule("default_password"), account=str(life.account.id))
    for duty in life.owed("default_password"):
        close_duty(out, scene, duty)
    out.notices.append(
        Notice("declare_now", life.agency_id, account_id=life.account.id, facts={"slot": "first_declaration"})
    )
    return out


def reset_password(life: Life, body: ResetPassword, scene: Scene) -> Outcome:
    """Issue a one-time password: every session ends, and it must be changed before anything else.

    For the personal account the default-password duty begins again; a post's account carries none.
    """
    _issues(scene, "personal_account_management")
    if body.account_id is not None and body.account_id not in life.post_accounts:
        refuse("not-found", "Người này không giữ tài khoản đó.", "The person does not hold that account.")
    if body.account_id is None and life.account is None:
        refuse("wrong-state", "Hồ sơ chưa có tài khoản.", "The profile has no account.")
    if body.account_id is None and life.account and life.account.state is AccountState.CANCELLED:
        refuse("wrong-state", "Tài khoản đã bị hủy quyền truy cập.", "The account's access is cancelled.")
    account_id = body.account_id or (life.account.id if life.account else None)
    assert account_id is not None
    out = Outcome(answer={"account_id": str(account_id)})
    out.update(
        "accounts",
        {"id": account_id},
        password_hash=body.password_hash,
        state=AccountState.DEFAULT_PASSWORD,
        failed_logins=0,
        locked_until=None,
        password_changed_at=None,
        one_time_until=scene.now + timedelta(hours=scene.policy.accounts.one_time_hours),
    )
    out.insert("sessions_ended", account_id=account_id)
    out.happened("account.password_reset", scene.rule("account_operations"), account=str(account_id))
    for duty in life.owed("lost_password") if body.account_id is None else ():
        out.answer["late_days"] = close_duty(out, scene, duty)
    rule = scene.rule("default_password")
    if body.account_id is None and rule is not None and not life.owed("default_password"):
        open_duty(
            out,
            scene,
            rule,
            agency_id=life.agency_id,
            event_on=scene.today,
            profile_id=life.profile_id,
            account_id=account_id,
        )
    return out


def report_lost_password(life: Life, body: ReportLostPassword, scene: Scene) -> Outcome:
    """Lock the personal account at once, whoever reports it; its head and whoever issues accounts hear of it.

    Where the law asks for the report (moha.art14.4), a new password is owed by that office; elsewhere the
    agency's own officer is told and issues one.
    """
    if life.account is None or life.account.state is AccountState.CANCELLED:
        refuse("wrong-state", "Hồ sơ không có tài khoản đang dùng.", "The profile has no account in use.")
    rule = scene.rule("lost_password")
    if rule is not None and rule.document_required and body.document is None:
        refuse(
            "evidence-required",
            "Cần số văn bản báo cáo mất mật khẩu.",
            "The number of the written report is needed.",
            citation=rule.citation,
        )
    if life.owed("lost_password"):
        refuse("wrong-state", "Việc mất mật khẩu đã được báo.", "The loss was reported already.")
    out = Outcome(status=201, answer={"account_id": str(life.account.id)})
    out.update(
        "accounts",
        {"id": life.account.id},
        password_hash=NOBODYS_PASSWORD,
        state=AccountState.DEFAULT_PASSWORD,
    )
    out.insert("sessions_ended", account_id=life.account.id)
    facts: dict[str, Any] = {"document": body.document} if body.document else {}
    out.happened("account.locked", rule, account=str(life.account.id), **facts)
    citation = rule.citation if rule else None
    out.notices.append(Notice("password_lost", life.agency_id, role="head", citation=citation))
    issuing = scene.rule("personal_account_management") or scene.rule("personal_account")
    if rule is None or issuing is None:
        out.notices.append(Notice("password_lost", life.agency_id, role="hr_officer"))
        return out
    duty = open_duty(
        out,
        scene,
        rule,
        agency_id=life.agency_id,
        event_on=scene.today,
        profile_id=life.profile_id,
        owed_by=bearer(issuing, life.agency_id, scene),
        **facts,
    )
    out.answer["duty_id"] = str(duty.id)
    return out
