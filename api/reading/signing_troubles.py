"""Signatures that wait for somebody else's answer: for whoever signs, and for the administrator."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Reading
from models.access import reach

WORDS = {
    "timestamp-unavailable": "Cơ quan cấp dấu thời gian không trả lời.",
    "timestamp-wrong": "Cơ quan cấp dấu thời gian trả lời sai.",
    "revocation-unavailable": "Không hỏi được tình trạng thu hồi của chứng thư.",
    "revocation-unknown": "Chưa có câu trả lời nào chứng tỏ chứng thư còn hiệu lực.",
    "timestamps-paused": "Quản trị hệ thống tạm dừng hỏi dấu thời gian, tình trạng chứng thư.",
    "signers-paused": "Quản trị hệ thống tạm dừng việc ký số.",
    "token-away": "Thiết bị ký không kết nối.",
    "token-locked": "Thiết bị ký bị khóa hoặc sai mã PIN.",
    "token-module-missing": "Không nạp được trình điều khiển của thiết bị ký.",
    "documents-locked": "Kho tài liệu còn khóa tệp phải hủy: biên bản chờ đến khi tệp hủy được.",
}
"""What is told of a trouble; an unknown code is shown as it is."""


class SigningTrouble(BaseModel):
    """One signature that waits, unsigned; it is tried again by itself."""

    id: UUID = Field(
        title="Chữ ký đang chờ",
        description="Bước phê duyệt, báo cáo, danh sách, bản xuất, phiếu hoặc thông báo sự cố",
    )
    kind: Literal["approval", "report", "list", "export", "slip", "breach"] = Field(title="Loại văn bản")
    reason: str = Field(title="Mã lý do")
    words: str = Field(title="Lý do")
    mine: bool = Field(title="Chữ ký của chính tài khoản này")
    since: datetime = Field(title="Từ lúc")
    tried_at: datetime = Field(title="Lần thử gần nhất")
    tries: int = Field(title="Số lần đã thử")


class SigningTroubles(BaseModel):
    """All of them, the longest waiting first; at most 200."""

    items: list[SigningTrouble] = Field(title="Chữ ký đang chờ")
    waiting: int = Field(title="Tổng số")


_TROUBLES = text(
    "SELECT *, count(*) OVER () AS waiting FROM signing_troubles WHERE :all OR signer_id = :account"
    " ORDER BY since, id LIMIT 200"
)


async def listed(read: Reading) -> SigningTroubles:
    """One's own; all of the authority for whoever administers the system."""
    law, _ = await read.own_law()
    everything = reach(read.who.actor, "administer", read.today, law).everywhere
    values = {"all": everything, "account": read.who.account_id}
    rows = list(await read.connection.execute(_TROUBLES, values))
    items = [
        SigningTrouble.model_validate(
            {
                **row._mapping,
                "words": WORDS.get(row.reason, row.reason),
                "mine": row.signer_id == read.who.account_id,
            }
        )
        for row in rows
    ]
    return SigningTroubles(items=items, waiting=rows[0].waiting if rows else 0)
