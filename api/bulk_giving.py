"""How a bulk order is given, whoever chose its items: written down whole, then its workflow begun."""

import json
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.exc import IntegrityError, OperationalError

from api.engine_away import ENGINE_AWAY
from api.maintenance import refuse_command
from api.problems import responses
from api.reading import bulk
from api.scope import Asker, Reading, reading_of, tools_of
from api.second_factor import recent
from api.starting_bulk import start_order
from models.commands import BY_VERB
from models.database import transaction
from models.errors import RefusedError
from models.identifiers import command_id
from models.logs import logger
from models.record.orders import Item, Order, freeze, known

REFUSALS = responses(
    "key-missing", "key-reused", "bulk-too-large", "malformed-request", "second-factor-stale", "maintenance"
)
log = logger("bulk")
Made = Callable[[Reading], Awaitable[Sequence[Item]]]


def order_of(
    who: Asker,
    key: str | None,
    verb: str,
    source: str,
    sent: Any,
    *,
    dry_run: bool,
    follows: UUID | None = None,
) -> Order:
    """The order as it is given: its id is of the key, its digest of what was sent under it."""
    canonical = json.dumps([verb, sent], sort_keys=True, separators=(",", ":"), default=str)
    return Order(
        id=command_id(who.account_id, key or ""),
        authority_id=who.authority_id,
        account_id=who.account_id,
        verb=verb,
        source=source,
        digest=sha256(canonical.encode()).hexdigest(),
        dry_run=dry_run,
        follows=follows,
    )


async def given(request: Request, response: Response, who: Asker, order: Order, made: Made) -> bulk.BulkOrder:
    """Write the order down with its items and have it begun; the same key again is the same order."""
    state = request.app.state
    refuse_command(BY_VERB[order.verb].model_construct(), who.maintenance, who.now)
    if not order.dry_run:
        recent(who, order.verb, state.tools.policy, state.settings.second_factor)
    try:
        async with transaction(tools_of(request).engine, who.scope) as connection:
            read = reading_of(request, who, connection)
            if not await known(connection, order.id, order.digest):
                await freeze(connection, read.tools, order, await made(read), who.now)
    except OperationalError as error:
        raise RefusedError.of("database-unavailable") from error
    except IntegrityError as taken:
        if order.source != "undo":
            raise
        raise RefusedError.of(
            "wrong-state", "Việc hàng loạt này đã được hoàn tác.", "This order was taken back already."
        ) from taken
    if state.temporal is not None:
        try:
            await start_order(state.temporal, state.settings.task_queue, who.authority_id, order.id)
        except ENGINE_AWAY as error:  # the order waits in its row, and the relay starts it
            log.warning("bulk.engine_away", code=type(error).__name__)
    response.headers["Location"] = f"/api/v1/bulk/{order.id}"
    async with transaction(tools_of(request).engine, who.scope) as connection:
        return await bulk.one(reading_of(request, who, connection), order.id)
