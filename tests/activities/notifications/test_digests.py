"""The morning's messages: who gets one, what stands in it, and what happens when it cannot go."""

import asyncio
import dataclasses
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest

from models.calendar import Calendar
from models.commands import OpenProfile
from models.record.mornings import next_morning
from tests.activities.notifications.conftest import MORNING, give_address, mails, person, write
from tests.world import World

ONE = "p1@example.invalid"


class TestWhen:
    @pytest.mark.parametrize(
        ("now", "following"),
        [
            (datetime(2026, 1, 20, 0, 59, tzinfo=UTC), datetime(2026, 1, 20, 1, 0, tzinfo=UTC)),
            # Saturday 24 January → Monday; the Saturday of 10 January was worked for 2 January.
            (datetime(2026, 1, 24, 2, 0, tzinfo=UTC), datetime(2026, 1, 26, 1, 0, tzinfo=UTC)),
            (datetime(2026, 1, 2, 2, 0, tzinfo=UTC), datetime(2026, 1, 5, 1, 0, tzinfo=UTC)),
            # Tết: Saturday 14 to Sunday 22 February.
            (datetime(2026, 2, 16, 2, 0, tzinfo=UTC), datetime(2026, 2, 23, 1, 0, tzinfo=UTC)),
        ],
    )
    async def test_before_eight_and_on_days_off_nothing_is_sent(
        self, world: World, office, send, mailbox, now: datetime, following: datetime
    ) -> None:
        await person(world, 1)
        done = await send(office, now)
        assert (done.sent, done.failed, done.next_at) == (0, 0, following)
        assert mailbox.letters == []
        assert await mails(world, now.date()) == {}

    async def test_a_saturday_that_is_worked_has_its_morning(
        self, world: World, office, send, mailbox
    ) -> None:
        world.now = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
        await person(world, 1)
        done = await send(office, datetime(2026, 1, 10, 1, 0, tzinfo=UTC))
        assert (done.sent, done.next_at) == (1, datetime(2026, 1, 12, 1, 0, tzinfo=UTC))

    async def test_a_year_without_calendar_follows_the_week_and_says_so_once(
        self, world: World, office, send, mailbox
    ) -> None:
        await person(world, 1)
        for day in (5, 6):  # Monday and Tuesday
            assert (await send(office, datetime(2031, 5, day, 1, 0, tzinfo=UTC))).sent == 1
        done = await send(office, datetime(2031, 5, 10, 1, 0, tzinfo=UTC))
        assert (done.sent, done.next_at) == (0, datetime(2031, 5, 12, 1, 0, tzinfo=UTC))
        told = await world.rows("SELECT facts FROM notices WHERE kind = 'calendar_year_missing'")
        assert [row.facts for row in told] == [{"year": 2031}]

    def test_the_last_morning_of_the_last_year_known(self) -> None:
        last = datetime(2027, 12, 31, 2, 0, tzinfo=UTC)
        assert next_morning(last, Calendar.seed()) == datetime(2028, 1, 3, 1, 0, tzinfo=UTC)


