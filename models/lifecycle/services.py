"""Service accounts: opened, and known by keys that are registered and withdrawn. Pure.

Whether a key is strong enough is judged where it came in; here it is told whose it is, and until when.
"""

from datetime import timedelta

from models.command_accounts import OpenServiceAccount, RegisterServiceKey, WithdrawServiceKey
from models.lifecycle.account import NOBODYS_PASSWORD
from models.lifecycle.guard import refuse
from models.lifecycle.life import AccountState
from models.lifecycle.managed import Managed, shut, told
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene

LONGEST = timedelta(days=366 * 2)
"""How long a key may be valid: policy."""
SERVICE = "service"


def open_service(account: Managed, body: OpenServiceAccount, scene: Scene) -> Outcome:
    """An account for a program: it has no password, and does nothing before a key and a role are given to it.

    Raises:
        RefusedError: ``unknown-agency``.
    """
    if not account.line:
        refuse("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    out = Outcome(status=201, answer={"account_id": str(account.id), "login": body.login})
    out.insert(
        "accounts",
        id=account.id,
        kind=SERVICE,
        login=body.login,
        display_name=body.display_name,
        password_hash=NOBODYS_PASSWORD,
        state=AccountState.ACTIVE,
        agency_id=body.agency_id,
        created_at=scene.now,
    )
    told(out, account, "account.service_opened", scene.rule("account_operations"), body)
    return out


def register_key(account: Managed, body: RegisterServiceKey, scene: Scene) -> Outcome:
    """A public key by which the account is known; two may hold at once, so keys rotate without a gap.

    Raises:
        RefusedError: ``not-found``, ``key-unfit``.
    """
    _service(account)
    latest = scene.now + LONGEST
    ends = body.expires_at or latest
    if not scene.now < ends <= latest:
        refuse(
            "key-unfit",
            "Khóa phải hết hạn trong tương lai, nhiều nhất sau 2 năm.",
            "A key ends in the future, two years ahead at most.",
        )
    out = Outcome(status=201, answer={"kid": body.kid, "expires_at": ends.isoformat()})
    out.insert(
        "service_keys",
        kid=body.kid,
        account_id=account.id,
        jwk=body.jwk,
        document=body.document,
        registered_at=scene.now,
        registered_by=scene.actor_id,
        expires_at=ends,
    )
    rule = scene.rule("account_operations")
    told(out, account, "account.key_registered", rule, body, kid=body.kid, until=ends.isoformat())
    return out


def withdraw_key(account: Managed, body: WithdrawServiceKey, scene: Scene) -> Outcome:
    """The key opens nothing from now on, and what is open ends at once: another key opens it again.

    Raises:
        RefusedError: ``not-found``.
    """
    _service(account)
    if body.kid not in account.keys:
        refuse("not-found", "Không có khóa này.", "There is no such key.")
    out = Outcome(answer={"kid": body.kid})
    out.update("service_keys", {"kid": body.kid}, withdrawn_at=scene.now, withdrawn_by=scene.actor_id)
    shut(out, account)
    told(out, account, "account.key_withdrawn", scene.rule("account_operations"), body, kid=body.kid)
    return out


def _service(account: Managed) -> None:
    if account.kind != SERVICE:
        refuse("not-found", "Không có tài khoản dịch vụ này.", "There is no such service account.")
