"""The chapters of one working life, in order; then a second person's, from intake to retirement."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from api.cli.demo.foreseeing import window_after
from api.cli.demo.people import newcomer, recruit
from api.cli.demo.person import Person
from api.cli.demo.problems import StoryError
from api.cli.demo.stage import Stage
from models.calendar import Window

OLD, NEW = "culture", "tourism"
LATE = 4
"""Working days after the due date at which the missed change is declared."""


@dataclass
class Story:
    """The story in the making."""

    stage: Stage
    people: list[Person] = field(default_factory=list)

    async def tell(self) -> None:
        """From the first account to the archive, twice."""
        thao = await self.beginning()
        await self.month_end(OLD, thao)
        await self.missed_change(thao)
        await self.transfer(thao)
        await self.month_end(NEW)
        await self.move_out(thao)
        await self.intake_to_retirement()

    async def beginning(self) -> Person:
        """Account, password, first declaration, return with named fields, resubmission."""
        stage = self.stage
        stage.open("account", "Tài khoản và tự khai lần đầu", "Account and first declaration")
        content = recruit(await stage.today())
        thao = Person(stage, "thao", "Chị Nguyễn Thị Thảo", "Ms Nguyễn Thị Thảo", content)
        self.people.append(thao)
        await thao.opened(
            f"{OLD}.hr",
            "museum",
            "recruited",
            "Mở hồ sơ cho người mới tuyển dụng",
            "Opens the recruit's profile",
        )
        await thao.given_account(
            f"{OLD}.hr",
            "thao.nt",
            "Tạo tài khoản {login}, mật khẩu dùng một lần",
            "Creates the account {login}",
        )
        await thao.changes_password("Đổi mật khẩu mặc định", "Changes the default password")
        await stage.working_days(1)
        await thao.submits({}, "Tự khai và nộp hồ sơ lần đầu", "Declares and submits for the first time")
        await stage.working_days(1)
        await self.returned(thao)
        await stage.working_days(1)
        fixed = {"contact_phone": "0000000010", "main_assigned_work": "Quản lý, kiểm kê hiện vật"}
        await thao.submits(fixed, "Sửa các mục được nêu, nộp lại", "Corrects the fields and submits again")
        return thao

    async def returned(self, person: Person) -> None:
        """The approver gives the submission back and names the fields."""
        who = f"{OLD}.approver"
        waiting = await person.pending(who)
        fields = [
            {"path": "contact_phone", "reason": "Số điện thoại không liên lạc được"},
            {"path": "main_assigned_work", "reason": "Ghi đủ công việc theo quyết định phân công"},
        ]
        body = {"revision_id": waiting["id"], "fields": fields, "reason": "Bổ sung hai mục rồi nộp lại"}
        await self.stage.act(
            who,
            f"{person.path}/returns",
            body,
            match=f'"r{waiting["number"]}"',
            event="declaration.returned",
            vi="Trả lại để sửa: số điện thoại, công việc chính được giao",
            en="Returns it for correction: phone number, main assigned work",
        )

    async def month_end(self, agency: str, waiting: Person | None = None) -> None:
        """The window opens; what waits is approved after a reminder, sent, received and released."""
        stage = self.stage
        stage.open("month_end", "Cuối tháng: phê duyệt, đồng bộ", "Month end: approval and synchronisation")
        window = window_after(await stage.today(), stage.calendar)
        await stage.until(window.opens)
        reader = stage.cast["department"]
        query = {"month": f"{window.opens:%Y-%m}", "agency": stage.agencies[agency]}
        months = (await reader.get("/agency-months", **query)).body["items"]
        if len(months) != 1 or not months[0]["listed"]:
            raise StoryError(f"danh sách tháng trống / nothing on the month's list: {months}")
        month = f"/agency-months/{months[0]['id']}"
        if waiting is not None:
            await self._until_reminded(window)
            await self._approve_list(agency, month, waiting)
        await self._released(month, window.rolled_end)

    async def _until_reminded(self, window: Window) -> None:
        before = len(self.stage.steps)
        day = window.opens
        while not any(s.event == "duty.reminder" for s in self.stage.steps[before:]):
            day += timedelta(days=1)
            if day > window.rolled_end:
                raise StoryError("không có lời nhắc trong cửa sổ / no reminder within the window")
            await self.stage.until(day)

    async def _approve_list(self, agency: str, month: str, waiting: Person) -> None:
        who = f"{agency}.approver"
        await self.stage.act(
            who,
            f"{month}/approvals",
            {},
            event="approval.signed",
            vi="Phê duyệt danh sách tháng bằng chữ ký số; tệp đã ký {document:.12}…",
            en="Approves the month's list by signature; signed file {document:.12}…",
        )
        await waiting.keep_document(who)

    async def _released(self, month: str, last: date) -> None:
        """The department's gate, once the receipts are in."""
        stage = self.stage
        reader = stage.cast["department"]
        while (found := (await reader.get(month)).body)["state"] != "gate":
            if await stage.today() > last:
                raise StoryError(f"chưa tới lượt Sở Nội vụ / the gate is not reached: {found['counts']}")
            await stage.until(await stage.today() + timedelta(days=1))
        await stage.act(
            "department",
            f"{month}/release",
            event="month.released",
            vi="Phê duyệt dữ liệu cơ quan đã gửi: {released} hồ sơ",
            en="Approves what the agency has sent: {released}",
        )

    async def missed_change(self, thao: Person) -> None:
        """A change not declared for five working days: reminded, overdue, escalated, declared late."""
        stage = self.stage
        stage.open("change", "Một thay đổi bị bỏ lỡ", "A change that was missed")
        changed_on = await stage.today()
        body = {
            "kind": "education",
            "changed_on": changed_on.isoformat(),
            "document": "Bằng thạc sĩ số 123/QĐ",
        }
        answer = await stage.act(
            f"{OLD}.hr",
            f"{thao.path}/notices",
            body,
            event="change.noticed",
            vi="Thông báo thay đổi trình độ đào tạo ngày {changed_on}, hạn cập nhật {due_on}",
            en="Notice of a change in education on {changed_on}, to be declared by {due_on}",
        )
        due = date.fromisoformat(answer.result["due_on"])
        self._expect("hạn / due date", due, stage.calendar.add_working_days(changed_on, 5))
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
        await stage.working_days(1)
        await thao.approved_by(
            f"{OLD}.approver", "Phê duyệt bản cập nhật bằng chữ ký số", "Approves the update by signature"
        )

    async def transfer(self, thao: Person) -> None:
        """To another agency of the city: report, hand-over, acceptance, then the check of the own data."""
        stage = self.stage
        stage.open("transfer", "Chuyển sang cơ quan khác trong thành phố", "To another agency of the city")
        today = await stage.working_days(1)
        effective = stage.calendar.add_working_days(today, 1)
        body = {
            "to_agency_id": stage.agencies[NEW],
            "mode": "điều động",
            "effective_on": effective.isoformat(),
            "document": f"02/QĐ/{today.year}",
        }
        hr, new = f"{OLD}.hr", f"{NEW}.hr"
        asked = await stage.act(
            hr,
            f"{thao.path}/transfers",
            body,
            event="transfer.requested",
            vi="Đề nghị điều động sang Sở Du lịch",
            en="Asks for the move to the Department of Tourism",
        )
        case = f"/transfers/{asked.result['transfer_id']}"
        await stage.act(
            hr,
            f"{case}/report",
            {"document": f"03/BC/{today.year}"},
            event="transfer.reported",
            vi="Báo cáo Sở Nội vụ",
            en="Reports to the Department of Home Affairs",
        )
        await stage.until(effective)
        await stage.act(
            hr,
            f"{case}/hand-over",
            {"handed_over_on": effective.isoformat()},
            event="transfer.handed_over",
            vi="Bàn giao hồ sơ và tài khoản",
            en="Hands over dossier and account",
        )
        await stage.act(
            new,
            f"{case}/acceptance",
            event="transfer.accepted",
            vi="Tiếp nhận; hồ sơ chỉ do một cơ quan quản lý",
            en="Receives it; exactly one agency holds the profile",
        )
        await self._checked(thao, effective)

    async def _checked(self, thao: Person, moved_on: date) -> None:
        """The person checks the own data at the new place; the new agency approves."""
        stage = self.stage
        await stage.working_days(1)
        owed = (await stage.cast["thao"].get("/me")).body["owed"]
        duty = next(d for d in owed if d["slot"] == "transfer_check")
        await thao.submits(
            {
                **thao.moved_to("Sở Du lịch thành phố Hà Nội", moved_on),
                "main_assigned_work": "Quản lý lữ hành",
            },
            "Kiểm tra, cập nhật dữ liệu ở cơ quan mới",
            "Checks and updates the data at the new agency",
            evidence="Transfer decision",
            answers=(duty["id"],),
        )
        await stage.working_days(1)
        await thao.approved_by(
            f"{NEW}.approver", "Phê duyệt bản cập nhật sau khi chuyển", "Approves the update after the move"
        )

    async def move_out(self, thao: Person) -> None:
        """Out of the city: on its date the access ends, the national database is told, the archive begins."""
        stage = self.stage
        stage.open("move_out", "Chuyển ra ngoài thành phố", "Out of the city")
        today = await stage.working_days(1)
        effective = stage.calendar.add_working_days(today, 3)
        await self._separated(thao, f"{NEW}.hr", "moved_out", effective, "Sở Nội vụ tỉnh Ninh Bình")
        me = stage.cast["thao"]
        me.token = None
        body = {"login": me.login, "password": me.password}
        answer = await me.http.post("/api/v1/session", json=body)
        self._expect("đăng nhập sau khi chuyển / login after the move", answer.status_code, 401)

    async def _separated(
        self, who: Person, by: str, kind: str, effective: date, to: str | None = None
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
        words = {
            "moved_out": ("Quyết định chuyển ra ngoài thành phố", "Decision to move out of the city"),
            "retired": ("Quyết định nghỉ hưu", "Decision on retirement"),
        }[kind]
        await stage.act(
            by,
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
        """A newcomer from another province: ten working days for the account; then retirement, archive."""
        stage = self.stage
        stage.open("intake", "Tiếp nhận người từ tỉnh khác", "A newcomer from another province")
        today = await stage.working_days(1)
        hau = await self._received(today)
        await self._carried(OLD)
        stage.open("retirement", "Nghỉ hưu và lưu trữ", "Retirement and archive")
        await stage.working_days(1)
        await self._separated(hau, f"{OLD}.hr", "retired", self.last_day + timedelta(days=1))

    async def _carried(self, agency: str) -> None:
        """What was approved goes with the list that is open now; else with the next month's."""
        department = self.stage.cast["department"]
        lists = (await department.get("/agency-months", agency=self.stage.agencies[agency])).body["items"]
        running = [one for one in lists if one["state"] != "closed"]
        if not running:
            await self.month_end(agency)
        for one in running:
            await self._released(f"/agency-months/{one['id']}", date.fromisoformat(one["rolled_end"]))

    async def _received(self, today: date) -> Person:
        stage = self.stage
        allowed = stage.calendar.add_working_days(today, 16)
        after = window_after(allowed, stage.calendar).rolled_end
        content, self.last_day = newcomer(today, after)
        hau = Person(stage, "hau", "Ông Trần Văn Hậu", "Mr Trần Văn Hậu", content)
        self.people.append(hau)
        await hau.opened(
            f"{OLD}.hr",
            "museum",
            "received",
            "Nhận hồ sơ chuyển đến; 10 ngày làm việc để tạo tài khoản",
            "Receives the dossier; ten working days to create the account",
        )
        due = stage.steps[-1].next_duty
        self._expect("hạn / due date", due and due.due_on, stage.calendar.add_working_days(today, 10))
        await stage.working_days(8)
        await hau.given_account(
            f"{OLD}.hr", "hau.tv", "Tạo tài khoản {login}, còn trong hạn", "Creates {login} in time"
        )
        await hau.changes_password("Đổi mật khẩu mặc định", "Changes the default password")
        await stage.working_days(2)
        await hau.submits({}, "Kiểm tra, bổ sung và nộp hồ sơ", "Checks, completes and submits the form")
        await stage.working_days(1)
        await hau.approved_by(f"{OLD}.approver", "Phê duyệt bằng chữ ký số", "Approves by signature")
        return hau

    def _expect(self, what: str, found: object, wanted: object) -> None:
        """Hold the story to what the calendar says, reckoned here and not taken from the answer.

        Raises:
            StoryError: it came out otherwise.
        """
        if found != wanted:
            raise StoryError(f"{what}: {found}, phải là / should be {wanted}")


_LADDER = frozenset({"duty.reminder", "duty.overdue", "duty.escalation"})
