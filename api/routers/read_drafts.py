"""A light write of the form: the draft."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from api.reading import drafts
from api.routers.read_forms import PRIVATE
from api.scope import Read

router = APIRouter(prefix="/profiles/{profile_id}", tags=["Bản khai"])


@router.put("/draft", operation_id="saveDraft", summary="Ghi bản khai nháp / save the draft")
async def save_draft(
    read: Read,
    response: Response,
    profile_id: UUID,
    body: drafts.DraftBody,
    if_match: Annotated[str | None, Header(description="ETag của bản nháp; chưa có thì của hồ sơ")] = None,
) -> drafts.Draft:
    """Save one's own part of the form as a whole. What is missing may wait; what is wrong is refused."""
    saved, tag = await drafts.save(read, profile_id, body, if_match)
    response.headers.update({"ETag": tag, **PRIVATE})
    return saved
