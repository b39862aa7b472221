"""Acts on the tree of agencies: what each makes of it, what it records, what is refused. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn
from uuid import UUID

from models.command_tree import ChangeAgency, CreateAgency, EndAgency
from models.lifecycle.guard import refuse
from models.lifecycle.scene import Scene
from models.lifecycle.tree import State, Tree, TreeError
from models.lifecycle.tree_changes import (
    Change,
    Create,
    End,
    Operation,
    Resume,
    Succeed,
    apply,
    inverse,
)

WORDS = {
    "agency-cycle": (
        "Cơ quan không thể nằm dưới chính mình hoặc đơn vị của mình.",
        "An agency cannot stand below itself or a unit of its own.",
    ),
    "agency-has-units": (
        "Cơ quan còn đơn vị trực thuộc; phải chuyển hoặc kết thúc các đơn vị đó trước.",
        "Units still stand below it; move or end them first.",
    ),
    "agency-ended": ("Cơ quan đã kết thúc hoạt động.", "The agency exists no longer."),
    "parent-not-standing": (
        "Cơ quan cấp trên không hoạt động trong suốt thời gian đó.",
        "The agency above does not stand for all that time.",
    ),
    "code-taken": ("Cơ quan khác đang dùng mã này.", "Another agency has this code."),
    "code-malformed": (
        "Mã định danh không đúng cấu trúc của QĐ 20/2020/QĐ-TTg.",
        "The code is no electronic identifier under QĐ 20/2020/QĐ-TTg.",
    ),
    "month-closed": (
        "Ngày hiệu lực nằm trong tháng đã khoá sổ đồng bộ.",
        "The day lies in a month that is closed.",
    ),
    "nothing-changes": ("Không có gì thay đổi.", "Nothing would change."),
    "unknown-agency": ("Không có cơ quan này vào ngày đó.", "There is no such agency on that day."),
}
LEFT = {
    "people": ("hồ sơ đang quản lý", "profiles in its hands"),
    "archived": ("hồ sơ lưu trữ", "archived files"),
    "duties": ("nghĩa vụ đang mở", "open duties"),
    "cases": ("việc chuyển, biệt phái, thôi việc chưa xong", "open transfers, secondments and separations"),
    "lists": ("danh sách tháng chưa đóng", "month's lists not closed"),
    "reports": ("báo cáo rà soát còn mở", "open reports of data reviews"),
    "breaches": ("sự cố dữ liệu chưa đóng", "breaches not closed"),
    "delegations": ("uỷ quyền còn hiệu lực", "delegations"),
    "accounts": ("tài khoản cơ quan, dịch vụ", "agency and service accounts"),
    "posts": ("vai trò, vị trí có người giữ", "roles and posts somebody holds"),
    "plans": ("phương án sắp xếp đã phê duyệt", "approved plans"),
    "offices": ("nhiệm vụ quản lý, vận hành cơ sở dữ liệu", "the office that keeps or operates the database"),
}
"""What a unit that ends by itself would leave behind; a plan passes it on to an heir, archived files, too."""
_CITED = {"code-malformed": "QĐ 20/2020/QĐ-TTg", "code-taken": "QĐ 20/2020/QĐ-TTg"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An operation as it is written down; ``undo`` takes it back on its own day."""

    operation: Operation
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TreeDecision:
    """The tree after the act, and what is recorded of each operation."""

    after: Tree
    recorded: tuple[Recorded, ...]


def decide_tree(
    tree: Tree,
    body: CreateAgency | ChangeAgency | EndAgency,
    scene: Scene,
    earliest: date | None,
    left: Mapping[str, int],
) -> TreeDecision:
    """What an act makes of the tree. ``left``: what the agency has now that stands against it, by `LEFT`.

    Raises:
        RefusedError: a code of `WORDS`, ``agency-occupied``, ``move-needs-plan``.
    """
    operations = _operations(body, scene)
    after = attempt(tree, operations, earliest)  # what cannot be at all is said first
    if isinstance(body, EndAgency) and left:
        _occupied(left)
    if isinstance(body, ChangeAgency) and left:
        refuse(
            "move-needs-plan",
            f"Còn {left['people']} hồ sơ tại đơn vị này hoặc bên dưới: lập phương án sắp xếp.",
            f"{left['people']} profiles are in the unit or below it: plan a reorganisation.",
            count=left["people"],
        )
    return TreeDecision(after, tuple(recorded(tree, after, one) for one in operations))


