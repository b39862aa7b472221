"""What an import finds wrong beyond the form itself, in words. Codes are stable; no message holds a value."""

from models.form import CellIssue, Column, Sheet

WORDS: dict[str, tuple[str, str]] = {
    "unknown-agency": (
        "không có cơ quan, đơn vị đang hoạt động mang mã này.",
        "there is no standing agency with this code.",
    ),
    "agency-ended": (
        "mã này thuộc cơ quan đã kết thúc hoạt động.",
        "the code belongs to an agency that exists no longer.",
    ),
    "agency-cycle": (
        "cơ quan cấp trên trực tiếp tạo thành vòng.",
        "the parent agencies form a circle.",
    ),
    "parent-not-standing": (
        "cơ quan cấp trên trực tiếp kết thúc hoạt động trước cơ quan này.",
        "the parent agency ends while this one still stands.",
    ),
    "move-needs-plan": (
        "đơn vị (hoặc đơn vị bên dưới) đang quản lý hồ sơ: chuyển cấp trên bằng phương án sắp xếp tổ chức.",
        "the unit, or one below it, has profiles: put it below another agency by a plan of reorganisation.",
    ),
    "code-taken": (
        "mã này được một cơ quan khác dùng trong thời gian đó.",
        "another agency has the code at that time.",
    ),
    "not-borne": (
        "thay đổi đã định trước cho một ngày sau không cho phép điều này.",
        "a change already planned for a later day does not allow it.",
    ),
    "several-operators": (
        "chỉ một cơ quan vận hành cơ sở dữ liệu.",
        "one agency alone operates the database.",
    ),
    "post-held": (
        "vị trí này đang có người khác giữ; miễn nhiệm trước, hoặc giao quyền, phụ trách.",
        "somebody else holds this post; relieve them first, or appoint somebody acting.",
    ),
    "duplicate-login": ("tên đăng nhập đã được dùng.", "the login is taken."),
    "duplicate-person": (
        "số định danh này đã có hồ sơ đang mở.",
        "there is an open profile with this personal ID number.",
    ),
    "former-official": (
        "người này từng có hồ sơ, nay đã lưu trữ; mở lại hồ sơ đó (tiếp nhận lại), không tạo hồ sơ mới.",
        "a former official with an archived profile: reopen that profile (return of a former official)"
        " instead of a new one.",
    ),
    "other-form": (
        "người thuộc loại này khai theo mẫu khác; ghi dòng này ở trang của mẫu đó.",
        "people of this category declare on another form; put the line on that form's sheet.",
    ),
    "held-elsewhere": (
        "hồ sơ đang do cơ quan khác quản lý; việc chuyển hồ sơ phải theo thủ tục điều chuyển.",
        "another agency holds the profile; a move follows the transfer procedure.",
    ),
    "not-in-service": (
        "hồ sơ đang ở bước khác (tạo lập, chuyển hoặc thôi công tác).",
        "the profile is at another step (being set up, in transfer or leaving).",
    ),
    "declared-since": (
        "hồ sơ đang có bản khai hoặc đã có dữ liệu được ký phê duyệt; sửa bằng khai cập nhật.",
        "a declaration is under way or data were approved by signature; change them by a declaration.",
    ),
    "other-login": (
        "người này đã có tài khoản với tên đăng nhập khác.",
        "the person has an account with another login.",
    ),
    "not-permitted": (
        "người nhập không được giao vai trò này.",
        "whoever imports may not give this role.",
    ),
    "unknown-holder": (
        "không có hồ sơ hợp lệ nào mang số căn cước công dân này.",
        "there is no accepted profile with this citizen identity number.",
    ),
    "holder-unnamed": (
        "vị trí đang có người giữ; cần ghi số căn cước công dân của người giữ mới.",
        "the post has a holder; the number of the new holder is needed.",
    ),
    "old-value": (
        "giá trị cũ, ghi theo mã đã quyết định ở bàn ánh xạ.",
        "an old value, entered as the code decided at the mapping desk.",
    ),
    "account-elsewhere": (
        "tài khoản này thuộc cơ quan khác hoặc đã bị hủy.",
        "the account belongs to another agency or was cancelled.",
    ),
}


def finding(sheet: Sheet, row: int, name: str, code: str, row_named: int | None = None) -> CellIssue:
    """One of these at a cell, label first. ``row_named``: the earlier row it clashes with."""
    column: Column = sheet.by_name[name]
    vi, en = WORDS[code]
    if row_named is not None:
        vi, en = f"{vi[:-1]} (dòng {row_named}).", f"{en[:-1]} (row {row_named})."
    return CellIssue(
        sheet.title, row, column.label, name, code, f"{column.label}: {vi}", f"{column.label_en}: {en}"
    )
