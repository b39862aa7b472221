"""The office that speaks with the national database about one person at a time."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import httpx
from temporalio import activity

from activities.national.adapter import (
    Connection,
    Credentials,
    NationalError,
    NationalGateway,
    PacketSeal,
)
from activities.national.adapter.gateway import client_for
from activities.national.mappings import Mapping, Mappings, load_mappings
from activities.national.pulling import pull_record
from activities.national.reconciling import Comparison, reconcile
from activities.national.telling import tell_status
from activities.national.tree import tell_tree
from activities.national.trouble import REPAIR, again, open_way, troubled
from models.activity_interfaces import NationalActivities
from models.calendar import legal_date
from models.messages import NationalPull, NationalPulled, NationalStatus, NationalTold
from models.messages_admin import NationalTree, Reconciled, ReconciliationRun
from models.record.tools import Tools
from models.settings import Settings

SHIPPED = "stand_in"


def mappings_of(settings: Settings) -> Mappings:
    """The mappings the installation sends by, each from its day.

    Raises:
        MappingError: the file it names cannot be used.
    """
    return _load(settings.national_mapping or SHIPPED)


@cache
def _load(path: Path | str) -> Mappings:
    return load_mappings(path)


def mapping_of(settings: Settings, now: datetime) -> Mapping:
    """The one in force on the legal day of an instant."""
    return mappings_of(settings).on(legal_date(now))


def gateway_of(settings: Settings) -> NationalGateway | None:
    """The way to the national database for the life of the process; none where no address is set.

    Raises:
        MissingSettingError: an address without its key pair or seal.
        ValueError: an address that would send the key pair in the clear; a seal that is none.
    """
    if settings.national_url is None:
        return None
    key_file = settings.national_key_file
    connection = Connection(
        base_url=str(settings.national_url).rstrip("/"),
        service=mappings_of(settings).service,
        credentials=None if key_file else _pair(settings),
        key_file=key_file,
        seal=PacketSeal.read(Path(settings.require("national_seal_key_file"))),
        token_path=settings.national_token_path,
        answer_timeout=settings.national_timeout_seconds,
        calls_per_second=settings.national_calls_per_second,
        ca_file=str(settings.national_ca_file) if settings.national_ca_file else None,
    )
    client: httpx.AsyncClient = client_for(connection)
    return NationalGateway(client, connection)


def _pair(settings: Settings) -> Credentials:
    return Credentials(
        access_key=settings.require("national_access_key"),
        secret_key=settings.require("national_secret_key"),
        app_name=settings.require("national_app_name"),
        partner_code=settings.require("national_partner_code"),
        partner_code_cus=settings.national_partner_code_cus or "",
    )


@dataclass(frozen=True, slots=True)
class NationalOffice(NationalActivities):
    """One per worker process."""

    settings: Settings
    tools: Tools
    gateway: NationalGateway | None

    @activity.defn(name="tell_status")
    async def tell_status(self, status: NationalStatus) -> NationalTold:
        """See ``activities.national.telling``."""
        if self.gateway is None:
            return NationalTold(told=False)
        mapping = mapping_of(self.settings, status.now)
        return await tell_status(
            self.tools, self.gateway, mapping, self.settings.national_receiver_code, status
        )

    @activity.defn(name="tell_tree")
    async def tell_tree(self, tree: NationalTree) -> NationalTold:
        """See ``activities.national.tree``."""
        if self.gateway is None:
            return NationalTold(told=False)
        await open_way(self.tools, tree.authority_id, tree.now)
        receiver, mapping = self.settings.national_receiver_code, mapping_of(self.settings, tree.now)
        try:
            units = await tell_tree(self.tools, self.gateway, mapping, receiver, tree.authority_id, tree.now)
        except NationalError as error:
            raise await troubled(self.tools, tree.authority_id, error, tree.now) from None
        return NationalTold(told=units > 0)

    @activity.defn(name="reconcile_national")
    async def reconcile_national(self, run: ReconciliationRun) -> Reconciled:
        """See ``activities.national.reconciling``."""
        if self.gateway is None:
            raise again("national-not-configured", REPAIR)
        mapping = mapping_of(self.settings, run.now)
        return await reconcile(Comparison(self.tools, self.gateway, mapping, run, activity.heartbeat))

    @activity.defn(name="pull_record")
    async def pull_record(self, pull: NationalPull) -> NationalPulled:
        """See ``activities.national.pulling``."""
        return await pull_record(self.tools, self.gateway, mapping_of(self.settings, pull.now), pull)
