"""``hoso pki``: the development PKI's certificates and switches. It speaks to the process, nothing else."""

import json
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from models.errors import HosoError
from models.settings import DATA_FOLDER, PREFIX, Settings

pki_app = typer.Typer(
    no_args_is_help=True,
    help="Chứng thực thử nghiệm: danh sách, thu hồi, gây sự cố / development PKI: list, revoke, cause faults",
)
Data = Annotated[Path, typer.Option(envvar=PREFIX + "DATA", help="Thư mục dữ liệu / data folder")]


@pki_app.command("list")
def list_certificates(
    data: Data = DATA_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Cho máy đọc / for machines")] = False,
) -> None:
    """Liệt kê chứng thư đã cấp / list the certificates issued."""
    found = _ask(data, "GET", "/admin/certificates")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found:
        fate = f"  THU HỒI / REVOKED {one['revoked_at']} ({one['reason']})" if one["revoked_at"] else ""
        typer.echo(f"{one['serial']:<40} {one['account'] or '-':<36} {one['valid_to']} {one['post']}{fate}")


@pki_app.command("revoke")
def revoke(
    serial: Annotated[str, typer.Argument(help="Số hiệu (hệ 16) / serial number (hex)")],
    reason: Annotated[str, typer.Option(help="Lý do / reason (RFC 5280, 5.3.1)")] = "key_compromise",
    data: Data = DATA_FOLDER,
) -> None:
    """Thu hồi một chứng thư, không lấy lại được / revoke a certificate, for good."""
    done = _ask(data, "POST", "/admin/revocations", {"serial": serial, "reason": reason})
    typer.echo(f"đã thu hồi / revoked: {done['serial']} {done['at']}")


@pki_app.command("fault")
def fault(
    switches: Annotated[list[str], typer.Argument(help="tsa=down ocsp=unknown crl=stale …")],
    data: Data = DATA_FOLDER,
) -> None:
    """Bật sự cố của TSA, OCSP, CRL / switch faults on."""
    pairs = [one.partition("=") for one in switches]
    if any(not sign for _, sign, _ in pairs):
        raise typer.BadParameter("TÊN=GIÁ TRỊ / NAME=VALUE")
    now = _ask(data, "POST", "/admin/faults", {name: value for name, _, value in pairs})
    typer.echo(json.dumps(now))


@pki_app.command("mend")
def mend(data: Data = DATA_FOLDER) -> None:
    """Tắt mọi sự cố / switch all faults off."""
    typer.echo(json.dumps(_ask(data, "DELETE", "/admin/faults")))


def _ask(data: Path, method: str, path: str, body: Any = None) -> Any:
    try:
        base = Settings(data=data).require("pki_url").rstrip("/")
        answer = httpx.request(method, base + path, json=body, timeout=10.0, trust_env=False)
        answer.raise_for_status()
    except HosoError as error:
        _fail(str(error))
    except httpx.HTTPStatusError as error:
        _fail(f"bị từ chối / refused: {error.response.text[:200]}")
    except httpx.HTTPError as error:
        _fail(f"không trả lời / no answer ({type(error).__name__})")
    return answer.json()


def _fail(text: str) -> None:
    typer.echo(text, err=True)
    raise typer.Exit(1)
