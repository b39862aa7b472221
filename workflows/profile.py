"""The working life of one person's profile, chapter by chapter."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import signing
from workflows.consents import ConsentUpdates
from workflows.disposal import DisposalUpdates
from workflows.exports import ExportUpdates
from workflows.file_requests import RequestUpdates
from workflows.living import Living
from workflows.merging import MergingUpdates
from workflows.trying import NATIONAL_RETRY, PULL_RETRY, SIGN_RETRY, why
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import ExportActivities, NationalActivities
    from models.lifecycle.life import CHAPTER_VI, Chapter
    from models.messages import (
        ExportRequest,
        Life,
        Moment,
        NationalPull,
        NationalPulled,
        NationalStatus,
    )


@workflow.defn
class ProfileWorkflow(Living, ConsentUpdates, DisposalUpdates, ExportUpdates, MergingUpdates, RequestUpdates):
    """One profile: account → declaration → review → service (and transfers) → separation → archive."""

    @workflow.init
    def __init__(self, life: Life) -> None:
        super().__init__("profile", life.profile_id, life)
        self._life = life

    @workflow.run
    async def run(self, _life: Life) -> str:
        """Live through the chapters; each lasts as long as the facts say it does."""
        if not await self._exists():
            return "không có hồ sơ"
        while True:
            while self._chapter is not Chapter.ARCHIVE:
                await self._through(Chapter.ACCOUNT)
                await self._through(Chapter.DECLARATION, Chapter.REVIEW)
                await self._through(Chapter.SERVICE, Chapter.TRANSFER)
                if self._chapter is Chapter.SEPARATION:
                    await self._separation()
            await everybody_answered()
            # Whoever spoke last may have reopened it: a former official came back.
            if self._chapter is Chapter.ARCHIVE:
                return CHAPTER_VI[Chapter.ARCHIVE]

    async def _through(self, *chapters: Chapter) -> None:
        """Stay in these chapters: wake when something is due, answer whoever asks."""
        await self._stay(
            lambda: self._chapter in chapters,
            heard=("look", "Xem lại hồ sơ"),
            due=lambda: f"{CHAPTER_VI[self._chapter]}: đến hạn",
            ends=False,
        )

    async def _separation(self) -> None:
        """Tell the national database, then the archive (hanoi.art12.2.1, 12.3)."""
        told = await workflow.execute_activity_method(
            NationalActivities.tell_status,
            NationalStatus(
                authority_id=self._life.authority_id, profile_id=self._life.profile_id, now=workflow.now()
            ),
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=NATIONAL_RETRY,
            summary="Báo thay đổi trạng thái về CSDLQG",
        )
        await self._ask("archive", "Lưu trữ hồ sơ", told=told.told)

    # --- messages: one update per verb; each carries the command's id only ---

    @workflow.update
    async def open_profile(self, command_id: UUID) -> Moment:
        """Open the profile."""
        return await self._do(command_id, "Mở hồ sơ")

    @workflow.update
    async def request_account(self, command_id: UUID) -> Moment:
        """The managing unit asks for the account."""
        return await self._do(command_id, "Yêu cầu tạo tài khoản")

    @workflow.update
    async def create_account(self, command_id: UUID) -> Moment:
        """Create the personal account."""
        return await self._do(command_id, "Tạo tài khoản cá nhân")

    @workflow.update
    async def pull_national_record(self, command_id: UUID) -> Moment:
        """Take the person's record over from the national database."""
        return await self._do(command_id, "Tiếp nhận hồ sơ từ CSDLQG")

    @workflow.update
    async def activate_account(self, command_id: UUID) -> Moment:
        """The default password was changed."""
        return await self._do(command_id, "Đổi mật khẩu mặc định")

    @workflow.update
    async def reset_password(self, command_id: UUID) -> Moment:
        """Issue a one-time password again."""
        return await self._do(command_id, "Cấp lại mật khẩu")

    @workflow.update
    async def report_lost_password(self, command_id: UUID) -> Moment:
        """A password is lost: the account is locked."""
        return await self._do(command_id, "Báo mất mật khẩu")

    @workflow.update
    async def submit_declaration(self, command_id: UUID) -> Moment:
        """The official submits the draft."""
        return await self._do(command_id, "Nộp bản khai")

    @workflow.update
    async def enter_form(self, command_id: UUID) -> Moment:
        """The agency submits what the person supplied on a confirmed form."""
        return await self._do(command_id, "Nhập thông tin theo mẫu đã xác nhận")

    @workflow.update
    async def answer_error(self, command_id: UUID) -> Moment:
        """A reported error is answered."""
        return await self._do(command_id, "Trả lời sai sót được báo")

    @workflow.update
    async def return_for_correction(self, command_id: UUID) -> Moment:
        """The submission goes back with named fields."""
        return await self._do(command_id, "Trả lại để sửa")

    @workflow.update
    async def amend_submission(self, command_id: UUID) -> Moment:
        """The approver puts a submission right before approving it."""
        return await self._do(command_id, "Sửa bản khai trước khi phê duyệt")

    @workflow.update
    async def change_fields(self, command_id: UUID) -> Moment:
        """The agency changes fields of the approved form."""
        return await self._do(command_id, "Cơ quan sửa mục của hồ sơ")

    @workflow.update
    async def approve(self, command_id: UUID) -> Moment:
        """Approve by signing the revision's hash."""
        return await self._do(command_id, "Phê duyệt")

    @workflow.update
    async def open_signing(self, command_id: UUID) -> Moment:
        """Approve with a key that is elsewhere."""
        return await self._do(command_id, "Mở phiên ký để phê duyệt")

    @workflow.update
    async def open_own_signing(self, command_id: UUID) -> Moment:
        """Submit with a signature made elsewhere."""
        return await self._do(command_id, "Mở phiên ký bản khai")

    @workflow.update
    async def complete_signing(self, command_id: UUID) -> Moment:
        """The signature of a session came."""
        return await self._do(command_id, "Nhận chữ ký")

    @workflow.update
    async def cancel_signing(self, command_id: UUID) -> Moment:
        """The signer gives the session up."""
        return await self._do(command_id, "Huỷ phiên ký")

    @workflow.update
    async def give_notice(self, command_id: UUID) -> Moment:
        """HR's notice of a change."""
        return await self._do(command_id, "Thông báo thay đổi")

    @workflow.update
    async def answer_proposal(self, command_id: UUID) -> Moment:
        """What the national database corrected is accepted or disputed."""
        return await self._do(command_id, "Trả lời điều chỉnh của CSDL quốc gia")

    @workflow.update
    async def withdraw_notice(self, command_id: UUID) -> Moment:
        """A notice given in error."""
        return await self._do(command_id, "Rút thông báo thay đổi")

    @workflow.update
    async def report_error(self, command_id: UUID) -> Moment:
        """The person reports an error in approved data."""
        return await self._do(command_id, "Báo sai sót")

    @workflow.update
    async def request_transfer(self, command_id: UUID) -> Moment:
        """The agency asks to transfer the profile."""
        return await self._do(command_id, "Đề nghị chuyển hồ sơ")

    @workflow.update
    async def request_intake(self, command_id: UUID) -> Moment:
        """The written request for a received person's data."""
        return await self._do(command_id, "Đề nghị đồng bộ dữ liệu người tiếp nhận")

    @workflow.update
    async def claim_transfer(self, command_id: UUID) -> Moment:
        """The new agency asks for the profile."""
        return await self._do(command_id, "Cơ quan mới đề nghị chuyển hồ sơ")

    @workflow.update
    async def second(self, command_id: UUID) -> Moment:
        """The person is seconded."""
        return await self._do(command_id, "Biệt phái")

    @workflow.update
    async def end_secondment(self, command_id: UUID) -> Moment:
        """The secondment ends before its date."""
        return await self._do(command_id, "Kết thúc biệt phái")

    @workflow.update
    async def confirm_move_out(self, command_id: UUID) -> Moment:
        """What a move out owes to the national database is done."""
        return await self._do(command_id, "Xác nhận đã báo cáo, điều chuyển")

    @workflow.update
    async def reopen_profile(self, command_id: UUID) -> Moment:
        """A former official comes back."""
        return await self._do(command_id, "Mở lại hồ sơ")

    @workflow.update
    async def separate(self, command_id: UUID) -> Moment:
        """The person leaves."""
        return await self._do(command_id, "Thôi công tác")

    @workflow.update
    async def cancel_separation(self, command_id: UUID) -> Moment:
        """The separation is taken back."""
        return await self._do(command_id, "Hủy quyết định thôi công tác")

    # --- how an act is asked for ---

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        moment = await super()._do(command_id, summary)
        # The lock is free meanwhile: a slow token must not stop the profile's other business.
        if signing.is_asked(moment):
            then = await signing.work(self._life, moment, command_id)
            async with self._lock:
                return await self._ask_unlocked(then.internal, then.summary, **then.facts)
        if moment.to_export is not None and not moment.settled:
            return await self._export(moment.to_export, command_id)
        if moment.to_pull and not moment.settled:
            return await self._pull(command_id)
        return moment

    async def _export(self, export_id: UUID, command_id: UUID) -> Moment:
        """Have the document made and signed; what went wrong is the command's answer."""
        try:
            made = await workflow.execute_activity_method(
                ExportActivities.make_export,
                ExportRequest(authority_id=self._life.authority_id, export_id=export_id, now=workflow.now()),
                start_to_close_timeout=timedelta(seconds=60),
                retry_policy=SIGN_RETRY,
                summary="Lập và ký số bản xuất hồ sơ",
            )
            failure, document = made.failure, made.document
        except ActivityError as error:
            failure, document = why(error), ""
        common = {"export": str(export_id), "settles": str(command_id), "step": str(command_id)}
        async with self._lock:
            if failure:
                return await self._ask_unlocked("fail_export", "Không xuất được", **common, reason=failure)
            return await self._ask_unlocked(
                "complete_export", "Ghi nhận bản xuất", **common, document=document
            )

    async def _pull(self, command_id: UUID) -> Moment:
        """Fetch the record, then have it taken over; what went wrong is the command's answer."""
        try:
            pulled = await workflow.execute_activity_method(
                NationalActivities.pull_record,
                NationalPull(
                    authority_id=self._life.authority_id,
                    profile_id=self._life.profile_id,
                    command_id=command_id,
                    now=workflow.now(),
                ),
                start_to_close_timeout=timedelta(seconds=90),
                retry_policy=PULL_RETRY,
                summary="Tra cứu hồ sơ trên CSDLQG",
            )
        except ActivityError:
            pulled = NationalPulled(failure="national-unreachable")
        common = {"settles": str(command_id), "step": str(command_id)}
        async with self._lock:
            if pulled.record is not None:
                return await self._ask_unlocked(
                    "complete_pull", "Điền hồ sơ từ CSDLQG", **common, record=str(pulled.record)
                )
            why = {"reason": pulled.failure, "until": pulled.until, "path": pulled.path}
            return await self._ask_unlocked(
                "fail_pull", "Không tiếp nhận được", **common, **{k: v for k, v in why.items() if v}
            )

    @property
    def _chapter(self) -> Chapter:
        return Chapter(self._moment.chapter) if self._moment else Chapter.ACCOUNT
