"""The chapters of one working life, in order; then a second person's, from intake to retirement.

What is told, by whom and by when is read from what the law of the authority fills, never from its name.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from api.cli.demo.approving import approved, carried, in_window, month_end
from api.cli.demo.foreseeing import window_after
from api.cli.demo.moving import transfer
from api.cli.demo.people import newcomer, recruit
from api.cli.demo.person import Person
from api.cli.demo.problems import StoryError
from api.cli.demo.stage import Stage
from models.calendar import Calendar
from models.regulations import Obligation

OLD, NEW = "old", "new"
LATE = 4
"""Working days after the due date at which the missed change is declared."""
SLACK = 2
"""Working days before the end of a period at which the newcomer's account is made."""
NUMBERS = {5: "five", 10: "ten", 15: "fifteen"}


@dataclass
class Story:
    """The story in the making."""

    stage: Stage
    people: list[Person] = field(default_factory=list)

    async def tell(self) -> None:
        """From the first account to the archive, twice."""
        thao = await self.beginning()
        if in_window(await thao.chain()):
            await month_end(self.stage, OLD, thao)
        else:
            await self.reviewed(thao)
            await month_end(self.stage, OLD)
        await self.missed_change(thao)
        await transfer(thao, NEW)
        await month_end(self.stage, NEW)
        await self.move_out(thao)
        await self.intake_to_retirement()

    async def beginning(self) -> Person:
        """Account, password, first declaration, return with named fields, resubmission."""
        stage = self.stage
        stage.open("account", "Tài khoản và tự khai lần đầu", "Account and first declaration")
        content = recruit(await stage.today(), stage.world.form)
        home = stage.world.homes[0]
        thao = Person(stage, "thao", "Chị Nguyễn Thị Thảo", "Ms Nguyễn Thị Thảo", content, home)
        self.people.append(thao)
        await thao.opened("Mở hồ sơ cho người mới tuyển dụng", "Opens the recruit's profile")
        await self.account(
            thao,
            "thao.nt",
            "Tạo tài khoản {login}, mật khẩu dùng một lần",
            "Creates the account {login}",
        )
        await thao.changes_password("Đổi mật khẩu mặc định", "Changes the default password")
        await stage.working_days(1)
        await self.declared(
            thao, {}, "Tự khai và nộp hồ sơ lần đầu", "Declares and submits for the first time"
        )
        await stage.working_days(1)
        await self.returned(thao)
        await stage.working_days(1)
        fixed = {"contact_phone": "0000000010", "main_assigned_work": "Quản lý, kiểm kê hiện vật"}
        await self.declared(
            thao, fixed, "Sửa các mục được nêu, nộp lại", "Corrects the fields and submits again"
        )
        return thao

    async def account(self, person: Person, login: str, vi: str, en: str) -> None:
        """The account, by whoever the law has create it; asked for first where it has the unit ask."""
        rule = await person.rule("personal_account")
        by = person.hr
        if await person.rule("account_request") is not None:
            await person.asks_for_account()
            await self.stage.working_days(1)
        if rule is not None and rule.party in ("operator", "ict_department"):
            by = self.stage.world.holder("administrator", "operator")
        await person.given_account(by, login, vi, en)

    async def declared(self, person: Person, changes: dict[str, Any], vi: str, en: str) -> None:
        """Declared by the person; entered by the agency where the law has it enter a confirmed form."""
        if await person.rule("agency_entry") is None:
            own = await person.rule("first_declaration")
            signed = own is not None and own.rule.signature == "individual_digital"
            await person.submits(
                changes, vi + (", ký số" if signed else ""), en + (", signed" if signed else "")
            )
        else:
            await person.entered(
                changes,
                f"Nhập theo mẫu {person.title} đã cung cấp, có xác nhận: {vi[0].lower()}{vi[1:]}",
                f"Enters the confirmed form of {person.title_en}: {en[0].lower()}{en[1:]}",
            )

    async def returned(self, person: Person) -> None:
        """Whoever signs first gives the submission back and names the fields."""
        stage = self.stage
        who = stage.world.signer((await person.chain())[0], person.at)
        waiting = await person.pending(who)
        fields = [
            {"path": "contact_phone", "reason": "Số điện thoại không liên lạc được"},
            {"path": "main_assigned_work", "reason": "Ghi đủ công việc theo quyết định phân công"},
        ]
        body = {"revision_id": waiting["id"], "fields": fields, "reason": "Bổ sung hai mục rồi nộp lại"}
        await stage.act(
            who,
            f"{person.path}/returns",
            body,
            match=f'"r{waiting["number"]}"',
            event="declaration.returned",
            vi="Trả lại để sửa: số điện thoại, công việc chính được giao",
            en="Returns it for correction: phone number, main assigned work",
        )

    async def reviewed(self, person: Person) -> None:
        """The chain of signatures that rolls from the submission, not bound to the month's end."""
        self.stage.open("review", "Thẩm định, phê duyệt từng bước", "Reviewed and approved step by step")
        await approved(person, "Phê duyệt bằng chữ ký số", "Approves by signature")

    async def missed_change(self, thao: Person) -> None:
        """A change not declared in its period: reminded, overdue, escalated, declared late."""
        stage = self.stage
        stage.open("change", "Một thay đổi bị bỏ lỡ", "A change that was missed")
        changed_on = await stage.today()
        body = {
            "kind": "education",
            "changed_on": changed_on.isoformat(),
            "document": "Bằng thạc sĩ số 123/QĐ",
        }
        answer = await stage.act(
            thao.hr,
            f"{thao.path}/notices",
            body,
            event="change.noticed",
            vi="Thông báo thay đổi trình độ đào tạo ngày {changed_on}, hạn cập nhật {due_on}",
            en="Notice of a change in education on {changed_on}, to be declared by {due_on}",
        )
        due = date.fromisoformat(answer.result["due_on"])
        rule = await thao.rule("update_after_change", subject="change")
        self._expect("hạn / due date", due, ends(rule, changed_on, stage.calendar))
        await stage.until(stage.calendar.add_working_days(due, LATE))
        await thao.submits(
            {"highest_qualification": "master"},
            "Cập nhật muộn: trễ {late_days} ngày làm việc, được nhận và ghi rõ",
            "Declares it late: {late_days} working days, accepted and flagged",
            evidence="Master's degree",
            changed_on=changed_on,
        )
        self._expect("số ngày trễ / days late", stage.steps[-1].late_days, LATE)
        told = {step.event for step in stage.steps if step.chapter == "change"}
        self._expect("nhắc việc / ladder", told & _LADDER, _LADDER)
        await approved(thao, "Phê duyệt bản cập nhật bằng chữ ký số", "Approves the update by signature")

    async def move_out(self, thao: Person) -> None:
        """Away: on its date the access ends, the national database is told, the archive begins."""
        stage = self.stage
        place, place_en = stage.world.place
        stage.open("move_out", f"Chuyển ra ngoài {place}", f"Out of {place_en}")
        today = await stage.working_days(1)
        effective = stage.calendar.add_working_days(today, 3)
        words = (f"Quyết định chuyển ra ngoài {place}", f"Decision to move out of {place_en}")
        await self._separated(thao, "moved_out", words, effective, "Sở Nội vụ tỉnh Ninh Bình")
        me = stage.cast["thao"]
        me.token = None
        body = {"login": me.login, "password": me.password}
        answer = await me.http.post("/api/v1/session", json=body)
        self._expect("đăng nhập sau khi chuyển / login after the move", answer.status_code, 401)

    async def _separated(
        self, who: Person, kind: str, words: tuple[str, str], effective: date, to: str | None = None
    ) -> None:
        """The decision, its date, the archive."""
        stage = self.stage
        body = {
            "kind": kind,
            "effective_on": effective.isoformat(),
            "document": f"04/QĐ/{effective.year}",
            "destination": to,
            "covered_by_national_database": kind == "moved_out",
        }
        await stage.act(
            who.hr,
            f"{who.path}/separations",
            body,
            event="separation.decided",
            vi=words[0] + ", hiệu lực {effective_on}",
            en=words[1] + ", in force on {effective_on}",
        )
        await stage.until(effective)
        chapter = (await stage.cast["department"].get(who.path)).body["chapter"]
        self._expect("giai đoạn / chapter", chapter, "archive")

    async def intake_to_retirement(self) -> None:
        """A newcomer from elsewhere: the account in its period; then retirement, archive."""
        stage = self.stage
        whence, whence_en = stage.world.whence
        stage.open("intake", f"Tiếp nhận người từ {whence}", f"A newcomer from {whence_en}")
        today = await stage.working_days(1)
        hau = await self._received(today)
        await carried(hau)
        stage.open("retirement", "Nghỉ hưu và lưu trữ", "Retirement and archive")
        await stage.working_days(1)
        words = ("Quyết định nghỉ hưu", "Decision on retirement")
        await self._separated(hau, "retired", words, self.last_day + timedelta(days=1))

    async def _received(self, today: date) -> Person:
        stage = self.stage
        allowed = stage.calendar.add_working_days(today, 16)
        after = window_after(allowed, stage.calendar, await stage.law()).rolled_end
        content, self.last_day = newcomer(today, after, stage.world.form)
        home = stage.world.homes[1]
        hau = Person(stage, "hau", "Ông Trần Văn Hậu", "Mr Trần Văn Hậu", content, home, "received")
        self.people.append(hau)
        asked, made = await hau.rule("account_request"), await hau.rule("intake_account")
        rule, vi, en = (made, "tạo tài khoản", "create the account")
        if asked is not None:
            rule, vi, en = (asked, "yêu cầu tạo tài khoản", "ask for the account")
        days = rule.deadline.n if rule is not None and rule.deadline is not None else None
        if days is None:
            raise StoryError("không có thời hạn tiếp nhận / no period for the newcomer's account")
        await hau.opened(
            f"Nhận hồ sơ chuyển đến; {days} ngày làm việc để {vi}",
            f"Receives the dossier; {NUMBERS.get(days, days)} working days to {en}",
        )
        due = stage.steps[-1].next_duty
        self._expect("hạn / due date", due and due.due_on, stage.calendar.add_working_days(today, days))
        await self._asks_in_writing(hau)
        await stage.working_days(days - SLACK)
        await self.account(hau, "hau.tv", "Tạo tài khoản {login}, còn trong hạn", "Creates {login} in time")
        await hau.changes_password("Đổi mật khẩu mặc định", "Changes the default password")
        check = await hau.rule("intake_check")
        at_once = check is not None and check.deadline is not None and check.deadline.unit == "immediate"
        await stage.working_days(1 if at_once else 2)
        await self.declared(
            hau, {}, "Kiểm tra, bổ sung và nộp hồ sơ", "Checks, completes and submits the form"
        )
        await approved(hau, "Phê duyệt bằng chữ ký số", "Approves by signature")
        return hau

    async def _asks_in_writing(self, hau: Person) -> None:
        """The written request to the department, where the law has the agency send one."""
        stage = self.stage
        if await hau.rule("intake_request") is None:
            return
        today = await stage.working_days(1)
        await stage.act(
            hau.hr,
            f"{hau.path}/intake-requests",
            {"document": f"05/CV/{today.year}"},
            event="intake.requested",
            vi=f"Văn bản đề nghị {stage.world.agencies['keeper'].short[0]} đồng bộ dữ liệu",
            en=f"Asks {stage.world.agencies['keeper'].short[1]} in writing for the data",
        )

    def _expect(self, what: str, found: object, wanted: object) -> None:
        """Hold the story to what the calendar says, reckoned here and not taken from the answer.

        Raises:
            StoryError: it came out otherwise.
        """
        if found != wanted:
            raise StoryError(f"{what}: {found}, phải là / should be {wanted}")


def ends(rule: Obligation | None, start: date, calendar: Calendar) -> date | None:
    """The last day of a rule's period, counted here by hand; none where it has no period."""
    deadline = rule.deadline if rule is not None else None
    if deadline is None:
        return None
    if deadline.unit == "immediate":
        return calendar.add_working_days(start, deadline.sla_working_days or 0)
    if deadline.unit == "working_days":
        return calendar.add_working_days(start, deadline.n or 0)
    last = start + timedelta(days=deadline.n or 0)
    return calendar.roll_forward(last) if deadline.roll else last


_LADDER = frozenset({"duty.reminder", "duty.overdue", "duty.escalation"})
