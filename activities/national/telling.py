"""Telling the national database about one person: moved away, left for good, or taken over by a new agency.

Which of the three it is stands in the profile and its cases. A separation is a change of status
(hanoi.art12.2.1, 12.3). A move inside the authority leaves the record with the same holder, so it is told by
the new agency sending, under its own identifier, the revision the national database already holds: nothing in
the record changes, and no gap opens in which the person belongs to nobody.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from activities.national.adapter import (
    BadPacketError,
    ItemResult,
    ItemStatus,
    NationalError,
    NationalGateway,
    StatusChange,
    StatusKind,
    tran_code_for,
)
from activities.national.items import is_agency_code, item_of, sender_code
from activities.national.mappings import Mapping, ValueRefusedError
from activities.national.service import poll_receipts, report_status, submit_packet
from activities.national.trouble import SHORTEST, again, open_way, tell_of_trouble, troubled
from activities.notifications.notices import notify_administrator
from models.database import Scope, transaction
from models.lifecycle.life import LEAVING, Status
from models.messages import NationalStatus, NationalTold
from models.record.tools import Tools

_STANDING = text(
    "SELECT p.status, p.synced_revision_id, g.code AS agency_code, u.national_code,"
    " (SELECT row_to_json(c) FROM cases c WHERE c.profile_id = p.id AND c.kind = 'separation'"
    "   AND c.state IN ('effective', 'archived') ORDER BY c.opened_at DESC LIMIT 1) AS separation,"
    " (SELECT row_to_json(c) FROM cases c WHERE c.profile_id = p.id AND c.kind = 'transfer'"
    "   AND c.state = 'accepted' ORDER BY c.closed_at DESC LIMIT 1) AS transfer"
    " FROM profiles p JOIN authorities u ON u.authority_id = p.authority_id"
    " JOIN agencies g ON g.id = coalesce(hoso_sync_agent(p.agency_id), p.agency_id) WHERE p.id = :id"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to tell about one person, and under whose name."""

    profile_id: UUID
    status: Status
    synced: UUID
    sender: str
    case: dict[str, Any]


async def tell_status(
    tools: Tools, gateway: NationalGateway, mapping: Mapping, receiver: str, status: NationalStatus
) -> NationalTold:
    """Tell it, however often it is asked; the same case is told once.

    ``told`` is False where the national database never held the person, or refused the message: then the
    administrators are told, and the person's own matters go on.

    Raises:
        ApplicationError: no answer now; the engine tries again, for a whole night of maintenance if need be.
    """
    standing = await _standing(tools, status)
    if standing is None:
        return NationalTold(told=False)
    await open_way(tools, status.authority_id, status.now)
    tell = _tell_separation if standing.status in LEAVING else _tell_transfer
    try:
        result = await tell(tools, gateway, mapping, receiver, status, standing)
    except (BadPacketError, ValueRefusedError) as refused:
        # No repetition cures it: said to a person, and not in the way of the archive.
        await tell_of_trouble(tools, status.authority_id, refused, status.now)
        return NationalTold(told=False)
    except NationalError as error:
        raise await troubled(tools, status.authority_id, error, status.now) from None
    if result.status is ItemStatus.PENDING:
        raise again("national-pending", SHORTEST)
    if result.status is ItemStatus.REJECTED:
        await _refused(tools, status, standing, result)
    return NationalTold(told=result.status is ItemStatus.ACCEPTED)


async def _standing(tools: Tools, status: NationalStatus) -> Standing | None:
    """What there is to tell; none where nothing was ever synchronised or no case stands behind it."""
    async with transaction(tools.engine, Scope(status.authority_id, everything=True)) as connection:
        row = (await connection.execute(_STANDING, {"id": status.profile_id})).one_or_none()
    if row is None or row.synced_revision_id is None:
        return None
    case = row.separation if Status(row.status) in LEAVING else row.transfer
    if case is None:
        return None
    sender = sender_code(row.agency_code, row.national_code)
    return Standing(status.profile_id, Status(row.status), row.synced_revision_id, sender, case)


async def _tell_separation(
    _tools: Tools,
    gateway: NationalGateway,
    mapping: Mapping,
    receiver: str,
    _status: NationalStatus,
    standing: Standing,
) -> ItemResult:
    destination = standing.case["facts"].get("destination")
    change = StatusChange(
        standing.profile_id,
        StatusKind(standing.status),
        date.fromisoformat(standing.case["effective_on"]),
        destination if is_agency_code(destination) else None,
    )
    code = tran_code_for(f"status:{standing.case['id']}:{standing.status}", (mapping.status_item(change),))
    said = await report_status(
        gateway, mapping, sender=standing.sender, receiver=receiver, tran_code=code, changes=[change]
    )
    return said.items[0]


async def _tell_transfer(
    tools: Tools,
    gateway: NationalGateway,
    mapping: Mapping,
    receiver: str,
    status: NationalStatus,
    standing: Standing,
) -> ItemResult:
    async with transaction(tools.engine, Scope(status.authority_id, everything=True)) as connection:
        unit_id = UUID(standing.case["to_agency_id"])
        item = await item_of(
            connection, tools, mapping, status.authority_id, standing.synced, unit_id=unit_id
        )
    code = tran_code_for(f"transfer:{standing.case['id']}", (item,))
    said = await submit_packet(gateway, standing.sender, receiver, code, [item])
    if said.items[0].settled:
        return said.items[0]
    return (await poll_receipts(gateway, code, [item.key]))[0]


async def _refused(tools: Tools, status: NationalStatus, standing: Standing, result: ItemResult) -> None:
    async with transaction(tools.engine, Scope(status.authority_id, everything=True)) as connection:
        await notify_administrator(
            connection,
            status.authority_id,
            "national_status_refused",
            once=standing.case["id"],
            now=status.now,
            code=result.code,
            profile=str(standing.profile_id),
        )
