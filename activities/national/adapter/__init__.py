"""Our side of the seam: what workflows' activities may use of the national database."""

from activities.national.adapter.connection import Connection
from activities.national.adapter.credentials import Credentials
from activities.national.adapter.errors import (
    AccessRefusedError,
    BadAnswerError,
    BadPacketError,
    KeyRevokedError,
    MaintenanceError,
    NationalError,
    PacketUnknownError,
    SeveralRecordsError,
    UnreachableError,
)
from activities.national.adapter.gateway import NationalGateway, open_gateway
from activities.national.adapter.key_file import read_key_file
from activities.national.adapter.messages import (
    Acknowledgement,
    Difference,
    HeldPage,
    HeldRecord,
    ItemDifference,
    ItemHeader,
    ItemResult,
    ItemStatus,
    NationalRecord,
    Packet,
    PacketItem,
    PersonQuery,
    Receipt,
    StatusChange,
    StatusKind,
    UnitChange,
    tran_code_for,
)
from activities.national.adapter.seal import PacketSeal

__all__ = [
    "AccessRefusedError",
    "Acknowledgement",
    "BadAnswerError",
    "BadPacketError",
    "Connection",
    "Credentials",
    "Difference",
    "HeldPage",
    "HeldRecord",
    "ItemDifference",
    "ItemHeader",
    "ItemResult",
    "ItemStatus",
    "KeyRevokedError",
    "MaintenanceError",
    "NationalError",
    "NationalGateway",
    "NationalRecord",
    "Packet",
    "PacketItem",
    "PacketSeal",
    "PacketUnknownError",
    "PersonQuery",
    "Receipt",
    "SeveralRecordsError",
    "StatusChange",
    "StatusKind",
    "UnitChange",
    "UnreachableError",
    "open_gateway",
    "read_key_file",
    "tran_code_for",
]
