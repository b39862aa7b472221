"""What the contract tests share: agencies, the whole way of a packet, and the packets' paths by hand."""

from typing import Any

from activities.national.adapter import ItemStatus, NationalGateway, PacketItem, StatusChange, tran_code_for
from activities.national.mappings import Mapping
from activities.national.service import poll_receipts, report_status, submit_packet

HANOI, MINISTRY, ELSEWHERE = "H26.7", "G09", "H15.2"
ACCEPTED, REJECTED, PENDING = ItemStatus.ACCEPTED, ItemStatus.REJECTED, ItemStatus.PENDING


async def settle(
    gateway: NationalGateway, items: list[PacketItem], sender: str = HANOI, turn: str = "1"
) -> Any:
    """Send, poll until nothing is pending, and answer the results."""
    code = tran_code_for(f"{sender} {turn}", tuple(items))
    await submit_packet(gateway, sender, MINISTRY, code, items)
    for _ in range(5):
        results = await poll_receipts(gateway, code, [item.key for item in items])
        if all(result.settled for result in results):
            return results
    raise AssertionError("never settled")


async def tell(
    gateway: NationalGateway, mapping: Mapping, change: StatusChange, sender: str = HANOI, turn: str = "now"
) -> Any:
    code = tran_code_for(f"{sender} {turn}", (mapping.status_item(change),))
    said = await report_status(
        gateway, mapping, sender=sender, receiver=MINISTRY, tran_code=code, changes=[change]
    )
    return said.items[0]


FIELDS = {
    "stand_in": {
        "birth_full_name": "HoVaTenKhaiSinh",
        "citizen_id_number": "SoDinhDanhCaNhan",
        "ethnicity": "MaDanToc",
        "education": "DaoTaoChuyenMon",
        "blood_type": "NhomMau",
        "main_assigned_work": "CongViecChinh",
    },
    "nested": {
        "birth_full_name": "identity.name.full",
        "citizen_id_number": "identity.citizen.number",
        "ethnicity": "identity.ethnicity",
        "education": "education.degrees",
        "blood_type": "health.blood",
        "main_assigned_work": "service.work.main",
    },
}
COLUMN = {"stand_in": "TuThang", "nested": "period.from"}


def expected_field(mapping: Mapping, name: str, rows: bool = True) -> str:
    """The packet path of a field of ours, written out by hand for both packets."""
    path = FIELDS[mapping.name][name]
    return f"{path}[0].{COLUMN[mapping.name]}" if name == "education" and rows else path
