"""The page at /: what has arrived, without a single personal word on it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from typing import Any

from activities.national.emulator.faults import FaultSettings
from activities.national.emulator.nights import LOCAL

__all__ = ["render"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.note { background: #fff4d6; border-left: 4px solid #d99a00; padding: .6rem 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid #ddd }
code, pre { font: .875rem/1.5 ui-monospace, monospace }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto }
"""

_HELP = """curl -X POST  HOST/admin/faults -H 'content-type: application/json' -d '{"refuse_percent": 10}'
curl -X POST  HOST/admin/faults -H 'content-type: application/json' -d '{"done_but_time_out_next": 1}'
curl -X POST  HOST/admin/faults -H 'content-type: application/json' -d '{"keys_revoked": true}'
curl -X POST  HOST/admin/faults -H 'content-type: application/json' \\
     -d '{"maintenance_windows": [{"weekdays": [6], "begins": "22:00", "ends": "05:00"}]}'
curl -X DELETE HOST/admin/faults"""

_HELD = (
    "Dịch vụ · Service",
    "Bên giữ · Holder",
    "Trạng thái · Status",
    "Hồ sơ · Records",
    "Lần ghi · Writes",
    "Tự sửa · Corrected here",
    "Sửa cuối · Last change",
)
_REFUSED = ("Mã · Code", "Trường · Field", "Mục · Items")
_PACKETS = (
    "Lúc · At",
    "TRAN_CODE",
    "Loại · Kind",
    "Từ · From",
    "Đến · To",
    "Mục · Items",
    "Nhận · Accepted",
    "Từ chối · Rejected",
    "Lần gửi · Sendings",
    "Lần hỏi · Polls",
)


Line = Callable[[dict[str, Any]], list[Any]]
_NONE = "<p>Không có · None</p>"


def render(summary: dict[str, Any], faults: FaultSettings, host: str) -> str:
    """The whole page; every value escaped."""
    usual = FaultSettings()
    active = {name: value for name, value in faults if value != getattr(usual, name)}
    return f"""<!doctype html><html lang="vi"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">
<title>Mô phỏng CSDL quốc gia</title><style>{_STYLE}</style></head><body>
<h1>Mô phỏng Cơ sở dữ liệu quốc gia về CBCCVC<br><small>National database emulator</small></h1>
<p class="note">Đây không phải hệ thống thật: định dạng gói tin của Bộ Nội vụ không được công bố.
<br>Not the real system: the ministry's packet format is not public.</p>
{_closed(summary["closed_until"])}
<h2>Đã nhận · Received</h2>{_pairs(_counts(summary))}
<h2>Đang giữ · Held</h2>{_table(_HELD, _held, summary["held"])}
<h2>Lý do từ chối · Why items were refused</h2>{_table(_REFUSED, _refused, summary["refused"])}
<h2>Gói tin gần đây · Last packets</h2>{_table(_PACKETS, _packet, summary["last_packets"])}
<h2>Sự cố đang bật · Faults switched on</h2>{_pairs(active)}
<h2>Sự cố đã gây ra · Faults so far</h2>{_pairs(summary["fault_counts"])}
<h2>Gây sự cố · Cause faults</h2><pre>{escape(_HELP.replace("HOST", f"http://{host}"))}</pre>
</body></html>"""


def _counts(summary: dict[str, Any]) -> dict[str, Any]:
    items, records = summary["items"], summary["records"]
    return {
        "Gói tin (lần gửi) · Packets (sendings)": f"{summary['packets']} ({summary['sendings']})",
        "Mục chờ · Items pending": items.get("pending", 0),
        "Mục được nhận · Items accepted": items.get("accepted", 0),
        "Mục bị từ chối · Items rejected": items.get("rejected", 0),
        "Hồ sơ (tổng) · Records": sum(records.values()),
        "Đơn vị trong cây tổ chức · Units of the tree": summary["units"],
        "Lượt tra cứu · Lookups": summary["lookups"],
        "Thẻ đã cấp · Tokens issued": summary["tokens_issued"],
    }


def _closed(until: str | None) -> str:
    if until is None:
        return ""
    at = f"{datetime.fromisoformat(until).astimezone(LOCAL):%H:%M %d/%m/%Y}"
    return f'<p class="note">Đang bảo trì đến {at} · Closed for maintenance until then</p>'


def _pairs(pairs: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in pairs.items()
    )
    return f"<div class='wide'><table>{rows}</table></div>" if rows else _NONE


def _table(heads: Sequence[str], line: Line, found: Sequence[dict[str, Any]]) -> str:
    if not found:
        return _NONE
    head = "".join(f"<th scope='col'>{one}</th>" for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in line(row))}</tr>" for row in found
    )
    return f"<div class='wide'><table><tr>{head}</tr>{body}</table></div>"


def _held(row: dict[str, Any]) -> list[Any]:
    names = ("service", "held_by", "status", "n", "writes", "corrected")
    return [*(row[name] for name in names), _at(row["changed"])]


def _refused(row: dict[str, Any]) -> list[Any]:
    return [row["code"], row["field"] or "–", row["n"]]


def _packet(row: dict[str, Any]) -> list[Any]:
    names = ("tran_code", "kind", "sender", "receiver", "items", "accepted", "rejected", "sendings", "polls")
    return [_at(row["arrived"]), *(row[name] for name in names)]


def _at(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, LOCAL):%d/%m/%Y %H:%M:%S}"
