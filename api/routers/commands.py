"""The fate of a command, also long after."""

from uuid import UUID

from fastapi import APIRouter, Request

from api.answers import Answered, answered
from api.scope import Who
from models.database import transaction
from models.errors import RefusedError
from models.record.commands import fate

router = APIRouter(prefix="/commands", tags=["Yêu cầu"])


@router.get("/{command_id}", operation_id="getCommand", summary="Kết quả của một yêu cầu")
async def get_command(request: Request, who: Who, command_id: UUID) -> Answered:
    """Kết quả của một yêu cầu đã gửi; chỉ người gửi xem được / the fate of one's own command."""
    async with transaction(request.app.state.tools.engine, who.scope) as connection:
        found = await fate(connection, command_id)
    if found is None or found.account_id != who.account_id:
        raise RefusedError.of("not-found", "Không có yêu cầu này.", "There is no such command.")
    return answered(found)
