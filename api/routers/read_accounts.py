"""Accounts, for those who manage them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from api.paging import After, Limit
from api.reading import accounts
from api.scope import Read

router = APIRouter(prefix="/accounts", tags=["Tài khoản"])


@router.get("", operation_id="listAccounts", summary="Tài khoản trong phạm vi quản lý / accounts")
async def list_accounts(
    read: Read,
    agency: Annotated[UUID | None, Query(title="Cơ quan")] = None,
    kind: Annotated[Literal["personal", "agency", "service"] | None, Query(title="Loại")] = None,
    limit: Limit = 50,
    after: After = None,
) -> accounts.AccountPage:
    """Who has an account, in which roles. A one-time password is issued through the holder's profile:
    ``POST /profiles/{profile_id}/account/one-time-passwords`` with the ``account_id``."""
    return await accounts.listed(read, agency=agency, kind=kind, after=after, limit=limit)
