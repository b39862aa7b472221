"""The page at /: which certificates there are, a button to revoke each, the switches. No person's name."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from activities.signing.development_pki.admin import listed
from activities.signing.development_pki.authorities import Authorities
from activities.signing.development_pki.switches import SwitchBoard, Switches

__all__ = ["render"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.note { background: #fff4d6; border-left: 4px solid #d99a00; padding: .6rem 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid #ddd }
code, pre { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto } button { font: inherit }
"""
_SCRIPT = """
for (const button of document.querySelectorAll("button[data-serial]")) {
  button.onclick = async () => {
    if (!confirm("Thu hồi chứng thư này? / Revoke this certificate?")) return;
    await fetch("/admin/revocations", { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ serial: button.dataset.serial }) });
    location.reload();
  };
}
"""
_HELP = """curl -X POST  HOST/admin/faults -H 'content-type: application/json' -d '{"tsa": "down"}'
curl -X POST  HOST/admin/faults -H 'content-type: application/json' -d '{"ocsp": "unknown"}'
curl -X POST  HOST/admin/revocations -H 'content-type: application/json' -d '{"serial": "…"}'
curl -X DELETE HOST/admin/faults"""


def render(authorities: Authorities, board: SwitchBoard, now: datetime, host: str) -> str:
    """The whole page; every value escaped."""
    usual = Switches()
    active = {name: value for name, value in board.now if value != getattr(usual, name)}
    return f"""<!doctype html><html lang="vi"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>PKI thử nghiệm</title>
<style>{_STYLE}</style></head><body>
<h1>Chứng thực thử nghiệm: CA, OCSP, CRL, dấu thời gian<br><small>Development PKI</small></h1>
<p class="note">Chữ ký theo các khoá này không có giá trị pháp lý.
<br>Signatures by these keys prove nothing.</p>
<p>{escape(f"{now:%Y-%m-%d %H:%M:%S}")} UTC</p>
<h2>Chứng thư · Certificates</h2>{_certificates(listed(authorities))}
<h2>Sự cố đang bật · Faults switched on</h2>{_pairs(active) if active else "<p>Không có · None</p>"}
<h2>Số lần được hỏi · Times asked</h2>{_pairs(board.asked)}
<h2>Gây sự cố · Cause faults</h2><pre>{escape(_HELP.replace("HOST", f"http://{host}"))}</pre>
<script>{_SCRIPT}</script></body></html>"""


def _certificates(lines: list[dict[str, str]]) -> str:
    heads = ("Số hiệu · Serial", "Tài khoản · Account", "Chức vụ · Post", "Đến · Until", "Thu hồi · Revoked")
    head = "".join(f"<th scope='col'>{one}</th>" for one in heads)
    return f"<div class='wide'><table><tr>{head}</tr>{''.join(map(_certificate, lines))}</table></div>"


def _certificate(line: dict[str, str]) -> str:
    serial = escape(line["serial"], quote=True)
    fate = escape(f"{line['revoked_at']} {line['reason']}".strip())
    button = f"<button data-serial='{serial}'>Thu hồi · Revoke</button>"
    cells = (
        f"<code>{serial}</code>",
        escape(line["account"]),
        escape(line["post"]),
        escape(line["valid_to"]),
    )
    return f"<tr>{''.join(f'<td>{one}</td>' for one in cells)}<td>{fate or button}</td></tr>"


def _pairs(pairs: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in pairs.items()
    )
    return f"<div class='wide'><table>{rows}</table></div>"