class TestWhat:
    async def test_own_duties_with_article_date_and_count(self, world: World, office, send, mailbox) -> None:
        await person(world, 1)
        done = await send(office)
        assert (done.sent, done.failed) == (1, 0)
        assert done.next_at == MORNING + timedelta(days=1)
        (body,) = mailbox.to(ONE)
        assert "Việc của Anh/Chị" in body
        assert "Your own duties" in body
        duties = await world.rows(
            "SELECT citation, due_on FROM duties WHERE party = 'person' AND state = 'open'"
        )
        assert duties
        for duty in duties:
            assert duty.citation in body
            if duty.due_on:
                assert f"{duty.due_on:%d/%m/%Y}" in body
        assert "https://hoso.example.invalid/x/" in body

    async def test_no_person_is_named_and_nothing_about_one(
        self, world: World, office, send, mailbox
    ) -> None:
        profile = await person(world, 1)
        hr = await give_address(world, "culture.hr", "hr@example.invalid")
        await _open_duty_of_hr(world)
        await send(office)
        assert mailbox.to(hr)
        for letter in mailbox.letters:
            whole = letter.as_string() + str(letter.get_content())
            for secret in ("Nguyễn", "000190", str(profile), "Bảo tàng", str(world.museum)):
                assert secret not in whole

    async def test_headers_say_it_is_automatic_and_always_the_same(
        self, world: World, office, send, mailbox
    ) -> None:
        await person(world, 1)
        await send(office)
        (letter,) = mailbox.letters
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["From"] == "hoso <hoso@example.invalid>"
        assert letter["Subject"].startswith("[hoso] 20/01/2026: 2 việc đang mở, ")
        assert letter["Date"].datetime == MORNING
        await write(world, "UPDATE mails SET state = 'waiting'")
        await send(office)
        assert [one["Message-ID"] for one in mailbox.letters] == [letter["Message-ID"]] * 2

    async def test_the_post_s_duties_go_to_whoever_holds_it_now_nearest_above(
        self, world: World, office, send, mailbox
    ) -> None:
        """The museum has no HR officer; the one of its parent gets the message, whoever that is today"
        " (R39)."""
        await _open_duty_of_hr(world)
        old = await give_address(world, "culture.hr", "old@example.invalid")
        new = await give_address(world, "culture.head", "new@example.invalid")
        await give_address(world, "health.hr", "health@example.invalid")
        await send(office)
        assert [one["To"] for one in mailbox.letters] == [old]
        assert "Việc theo vai trò “Người phụ trách tổ chức cán bộ”" in mailbox.to(old)[0]
        await write(
            world,
            "UPDATE grants SET valid_to = '2026-01-21' WHERE account_id = :a",
            a=world.accounts["culture.hr"],
        )
        await write(
            world,
            "UPDATE grants SET role = 'hr_officer', valid_from = '2026-01-21' WHERE account_id = :a",
            a=world.accounts["culture.head"],
        )
        await send(office, MORNING + timedelta(days=1))
        assert [one["To"] for one in mailbox.letters] == [old, new]

    async def test_escalations_and_notices_are_counted_once(
        self, world: World, office, send, mailbox
    ) -> None:
        await _open_duty_of_hr(world)
        head = await give_address(world, "culture.head", "head@example.invalid")
        duty = await world.one("SELECT id, agency_id FROM duties WHERE party = 'hr_officer'")
        for n in range(2):  # the same duty, escalated twice
            await _notice(world, n, role="head", kind="escalation", duty_id=duty.id)
        await _notice(world, 2, role="head", kind="transfer_announced")
        await send(office)
        (body,) = mailbox.to(head)
        assert "được báo lên Anh/Chị: 1" in body
        assert "Thông báo chưa đọc: 1" in body
        await write(world, "UPDATE notices SET read_at = now()")
        await send(office, MORNING + timedelta(days=1))
        assert len(mailbox.letters) == 1

    async def test_nothing_open_sends_nothing(self, world: World, office, send, mailbox) -> None:
        """R38: no empty ones; a notice about a duty that is met is no longer open."""
        await person(world, 1)
        await write(world, "UPDATE duties SET state = 'met'")
        done = await send(office)
        assert (done.sent, mailbox.letters, await mails(world)) == (0, [], {})

    async def test_who_left_or_has_no_address_gets_nothing(self, world: World, office, send, mailbox) -> None:
        await person(world, 1)
        await person(world, 2)
        cancelled = "UPDATE accounts SET state = 'cancelled' WHERE id = :id"
        await write(world, cancelled, id=world.accounts["p1"])
        no_address = "UPDATE accounts SET email_sealed = NULL WHERE id = :id"
        await write(world, no_address, id=world.accounts["p2"])
        assert (await send(office)).sent == 0
        assert mailbox.letters == []

    async def test_many_kinds_are_cut_and_the_cut_is_said(self, world: World, office, send, mailbox) -> None:
        await person(world, 1)
        columns = await world.one(
            "SELECT string_agg(quote_ident(column_name), ', ') AS names FROM information_schema.columns"
            " WHERE table_name = 'duties' AND is_generated = 'NEVER'"
        )
        duty = f"INSERT INTO duties ({columns.names}) SELECT {columns.names} FROM (SELECT (d).* FROM ("
        duty += "SELECT jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'citation',"
        duty += " 'Điều ' || n)) AS d FROM duties d, generate_series(1, 50) n"
        duty += " WHERE d.slot = 'first_declaration') x) y"
        await write(world, duty)
        await send(office)
        (body,) = mailbox.to(ONE)
        assert "và còn nữa (12)" in body
        assert "and more (12)" in body


class TestOnce:
    async def test_a_second_round_on_the_same_day_sends_nothing(
        self, world: World, office, send, mailbox
    ) -> None:
        await person(world, 1)
        await send(office)
        again = await send(office, MORNING + timedelta(hours=2))
        assert (again.sent, again.failed) == (0, 0)
        row = (await mails(world))[world.accounts["p1"]]
        assert (row.state, row.attempts, row.open_items, row.sent_at) == ("sent", 1, 2, MORNING)
        assert (await send(office, MORNING + timedelta(days=1))).sent == 1

    async def test_two_rounds_at_once_send_one(self, world: World, office, send, mailbox) -> None:
        for n in range(1, 6):
            await person(world, n)
        done = await asyncio.gather(send(office), send(office))
        assert sum(one.sent for one in done) == 5
        assert len(mailbox.letters) == 5


