"""How a submission is approved, step by step or with the month's list; and what follows each month."""

from datetime import date, timedelta
from typing import Any

from api.cli.demo.foreseeing import window_after
from api.cli.demo.person import Person
from api.cli.demo.problems import StoryError
from api.cli.demo.stage import Stage
from models.calendar import Window
from models.regulations import Obligation

WINDOWED = "last_n_calendar_days_of_month"
WORKED = ("listed", "approved", "cleared", "sent", "accepted")
"""States of an item in which a list still waits for somebody."""


def in_window(chain: tuple[Obligation, ...]) -> bool:
    """Whether the approval is one signature owed inside the month's window."""
    last = chain[-1]
    return len(chain) == 1 and last.deadline is not None and last.deadline.unit == WINDOWED


async def approved(person: Person, vi: str, en: str) -> None:
    """Every signature the law asks for, each on the next working day; ``vi`` and ``en`` tell the last one."""
    stage = person.stage
    chain = await person.chain()
    for place, rule in enumerate(chain, start=1):
        await stage.working_days(1)
        who = stage.world.signer(rule, person.at)
        if place == len(chain):
            await person.signed_by(who, vi, en)
            continue
        await person.signed_by(
            who,
            f"Thẩm định, ký số bước {place}/{len(chain)}",
            f"Reviews and signs step {place} of {len(chain)}",
            event="review.signed",
        )


async def month_end(stage: Stage, agency: str, waiting: Person | None = None) -> None:
    """The window opens; what waits is approved after a reminder; what is approved goes its way."""
    stage.open("month_end", "Cuối tháng: phê duyệt, đồng bộ", "Month end: approval and synchronisation")
    window = window_after(await stage.today(), stage.calendar, await stage.law())
    await stage.until(window.opens)
    stock = await stage.rule("whole_stock_approval") if waiting is not None else None
    found = await _listed(stage, agency, f"{window.opens:%Y-%m}", "month" if stock is None else "whole_stock")
    month = f"/agency-months/{found['id']}"
    if waiting is not None:
        if stock is None:
            await _until_reminded(stage, window)
        await _approve_list(stage, month, waiting, stock or (await waiting.chain())[-1])
    await synchronised(stage, month, window.rolled_end)


async def _listed(stage: Stage, agency: str, month: str, kind: str) -> dict[str, Any]:
    """The agency's list of the month; or of the whole stock, whose first approval the law may ask for.

    Raises:
        StoryError: there is none, or nothing is on it.
    """
    reader = stage.cast["department"]
    lists = (await reader.get("/agency-months", agency=stage.agencies[agency])).body["items"]
    found = [one for one in lists if one["kind"] == kind and one["month"].startswith(month)]
    if len(found) != 1 or not found[0]["listed"]:
        raise StoryError(f"danh sách trống / nothing on the list: {lists}")
    return dict(found[0])


async def _until_reminded(stage: Stage, window: Window) -> None:
    before = len(stage.steps)
    day = window.opens
    while not any(s.event == "duty.reminder" for s in stage.steps[before:]):
        day += timedelta(days=1)
        if day > window.rolled_end:
            raise StoryError("không có lời nhắc trong cửa sổ / no reminder within the window")
        await stage.until(day)


async def _approve_list(stage: Stage, month: str, waiting: Person, rule: Obligation) -> None:
    who = stage.world.signer(rule, waiting.at)
    what, what_en = ("danh sách tháng", "the month's list")
    if rule.slot == "whole_stock_approval":
        what, what_en = ("toàn bộ hồ sơ lần đầu", "the whole stock for the first time")
    await stage.act(
        who,
        f"{month}/approvals",
        {},
        event="approval.signed",
        vi=f"Phê duyệt {what} bằng chữ ký số; tệp đã ký " + "{document:.12}…",
        en=f"Approves {what_en} by signature; signed file " + "{document:.12}…",
    )
    await waiting.keep_document(who)


async def synchronised(stage: Stage, month: str, last: date) -> None:
    """Until nothing on the list waits for anybody; where the law has a gate, the department opens it.

    Raises:
        StoryError: something still waits after the window's end.
    """
    reader = stage.cast["department"]
    gate = await stage.rule("department_gate")
    while True:
        found = (await reader.get(month)).body
        if found["state"] == "gate" and gate is not None:
            await _released(stage, month, gate)
        elif not any(found["counts"].get(state) for state in WORKED):
            return
        elif await stage.today() > last:
            raise StoryError(f"danh sách chưa xong / the list is not done: {found['counts']}")
        else:
            await stage.until(await stage.today() + timedelta(days=1))


async def _released(stage: Stage, month: str, gate: Obligation) -> None:
    """The department's gate: after the call once the receipts are in, or before anything goes out."""
    before = gate.rule.position == "before_outgoing_call"
    who = stage.world.signer(gate, "keeper")
    await stage.act(
        who,
        f"{month}/release",
        event="month.released",
        vi=("Phê duyệt trước khi gửi CSDL quốc gia" if before else "Phê duyệt dữ liệu cơ quan đã gửi")
        + ": {released} hồ sơ",
        en=("Approves before anything is sent" if before else "Approves what the agency has sent")
        + ": {released}",
    )


async def carried(person: Person) -> None:
    """What was approved goes with the list open now, or with the next one, unless it has gone."""
    stage, agency = person.stage, person.desk
    department = stage.cast["department"]
    profile = (await department.get(person.path)).body
    gate = await person.rule("department_gate")
    if gate is None and profile["synced_revision_id"] == profile["approved_revision_id"]:
        return
    lists = (await department.get("/agency-months", agency=stage.agencies[agency])).body["items"]
    running = [one for one in lists if one["state"] != "closed"]
    if not running:
        await month_end(stage, agency)
    for one in running:
        await synchronised(stage, f"/agency-months/{one['id']}", date.fromisoformat(one["rolled_end"]))
