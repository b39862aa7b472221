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
    people: int,
) -> TreeDecision:
    """What an act makes of the tree. ``people`` are those in the agency now.

    Raises:
        RefusedError: a code of `WORDS`, or ``agency-occupied``.
    """
    if isinstance(body, EndAgency) and people:
        refuse(
            "agency-occupied",
            f"Còn {people} hồ sơ do cơ quan này quản lý; phải chuyển trước khi kết thúc.",
            f"{people} profiles are still in its hands; move them first.",
            count=people,
        )
    operations = _operations(body, scene)
    after = attempt(tree, operations, earliest)
    return TreeDecision(after, tuple(recorded(tree, after, one) for one in operations))


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
