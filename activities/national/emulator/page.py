"""The page at /: what has arrived, without a single personal word on it."""

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from activities.national.emulator.faults import FaultSettings

__all__ = ["render"]

# The emulator keeps its own notion of local time, for display only.
_LOCAL = timedelta(hours=7)

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
curl -X DELETE HOST/admin/faults"""


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
<h2>Đã nhận · Received</h2>{_pairs(_counts(summary))}
<h2>Gói tin gần đây · Last packets</h2>{_packets(summary["last_packets"])}
<h2>Sự cố đang bật · Faults switched on</h2>{_pairs(active) if active else "<p>Không có · None</p>"}
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
    }


def _pairs(pairs: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in pairs.items()
    )
    return f"<div class='wide'><table>{rows}</table></div>"


def _packets(packets: list[dict[str, Any]]) -> str:
    heads = (
        "Lúc · At",
        "TRAN_CODE",
        "Loại · Kind",
        "Từ · From",
        "Đến · To",
        "Mục · Items",
        "Lần gửi · Sendings",
        "Lần hỏi · Polls",
    )
    head = "".join(f"<th scope='col'>{one}</th>" for one in heads)
    rows = "".join(_packet(one) for one in packets)
    return f"<div class='wide'><table><tr>{head}</tr>{rows}</table></div>"


def _packet(packet: dict[str, Any]) -> str:
    at = (datetime.fromtimestamp(packet["arrived"], UTC) + _LOCAL).strftime("%d/%m/%Y %H:%M:%S")
    cells = [at, *(packet[name] for name in ("tran_code", "kind", "sender", "receiver"))]
    cells += [packet[name] for name in ("items", "sendings", "polls")]
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
