"""What every route that changes something shares: the key, the revision it expects, the way to the engine."""

import asyncio
import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse

from api.answers import Answered
from api.commands import PATIENCE, send
from api.scope import ActiveWho, Asker
from models.command_codes import CodeListAct
from models.command_law import LawAct
from models.commands import Body
from models.errors import RefusedError
from models.identifiers import (
    account_workflow,
    administration_workflow,
    breach_workflow,
    certificate_workflow,
    command_id,
    delegation_workflow,
    profile_workflow,
    recompute_workflow,
    reorganisation_workflow,
    transfer_workflow,
)

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": Answered, "description": "Đã thực hiện / done"},
    201: {"model": Answered, "description": "Đã tạo / made"},
    202: {"model": Answered, "description": "Đã nhận, chưa có kết quả / accepted, not decided yet"},
}

LANES = 8
"""Items of one request under way at once: fewer than a process has connections."""
_REVISION = re.compile(r'"r(\d{1,9})(?:-[0-9a-f]{16})?"')


class Acting:
    """One request that asks for a change."""

    def __init__(self, request: Request, who: Asker, key: str, expected: int | None) -> None:
        self.request, self.who, self.key, self.expected = request, who, key, expected
        self.patience = PATIENCE

    @property
    def command_id(self) -> UUID:
        """The id this request has however often it comes."""
        return command_id(self.who.account_id, self.key)

    def for_item(self, item: UUID) -> "Acting":
        """The same request for one of many items: a key of its own, so each is answered for itself."""
        return Acting(self.request, self.who, f"{self.command_id}/{item}", None)

    async def on_profile(
        self, profile_id: UUID, body: Body, *, sent: Body | None = None, **once: str
    ) -> JSONResponse:
        """Ask the profile's workflow; ``sent`` is what the caller sent where the server adds to it."""
        return await self._put(profile_workflow(profile_id), profile_id, body, sent, once)

    async def on_profiles(self, profiles: Iterable[UUID], body: Body) -> list[dict[str, object]]:
        """Ask the workflows of many, side by side: each has its own answer, or 202 as one alone would.

        Together they are waited for no longer than one; all are written down, whoever answers.
        """
        loop, lanes = asyncio.get_running_loop(), asyncio.Semaphore(LANES)
        until = loop.time() + PATIENCE.total_seconds()

        async def asked(profile_id: UUID) -> dict[str, object]:
            one = self.for_item(profile_id)
            result: dict[str, object] = {"profile_id": str(profile_id), "command_id": str(one.command_id)}
            async with lanes:
                one.patience = timedelta(seconds=max(0.0, until - loop.time()))
                try:
                    answer = await one.on_profile(profile_id, body)
                except RefusedError as refused:
                    return result | {"status": refused.refusal.problem.status, "code": refused.refusal.code}
            refusal = json.loads(bytes(answer.body)).get("code")
            return result | {"status": answer.status_code} | ({"code": refusal} if refusal else {})

        return await asyncio.gather(*map(asked, dict.fromkeys(profiles)))

    async def on_transfer(self, transfer_id: UUID, body: Body) -> JSONResponse:
        """Ask the transfer's workflow."""
        return await self._put(transfer_workflow(transfer_id), transfer_id, body, None, {})

    async def on_month(
        self, workflow_id: str, month_id: UUID, body: Body, *, sent: Body | None = None, **once: str
    ) -> JSONResponse:
        """Ask the agency month's workflow; ``sent`` as for a profile."""
        return await self._put(workflow_id, month_id, body, sent, once)

    async def on_session(self, workflow_id: str, subject_id: UUID, body: Body) -> JSONResponse:
        """Ask the workflow of whatever a signing session signs."""
        return await self._put(workflow_id, subject_id, body, None, {})

    async def on_review(
        self, workflow_id: str, report_id: UUID, body: Body, *, sent: Body | None = None, **once: str
    ) -> JSONResponse:
        """Ask the review's workflow, which serves the reports of all agencies; ``sent`` as for a profile."""
        return await self._put(workflow_id, report_id, body, sent, once)

    async def on_delegation(self, delegation_id: UUID, body: Body) -> JSONResponse:
        """Ask the delegation's workflow."""
        return await self._put(delegation_workflow(delegation_id), delegation_id, body, None, {})

    async def on_breach(self, breach_id: UUID, body: Body) -> JSONResponse:
        """Ask the breach's workflow."""
        return await self._put(breach_workflow(breach_id), breach_id, body, None, {})

    async def on_reorganisation(self, reorganisation_id: UUID, body: Body) -> JSONResponse:
        """Ask the reorganisation's workflow."""
        workflow_id = reorganisation_workflow(reorganisation_id)
        return await self._put(workflow_id, reorganisation_id, body, None, {})

    async def on_certificates(self, account_id: UUID, body: Body) -> JSONResponse:
        """Ask the workflow that registers the account's certificates."""
        return await self._put(certificate_workflow(account_id), account_id, body, None, {})

    async def on_account(
        self, account_id: UUID, body: Body, *, sent: Body | None = None, **once: str
    ) -> JSONResponse:
        """Ask the workflow that carries out acts on somebody's account."""
        return await self._put(account_workflow(account_id), account_id, body, sent, once)

    async def on_law(self, body: LawAct | CodeListAct) -> JSONResponse:
        """Ask the workflow that keeps the authority's law and lists, and reckons its duties again."""
        authority = self.who.authority_id
        return await self._put(recompute_workflow(authority), authority, body, None, {})

    async def on_administration(self, body: Body) -> JSONResponse:
        """Ask the workflow that answers the authority's administrators."""
        authority = self.who.authority_id
        return await self._put(administration_workflow(authority), authority, body, None, {})

    async def _put(
        self, workflow_id: str, subject_id: UUID, body: Body, sent: Body | None, once: dict[str, str]
    ) -> JSONResponse:
        return await send(
            self.request,
            self.who,
            body,
            subject_id=subject_id,
            key=self.key,
            workflow_id=workflow_id,
            expected=self.expected,
            sent=sent,
            once=once,
            patience=self.patience,
        )


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Khóa của yêu cầu, do bên gọi đặt; lặp lại cùng khóa cho cùng kết quả / repeat it safely",
    ),
]
Match = Annotated[str | None, Header(alias="If-Match", description='ETag của bản khai, ví dụ "r3"')]


def _expected(match: str | None) -> int | None:
    if match is None:
        return None
    found = _REVISION.fullmatch(match.strip())
    if found is None:
        raise RefusedError.of(
            "stale-revision", "If-Match không phải ETag của hồ sơ.", "If-Match is no ETag of a form."
        )
    return int(found[1])


def acting(request: Request, who: ActiveWho, key: Key = None, match: Match = None) -> Acting:
    """A change by somebody who may act; the key is required."""
    return Acting(request, who, key or "", _expected(match))


def acting_on_revision(act: Annotated[Acting, Depends(acting)]) -> Acting:
    """A change of one revision: If-Match is required, so that nobody judges what they have not seen."""
    if act.expected is None:
        raise RefusedError.of(
            "precondition-required",
            "Cần If-Match với ETag của bản khai đã xem.",
            "If-Match with the ETag of the revision you looked at is required.",
        )
    return act


Act = Annotated[Acting, Depends(acting)]
ActOnRevision = Annotated[Acting, Depends(acting_on_revision)]
