"""What is answered about reorganisations."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.paging import Page
from models.command_reorganisation import Operation, Plan


class PlanFault(BaseModel):
    """A line of the plan that cannot be."""

    line: int = Field(title="Dòng")
    code: str = Field(title="Mã lỗi")
    message: str = Field(title="Lỗi")
    message_en: str = Field(title="Lỗi (tiếng Anh)")
    unit: str | None = Field(title="Đơn vị, hồ sơ hoặc phương án được nêu")
    on: date | None = Field(title="Ngày")
    count: int | None = Field(title="Số lượng")


class PlanWarning(BaseModel):
    """What is to be answered before the plan is approved."""

    code: str = Field(title="Mã cảnh báo")
    count: int = Field(title="Số lượng")
    words: str = Field(title="Cảnh báo")
    words_en: str = Field(title="Cảnh báo (tiếng Anh)")
    units: list[str] = Field(default_factory=list, title="Mã các đơn vị")


class PlanUnit(BaseModel):
    """A unit the plan touches."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã định danh điện tử")
    name: str = Field(title="Tên cơ quan, đơn vị")
    what: str = Field(title="Tác động", description="ends, begins, changes, receives, gives")
    people: int = Field(title="Số người đang quản lý")


class PlanMonth(BaseModel):
    """A month's list that is not open yet and that the plan touches."""

    agency_id: UUID = Field(title="Cơ quan đồng bộ")
    code: str = Field(title="Mã định danh điện tử")
    name: str = Field(title="Tên cơ quan, đơn vị")
    month: str = Field(title="Tháng")
    opens_on: date = Field(title="Ngày mở danh sách")
    ends_on: date = Field(title="Ngày cuối của thời hạn")
    what: str = Field(
        title="Tác động",
        description="running: đang mở vào ngày hiệu lực; opens: mở từ ngày đó; begins: danh sách đầu tiên;"
        " ends: không mở nữa / open on the plan's day; opens from then on; the first of its agency;"
        " not opened any more",
    )


class PlanPreview(BaseModel):
    """What a plan would do, read now; nothing is written."""

    plan_hash: str = Field(title="SHA-256 của phương án")
    effective_on: date = Field(title="Ngày có hiệu lực")
    document: str = Field(title="Quyết định làm căn cứ")
    possible: bool = Field(title="Thực hiện được", description="Không có dòng nào sai / no line is wrong")
    faults: list[PlanFault] = Field(title="Dòng sai")
    warnings: list[PlanWarning] = Field(title="Cảnh báo phải trả lời")
    units: list[PlanUnit] = Field(title="Đơn vị bị tác động")
    people: int = Field(title="Số người chuyển")
    unplaced: int = Field(title="Số người chưa được xếp")
    open_duties: int = Field(title="Nghĩa vụ đang mở")
    approvals: int = Field(title="Bản khai đang chờ phê duyệt")
    transfers: int = Field(title="Việc điều chuyển đang thực hiện")
    delegations: int = Field(title="Uỷ quyền tại đơn vị kết thúc")
    accounts: int = Field(title="Tài khoản bị tác động")
    months: int = Field(title="Danh sách cuối tháng đang mở")
    scheduled_months: list[PlanMonth] = Field(
        title="Danh sách cuối tháng sắp mở",
        description="Trống khi phương án không thực hiện được / none for a plan that cannot be",
    )
    other_law: int = Field(title="Hồ sơ áp dụng quy chế khác")
    sync_agents: list[str] = Field(title="Đơn vị đồng bộ kết thúc")
    approvers_lost: list[str] = Field(title="Đơn vị không còn người phê duyệt")
    without_head: list[str] = Field(title="Đơn vị mới chưa có người đứng đầu")
    codes_closed: list[str] = Field(title="Mã định danh được đóng")
    tree_before: str | None = Field(title="Mã băm cây tổ chức ngày đó khi không có phương án")
    tree_after: str | None = Field(title="Mã băm cây tổ chức ngày đó theo phương án")


