"""What can stand still, in words, and which verb helps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["failed", "warning"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of standing still."""

    vi: str
    en: str
    verb: str
    """Of `REMEDIES`."""
    level: Level = "failed"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do: as typed where the installation is, and as asked of the API; ``{…}`` are put in."""

    vi: str
    en: str
    command: str
    method: str = ""
    path: str = ""
    body: str = ""
    """Names of what the body holds; its values are the finding's own."""


REMEDIES: dict[str, Remedy] = {
    "retry": Remedy(
        "Thử lại ngay",
        "try again now",
        "hoso stuck retry {workflow_id}",
        "POST",
        "/admin/stuck/retries",
        "workflow_id",
    ),
    "rebuild": Remedy(
        "Dựng lại quy trình này",
        "rebuild this one",
        "hoso engine rebuild --workflow {workflow_id}",
        "POST",
        "/admin/stuck/rebuilds",
        "workflow_id",
    ),
    "resend-command": Remedy(
        "Gửi lại lệnh",
        "put it again",
        "hoso stuck resend {subject}",
        "POST",
        "/admin/stuck/resends",
        "command_id",
    ),
    "resend-line": Remedy(
        "Gửi lại tin", "say it again", "hoso stuck resend {subject}", "POST", "/admin/stuck/resends", "line"
    ),
    "reconcile": Remedy("So sánh và sửa", "compare and mend", "hoso reconcile"),
    "backup": Remedy("Sao lưu ngay", "back up now", "hoso backup", "POST", "/admin/backups", "document"),
    "resume": Remedy(
        "Cho tiếp tục",
        "resume it",
        "hoso party resume {subject} --by LOGIN --reason …",
        "POST",
        "/admin/resumptions",
        "party,reason",
    ),
    "lift": Remedy(
        "Kết thúc sớm",
        "end it early",
        "hoso maintenance lift {subject} --by LOGIN --reason …",
        "POST",
        "/admin/maintenance/lifts",
        "maintenance_id,reason",
    ),
    "reroute": Remedy(
        "Giao vai trò cho người khác hoặc uỷ quyền",
        "give the post to somebody, or have it delegated",
        "hoso post fill {code} --agency {subject} --account LOGIN --by LOGIN --document …",
        "POST",
        "/accounts/{account_id}/grants",
        "agency_id,role",
    ),
    "renew-archive": Remedy("Gia hạn dấu thời gian", "renew the timestamps", "hoso renew"),
    "renew-certificate": Remedy(
        "Đăng ký chứng thư mới",
        "register the new certificate",
        "hoso certificate register FILE --account {subject} --by LOGIN --document …",
        "POST",
        "/accounts/{subject}/certificates",
        "certificate,document",
    ),
    "replace-certificate": Remedy(
        "Rút chứng thư bị thu hồi, đăng ký chứng thư khác",
        "withdraw the one revoked, register another",
        "hoso certificate withdraw {code} --account {subject} --by LOGIN --reason …;"
        " hoso certificate register FILE --account {subject} --by LOGIN --document …",
        "POST",
        "/accounts/{subject}/certificates",
        "certificate,document",
    ),
    "renew-seal": Remedy(
        "Xin cấp chứng thư mới cho khoá này, nạp vào thiết bị ký",
        "have a new certificate issued for this key and put it into the token",
        "hoso doctor",
    ),
    "renew-authority": Remedy(
        "Hỏi tổ chức cấp dấu thời gian về chứng thư mới, thêm vào danh sách tin cậy",
        "ask the timestamp authority for its new certificate, and trust it",
        "hoso doctor",
    ),
    "renew-key": Remedy(
        "Đăng ký khoá mới",
        "register a new key",
        "hoso service-key register FILE --account {subject} --by LOGIN --document …",
        "POST",
        "/service-accounts/{subject}/keys",
        "jwk,document",
    ),
    "renew-file": Remedy(
        "Thay chứng thư ở tệp này rồi khởi động lại", "replace the file, then restart", "hoso doctor"
    ),
    "rotate": Remedy(
        "Đổi khoá rồi bỏ khoá cũ", "finish the change of keys", "hoso keys status; hoso keys begin-anew"
    ),
    "try-escrow": Remedy(
        "Lấy bản ký gửi ra thử",
        "fetch the copy and try it",
        "hoso keys escrow-check FILE --by LOGIN --document …",
    ),
    "room": Remedy("Giải phóng chỗ hoặc đổi nơi lưu", "free some room, or move the folder", "hoso doctor"),
    "start-worker": Remedy(
        "Khởi động worker", "start the workers", "docker compose up -d workflows activities batches"
    ),
    "doctor": Remedy("Kiểm tra cài đặt", "look what is wrong", "hoso doctor"),
    "audit": Remedy("Kiểm tra nhật ký", "audit the log", "hoso audit verify"),
    "mend-plan": Remedy(
        "Xem dòng sai; sửa hoặc rút phương án chưa bắt đầu, xử lý điều cản trở phương án đang thực hiện",
        "read what stops it; amend or withdraw a plan not begun, clear what is in the way of one under way",
        "",
        "GET",
        "/reorganisations/{subject}/preview",
    ),
    "fix-address": Remedy("Sửa địa chỉ thư", "correct the address", "", "", "/accounts"),
}