class TestFailing:
    async def test_a_refused_recipient_stays_listed_and_stops_no_other(
        self, world: World, office, send, mailbox
    ) -> None:
        for n in range(1, 4):
            await person(world, n)
        mailbox.refuse["p2@example.invalid"] = "550 5.1.1 no such user"
        done = await send(office)
        assert (done.sent, done.failed) == (2, 1)
        row = (await mails(world))[world.accounts["p2"]]
        assert (row.state, row.attempts, row.last_error, row.sent_at) == ("refused", 1, "550", None)
        # For good today; tomorrow is another message.
        assert done.next_at == MORNING + timedelta(days=1)
        mailbox.refuse.clear()
        assert (await send(office, MORNING + timedelta(days=1))).sent == 3

    async def test_a_recipient_put_off_is_tried_again_the_same_day(
        self, world: World, office, send, mailbox
    ) -> None:
        await person(world, 1)
        await person(world, 2)
        mailbox.refuse[ONE] = "451 4.7.1 greylisted"
        done = await send(office)
        assert (done.sent, done.failed, done.next_at) == (1, 1, MORNING + timedelta(minutes=30))
        mailbox.refuse.clear()
        done = await send(office, done.next_at)
        assert (done.sent, done.failed, done.next_at) == (1, 0, MORNING + timedelta(days=1))
        row = (await mails(world))[world.accounts["p1"]]
        assert (row.state, row.attempts, row.last_error) == ("sent", 2, None)

    async def test_a_server_that_is_down_loses_nothing_and_is_said(
        self, world: World, office, send, mailbox
    ) -> None:
        for n in range(1, 4):
            await person(world, n)
        mailbox.stop()
        done = await send(office)
        assert (done.sent, done.failed, done.next_at) == (0, 3, MORNING + timedelta(minutes=30))
        rows = (await mails(world)).values()
        assert sorted(row.attempts for row in rows) == [0, 0, 1]
        told = await world.rows("SELECT role FROM notices WHERE kind = 'mail_post_down'")
        assert [row.role for row in told] == ["administrator"]
        mailbox.start()
        done = await send(office, done.next_at)
        assert (done.sent, done.failed) == (3, 0)

    async def test_after_the_office_day_the_next_morning_tries(
        self, world: World, office, send, mailbox
    ) -> None:
        await person(world, 1)
        mailbox.stop()
        evening = datetime(2026, 1, 20, 9, 40, tzinfo=UTC)
        done = await send(office, evening)
        assert done.next_at == MORNING + timedelta(days=1)

    async def test_an_address_that_cannot_be_opened_stays_listed(
        self, world: World, office, send, mailbox
    ) -> None:
        await person(world, 1)
        await person(world, 2)
        copied = (
            "UPDATE accounts SET email_sealed = (SELECT email_sealed FROM accounts WHERE id = :a)"
            " WHERE id = :b"
        )
        await write(world, copied, a=world.accounts["p1"], b=world.accounts["p2"])
        done = await send(office)
        assert (done.sent, done.failed) == (1, 1)
        row = (await mails(world))[world.accounts["p2"]]
        assert (row.state, row.last_error) == ("refused", "SealBrokenError")

    async def test_no_header_is_smuggled_in_by_an_address(self, world: World, office, send, mailbox) -> None:
        await person(world, 1)
        await give_address(world, "p1", "a@example.invalid\r\nBcc: b@example.invalid")
        assert (await send(office)).failed == 1
        assert mailbox.letters == []


class TestFolder:
    async def test_without_a_server_each_message_is_a_file_of_its_owner(
        self, world: World, office, send, settings, mailbox
    ) -> None:
        await person(world, 1)
        alone = dataclasses.replace(office, settings=settings.model_copy(update={"smtp_host": None}))
        assert (await send(alone)).sent == 1
        (path,) = settings.outbox.iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.name == f"2026-01-20-{world.accounts['p1']}.eml"
        letter: Any = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert letter["To"] == ONE
        assert "Việc của Anh/Chị" in letter.get_content()
        await write(world, "UPDATE mails SET state = 'waiting'")
        await send(alone)
        assert list(settings.outbox.iterdir()) == [path]

    async def test_a_folder_that_cannot_be_written_is_a_post_that_is_down(
        self, world: World, office, send, settings, mailbox
    ) -> None:
        await person(world, 1)
        settings.data.mkdir(exist_ok=True)
        settings.outbox.write_text("a file where the folder should be")
        alone = dataclasses.replace(office, settings=settings.model_copy(update={"smtp_host": None}))
        done = await send(alone)
        assert (done.sent, done.failed) == (0, 1)


async def _open_duty_of_hr(world: World) -> None:
    """A person was recruited: the museum owes the account, by its HR officer."""
    opened = OpenProfile(
        agency_id=world.museum,
        full_name="Nguyễn Văn Mới",
        personal_id_number="000190999999",
        event_on=date(2026, 1, 12),
        document="13/QĐ-SVH",
    )
    assert (await world.ask("culture.hr", opened, uuid4())).status == 201
    duty = await world.one(
        "SELECT party, agency_id FROM duties WHERE slot = 'personal_account' AND state = 'open'"
    )
    assert (duty.party, duty.agency_id) == ("hr_officer", world.museum)
    await write(world, "UPDATE notices SET read_at = now()")


async def _notice(world: World, n: int, *, role: str, kind: str, duty_id: Any = None) -> None:
    await write(
        world,
        "INSERT INTO notices (id, authority_id, agency_id, role, kind, duty_id, facts, created_at)"
        " VALUES (:id, :a, :g, :role, :kind, :duty, '{}', :now)",
        id=f"00000000-0000-4000-8000-{n:012}",
        a=world.authority,
        g=world.museum,
        role=role,
        kind=kind,
        duty=duty_id,
        now=world.now,
    )
