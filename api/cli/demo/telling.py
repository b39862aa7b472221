"""The story as it is told: steps with date, actor, rule and next duty, on a terminal or as JSON."""

from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text


class Language(StrEnum):
    """What the story is told in."""

    BOTH = "both"
    VI = "vi"
    EN = "en"


WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


@dataclass(frozen=True)
class NextDuty:
    """What is owed next, by whom, until when; `days_left` are working days, negative when overdue.

    `foreseen`: nobody owes it yet, the law says that it comes.
    """

    slot: str
    what: str
    what_en: str
    party: str
    party_en: str
    due_on: date | None
    days_left: int | None
    citation: str
    foreseen: bool = False


@dataclass(frozen=True)
class Step:
    """One line of the story. `event` is the recorded event it tells, `late_days` working days."""

    date: date
    chapter: str
    actor: str
    actor_en: str
    what: str
    what_en: str
    event: str
    rule: str | None
    citation: str
    next_duty: NextDuty | None
    late_days: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


def plain(step: Step) -> dict[str, Any]:
    """A step for machines."""
    found = asdict(step)
    found["date"] = step.date.isoformat()
    if step.next_duty is not None and step.next_duty.due_on is not None:
        found["next_duty"]["due_on"] = step.next_duty.due_on.isoformat()
    return found


def on_day(day: date) -> str:
    """A date as Vietnamese people write it, with its weekday."""
    return f"{WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"


class Teller:
    """Shows steps as they happen. `quiet` shows nothing: the story is then given as JSON."""

    def __init__(self, console: Console, language: Language, *, quiet: bool = False) -> None:
        self._console, self._language, self._quiet = console, language, quiet
        self._chapter = ""

    def note(self, vi: str, en: str = "") -> None:
        """A line that is no step."""
        if not self._quiet:
            self._console.print(Text(self._both(vi, en), style="dim"))

    def chapter(self, vi: str, en: str) -> None:
        """The heading of what follows."""
        if not self._quiet:
            self._console.print(Text(f"\n── {self._both(vi, en)} ──", style="bold cyan"))

    def step(self, step: Step) -> None:
        """One step: what happened, under which rule, what is owed next."""
        if self._quiet:
            return
        vi, en = self._language != Language.EN, self._language != Language.VI
        head = Text(f"{on_day(step.date)}  ", style="bold")
        if vi:
            head.append(f"{step.actor}: ", style="green").append(step.what)
        else:
            head.append(f"{step.actor_en}: ", style="green").append(step.what_en)
        self._console.print(head)
        if vi and en:
            self._under(f"{step.actor_en}: {step.what_en}")
        self._under(f"⚖ {step.citation}")
        if step.next_duty is not None:
            self._under(_owed(step.next_duty, vi=vi, en=en))

    def _under(self, line: str) -> None:
        self._console.print(Padding(Text(line, style="dim"), (0, 0, 0, 15)))

    def _both(self, vi: str, en: str) -> str:
        if not en or self._language == Language.VI:
            return vi
        return en if self._language == Language.EN else f"{vi} / {en}"


def _owed(duty: NextDuty, *, vi: bool, en: bool) -> str:
    words = []
    if vi:
        coming = "sắp tới: " if duty.foreseen else ""
        due = f", hạn {duty.due_on:%d/%m/%Y}" if duty.due_on else ""
        words.append(f"{coming}{duty.party} {duty.what}{due}")
    if en:
        coming = "to come: " if duty.foreseen else ""
        due = f", due {duty.due_on:%d/%m/%Y}" if duty.due_on else ""
        words.append(f"{coming}{duty.party_en}: {duty.what_en}{due}")
    return f"→ {' / '.join(words)} ({duty.citation})"


def lines(steps: list[Step]) -> str:
    """The whole story as plain text, for `story.txt`."""
    told: list[str] = []
    for step in steps:
        told.append(f"{on_day(step.date)}  {step.actor}: {step.what}")
        told.append(f"    {step.actor_en}: {step.what_en}")
        told.append(f"    ⚖ {step.citation}")
        if step.next_duty is not None:
            told.append("    " + _owed(step.next_duty, vi=True, en=True))
    return "\n".join(told) + "\n"
