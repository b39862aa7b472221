"""The morning's message: counts, dates, articles and one address. No name but the reader's own roles"
" (R38)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from string import Template
from uuid import UUID, uuid5

from activities.notifications.open_work import Line, Work
from models.access import delegables, roles
from models.calendar import legal_date
from models.evidence.verdict import VIETNAM
from models.lifecycle.service import Pause, Window
from models.record.law_of import Laws
from models.regulations import Obligation

LONGEST = 110
"""Letters of a rule's text in a line; the article is cited in full."""
LINES = 40

_SUBJECT = Template("[hoso] $day: $open việc đang mở, $late quá hạn / $open open, $late overdue")
_BODY = Template(
    "Kính gửi Anh/Chị,\n\nSáng $day còn $open việc đang mở, trong đó $late việc đã quá hạn.\n\n${vi}"
    "Xem và xử lý: $link\nThư tự động, xin không trả lời thư này.\n"
    "\n---\n\n"
    "Good morning,\n\nOn $day $open matters are still open, $late of them overdue.\n\n${en}"
    "See and settle them: $link\nThis message is automatic; please do not reply.\n"
)


@dataclass(frozen=True, slots=True)
class Words:
    """One language of the message."""

    own: str
    post: str
    lent: str
    due: str
    late: str
    raised: str
    unread: str
    more: str


VI = Words(
    own="Việc của Anh/Chị",
    post="Việc theo vai trò",
    lent="Việc nhận uỷ quyền",
    due="hạn sớm nhất",
    late="quá hạn",
    raised="Việc quá hạn của đơn vị, cá nhân được báo lên Anh/Chị",
    unread="Thông báo chưa đọc",
    more="và còn nữa",
)
EN = Words(
    own="Your own duties",
    post="Duties of the role",
    lent="Work delegated to you",
    due="earliest due",
    late="overdue",
    raised="Overdue duties of others, escalated to you",
    unread="Unread notices",
    more="and more",
)


@dataclass(frozen=True, slots=True)
class Stationery:
    """What every letter of one morning shares."""

    sender: str
    link: str
    now: datetime
    laws: Laws
    said: tuple[tuple[str, str], ...] = ()
    """What everybody is told first, in Vietnamese and English: pauses, maintenance."""


def letter(paper: Stationery, account_id: UUID, address: str, work: Work) -> EmailMessage:
    """The message to one account; the same account and day always have the same Message-ID.

    Raises:
        ValueError: the address cannot stand in a header.
    """
    day = legal_date(paper.now)
    counts = {"day": f"{day:%d/%m/%Y}", "open": work.open, "late": work.late}
    message = EmailMessage(policy=SMTP)
    message["From"] = paper.sender
    message["To"] = address
    message["Subject"] = _SUBJECT.substitute(counts)
    message["Date"] = format_datetime(paper.now)
    message["Message-ID"] = message_id(account_id, day, paper.sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply comes back
    body = _BODY.substitute(counts, vi=_part(paper, work, VI), en=_part(paper, work, EN), link=paper.link)
    message.set_content(body)
    return message


def message_id(account_id: UUID, day: date, sender: str) -> str:
    """A Message-ID by which a receiver recognises a repetition, and nobody else anything."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{uuid5(account_id, f'digest:{day}')}@{domain}>"


PARTIES = {
    "mail": ("thư điện tử", "mail"),
    "national": ("Cơ sở dữ liệu quốc gia", "the national database"),
    "timestamps": ("dịch vụ dấu thời gian, tình trạng chứng thư", "timestamps and certificate status"),
    "signers": ("ký số", "signatures"),
}
"""An outside party as people know it."""


def announcements(pauses: Iterable[Pause], windows: Iterable[Window]) -> tuple[tuple[str, str], ...]:
    """What waits for whom though deadlines run on, and when nothing can be changed; no reasons, no names."""
    told = []
    for one in pauses:
        vi, en = PARTIES[one.party]
        told.append(
            (
                f"Tạm dừng gửi: {vi}. Việc chờ được giữ nguyên; các thời hạn vẫn tính.",
                f"Paused: {en}. What waits is kept; deadlines run on.",
            )
        )
    for window in windows:
        times = f"{_instant(window.starts_at)} – {_instant(window.ends_at)}"
        cited = f" ({window.citation})" if window.citation else ""
        told.append(
            (f"Bảo trì {times}: chỉ đọc, không thay đổi được{cited}.", f"Maintenance {times}: reading only.")
        )
    return tuple(told)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def _part(paper: Stationery, work: Work, words: Words) -> str:
    parts = ["".join(f"{one[words is EN]}\n" for one in paper.said) + "\n"] if paper.said else []
    if work.own:
        parts.append(_block(f"{words.own}:", [_line(paper, line, words) for line in work.own], words))
    for role, lines in _grouped(work.posts).items():
        name = roles().roles[role]
        title = f"{words.post} “{name.vi if words is VI else name.en}”:"
        parts.append(_block(title, [_line(paper, line, words) for line in lines], words))
    for what, lines in _grouped(work.lent).items():
        right = delegables().what[what]
        title = f"{words.lent} “{right.vi if words is VI else right.en}”:"
        parts.append(_block(title, [_line(paper, line, words) for line in lines], words))
    if work.raised:
        parts.append(f"{words.raised}: {work.raised}\n\n")
    if work.unread:
        parts.append(f"{words.unread}: {work.unread}\n\n")
    return "".join(parts)


def _grouped(named: Sequence[tuple[str, Line]]) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for name, line in named:
        groups.setdefault(name, []).append(line)
    return groups


def _block(title: str, lines: Sequence[str], words: Words) -> str:
    shown = [*lines[:LINES], *([f"… {words.more} ({len(lines) - LINES})"] if len(lines) > LINES else [])]
    return "\n".join([title, *(f"- {line}" for line in shown)]) + "\n\n"


def _rule(laws: Laws, line: Line) -> Obligation | None:
    """What the law says of it: of several laws in one authority's tree the one that the line cites."""
    found = [rule for law in laws.every if (rule := law.slot(line.slot)) is not None]
    cited = [rule for rule in found if rule.citation == line.citation]
    return next(iter([*cited, *found]), None)


def _line(paper: Stationery, line: Line, words: Words) -> str:
    rule = _rule(paper.laws, line)
    said = ((rule.text_vi if words is VI else rule.text_en) if rule else "") or line.slot
    if len(said) > LONGEST:
        said = said[: LONGEST - 1].rstrip() + "…"
    dates = f"; {words.due} {line.first:%d/%m/%Y}" if line.first else ""
    late = f"; {words.late}: {line.late}" if line.late else ""
    note = (rule.succession_note or {}).get("vi" if words is VI else "en") if rule else None
    named = f" [{note}]" if note else ""
    return f"{line.n} × {said} ({line.citation}){named}{dates}{late}"