def _occupied(left: Mapping[str, int]) -> NoReturn:
    words = [(left[what], *LEFT[what]) for what in LEFT if what in left]
    counts: dict[str, Any] = dict(left)
    refuse(
        "agency-occupied",
        f"Còn {', '.join(f'{n} {vi}' for n, vi, _ in words)}; chuyển trước, hoặc lập phương án sắp xếp.",
        f"Still there: {', '.join(f'{n} {en}' for n, _, en in words)}; move them, or plan a reorganisation.",
        count=sum(left.values()),
        **counts,
    )


def attempt(tree: Tree, operations: list[Operation], earliest: date | None) -> Tree:
    """The tree after the operations; what it does not bear is refused with the day and the agency.

    Raises:
        RefusedError: a code of `WORDS`.
    """
    try:
        return apply(tree, operations, earliest=earliest)
    except TreeError as error:
        refused(error)


def refused(error: TreeError) -> NoReturn:
    """What the tree does not bear, as a refusal."""
    code = "unknown-agency" if error.code == "agency-unknown" else error.code
    day = error.day.isoformat() if error.day is not None else None
    vi, en = WORDS[code]
    refuse(code, vi, en, citation=_CITED.get(code), agency_id=str(error.agency_id), day=day)


def _operations(body: CreateAgency | ChangeAgency | EndAgency, scene: Scene) -> list[Operation]:
    on = body.effective_on
    if isinstance(body, CreateAgency):
        state = State(
            body.code,
            body.name,
            body.kind,
            body.parent_id,
            body.has_account,
            body.standing,
            body.legacy_code,
        )
        return [Create(scene.new_id("agency"), on, state)]
    if isinstance(body, ChangeAgency):
        return [Change(body.agency_id, on, body.fields)]
    links = (Succeed(body.agency_id, on, one, body.succession) for one in body.successors)
    return [End(body.agency_id, on), *links]


_KIND = {"code": "recode", "name": "rename", "parent_id": "reparent"}


def kind_of(operation: Operation) -> str:
    """The word under which an operation is written down."""
    if isinstance(operation, Change):
        named = [_KIND.get(name, "amend") for name in operation.fields]
        return named[0] if len(named) == 1 else "amend"
    return type(operation).__name__.lower()


def recorded(before: Tree, after: Tree, one: Operation) -> Recorded:
    """An operation as it is written down, with what it changed and what takes it back."""
    facts: dict[str, Any] = {}
    if isinstance(one, Change | Resume):
        was = before.span(one.agency_id, one.on)
        assert was is not None, "what changed was there"
        facts["fields"] = _plain(one.fields)
        facts["before"] = _plain({name: getattr(was.state, name) for name in one.fields})
    if isinstance(one, Succeed):
        facts |= {"successor": str(one.successor_id), "kind": one.kind}
    else:
        (undo,) = inverse(before, after, [one], one.on)
        facts["undo"] = {
            "kind": type(undo).__name__.lower(),
            "fields": _plain(undo.fields) if isinstance(undo, Change | Resume) else {},
        }
    return Recorded(one, kind_of(one), facts)


def undoing(agency_id: UUID, on: date, undo: Mapping[str, Any]) -> Operation:
    """The operation that takes a recorded one back on its own day."""
    fields = dict(undo["fields"])
    if fields.get("parent_id") is not None:
        fields["parent_id"] = UUID(fields["parent_id"])
    match undo["kind"]:
        case "end":
            return End(agency_id, on)
        case "resume":
            return Resume(agency_id, on, fields)
        case _:
            return Change(agency_id, on, fields)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}
