"""What an audit may find, in words; each finding names the row as far as it can be known."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

WORDS: dict[str, tuple[str, str]] = {
    "event-edited": (
        "Nội dung sự kiện không khớp mã băm của chính nó: đã bị sửa.",
        "The event's content does not match its own hash: it was edited.",
    ),
    "event-differs": (
        "Sự kiện không còn như khi được ghi vào nhật ký: đã bị sửa, thay hoặc tráo chỗ.",
        "The event is not what it was when it was logged: edited, replaced or swapped.",
    ),
    "event-missing": (
        "Sự kiện đã ghi vào nhật ký nay không còn: đã bị xoá hoặc chuyển đi nơi khác.",
        "An event that was logged is gone: deleted, or moved elsewhere.",
    ),
    "event-inserted": (
        "Sự kiện chen vào giữa nhật ký: số giao dịch cũ hơn đầu nhật ký mà không có trong đó.",
        "An event was inserted into the past: older than the log's head, and not in the log.",
    ),
    "chain-broken": (
        "Chuỗi sự kiện đứt tại đây: thiếu sự kiện trước, hoặc mã băm nối chuỗi không khớp.",
        "The chain breaks here: the event before is missing, or its hash is not the one named.",
    ),
    "chain-cut": (
        "Hồ sơ ghi nhận nhiều sự kiện hơn số còn lại, hoặc kết thúc khác: cuối chuỗi đã bị cắt hoặc thay.",
        "The profile counts more events than there are, or ends otherwise: its tail was cut or replaced.",
    ),
    "leaf-missing": ("Nhật ký thiếu lá ở chỗ này.", "The log has no leaf at this place."),
    "leaf-differs": (
        "Lá nhật ký trong cơ sở dữ liệu khác với bản ở nơi lưu thứ hai.",
        "The leaf in the database is not the one in the second place.",
    ),
    "node-differs": (
        "Nút trong của cây không khớp các lá.",
        "An inner node of the tree does not match the leaves below it.",
    ),
    "head-differs": (
        "Đầu nhật ký đã công bố không khớp các lá: lịch sử đến đây đã bị viết lại, hoặc đầu bị giả.",
        "A head does not match the leaves: history up to it was rewritten, or the head is forged.",
    ),
    "log-cut": (
        "Nhật ký ngắn hơn đầu đã lập: phần cuối đã bị cắt.",
        "The log is shorter than a head that was made: its tail was cut off.",
    ),
    "seal-false": (
        "Dấu thời gian không chứng thực đầu nhật ký này.",
        "The timestamp does not vouch for this head.",
    ),
    "seal-missing": (
        "Đầu đã niêm phong và đã xuất nay không còn ở nơi lưu thứ hai.",
        "A head that was sealed and exported is not in the second place.",
    ),
    "seal-differs": (
        "Đầu niêm phong trong cơ sở dữ liệu khác với bản ở nơi lưu thứ hai.",
        "The sealed head in the database is not the one in the second place.",
    ),
    "seal-gone": (
        "Nơi lưu thứ hai có một đầu niêm phong mà cơ sở dữ liệu không còn.",
        "The second place has a sealed head that the database has no more.",
    ),
    "place-altered": (
        "Tệp ở nơi lưu thứ hai bị sửa, thiếu hoặc của cơ quan quản lý khác.",
        "A file in the second place was altered, is incomplete, or is another authority's.",
    ),
}
"""Code → Vietnamese, English."""
LISTED = 1_000
"""Findings listed one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was. ``index``: place in the log; ``position``: row of ``events``."""

    code: str
    index: int | None = None
    position: int | None = None
    stream_id: UUID | None = None
    number: int | None = None
    detail: str = ""

    @property
    def where(self) -> str:
        """The row, as far as it is known."""
        named = (
            ("index", self.index),
            ("position", self.position),
            ("stream", self.stream_id),
            ("number", self.number),
        )
        told = " ".join(f"{name}={value}" for name, value in named if value is not None)
        return f"{told} ({self.detail})" if self.detail else told

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        vi, en = WORDS[self.code]
        found = {
            "code": self.code,
            "vi": vi,
            "en": en,
            "index": self.index,
            "position": self.position,
            "stream_id": str(self.stream_id) if self.stream_id else None,
            "number": self.number,
            "detail": self.detail or None,
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(slots=True)
class Report:
    """An audit of one authority."""

    authority_id: UUID
    events: int = 0
    logged: int = 0
    """Events in the log; the others wait for the sealer, or are findings."""
    waiting: int = 0
    streams: int = 0
    heads: int = 0
    seals: int = 0
    exported: int = 0
    """Sealed heads in the second place."""
    proven: int = 0
    """Events up to the newest sealed head that holds in the second place: these nobody can have changed."""
    proven_at: datetime | None = None
    """That head's time, by its timestamp authority."""
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    first_bad: float = math.inf
    """The first place in the log that a finding names."""

    def add(self, finding: Finding) -> None:
        """Count a finding; list it while the list is short."""
        if finding.index is not None:
            self.first_bad = min(self.first_bad, finding.index)
        self.counts[finding.code] = self.counts.get(finding.code, 0) + 1
        if len(self.findings) < LISTED:
            self.findings.append(finding)

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.counts
