"""Other people's accounts: opened, handed over, suspended, closed. Pure.

Whether the actor may touch the account at all has been asked of ``models.access``; here the law says whose
office it is, and the state whether it can be done.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from models.access import Actor
from models.command_accounts import (
    AccountAct,
    Appoint,
    CloseAccount,
    EndSessions,
    ExtendGrant,
    GrantRole,
    HandOverAccount,
    IssuePassword,
    OpenAgencyAccount,
    OpenServiceAccount,
    RegisterServiceKey,
    Relieve,
    ResetSecondFactor,
    RestrictGrant,
    ResumeAccount,
    RevokeGrant,
    SuspendAccount,
    WithdrawServiceKey,
)
from models.lifecycle import appointing, granting, services
from models.lifecycle.account import NOBODYS_PASSWORD
from models.lifecycle.guard import refuse
from models.lifecycle.life import AccountState
from models.lifecycle.managed import ABOVE, Managed, agencys, not_competent, shut, told, unsigned, until
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene


def decide_account(account: Managed, body: AccountAct, actor: Actor, scene: Scene) -> Outcome:
    """What an act on an account comes to.

    Raises:
        RefusedError: ``not-competent``, ``wrong-state``, ``unknown-agency``, ``unknown-role``,
            ``role-held``, ``period-invalid``, ``not-found``.
    """
    if isinstance(body, OpenAgencyAccount):
        return _open(account, body, actor, scene)
    if isinstance(body, OpenServiceAccount):
        return services.open_service(account, body, scene)
    if account.state == AccountState.CANCELLED and not isinstance(body, RevokeGrant):
        refuse("wrong-state", "Tài khoản đã bị hủy.", "The account is cancelled.")
    return _DECISIONS[type(body)](account, body, scene)


def _open(account: Managed, body: OpenAgencyAccount, actor: Actor, scene: Scene) -> Outcome:
    """The first account of a top-level agency is the department's to give; below it, its own."""
    if not account.line:
        refuse("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    below, top = scene.rule("agency_account_below"), scene.rule("agency_account_top")
    if scene.actor_role in ABOVE:
        if below is not None and account.agency_id != account.top:
            not_competent(
                below,
                "Tài khoản của đơn vị cấp dưới do cơ quan quản lý trực tiếp cấp trên tạo lập.",
                "Accounts of units below are created by the top-level agency they belong to.",
            )
    elif not any(g.holds(scene.today) and g.agency_id in account.line[:-1] for g in actor.grants):
        not_competent(below, "Ngoài đơn vị của mình.", "Outside the own agency.")
    elif not _at(account.top, actor, scene):
        not_competent(
            below,
            "Chỉ cơ quan, đơn vị cấp trên trực tiếp thuộc cơ quan quản lý mới tạo lập tài khoản cơ quan.",
            "Only agencies right below the managing authority create agency accounts.",
        )
    elif account.agency_id == account.top and not account.accounts_there:
        not_competent(
            top,
            "Tài khoản đầu tiên của cơ quan do cơ quan quản lý cơ sở dữ liệu tạo lập.",
            "An agency's first account is created by the managing department.",
        )
    rule = below if account.agency_id != account.top else top
    out = Outcome(status=201, answer={"account_id": str(account.id), "login": body.login})
    out.insert(
        "accounts",
        id=account.id,
        kind="agency",
        login=body.login,
        display_name=body.display_name,
        email=body.email,
        password_hash=body.password_hash,
        state=AccountState.DEFAULT_PASSWORD,
        profile_id=body.holder_profile_id,
        agency_id=body.agency_id,
        created_at=scene.now,
        one_time_until=until(scene),
    )
    told(out, account, "account.opened", rule, body)
    return out


def _at(agency: UUID, actor: Actor, scene: Scene) -> bool:
    return any(g.agency_id == agency and g.holds(scene.today) for g in actor.grants)


def _hand_over(account: Managed, body: HandOverAccount, scene: Scene) -> Outcome:
    """The next holder gets in by a password of the own alone; the department hears of it."""
    agencys(account)
    out = Outcome(answer={"account_id": str(account.id)})
    out.insert("holder", display_name=body.display_name, email=body.email)
    out.update(
        "accounts",
        {"id": account.id},
        profile_id=body.holder_profile_id,
        password_hash=body.password_hash,
        state=AccountState.DEFAULT_PASSWORD,
        one_time_until=until(scene),
        password_changed_at=None,
        failed_logins=0,
        locked_until=None,
    )
    shut(out, account, second_factor=True)
    unsigned(out, account, body, scene)
    rule = scene.rule("account_handover") or scene.rule("agency_account_holder")
    told(out, account, "account.handed_over", rule, body)
    if scene.department_id is not None:
        citation = rule.citation if rule else None
        facts = {"account": str(account.id), "document": body.document}
        out.notices.append(
            Notice(
                "account_handed_over",
                scene.department_id,
                role="department_officer",
                citation=citation,
                facts=facts,
            )
        )
    return out


def _issue(account: Managed, body: IssuePassword, scene: Scene) -> Outcome:
    agencys(account)
    out = Outcome(answer={"account_id": str(account.id)})
    out.update(
        "accounts",
        {"id": account.id},
        password_hash=body.password_hash,
        state=AccountState.DEFAULT_PASSWORD,
        one_time_until=until(scene),
        password_changed_at=None,
        failed_logins=0,
        locked_until=None,
    )
    shut(out, account)
    told(out, account, "account.password_reset", scene.rule("account_operations"), body)
    return out


def _suspend(account: Managed, body: SuspendAccount, scene: Scene) -> Outcome:
    if account.suspended:
        refuse("wrong-state", "Tài khoản đang tạm ngừng.", "The account is suspended already.")
    out = Outcome(answer={"account_id": str(account.id)})
    out.update("accounts", {"id": account.id}, suspended_at=scene.now)
    shut(out, account)
    told(out, account, "account.suspended", scene.rule("account_operations"), body)
    return out


def _resume(account: Managed, body: ResumeAccount, scene: Scene) -> Outcome:
    if not account.suspended:
        refuse("wrong-state", "Tài khoản không bị tạm ngừng.", "The account is not suspended.")
    out = Outcome(answer={"account_id": str(account.id)})
    out.update("accounts", {"id": account.id}, suspended_at=None, failed_logins=0, locked_until=None)
    told(out, account, "account.resumed", scene.rule("account_operations"), body)
    return out


def _close(account: Managed, body: CloseAccount, scene: Scene) -> Outcome:
    agencys(account)
    out = Outcome(answer={"account_id": str(account.id)})
    out.update("accounts", {"id": account.id}, state=AccountState.CANCELLED, password_hash=NOBODYS_PASSWORD)
    for held in account.grants:
        if held.valid_to is None or held.valid_to > scene.today:
            out.update("grants", {"id": held.id}, valid_to=max(held.valid_from, scene.today))
    shut(out, account, second_factor=True)
    unsigned(out, account, body, scene)
    told(out, account, "account.closed", scene.rule("account_operations"), body)
    return out


def _reset_second_factor(account: Managed, body: ResetSecondFactor, scene: Scene) -> Outcome:
    if not account.second_factor:
        refuse("wrong-state", "Tài khoản chưa đăng ký lớp xác thực thứ hai.", "No second factor is enrolled.")
    out = Outcome(answer={"account_id": str(account.id)})
    shut(out, account, second_factor=True)
    told(out, account, "account.second_factor_reset", scene.rule("account_operations"), body)
    return out


def _end_sessions(account: Managed, body: EndSessions, scene: Scene) -> Outcome:
    out = Outcome(answer={"account_id": str(account.id)})
    out.insert("sessions_ended", account_id=account.id, session_id=body.session_id)
    which = {"session": str(body.session_id)} if body.session_id is not None else {}
    told(out, account, "account.sessions_ended", None, body, **which)
    return out


_DECISIONS: dict[type[AccountAct], Callable[[Managed, Any, Scene], Outcome]] = {
    HandOverAccount: _hand_over,
    IssuePassword: _issue,
    SuspendAccount: _suspend,
    ResumeAccount: _resume,
    CloseAccount: _close,
    ResetSecondFactor: _reset_second_factor,
    EndSessions: _end_sessions,
    GrantRole: appointing.grant,
    RestrictGrant: appointing.restrict,
    ExtendGrant: appointing.extend,
    RevokeGrant: granting.revoke,
    RegisterServiceKey: services.register_key,
    WithdrawServiceKey: services.withdraw_key,
    Appoint: appointing.appoint,
    Relieve: appointing.relieve,
}
