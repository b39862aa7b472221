"""Certificates registered to an account, as commands: a recorded act with its event, beside the workflow.

A sibling of ``act`` for a subject that is an account and no profile. Who may create the account may say whose
certificate it is, and nobody says it of their own (two people stand behind each registration).
"""

from base64 import b64encode
from functools import partial
from typing import Any, NoReturn
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Target, may
from models.calendar import legal_date
from models.command_signing import RegisterCertificate, WithdrawCertificate
from models.database import Scope, together, transaction
from models.errors import RefusedError
from models.evidence.certificates import CertificateFacts, read_certificate
from models.lifecycle.life import AccountState
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.messages import Ask, Moment
from models.record.commands import Command
from models.record.law_of import LawOf
from models.record.once import in_use, once
from models.record.sql import inserting, updating
from models.record.tools import Tools
from models.record.write import chain, end_of_stream

_LOCK = text("SELECT 1 FROM accounts WHERE id = :id FOR NO KEY UPDATE")
_ACCOUNT = text(
    "SELECT a.id, a.agency_id, a.profile_id, a.state, a.display_name,"
    " (SELECT json_agg(c.ancestor_id ORDER BY c.depth) FROM agency_closure c"
    "   WHERE c.descendant_id = a.agency_id AND c.valid_to IS NULL) AS ancestors,"
    " (SELECT department_id FROM authorities u WHERE u.authority_id = a.authority_id) AS department_id"
    " FROM accounts a WHERE a.id = :id"
)
_HOLDERS = text(
    "SELECT c.account_id, a.profile_id FROM certificates c JOIN accounts a ON a.id = c.account_id"
    " WHERE c.sha256 = :sha256 AND c.withdrawn_at IS NULL"
)
_LIVE = text(
    "SELECT id, sha256 FROM certificates WHERE id = :id AND account_id = :account AND withdrawn_at IS NULL"
)


async def give_certificate(tools: Tools, ask: Ask) -> Moment:
    """Register or withdraw, exactly once however often it is asked."""
    assert ask.command_id is not None, "nothing but a command changes certificates"
    scope = Scope(ask.authority_id, everything=True, on=legal_date(ask.now))
    async with transaction(tools.engine, scope) as connection:
        decide = partial(_decided, connection, tools, ask)
        answered = await once(connection, tools, ask, decide, lock=(_LOCK, {"id": ask.subject_id}))
    return _moment(*answered)


async def _decided(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command
) -> tuple[int, dict[str, Any]]:
    account = (await connection.execute(_ACCOUNT, {"id": ask.subject_id})).one_or_none()
    if account is None:
        raise RefusedError.of("not-found", "Không có tài khoản này.", "There is no such account.")
    law, calendar = await tools.law(
        connection, LawOf.unit(ask.authority_id, account.agency_id), legal_date(ask.now)
    )
    scene = Scene(
        now=ask.now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=command.id,
        actor_id=command.actor.account_id,
        actor_role=_role(command, account, scene_law=law, ask=ask),
        actor_profile_id=command.actor.person_profile_id,
        department_id=account.department_id,
        managing_agency_id=account.agency_id,
    )
    if isinstance(command.body, RegisterCertificate):
        return 201, await _registered(connection, ask, command.body, account, scene)
    assert isinstance(command.body, WithdrawCertificate), "only these two come here"
    return 200, await _withdrawn(connection, ask, command.body, account, scene)


def _role(command: Command, account: Row[Any], *, scene_law: Any, ask: Ask) -> str:
    """The role that may do it: whoever creates accounts there, or administers.

    Raises:
        RefusedError: ``not-permitted``, ``own-approval``.
    """
    actor = command.actor
    in_use(command)
    same_person = account.profile_id is not None and account.profile_id == actor.person_profile_id
    if actor.account_id == account.id or same_person:
        raise RefusedError.of(
            "own-approval",
            "Không ai tự đăng ký, rút chứng thư của mình; người quản lý tài khoản làm việc này.",
            "Nobody registers or withdraws their own certificate; whoever manages the account does.",
        )
    place = Target(
        agency_id=account.agency_id,
        ancestors=tuple(UUID(one) for one in account.ancestors or ()),
        profile_id=account.profile_id,
        authority_id=ask.authority_id,
    )
    today = legal_date(ask.now)
    verdict = may(actor, "create_account", place, today, scene_law)
    if not isinstance(verdict, Allowed):
        verdict = may(actor, "administer", place, today, scene_law)
    if not isinstance(verdict, Allowed):
        raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
    return verdict.role


