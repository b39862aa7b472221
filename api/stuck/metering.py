"""What stands still as numbers, beside Temporal's own: kinds and authorities' codes, nobody's data."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import text
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from api.stuck.kinds import KINDS
from api.stuck.machine import of_machine
from api.stuck.rows import QUESTIONS, of_rows
from models.calendar import legal_date
from models.database import Scope, transaction
from models.logs import logger
from models.record.tools import Tools
from models.settings import Settings

PAUSE = 60.0
"""Seconds between two counts."""
OF_MACHINE = ("disk-full", "file-expiring", "key-former")
COUNTED = tuple(kind for kind in KINDS if kind in (*QUESTIONS, *OF_MACHINE, "party-paused", "maintenance"))
"""What is counted here; what the engine knows is in its own metrics."""
_AUTHORITIES = text("SELECT authority_id, code FROM authorities ORDER BY code")

log = logger("metrics")


def runtime_of(settings: Settings) -> Runtime | None:
    """The SDK's runtime that serves metrics at the address of the settings; none: the usual one, which serves
    none. Made before any client, once per process."""
    if settings.metrics_address is None:
        return None
    return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=settings.metrics_address)))


class Meter:
    """Counts until it is cancelled."""

    def __init__(
        self, runtime: Runtime, settings: Settings, tools: Tools, now: Callable[[], Awaitable[datetime]]
    ) -> None:
        """Nothing is counted yet."""
        self._settings, self._tools, self._now = settings, tools, now
        self._gauge = runtime.metric_meter.create_gauge(
            "hoso_stuck", "What stands still, by kind and authority: see hoso stuck"
        )

    async def run(self) -> None:
        """Serve for ever; what fails is counted again."""
        while True:
            try:
                await self.once()
            except Exception as error:  # numbers that stop are noticed; a worker that dies for them is worse
                log.warning("metrics.interrupted", code=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def once(self) -> None:
        """Every kind of every authority, also those of which there is nothing."""
        now = await self._now()
        async with self._tools.engine.connect() as connection:
            authorities = list(await connection.execute(_AUTHORITIES))
        machine = Counter(one.kind for one in of_machine(self._settings, self._tools.ring, now))
        for authority in authorities:
            scope = Scope(authority.authority_id, everything=True)
            async with transaction(self._tools.engine, scope) as connection:
                found = await of_rows(connection, authority.authority_id, now, legal_date(now))
            counted = machine + Counter(one.kind for one in found)
            for kind in COUNTED:
                self._gauge.set(counted[kind], {"kind": kind, "authority": authority.code})
