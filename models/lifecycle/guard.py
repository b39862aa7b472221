"""Refusals that many decisions share."""

from typing import NoReturn
from uuid import UUID

from models.errors import RefusedError
from models.lifecycle.life import CHAPTER_VI, Case, Chapter, Life
from models.lifecycle.scene import Scene


def refuse(
    code: str, vi: str, en: str, *, citation: str | None = None, **extra: str | int | bool | None
) -> NoReturn:
    """Refuse with a problem of the catalogue."""
    raise RefusedError.of(code, vi, en, citation=citation, extra=extra)


def in_chapter(life: Life, *chapters: Chapter) -> None:
    """Refuse what does not belong to the life's present chapter."""
    if life.chapter not in chapters:
        refuse(
            "wrong-state",
            f"Hồ sơ đang ở giai đoạn “{CHAPTER_VI[life.chapter]}”, không thực hiện được việc này.",
            f"The profile is in the chapter '{life.chapter}'; this cannot be done now.",
            chapter=str(life.chapter),
        )


def no_open_case(life: Life) -> None:
    """Refuse while a transfer, a separation, a proposed disposal or merge of the profile is open."""
    if life.case is None:
        return
    if life.case.kind == "transfer":
        refuse(
            "transfer-open",
            "Hồ sơ đang có việc chuyển công tác chưa kết thúc.",
            "A transfer of this profile is still open.",
            case_id=str(life.case.id),
        )
    if life.case.kind == "disposal":
        refuse(
            "disposal-open",
            "Hồ sơ đang có đề nghị hủy chưa quyết định.",
            "A disposal of this file is proposed and not decided.",
            case_id=str(life.case.id),
        )
    if life.case.kind == "merge":
        refuse(
            "merge-open",
            "Hồ sơ đang có đề nghị hợp nhất chưa quyết định.",
            "A merge of this profile into another is proposed and not decided.",
            case_id=str(life.case.id),
        )
    refuse(
        "separation-open",
        "Hồ sơ đã có quyết định thôi công tác.",
        "A separation of this profile is already decided.",
        case_id=str(life.case.id),
    )


def changes_hands(life: Life, scene: Scene) -> None:
    """Refuse a second change of hands on one day: custody is kept by days, one holder at each day's end."""
    if life.changed_hands_on is not None and scene.today <= life.changed_hands_on:
        refuse(
            "wrong-state",
            "Hồ sơ đã được tiếp nhận trong ngày hôm nay; có thể tiếp nhận tiếp từ ngày mai.",
            "The profile changed hands today already; the next agency can accept it from tomorrow.",
        )


def not_disposed(life: Life) -> None:
    """Refuse every act on a file whose content was destroyed."""
    if life.disposed:
        refuse(
            "profile-disposed",
            "Nội dung hồ sơ đã được hủy; chỉ còn dấu vết của việc hủy.",
            "The file's content was disposed of; only the trace of that is left.",
        )


def not_merged(life: Life, survivor_id: UUID | None) -> None:
    """Refuse every act on a profile that was closed into another one of the same person."""
    if survivor_id is not None:
        refuse(
            "profile-merged",
            "Hồ sơ này đã hợp nhất vào hồ sơ khác của cùng một người.",
            "This profile was merged into another one of the same person.",
            merged_into=str(survivor_id),
            status=str(life.status),
        )


def open_transfer(life: Life, case: Case | None, *states: str) -> Case:
    """The open transfer in one of these states, or a refusal."""
    if case is None or case.closed or case.state not in states:
        state = "closed" if case is None or case.closed else case.state
        refuse(
            "wrong-state",
            "Việc chuyển công tác không ở bước cho phép thao tác này.",
            "The transfer is not at a step that allows this.",
            state=state,
        )
    if life.case is None or life.case.id != case.id:
        refuse("wrong-state", "Việc chuyển công tác đã kết thúc.", "The transfer has ended.", state="closed")
    return case


def not_own(scene: Scene, life: Life, author: UUID | None) -> None:
    """Nobody approves or returns the own file or the own entry, nor those of whom they act for (R4)."""
    names = {scene.actor_id, scene.on_behalf_of} - {None}
    subject = life.account.id if life.account else None
    if scene.actor_profile_id == life.profile_id or author in names or subject in names:
        refuse(
            "own-approval",
            "Không được phê duyệt hồ sơ của chính mình hoặc do chính mình khai.",
            "Nobody may approve the own profile or what they declared themselves.",
        )
