"""``hoso certificate``, ``hoso service-key``, ``hoso post``: what ends or stands empty is renewed or filled.

The remedies of ``hoso stuck`` where the server is: the same recorded acts as over the API, in the name of an
account whose right `act` asks for.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api import service_accounts
from api.cli.service import WRONG, About, By, Why, leave, run_as
from models.calendar import legal_date
from models.command_accounts import Appoint, RegisterServiceKey, WithdrawServiceKey
from models.command_shapes import Body
from models.command_signing import RegisterCertificate, WithdrawCertificate
from models.errors import RefusedError
from models.identifiers import account_workflow, certificate_workflow
from models.record.accounting import manage_account
from models.record.certifying import give_certificate

certificate_app = typer.Typer(
    no_args_is_help=True, help="Chứng thư của tài khoản / an account's certificates"
)
service_key_app = typer.Typer(no_args_is_help=True, help="Khoá tài khoản dịch vụ / keys of service accounts")
post_app = typer.Typer(no_args_is_help=True, help="Vị trí của cơ quan / posts of an agency")

ACCOUNT = About("account", account_workflow, manage_account)
CERTIFICATE = About("certificate", certificate_workflow, give_certificate)

Whose = Annotated[str, typer.Option("--account", help="Tên đăng nhập hoặc mã / login or id of whose it is")]
Paper = Annotated[str, typer.Option("--document", help="Số văn bản / the document it stands on")]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        leave(f"không đọc được / cannot be read: {path}", WRONG)


@certificate_app.command("register")
def register_certificate(
    file: Annotated[Path, typer.Argument(help="Chứng thư mới, PEM / the new certificate")],
    account: Whose,
    by: By,
    document: Paper,
) -> None:
    """Đăng ký chứng thư mới cho tài khoản / register the new certificate of an account."""
    pem = _read(file)
    run_as(by, account, CERTIFICATE, lambda: RegisterCertificate(certificate=pem, document=document))


@certificate_app.command("withdraw")
def withdraw_certificate(
    which: Annotated[UUID, typer.Argument(help="Mã chứng thư / the certificate's id")],
    account: Whose,
    by: By,
    reason: Why,
) -> None:
    """Rút chứng thư bị thu hồi hoặc không dùng nữa / withdraw one that was revoked or is used no more."""
    run_as(by, account, CERTIFICATE, lambda: WithdrawCertificate(certificate_id=which, reason=reason))


@service_key_app.command("register")
def register_key(
    file: Annotated[Path, typer.Argument(help="Khoá công khai, JWK / the public key")],
    account: Whose,
    by: By,
    document: Paper,
    until: Annotated[str | None, typer.Option(help="Hết hạn lúc, ISO 8601 / when it ends")] = None,
) -> None:
    """Đăng ký khoá mới; khoá cũ vẫn dùng được / register the new key; the former one still serves."""

    def made() -> Body:
        try:
            kid, public = service_accounts.fit(json.loads(_read(file)))
        except RefusedError as refused:
            leave(f"{refused.refusal.problem.meaning_vi} / {refused.refusal.problem.meaning_en}", WRONG)
        return RegisterServiceKey.model_validate(
            {"kid": kid, "jwk": public, "document": document, "expires_at": until}
        )

    run_as(by, account, ACCOUNT, made)


@service_key_app.command("withdraw")
def withdraw_key(
    which: Annotated[str, typer.Argument(help="Mã khoá / the key's id")],
    account: Whose,
    by: By,
    document: Paper,
) -> None:
    """Thu hồi khoá ngay / withdraw a key at once."""
    run_as(by, account, ACCOUNT, lambda: WithdrawServiceKey(kid=which, document=document))


@post_app.command("fill")
def fill_post(
    post: Annotated[str, typer.Argument(help="head, hr_head, hr_officer, approver …")],
    agency: Annotated[UUID, typer.Option(help="Mã cơ quan / the agency's id")],
    account: Whose,
    by: By,
    document: Paper,
    since: Annotated[str | None, typer.Option("--from", help="Từ ngày; mặc định hôm nay / today")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Ngày đầu tiên không còn / exclusive")] = None,
    acting: Annotated[bool, typer.Option("--acting", help="Quyền, phụ trách / stands in")] = False,
) -> None:
    """Giao vị trí đang trống cho một tài khoản / give a vacant post to an account; its role comes with it."""
    run_as(by, account, ACCOUNT, _appointing(post, agency, document, since, until, acting))


def _appointing(
    post: str, agency: UUID, document: str, since: str | None, until: str | None, acting: bool
) -> Callable[[], Body]:
    def made() -> Body:
        return Appoint(
            role=post,
            agency_id=agency,
            document=document,
            valid_from=date.fromisoformat(since) if since else legal_date(datetime.now(UTC)),
            valid_to=date.fromisoformat(until) if until else None,
            acting=acting,
        )

    return made