class ReorganisationLine(BaseModel):
    """One plan in the list."""

    id: UUID = Field(title="Phương án")
    title: str = Field(title="Tên phương án")
    document: str = Field(title="Quyết định làm căn cứ")
    effective_on: date = Field(title="Ngày có hiệu lực")
    state: str = Field(title="Trạng thái", description="drafted, approved, executing, done, withdrawn")
    state_vi: str = Field(title="Trạng thái bằng lời")
    agency_id: UUID = Field(title="Nơi lập phương án")
    agency: str = Field(title="Tên nơi lập phương án")
    plan_hash: str = Field(title="SHA-256 của phương án")
    items: int | None = Field(title="Số người chuyển", description="Từ khi bắt đầu ngày hiệu lực")
    moved: int = Field(title="Đã chuyển")
    left: int = Field(title="Không chuyển", description="Đã tự chuyển đi nơi khác / gone by themselves")
    waiting: int = Field(title="Còn chờ chuyển")
    trouble: str | None = Field(title="Vì sao chưa thực hiện được", description="Mã; thử lại mỗi giờ")
    drafted_at: datetime = Field(title="Lập lúc")
    approved_at: datetime | None = Field(title="Phê duyệt lúc")
    begun_at: datetime | None = Field(title="Bắt đầu thực hiện lúc")
    done_at: datetime | None = Field(title="Thực hiện xong lúc")
    withdrawn_at: datetime | None = Field(title="Rút lúc")
    citation: str | None = Field(title="Căn cứ")


class Reorganisations(Page):
    """A page of plans, the newest first."""

    items: list[ReorganisationLine] = Field(title="Phương án sắp xếp tổ chức")


class Happened(BaseModel):
    """Something that happened to the plan."""

    at: datetime = Field(title="Lúc")
    kind: str = Field(title="Việc")
    actor_id: UUID | None = Field(title="Tài khoản")
    actor_role: str = Field(title="Vai trò")
    facts: dict[str, Any] = Field(title="Chi tiết")


class InversePlan(BaseModel):
    """The lines that take a plan back; what is decided on it and when is for people to say."""

    title: str = Field(title="Tên phương án")
    operations: list[Operation] = Field(title="Nội dung sắp xếp")


class GivenBack(BaseModel):
    """A unit that the plan changed, and how it stands when the plan is taken back."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    what: str = Field(
        title="Khi hoàn lại",
        description="resumes: lập lại; ends: kết thúc; changes: như trước / stands again; ends; is as before",
    )
    fields: dict[str, Any] = Field(title="Như trước", description="Mã, tên, cấp trên … / what is as before")


class Reorganisation(ReorganisationLine):
    """One plan with all that is known of it."""

    plan: Plan = Field(title="Nội dung phương án")
    answers: dict[str, str] = Field(title="Trả lời cảnh báo")
    warnings: list[PlanWarning] = Field(title="Cảnh báo khi lập hoặc phê duyệt")
    author_id: UUID = Field(title="Người lập")
    approver_id: UUID | None = Field(title="Người phê duyệt")
    reason: str | None = Field(title="Lý do sửa hoặc rút")
    tree_before: str = Field(title="Mã băm cây tổ chức ngày đó khi không có phương án")
    tree_after: str | None = Field(title="Mã băm cây tổ chức ngày đó khi thực hiện xong")
    codes_closed: list[str] = Field(
        title="Mã định danh được đóng", description="Từ khi bắt đầu ngày hiệu lực / once its day has begun"
    )
    inverse: InversePlan | None = Field(
        title="Phương án hoàn lại",
        description="Thêm quyết định và ngày hiệu lực là lập được, khi phương án này đã thực hiện xong; trống"
        " khi đã rút / with a decision and a day it is a plan, once this one is done; none if withdrawn",
    )
    gives_back: list[GivenBack] = Field(
        title="Đơn vị khi hoàn lại",
        description="Phương án hoàn lại làm gì với từng đơn vị / what the inverse plan makes of each unit",
    )
    history: list[Happened] = Field(title="Diễn biến")


class MovedPerson(BaseModel):
    """One person whom the plan moves."""

    profile_id: UUID = Field(title="Hồ sơ")
    from_agency_id: UUID = Field(title="Từ đơn vị")
    to_agency_id: UUID = Field(title="Đến đơn vị")
    placed: bool = Field(title="Được xếp theo phương án")
    state: str = Field(title="Trạng thái", description="waiting, moved, left")
    reason: str | None = Field(title="Vì sao không chuyển")
    moved_at: datetime | None = Field(title="Chuyển lúc")


class MovedPeople(Page):
    """A page of the people, in the order in which they are moved."""

    items: list[MovedPerson] = Field(title="Người chuyển")
