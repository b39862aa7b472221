"""Constraints of the database as refusals: what a decision could not know because it saw one subject only."""

from sqlalchemy.exc import IntegrityError

from models.errors import Refusal

_ONCE_A_DAY = Refusal(
    "wrong-state",
    "Hồ sơ đã được tiếp nhận trong ngày hôm nay; có thể tiếp nhận tiếp từ ngày mai.",
    "The profile changed hands today already; the next agency can accept it from tomorrow.",
)
"""Custody is kept by days, so a profile changes hands once a day: `guard.changes_hands` says so before."""

_SAME_PERSON = Refusal(
    "duplicate-person",
    "Số định danh này đã có hồ sơ đang mở.",
    "There is an open profile with this personal ID number.",
)

_BY_CONSTRAINT = {
    "uq_custody_profile_id_ends_on": _ONCE_A_DAY,
    "ck_custody_period": _ONCE_A_DAY,
    "uq_profiles_id_number": _SAME_PERSON,
    "uq_profiles_id_number_guard": _SAME_PERSON,
    "uq_accounts_login": Refusal(
        "duplicate-login", "Tên đăng nhập đã được dùng.", "The login name is taken."
    ),
    "pk_service_keys": Refusal("key-unfit", "Khóa đã được đăng ký.", "The key is registered already."),
    "uq_cases_open": Refusal(
        "transfer-open", "Hồ sơ đang có việc chuyển hoặc thôi công tác.", "A case of this profile is open."
    ),
    "ex_delegations_overlap": Refusal(
        "delegation-overlap",
        "Việc này trong phạm vi này đã được uỷ quyền cho thời gian trùng.",
        "The same thing is lent already for a time that overlaps.",
    ),
    "uq_shares_open": Refusal(
        "wrong-state", "Người này đang có biệt phái chưa kết thúc.", "A secondment has not ended."
    ),
    "fk_profiles_agency_id": Refusal("unknown-agency", "Không có cơ quan này.", "There is no such agency."),
    "fk_custody_agency_id": Refusal("unknown-agency", "Không có cơ quan này.", "There is no such agency."),
    "fk_cases_to_agency_id": Refusal("unknown-agency", "Không có cơ quan này.", "There is no such agency."),
}


def refusal_of(error: IntegrityError) -> Refusal | None:
    """The refusal a violated constraint stands for; none for one that only a defect can violate."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return _BY_CONSTRAINT.get(name or "")
