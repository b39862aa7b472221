"""What is wrong with a plan, and what it must answer for, in words. Pure."""

from collections.abc import Iterable, Mapping
from typing import NoReturn

from models.errors import FieldRefusal, RefusedError
from models.lifecycle.reorganisation import Fault
from models.lifecycle.tree_acts import WORDS

FAULTS: Mapping[str, tuple[str, str]] = {
    **WORDS,
    "unknown-unit": ("Không có đơn vị này vào ngày hiệu lực.", "No such unit stands on the plan's day."),
    "agency-exists": ("Đơn vị đã có.", "The unit is there already."),
    "unit-twice": ("Đơn vị đã có ở một dòng khác của phương án.", "Another line of the plan has this unit."),
    "into-itself": ("Đơn vị không thể đi vào chính mình.", "A unit cannot go into itself."),
    "target-ends": (
        "Đơn vị tiếp nhận cũng kết thúc theo phương án này.",
        "Where it goes ends with this plan, too.",
    ),
    "unknown-person": ("Không có hồ sơ hoặc số hiệu này.", "There is no such profile or staff number."),
    "person-elsewhere": (
        "Người này không do đơn vị nêu ở dòng này quản lý.",
        "This person is not in the unit the line names.",
    ),
    "person-twice": ("Một người được xếp hai lần.", "A person is placed twice."),
    "people-not-placed": (
        "Đơn vị kết thúc mà còn người chưa được xếp.",
        "The unit ends and people in it are not placed.",
    ),
    "unit-in-another-plan": (
        "Đơn vị đang có phương án khác chưa thực hiện xong.",
        "Another plan that is not carried out yet has this unit.",
    ),
    "unknown-plan": (
        "Không có phương án đã thực hiện mang mã này.",
        "No plan that was carried out has this id.",
    ),
    "restored-already": ("Phương án này đã được hoàn lại.", "This plan was taken back already."),
    "before-the-plan": (
        "Ngày hiệu lực trước ngày của phương án được hoàn lại.",
        "The day is before the day of the plan that is taken back.",
    ),
    "changed-since": (
        "Sau phương án được hoàn lại, đơn vị này đã được quyết định khác; hoàn lại quyết định sau trước, hoặc"
        " lập phương án nêu rõ từng việc.",
        "Since the plan that is taken back something else was decided of this unit; take that back first, or"
        " plan each thing by itself.",
    ),
    "regime-later": (
        "Đơn vị đã áp dụng một quy chế khác kể từ ngày này, sau ngày hiệu lực của phương án.",
        "Another regulation binds this unit from this day on, which is after the plan's.",
    ),
    "people-undecided": (
        "Có người chưa chuyển được; xem lý do trong danh sách người chuyển.",
        "Somebody cannot be moved; the list of people says who and why.",
    ),
    "unknown-regulation": (
        "Hệ thống không có quy chế nào của cơ quan này.",
        "There is no regulation of that authority here.",
    ),
    "regulation-not-in-force": (
        "Không có quy chế nào của cơ quan này có hiệu lực vào ngày đó.",
        "No regulation of that authority is in force on the day.",
    ),
    "regulation-unfit": (
        "Quy chế ấy không đủ, hoặc mâu thuẫn, để áp dụng cho hồ sơ vào ngày đó.",
        "That regulation leaves open, or contradicts, what files need on the day.",
    ),
    "draft-refused": (
        "Không áp dụng thử được dự thảo này: không phải của cơ quan ấy, hoặc đã có quy chế có hiệu lực.",
        "No such draft of that authority, or law in force stands against running on one.",
    ),
}

WARNINGS: Mapping[str, tuple[str, str]] = {
    "approvals-in-flight": (
        "bản khai đang chờ phê duyệt ở đơn vị bị tác động",
        "submissions that wait for approval in units touched",
    ),
    "transfers-under-way": ("việc điều chuyển đang thực hiện", "transfers under way"),
    "delegations-end": (
        "uỷ quyền còn hiệu lực tại đơn vị kết thúc",
        "delegations in force in units that end",
    ),
    "sync-agents-lost": (
        "đơn vị kết thúc có tài khoản cơ quan đang đồng bộ",
        "units that end and synchronise by an agency account",
    ),
    "month-ends-open": (
        "danh sách đồng bộ cuối tháng chưa khoá của đơn vị kết thúc",
        "open month-end lists of units that end",
    ),
    "approvers-lost": (
        "đơn vị còn người mà không còn ai phê duyệt trong tuyến",
        "units with people and nobody left in line who approves",
    ),
    "units-without-head": ("đơn vị mới chưa có người đứng đầu", "new units without a head"),
    "law-changes": ("hồ sơ sẽ áp dụng quy chế khác", "profiles another regulation will bind"),
    "posts-not-restored": (
        "chức vụ, vai trò đã hết theo phương án được hoàn lại: phải được giao lại bằng quyết định",
        "posts and roles that lapsed with the plan taken back: to be given again, by people",
    ),
    "ended-for-good": (
        "việc điều chuyển, biệt phái, báo cáo đã kết thúc theo phương án được hoàn lại: phải lập lại",
        "transfers, secondments and reports that the plan taken back ended: to be begun again, by people",
    ),
    "day-passed": (
        "ngày hiệu lực đã qua: thực hiện ngay khi phê duyệt",
        "the day has passed: it is done at once",
    ),
}
"""What a preview may warn of: each that stands is to be answered before approval."""


def fields_of(faults: Iterable[Fault]) -> tuple[FieldRefusal, ...]:
    """Each fault as an entry of a problem's ``errors``: the line, the unit, what is wrong."""
    return tuple(_field(one) for one in faults)


def _field(one: Fault) -> FieldRefusal:
    vi, en = FAULTS[one.code]
    number = f" ({one.count})" if one.count is not None else ""
    return FieldRefusal(f"line[{one.line}]", one.unit or one.code, vi + number, en + number)


def refuse_plan(faults: Iterable[Fault]) -> NoReturn:
    """A plan that cannot be is refused with every line that is wrong.

    Raises:
        RefusedError: ``plan-impossible``.
    """
    found = sorted(faults, key=lambda one: (one.line, one.code))
    first = found[0]
    vi, en = FAULTS[first.code]
    raise RefusedError.of(
        "plan-impossible",
        f"Dòng {first.line}: {vi}",
        f"Line {first.line}: {en}",
        fields=fields_of(found[:200]),
        extra={
            "line": first.line,
            "fault": first.code,
            "unit": first.unit,
            "day": first.day.isoformat() if first.day is not None else None,
            "faults": len(found),
        },
    )
