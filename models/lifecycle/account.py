"""Opening a profile and its account: the first chapter of a life."""

from uuid import UUID

from models.commands import ActivateAccount, CreateAccount, OpenProfile, ResetPassword
from models.lifecycle.duties import close_duty, open_duty
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import AccountState, Chapter, Life, Status
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene

ACCOUNT_SLOTS = ("intake_account", "personal_account")
"""Duties that an account meets. A national record is pulled (`intake`), whoever has an account."""
RECEIVED = ("received", "received_with_national_record", "received_unconnected")


def open_profile(profile_id: UUID, authority_id: UUID, body: OpenProfile, scene: Scene) -> Outcome:
    """Open the profile; receiving somebody from outside starts the agency's clock (hanoi.art12.2.2.a)."""
    if body.event_on > scene.today:
        refuse(
            "future-date",
            "Ngày quyết định hoặc ngày chuyển giao hồ sơ chưa tới.",
            "The decision or hand-over date lies in the future.",
        )
    slot = {
        "recruited": "personal_account",
        "received": "intake_account",
        "received_with_national_record": "intake_pull",
    }[body.origin]
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
    obligation = scene.rule(slot)
    out.happened("profile.opened", obligation, origin=body.origin, event_on=body.event_on.isoformat())
    if obligation is not None:
        open_duty(
            out,
            scene,
            obligation,
            agency_id=body.agency_id,
            event_on=body.event_on,
            profile_id=profile_id,
            document=body.document,
        )
    return out


def create_account(life: Life, body: CreateAccount, scene: Scene) -> Outcome:
    """Create the personal account; the person then owes the first declaration (hanoi.art6.2)."""
    in_chapter(life, Chapter.ACCOUNT)
    if life.account is not None:
        refuse("wrong-state", "Hồ sơ đã có tài khoản.", "The profile already has an account.")
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
    )
    out.subject = {"account_id": account_id}
    out.happened("account.created", scene.rule("personal_account"), account=str(account_id))
    received = life.origin in RECEIVED or bool(life.owed("intake_account", "intake_pull"))
    for duty in life.owed(*ACCOUNT_SLOTS):
        out.answer["late_days"] = close_duty(out, scene, duty)
    for slot in ("default_password", "intake_check" if received else "first_declaration"):
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
        "accounts", {"id": life.account.id}, password_hash=body.password_hash, state=AccountState.ACTIVE
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
    )
    out.insert("sessions_ended", account_id=account_id)
    out.happened("account.password_reset", scene.rule("account_operations"), account=str(account_id))
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