async def _registered(
    connection: AsyncConnection, ask: Ask, body: RegisterCertificate, account: Row[Any], scene: Scene
) -> dict[str, Any]:
    facts, chain_ = _read(body, scene)
    if account.state == AccountState.CANCELLED:
        raise RefusedError.of("wrong-state", "Tài khoản đã bị hủy.", "The account is cancelled.")
    holders = (await connection.execute(_HOLDERS, {"sha256": facts.sha256})).all()
    person = account.profile_id or account.id
    if any((one.profile_id or one.account_id) != person for one in holders):
        raise RefusedError.of(
            "certificate-of-another",
            "Chứng thư này đang đăng ký cho người khác.",
            "This certificate is registered to somebody else.",
        )
    if any(one.account_id == account.id for one in holders):
        raise RefusedError.of("certificate-known")
    certificate_id = uuid5(scene.act_id, "certificate")
    row = {
        "id": certificate_id,
        "authority_id": ask.authority_id,
        "account_id": account.id,
        "sha256": facts.sha256,
        "certificate": facts.der,
        "chain": chain_,
        "subject": facts.subject,
        "issuer": facts.issuer,
        "serial_number": facts.serial_number,
        "key_kind": facts.key_kind,
        "key_bits": facts.key_bits,
        "valid_from": facts.valid_from,
        "valid_to": facts.valid_to,
        "document": body.document,
        "registered_by": scene.actor_id,
        "registered_at": scene.now,
    }
    await together(connection, [inserting("certificates", row)])
    told = {"account": str(account.id), "certificate": facts.sha256, "valid_to": facts.valid_to.isoformat()}
    await _told(connection, ask, account, scene, "certificate.registered", told)
    return {
        "certificate_id": str(certificate_id),
        "sha256": facts.sha256,
        "valid_from": facts.valid_from.isoformat(),
        "valid_to": facts.valid_to.isoformat(),
        "key": f"{facts.key_kind} {facts.key_bits}",
        # A post's account has no person's name: said, not refused; whoever registers has the paper.
        "name_matches": facts.common_name.casefold() == account.display_name.casefold(),
    }


def _read(body: RegisterCertificate, scene: Scene) -> tuple[CertificateFacts, list[str]]:
    """The certificate and those above it, fit to sign with.

    Raises:
        RefusedError: ``certificate-unfit``, ``certificate-not-valid``.
    """
    try:
        facts = read_certificate(body.certificate)
        above = [read_certificate(one) for one in body.chain]
    except ValueError:
        _unfit("Không đọc được chứng thư.", "The certificate cannot be read.")
    if facts.is_authority or not facts.may_sign:
        _unfit("Chứng thư không dùng để ký.", "The certificate is not meant for signatures.")
    objection = facts.objection()
    if objection is not None:
        _unfit(f"Thuật toán không được phép: {objection}.", f"An algorithm is not allowed: {objection}.")
    if not all(one.is_authority for one in above):
        _unfit("Chứng thư cấp trên không phải của tổ chức cấp.", "A certificate above is no authority's.")
    if not facts.valid_from <= scene.now <= facts.valid_to:
        raise RefusedError.of(
            "certificate-not-valid",
            "Chứng thư chưa hoặc không còn hiệu lực.",
            "The certificate is not valid now.",
        )
    return facts, [b64encode(one.der).decode() for one in above]


def _unfit(vi: str, en: str) -> NoReturn:
    raise RefusedError.of("certificate-unfit", vi, en)


async def _withdrawn(
    connection: AsyncConnection, ask: Ask, body: WithdrawCertificate, account: Row[Any], scene: Scene
) -> dict[str, Any]:
    values = {"id": body.certificate_id, "account": account.id}
    row = (await connection.execute(_LIVE, values)).one_or_none()
    if row is None:
        raise RefusedError.of("not-found", "Không có chứng thư này.", "There is no such certificate.")
    change = {"withdrawn_by": scene.actor_id, "withdrawn_at": scene.now, "reason": body.reason}
    await together(connection, [updating("certificates", {"id": row.id}, change)])
    told = {"account": str(account.id), "certificate": row.sha256}
    await _told(connection, ask, account, scene, "certificate.withdrawn", told)
    return {"certificate_id": str(row.id)}


async def _told(
    connection: AsyncConnection, ask: Ask, account: Row[Any], scene: Scene, kind: str, facts: dict[str, Any]
) -> None:
    """The event, in the account's own hash chain."""
    out = Outcome().happened(kind, None, **facts)
    number, digest = await end_of_stream(connection, account.id)
    common = {
        "authority_id": ask.authority_id,
        "agency_id": account.agency_id,
        "profile_id": account.profile_id,
        "command_id": ask.command_id,
    }
    events = chain(out, scene, account.id, number, digest, **common)
    await together(connection, [inserting("events", one) for one in events])


def _moment(status: int, refusal: str = "") -> Moment:
    return Moment(version=0, chapter="certificate", words="Chứng thư", status=status, refusal=refusal)
