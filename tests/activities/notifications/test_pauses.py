"""The post paused, others paused, maintenance announced: what goes, what waits, what is said of it."""

from datetime import timedelta

from models.command_admin import AnnounceMaintenance, PauseParty, ResumeParty
from tests.activities.notifications.conftest import MORNING, give_address, mails
from tests.world import World

DEPARTMENT = "so@example.invalid"


async def told(world: World, body: object) -> None:
    done = await world.ask("admin", body, world.authority, subject="administration")  # type: ignore[arg-type] # a body
    assert done.status in (200, 201), done.answer


async def test_nothing_goes_while_the_post_is_paused_and_all_goes_after(
    world: World, office, send, mailbox
) -> None:
    await give_address(world, "department", DEPARTMENT)
    await told(world, AnnounceMaintenance(
        starts_at=MORNING + timedelta(days=2), ends_at=MORNING + timedelta(days=2, hours=3), document="6/TB"
    ))  # fmt: skip
    await told(world, PauseParty(party="mail", reason="đổi máy chủ thư"))
    await told(world, PauseParty(party="national", reason="khoá kết nối bị thu hồi"))
    done = await send(office)
    assert (done.sent, mailbox.letters) == (0, [])
    assert done.next_at == MORNING + timedelta(minutes=30)
    (row,) = [one for account, one in (await mails(world)).items() if account == world.accounts["department"]]
    assert (row.state, row.attempts) == ("waiting", 0)
    kinds = [one.kind for one in await world.rows("SELECT kind FROM notices")]
    assert "mail_post_down" not in kinds, "a pause is no trouble"
    # Everybody with an account was told of the maintenance ahead.
    assert kinds.count("maintenance_announced") == len(world.accounts)

    await told(world, ResumeParty(party="mail", reason="đã đổi xong"))
    done = await send(office, MORNING + timedelta(minutes=30))
    assert done.sent == 1
    (letter,) = mailbox.to(DEPARTMENT)
    assert "Tạm dừng gửi: Cơ sở dữ liệu quốc gia" in letter
    assert "các thời hạn vẫn tính" in letter
    assert "the national database" in letter
    assert "khoá kết nối" not in letter, "a reason may name somebody: it stays inside"
    assert "Bảo trì 08:00 22/01/2026 – 11:00 22/01/2026" in letter
