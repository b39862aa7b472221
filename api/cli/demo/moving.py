"""To another agency of the same authority, by the steps its law gives; then the account, then the check."""

from datetime import date
from typing import Any

from api.cli.demo.approving import approved
from api.cli.demo.person import Person
from api.cli.demo.problems import StoryError

Said = tuple[str, str, str, str]
STEPS: dict[str, Said] = {
    "ask_for_profile": (
        "request",
        "transfer.asked",
        "Đề nghị cơ quan cũ chuyển hồ sơ, dữ liệu",
        "Asks the former agency for the dossier and the data",
    ),
    "report_transfer": ("report", "transfer.reported", "Báo cáo {keeper}", "Reports to {keeper_en}"),
    "hand_over": (
        "hand-over",
        "transfer.handed_over",
        "Bàn giao hồ sơ và tài khoản",
        "Hands over dossier and account",
    ),
    "accept_transfer": (
        "acceptance",
        "transfer.accepted",
        "Tiếp nhận; hồ sơ chỉ do một cơ quan quản lý",
        "Receives it; exactly one agency holds the profile",
    ),
}
"""Verb of a step to its path, its event, and its words."""
ALONE: dict[str, Said] = {
    "hand_over": (
        "hand-over",
        "transfer.handed_over",
        "Chuyển giao hồ sơ, dữ liệu",
        "Hands the dossier over",
    ),
}
"""Where the account does not move with the person."""


async def transfer(person: Person, to: str) -> None:
    """Requested, then step by step until the new agency holds the profile."""
    stage = person.stage
    world = stage.world
    place, place_en = world.place
    stage.open("transfer", f"Chuyển sang cơ quan khác trong {place}", f"To another agency of {place_en}")
    today = await stage.working_days(1)
    effective = stage.calendar.add_working_days(today, 1)
    body = {
        "to_agency_id": stage.agencies[to],
        "mode": "điều động",
        "effective_on": effective.isoformat(),
        "document": f"02/QĐ/{today.year}",
    }
    if await person.rule("transfer_limit") is not None:
        body["decided_on"] = today.isoformat()
    short, short_en = world.agencies[to].short
    asked = await stage.act(
        person.hr,
        f"{person.path}/transfers",
        body,
        event="transfer.requested",
        vi=f"Đề nghị điều động sang {short}",
        en=f"Asks for the move to {short_en}",
    )
    case = f"/transfers/{asked.result['transfer_id']}"
    await _step_by_step(person, case, to, effective)
    await _afterwards(person, case, effective)


async def _step_by_step(person: Person, case: str, to: str, effective: date) -> None:
    """Whoever's turn it is does the next step, until the new agency has the profile.

    Raises:
        StoryError: the law gives a step that the story does not know.
    """
    stage = person.stage
    new = stage.world.holder("hr_officer", to)
    keeper, keeper_en = stage.world.agencies["keeper"].short
    new_account = await person.rule("transfer_account") is not None
    while (step := (await stage.cast["department"].get(case)).body["next"]) is not None:
        if step["verb"] not in STEPS:
            raise StoryError(f"bước lạ / a step unknown to the story: {step['verb']}")
        path, event, vi, en = (ALONE if new_account else STEPS).get(step["verb"], STEPS[step["verb"]])
        if step["verb"] == "hand_over" and await stage.today() < effective:
            await stage.until(effective)
        today = await stage.today()
        body: dict[str, Any] | None = {
            "report_transfer": {"document": f"03/BC/{today.year}"},
            "hand_over": {"handed_over_on": today.isoformat()},
        }.get(step["verb"])
        await stage.act(
            new if step["side"] == "new" else person.hr,
            f"{case}/{path}",
            body,
            event=event,
            vi=vi.format(keeper=keeper),
            en=en.format(keeper_en=keeper_en),
        )
    person.at = to


async def _afterwards(person: Person, case: str, effective: date) -> None:
    """A new account where the law has the new agency make one; then the own data are checked."""
    stage = person.stage
    if await person.rule("transfer_account") is not None:
        login = f"{person.login}.2"
        await person.given_account(
            person.hr, login, "Tạo tài khoản mới ở cơ quan mới: {login}", "Creates a new account: {login}"
        )
        await person.changes_password("Đổi mật khẩu mặc định", "Changes the default password")
    check = await person.rule("transfer_check")
    await stage.working_days(1)
    owed = (await stage.cast[person.role].get("/me")).body["owed"] if check is not None else []
    duties = [duty["id"] for duty in owed if duty["slot"] == "transfer_check"]
    form = stage.world.form
    await person.submits(
        {**person.moved_to(form.new_unit, effective), "main_assigned_work": "Quản lý lữ hành"},
        "Kiểm tra, cập nhật dữ liệu ở cơ quan mới",
        "Checks and updates the data at the new agency",
        evidence="Transfer decision",
        changed_on=None if duties else effective,
        answers=tuple(duties),
    )
    await approved(person, "Phê duyệt bản cập nhật sau khi chuyển", "Approves the update after the move")