KINDS: dict[str, Kind] = {
    "engine-away": Kind("Không kết nối được máy chủ quy trình", "The engine does not answer", "doctor"),
    "workflow-failing": Kind("Quy trình lỗi liên tục", "A workflow's tasks fail again and again", "rebuild"),
    "activity-failing": Kind("Công việc thử lại nhiều lần", "An activity has been tried many times", "retry"),
    "worker-absent": Kind("Không có worker nào nhận việc", "No worker asks for work", "start-worker"),
    "command-unsettled": Kind("Lệnh chưa có kết quả", "A command without an answer", "resend-command"),
    "line-unsent": Kind("Tin giữa các quy trình chưa gửi", "A message to a workflow not sent", "resend-line"),
    "wake-missed": Kind(
        "Hồ sơ, việc, danh sách quá giờ đánh thức", "Profiles, cases or lists past their wake", "reconcile"
    ),
    "mail-unsent": Kind("Thư chưa gửi được", "Messages not sent", "rebuild"),
    "mail-refused": Kind("Thư bị máy chủ từ chối", "Messages refused for good", "fix-address", "warning"),
    "signature-waits": Kind("Chữ ký đang chờ", "Signatures wait", "retry"),
    "round-waits": Kind("Đợt phê duyệt danh sách dừng lại", "A round over a list stands still", "retry"),
    "packet-waits": Kind("Gói tin chưa có biên nhận", "Packets without a receipt", "retry"),
    "packet-refused": Kind("Gói tin bị từ chối", "Packets refused as a whole", "retry"),
    "sealer-trouble": Kind("Không niêm phong được nhật ký", "The history is not sealed", "audit"),
    "sealer-silent": Kind(
        "Bộ niêm phong nhật ký không hoạt động", "The sealer gives no sign", "start-worker"
    ),
    "archive-trouble": Kind("Không gia hạn được tệp lưu trữ", "Archived files not renewed", "renew-archive"),
    "archive-ending": Kind(
        "Dấu thời gian lưu trữ sắp hết", "Archive timestamps about to end", "renew-archive", "warning"
    ),
    "certificate-expiring": Kind(
        "Chứng thư sắp hết hạn", "Certificates expire", "renew-certificate", "warning"
    ),
    "seal-expiring": Kind(
        "Chứng thư con dấu cơ quan, khoá do hệ thống giữ sắp hết hạn",
        "The certificate of a seal, or of another key held here, expires",
        "renew-seal",
        "warning",
    ),
    "tsa-expiring": Kind(
        "Chứng thư của tổ chức cấp dấu thời gian sắp hết hạn",
        "The timestamp authority's certificate expires",
        "renew-authority",
        "warning",
    ),
    "certificate-revoked": Kind(
        "Chứng thư bị thu hồi, chưa có chứng thư khác",
        "A certificate was revoked, and no other is there",
        "replace-certificate",
    ),
    "service-key-expiring": Kind(
        "Khoá dịch vụ sắp hết hạn", "Keys of services expire", "renew-key", "warning"
    ),
    "file-expiring": Kind("Chứng thư TLS sắp hết hạn", "A TLS certificate expires", "renew-file", "warning"),
    "key-former": Kind("Khoá cũ chưa bỏ", "A former key has not been retired", "rotate", "warning"),
    "escrow-unproven": Kind(
        "Bản ký gửi của khoá chủ chưa được thử, hoặc đã lâu",
        "The copy of the master key kept elsewhere has not been tried, or long ago",
        "try-escrow",
        "warning",
    ),
    "backup-old": Kind("Chưa có bản sao lưu tốt trong kỳ", "No good backup in time", "backup"),
    "backup-damaged": Kind("Bản sao lưu hỏng", "A damaged backup", "backup"),
    "backup-waits": Kind("Yêu cầu sao lưu chưa xong", "An ordered backup has not been made", "retry"),
    "disk-full": Kind("Sắp hết chỗ lưu trữ", "Little room on disk", "room"),
    "party-paused": Kind("Đang tạm dừng một bên ngoài", "An outside party is paused", "resume", "warning"),
    "maintenance": Kind("Đang bảo trì: chỉ đọc", "Maintenance: reading only", "lift", "warning"),
    "reorganisation-stuck": Kind(
        "Phương án sắp xếp tổ chức không thực hiện được", "A reorganisation's day cannot go on", "mend-plan"
    ),
    "post-vacant": Kind("Việc của vai trò không có người giữ", "Work of a post that nobody holds", "reroute"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding; holds ids, codes, counts and instants, never a person."""

    kind: str
    since: datetime
    subject: str = ""
    """What stands still: an id, a party, a folder."""
    code: str = ""
    """Why, where there is a word for it; or what."""
    count: int = 1
    workflow_id: str = ""
    agency_id: str = ""
