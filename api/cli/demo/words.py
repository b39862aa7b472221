"""The words of the story: roles, kinds of duty, and what the system says by itself. Vietnamese, English."""

from datetime import date
from typing import Any

Pair = tuple[str, str]

ROLES: dict[str, Pair] = {
    "system": ("Hệ thống", "The system"),
    "official": ("Người có hồ sơ", "The official"),
    "hr_officer": ("Bộ phận tổ chức cán bộ", "HR officer"),
    "hr_head": ("Trưởng bộ phận tổ chức cán bộ", "Head of HR"),
    "approver": ("Người phê duyệt", "Approver"),
    "head": ("Người đứng đầu", "Head of agency"),
    "department_officer": ("Chuyên viên {keeper}", "Officer of {keeper_en}"),
    "department_head": ("Người đứng đầu {keeper}", "Head of {keeper_en}"),
    "administrator": ("Quản trị hệ thống", "Administrator"),
    "person": ("người có hồ sơ", "the official"),
}

SLOTS: dict[str, Pair] = {
    "rectification": ("trả lời yêu cầu sửa dữ liệu", "answer a request to correct data"),
    "dispute": ("giải quyết khiếu nại về dữ liệu", "decide a dispute about data"),
    "breach_notice": ("thông báo sự cố dữ liệu cá nhân", "notify a breach of personal data"),
    "error_notice": ("trả lời sai sót được báo", "answer a reported error"),
    "account_request": ("yêu cầu tạo tài khoản", "request the account"),
    "lost_password": ("cấp lại mật khẩu đã báo mất", "issue the lost password again"),
    "personal_account": ("tạo tài khoản cá nhân", "create the personal account"),
    "intake_account": ("tạo tài khoản cho người mới tiếp nhận", "create the newcomer's account"),
    "intake_check": ("kiểm tra, cập nhật dữ liệu sau tiếp nhận", "check and update the data after intake"),
    "default_password": ("đổi mật khẩu mặc định", "change the default password"),
    "first_declaration": ("tự khai hồ sơ lần đầu", "the first declaration"),
    "update_after_change": ("cập nhật thông tin thay đổi", "update what changed"),
    "approval_window": ("phê duyệt danh sách tháng", "approve the month's list"),
    "whole_stock_approval": ("phê duyệt lần đầu toàn bộ hồ sơ", "approve the whole stock for the first time"),
    "approval_window.step": ("phê duyệt hồ sơ, bước cuối", "approve the profile, the last step"),
    "department_gate.before_outgoing_call": (
        "phê duyệt dữ liệu trước khi gửi CSDL quốc gia",
        "approve the data before anything is sent",
    ),
    "event_sync_system": ("tự đồng bộ lên CSDL quốc gia", "send to the national database by itself"),
    "event_sync_agency": ("đồng bộ lên CSDL quốc gia", "synchronise with the national database"),
    "dossier_creation": ("tạo lập hồ sơ điện tử", "create the electronic dossier"),
    "sync_window": ("đồng bộ lên CSDL quốc gia", "synchronise with the national database"),
    "review_step": ("thẩm định, ký bước tiếp theo", "review and sign the next step"),
    "sign_before_sync": ("ký số trước khi đồng bộ", "sign before the synchronisation"),
    "intake_request": ("văn bản đề nghị Sở Nội vụ đồng bộ dữ liệu", "ask the department for the data"),
    "intake_pull": ("nhận dữ liệu từ CSDL quốc gia", "take the data over from the national database"),
    "transfer_request": ("đề nghị cơ quan cũ chuyển hồ sơ", "ask the former agency for the dossier"),
    "transfer_hand_over": ("chuyển giao hồ sơ", "hand the dossier over"),
    "transfer_account": ("tạo tài khoản ở cơ quan mới", "create the account at the new agency"),
    "status_change": ("cập nhật trạng thái hồ sơ", "record the new status"),
    "national_transfer": ("điều chuyển hồ sơ trên CSDL quốc gia", "transfer it in the national database"),
    "transfer_report": ("báo cáo việc chuyển công tác", "report the transfer"),
    "transfer_receive": ("tiếp nhận hồ sơ, tài khoản", "receive dossier and account"),
    "transfer_check": (
        "kiểm tra, cập nhật dữ liệu sau khi chuyển",
        "check and update the data after the move",
    ),
    "department_gate": ("phê duyệt dữ liệu đã gửi", "approve what was sent"),
    "move_out": ("chuyển hồ sơ ra ngoài, hủy quyền truy cập", "hand the dossier out, cancel the access"),
    "leaver_archive": ("cho thôi công tác, lưu trữ hồ sơ", "close the working life, archive the profile"),
    "move_out_report": ("báo cáo việc chuyển ra ngoài", "report the move out"),
}

TO: dict[str, Pair] = {
    "responsible": ("người có nghĩa vụ", "whoever owes it"),
    "unit_head": ("người đứng đầu đơn vị", "the head of the unit"),
    "managing_agency": ("cơ quan quản lý", "the managing agency"),
}
"""Who an escalation goes to; the department is called as its authority calls it."""

