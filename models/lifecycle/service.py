"""Pausing what goes to an outside party, and announcing maintenance: decisions without clock or rows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from models.command_admin import AnnounceMaintenance, LiftMaintenance, PauseParty, ResumeParty
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene

LONGEST = timedelta(days=7)
"""Of one maintenance. Policy: the law asks for service round the clock and knows no length of a pause."""
SLOT = "maintenance_notice"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing goes to ``party``, until an instant or until somebody resumes it."""

    party: str
    reason: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance as it was announced."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    document: str
    citation: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether nothing may be changed at ``now``."""
        return self.starts_at <= now < self.ends_at


def pause(paused: Collection[str], body: PauseParty, scene: Scene) -> Outcome:
    """One pause of a party at a time, and none that has ended before it begins."""
    if body.party in paused:
        refuse("party-paused", "Đã tạm dừng bên này.", "This party is paused already.", party=body.party)
    if body.until is not None and body.until <= scene.now:
        refuse("period-invalid", "Thời điểm tiếp tục đã qua.", "The instant to go on has passed.")
    until = body.until.isoformat() if body.until else None
    return Outcome().happened("party.paused", None, party=body.party, until=until)


def resume(paused: Collection[str], body: ResumeParty, _scene: Scene) -> Outcome:
    """Only what is paused goes on."""
    if body.party not in paused:
        refuse("party-not-paused", "Bên này không tạm dừng.", "This party is not paused.", party=body.party)
    return Outcome().happened("party.resumed", None, party=body.party)


def announce(windows: Collection[Window], body: AnnounceMaintenance, scene: Scene) -> Outcome:
    """Ahead, of a bounded length, and beside no other."""
    if not scene.now < body.starts_at < body.ends_at <= body.starts_at + LONGEST:
        refuse(
            "period-invalid",
            f"Phải báo trước, kết thúc sau khi bắt đầu và dài tối đa {LONGEST.days} ngày.",
            f"It must be announced ahead, end after it begins and last {LONGEST.days} days at most.",
        )
    if any(one.starts_at < body.ends_at and body.starts_at < one.ends_at for one in windows):
        refuse("period-invalid", "Trùng với lần bảo trì đã báo.", "It overlaps another that was announced.")
    times = {"starts_at": body.starts_at.isoformat(), "ends_at": body.ends_at.isoformat()}
    return Outcome().happened(
        "maintenance.announced", scene.rule(SLOT), maintenance=str(scene.act_id), **times
    )


def lift(window: Window | None, body: LiftMaintenance, scene: Scene) -> Outcome:
    """One that is to come or goes on; what is over stays as it was."""
    if window is None:
        refuse("not-found", "Không có lần bảo trì này.", "There is no such maintenance.")
    if window.ends_at <= scene.now:
        refuse("wrong-state", "Lần bảo trì này đã kết thúc.", "This maintenance is over.")
    return Outcome().happened("maintenance.lifted", scene.rule(SLOT), maintenance=str(body.maintenance_id))
