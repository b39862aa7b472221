"""Acts on one account that belongs to somebody else: commands, done one after another, then over."""

from uuid import UUID

from temporalio import workflow

from workflows.living import Answering

with workflow.unsafe.imports_passed_through():
    from models.messages import AccountStart, Moment


@workflow.defn
class AccountWorkflow(Answering):
    """Started by a command and over when it is answered: a period ends by its date, nothing waits for it."""

    @workflow.init
    def __init__(self, start: AccountStart) -> None:
        super().__init__("account", start.account_id, start.authority_id)

    @workflow.run
    async def run(self, _start: AccountStart) -> str:
        """Answer whoever asks."""
        await self._answer("Quản lý tài khoản")
        return "xong"

    @workflow.update
    async def open_agency_account(self, command_id: UUID) -> Moment:
        """An agency's account is created."""
        return await self._do(command_id, "Tạo tài khoản cơ quan")

    @workflow.update
    async def hand_over_account(self, command_id: UUID) -> Moment:
        """It passes to another holder."""
        return await self._do(command_id, "Bàn giao tài khoản")

    @workflow.update
    async def issue_password(self, command_id: UUID) -> Moment:
        """A one-time password is issued."""
        return await self._do(command_id, "Cấp mật khẩu dùng một lần")

    @workflow.update
    async def suspend_account(self, command_id: UUID) -> Moment:
        """Nobody gets in for a while."""
        return await self._do(command_id, "Tạm ngừng tài khoản")

    @workflow.update
    async def resume_account(self, command_id: UUID) -> Moment:
        """It may be used again."""
        return await self._do(command_id, "Mở lại tài khoản")

    @workflow.update
    async def close_account(self, command_id: UUID) -> Moment:
        """It is given up for good."""
        return await self._do(command_id, "Hủy tài khoản")

    @workflow.update
    async def reset_second_factor(self, command_id: UUID) -> Moment:
        """The second factor is to be enrolled anew."""
        return await self._do(command_id, "Đặt lại lớp xác thực thứ hai")

    @workflow.update
    async def end_sessions(self, command_id: UUID) -> Moment:
        """Open sessions end."""
        return await self._do(command_id, "Kết thúc phiên đăng nhập")

    @workflow.update
    async def grant_role(self, command_id: UUID) -> Moment:
        """A role is granted."""
        return await self._do(command_id, "Cấp quyền")

    @workflow.update
    async def restrict_grant(self, command_id: UUID) -> Moment:
        """A role is shortened or narrowed."""
        return await self._do(command_id, "Hạn chế quyền")

    @workflow.update
    async def extend_grant(self, command_id: UUID) -> Moment:
        """A role is lengthened."""
        return await self._do(command_id, "Gia hạn quyền")

    @workflow.update
    async def appoint(self, command_id: UUID) -> Moment:
        """Somebody is put into a post."""
        return await self._do(command_id, "Giao vị trí")

    @workflow.update
    async def relieve(self, command_id: UUID) -> Moment:
        """Somebody is taken out of a post."""
        return await self._do(command_id, "Thôi giữ vị trí")

    @workflow.update
    async def revoke_grant(self, command_id: UUID) -> Moment:
        """A role is taken back."""
        return await self._do(command_id, "Thu hồi quyền")

    @workflow.update
    async def open_service_account(self, command_id: UUID) -> Moment:
        """An account for a program is opened."""
        return await self._do(command_id, "Tạo tài khoản dịch vụ")

    @workflow.update
    async def register_service_key(self, command_id: UUID) -> Moment:
        """A key of a program is registered."""
        return await self._do(command_id, "Đăng ký khóa của tài khoản dịch vụ")

    @workflow.update
    async def withdraw_service_key(self, command_id: UUID) -> Moment:
        """A key opens nothing any more."""
        return await self._do(command_id, "Rút khóa của tài khoản dịch vụ")