HAPPENED: dict[str, Pair] = {
    "month.opened": (
        "Mở cửa sổ phê duyệt tháng {month}: {listed} hồ sơ trong danh sách",
        "The approval window of {month} opens: {listed} on the list",
    ),
    "month.opened.stock": (
        "Mở danh sách phê duyệt lần đầu toàn bộ hồ sơ: {listed} hồ sơ",
        "The list of the whole stock opens for its first approval: {listed}",
    ),
    "month.closed.stock": (
        "Kết thúc danh sách phê duyệt lần đầu, còn lại {left}",
        "The list of the whole stock is closed, {left} left",
    ),
    "month.gate_opened": (
        "Trình phê duyệt trước khi gửi CSDL quốc gia: {items} hồ sơ",
        "Put before the department before anything is sent: {items}",
    ),
    "month.submitted": (
        "Gửi CSDL quốc gia {items} hồ sơ, mã giao dịch {tran_code}",
        "{items} sent to the national database, transaction {tran_code}",
    ),
    "month.receipts": (
        "Nhận biên nhận của CSDL quốc gia: {accepted} hồ sơ được nhận",
        "Receipts of the national database: {accepted} accepted",
    ),
    "month.closed": (
        "Kết thúc danh sách tháng {month}, còn lại {left}",
        "The list of {month} is closed, {left} left",
    ),
    "duty.reminder": ("Nhắc việc: {slot}{when}", "Reminder: {slot_en}{when_en}"),
    "duty.overdue": ("Quá hạn: {slot} (hạn {due})", "Overdue: {slot_en} (due {due})"),
    "duty.escalation": (
        "Báo lên {to}: {slot} quá hạn {offset} ngày làm việc",
        "Escalated to {to_en}: {slot_en} is {offset} working days overdue",
    ),
    "change.foretold": (
        "Hồ sơ báo trước một thay đổi đến ngày ({kind})",
        "A change the form foretold has come ({kind})",
    ),
    "separation.effective": (
        "Quyết định có hiệu lực: {kind_vi}; các nghĩa vụ đang mở kết thúc",
        "The decision takes effect: {kind_en}; what was owed ends",
    ),
    "access.cancelled": ("Hủy quyền truy cập của tài khoản", "The account's access is cancelled"),
    "profile.archived": (
        "Lưu trữ hồ sơ, không xóa dữ liệu; CSDL quốc gia {told_vi}",
        "The profile is archived, nothing deleted; the national database {told_en}",
    ),
}
"""What nobody in the story does: told when it happens."""

POLICY = "Chính sách của hệ thống, không phải luật / this installation's policy, not law"
"""Under what stands what no text asks for: it is said, never dressed up as law."""

LEAVING: dict[str, Pair] = {
    "moved_out": ("chuyển ra ngoài {place}", "moved out of {place_en}"),
    "retired": ("nghỉ hưu", "retired"),
}


def slot_words(slot: str, variant: str = "") -> Pair:
    """A kind of duty in words; its own name where the story knows none. ``variant``: one of its ways."""
    return SLOTS.get(f"{slot}.{variant}") or SLOTS.get(slot, (slot, slot))


def role_words(role: str, keeper: Pair) -> Pair:
    """A role in words; its own name where the story knows none. ``keeper``: what the department is called."""
    vi, en = ROLES.get(role, (role, role))
    return vi.format(keeper=keeper[0]), en.format(keeper_en=keeper[1])


def dated(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with their dates as people here write them."""
    return {name: _day(value) for name, value in facts.items()}


def _day(value: Any) -> Any:
    if not isinstance(value, str) or len(value) != len("2027-01-06"):
        return value
    try:
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    except ValueError:
        return value


def spoken(kind: str, facts: dict[str, Any], keeper: Pair, place: Pair) -> Pair:
    """An event in words; ``keeper`` and ``place`` are what this authority calls its department and itself."""
    values: dict[str, Any] = {"accepted": 0, **dated(facts)}
    if "slot" in facts:
        values["slot"], values["slot_en"] = slot_words(str(facts["slot"]))
    if "to" in facts:
        known = {**TO, "department": keeper}
        values["to"], values["to_en"] = known.get(str(facts["to"]), (facts["to"], facts["to"]))
    values["when"], values["when_en"] = _when(facts.get("offset"))
    kind_vi, kind_en = LEAVING.get(str(facts.get("kind")), ("", ""))
    values["kind_vi"], values["kind_en"] = kind_vi.format(place=place[0]), kind_en.format(place_en=place[1])
    told = bool(facts.get("told_national"))
    values["told_vi"] = "đã được báo" if told else "chưa giữ hồ sơ này nên không phải báo"
    values["told_en"] = "was told" if told else "never held it and need not be told"
    stock = str(facts.get("month", "")).endswith("-stock")
    vi, en = HAPPENED.get(f"{kind}.stock", HAPPENED[kind]) if stock else HAPPENED[kind]
    return vi.format(**values), en.format(**values)


def _when(offset: object) -> Pair:
    if not isinstance(offset, int):
        return "", ""
    if offset == 0:
        return ", hôm nay đến hạn", ", due today"
    if offset < 0:
        return f", còn {-offset} ngày làm việc", f", {-offset} working days left"
    return f", quá hạn {offset} ngày làm việc", f", {offset} working days overdue"
