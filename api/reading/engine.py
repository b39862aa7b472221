"""The engine's own history of a workflow while it is kept: types and times, decoded for inspectors."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from google.protobuf.message import Message
from pydantic import BaseModel, Field
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from api.engine_away import ENGINE_AWAY
from models.errors import HosoError

MOST = 300
"""Events shown of one run."""

PATIENCE = 3.0
"""Seconds."""


class EngineEvent(BaseModel):
    """One event of the engine's history."""

    id: int = Field(title="Số thứ tự")
    type: str = Field(title="Loại")
    at: datetime = Field(title="Lúc")
    summary: str | None = Field(default=None, title="Tóm tắt")
    payloads: list[Any] | None = Field(default=None, title="Nội dung", description="Chỉ cho người được xem")


class EnginePart(BaseModel):
    """What the engine still knows; our own events tell the whole story without it."""

    available: bool = Field(title="Có")
    reason: Literal["not-connected", "unreachable", "not-retained"] | None = Field(
        default=None, title="Vì sao không có"
    )
    run_id: str | None = Field(default=None, title="Lượt chạy")
    status: str | None = Field(default=None, title="Trạng thái")
    begins_at: datetime | None = Field(
        default=None, title="Phần của máy bắt đầu từ", description="Trước đó chỉ có sự kiện của hệ thống"
    )
    truncated: bool = Field(default=False, title="Đã cắt bớt")
    events: list[EngineEvent] = Field(default_factory=list, title="Sự kiện của máy")


async def part(client: Client | None, workflow_id: str, *, decode: bool) -> EnginePart:
    """The engine's part of a workflow's present run; says so where there is none."""
    if client is None:
        return EnginePart(available=False, reason="not-connected")
    try:
        async with asyncio.timeout(PATIENCE):
            return await _fetched(client, workflow_id, decode=decode)
    except RPCError as error:
        gone = error.status is RPCStatusCode.NOT_FOUND
        return EnginePart(available=False, reason="not-retained" if gone else "unreachable")
    except (TimeoutError, OSError, *ENGINE_AWAY):
        return EnginePart(available=False, reason="unreachable")


async def _fetched(client: Client, workflow_id: str, *, decode: bool) -> EnginePart:
    found = await client.get_workflow_handle(workflow_id).describe()
    handle = client.get_workflow_handle(workflow_id, run_id=found.run_id)
    events: list[EngineEvent] = []
    truncated = False
    async for one in handle.fetch_history_events(page_size=MOST):
        if len(events) == MOST:
            truncated = True
            break
        events.append(await _event(client, workflow_id, one, decode=decode))
    return EnginePart(
        available=True,
        run_id=found.run_id,
        status=found.status.name.lower() if found.status else None,
        begins_at=events[0].at if events else found.start_time,
        truncated=truncated,
        events=events,
    )


async def _event(client: Client, workflow_id: str, one: HistoryEvent, *, decode: bool) -> EngineEvent:
    summary: list[Any] = []
    if one.user_metadata.HasField("summary"):
        summary = await _opened(client, workflow_id, [one.user_metadata.summary])
    return EngineEvent(
        id=one.event_id,
        type=EventType.Name(one.event_type).removeprefix("EVENT_TYPE_").lower(),
        at=one.event_time.ToDatetime(tzinfo=UTC),
        summary=str(summary[0]) if summary else None,
        payloads=(await _opened(client, workflow_id, list(_payloads(one))) or None) if decode else None,
    )


def _payloads(message: Message) -> Iterable[Payload]:
    """Every payload an event carries, at whatever depth; not those of its own summary."""
    for field, value in message.ListFields():
        if field.name == "user_metadata" or field.message_type is None:
            continue
        if isinstance(value, Payload):
            yield value
        elif isinstance(value, Payloads):
            yield from value.payloads
        elif isinstance(value, Message):
            yield from _payloads(value)


async def _opened(client: Client, workflow_id: str, payloads: list[Payload]) -> list[Any]:
    """Payloads in clear; one that cannot be opened is said to be sealed, never skipped."""
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=workflow_id)
    converter = client.data_converter.with_context(context)
    found: list[Any] = []
    for payload in payloads:
        try:
            found += await converter.decode([payload])
        except (HosoError, RuntimeError, ValueError, TypeError):
            found.append("(niêm phong / sealed)")
    return found
