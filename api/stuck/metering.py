"""What stands still as numbers, beside Temporal's own: kinds and authorities' codes, nobody's data."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import text
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from api.stuck.gathering import gather
from api.stuck.kinds import KINDS
from models.logs import logger
from models.record.tools import Tools
from models.settings import Settings

PAUSE = 60.0
"""Seconds between two counts."""
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
        self,
        runtime: Runtime,
        settings: Settings,
        tools: Tools,
        now: Callable[[], Awaitable[datetime]],
        client: Client | None,
    ) -> None:
        """Nothing is counted yet. ``client`` asks the engine; without one it counts as away."""
        self._settings, self._tools, self._now, self._client = settings, tools, now, client
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
        """Every kind of every authority, also those without a finding: as ``hoso stuck`` has them."""
        now = await self._now()
        async with self._tools.engine.begin() as connection:
            authorities = list(await connection.execute(_AUTHORITIES))
        about = (self._client, self._settings, self._tools.ring)
        for authority in authorities:
            found = await gather(self._tools.engine, *about, authority.authority_id, now)
            counted = Counter(one.kind for one in found.items)
            for kind in KINDS:
                self._gauge.set(counted[kind], {"kind": kind, "authority": authority.code})
