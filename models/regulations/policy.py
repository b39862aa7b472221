"""The ladder of reminders and escalations. It is policy, marked so, and never cited as law."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from models.calendar.days import Calendar
from models.calendar.source import Location, Problem, SourceError, parse, read
from models.regulations.schema import Frozen

FILE = Path(__file__).parent / "policy.yaml"
RUNGS = ("responsible", "unit_head", "managing_agency", "department")


class Step(Frozen):
    """One message: how many working days from the due date, and to which post it goes."""

    offset_working_days: int = Field(ge=-30, le=90)
    kind: Literal["reminder", "escalation"]
    to: Literal["responsible", "unit_head", "managing_agency", "department"]


DayOfYear = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Reviews(Frozen):
    """Data reviews: when the campaign opens, and the report's day where the text names none."""

    opens_working_days_before: int = Field(default=10, ge=0, le=60)
    quarter_days: tuple[DayOfYear, DayOfYear, DayOfYear, DayOfYear] = ("03-31", "06-30", "09-30", "12-31")
    year_day: DayOfYear = "12-31"


class Declarations(Frozen):
    """Periods of the declaration that no text gives, in working days."""

    correction: int = Field(default=5, ge=1, le=60)
    """To correct what was returned."""
    answer: int = Field(default=5, ge=1, le=60)
    """To answer an error that the person reported."""
    idle_draft: int = Field(default=10, ge=1, le=250)
    """After which a draft that nobody has touched is recalled to the person, once."""


class Approvals(Frozen):
    """Whether one signature may approve many: no text asks for one on each file, so this is policy."""

    by_list: bool = True
    one_by_one: tuple[str, ...] = ()
    """Ids of rules that nevertheless want a signature on each file."""

    def lets(self, rule_ids: tuple[str, ...]) -> bool:
        """Whether an approval under these rules may be given by a list."""
        return self.by_list and not set(rule_ids) & set(self.one_by_one)


class Regimes(Frozen):
    """A unit that comes under another regulation: no text says what becomes of duties, so this is policy."""

    running: Literal["keep", "rebase"] = "keep"
    """Running duties keep the basis they were opened on, or are reckoned again (slot running_duties)."""


class Reconciliations(Frozen):
    """When both sides are compared: the texts want them to agree, and name no day, so this is policy."""

    after_month_end: bool = True
    """Everything the national database and we hold is compared once each month's end is closed."""


class Accounts(Frozen):
    """Passwords and second factors: no text gives numbers, so these are policy."""

    one_time_hours: int = Field(default=168, ge=1, le=24 * 60)
    """How long a one-time password may wait for its holder."""
    rotation_days: int = Field(default=180, ge=30, le=3650)
    """Age a password may reach where the law in force asks for regular changes (slot password_rotation)."""
    rotation_notice_days: int = Field(default=14, ge=1, le=90)
    """How long before that its holder is told."""
    second_factor_roles: tuple[str, ...] = (
        "administrator",
        "approver",
        "head",
        "hr_head",
        "department_officer",
        "department_head",
    )
    """Roles that need a second factor; whoever approves by delegation needs one, too."""
    step_up_minutes: int = Field(default=15, ge=1, le=480)
    """How recent the second factor must be when something is approved, signed or granted."""


class Escrow(Frozen):
    """The master key's copy kept elsewhere: no text says how often to try it, so this is policy."""

    first_days: int = Field(default=30, ge=1, le=365)
    """After the installation."""
    check_days: int = Field(default=180, ge=1, le=3650)
    """After it was tried last."""


class HourStep(Frozen):
    """One message of a clock of hours: how many hours from its end, and to which post."""

    offset_hours: int = Field(ge=-72, le=24 * 30)
    kind: Literal["reminder", "escalation"]
    to: Literal["responsible", "unit_head", "department"]


def _hour_steps() -> tuple[HourStep, ...]:
    return (
        HourStep(offset_hours=-24, kind="reminder", to="responsible"),
        HourStep(offset_hours=-6, kind="reminder", to="responsible"),
        HourStep(offset_hours=0, kind="escalation", to="unit_head"),
        HourStep(offset_hours=0, kind="escalation", to="department"),
        HourStep(offset_hours=24, kind="escalation", to="department"),
    )


class Breaches(Frozen):
    """The notification of a breach: when it is reminded of, in order of the hours."""

    steps: tuple[HourStep, ...] = Field(default_factory=_hour_steps, min_length=1)


class Policy(Frozen):
    id: str
    policy: Literal[True]
    title: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)
    reviews: Reviews = Reviews()
    declarations: Declarations = Declarations()
    approvals: Approvals = Approvals()
    accounts: Accounts = Accounts()
    breaches: Breaches = Breaches()
    regimes: Regimes = Regimes()
    reconciliations: Reconciliations = Reconciliations()
    escrow: Escrow = Escrow()


class PlannedStep(Frozen):
    """A step with the day its message goes out."""

    day: date
    step: Step


def load_policy(path: Path = FILE) -> Policy:
    """The ladder from its file. Raises SourceError with every problem found."""
    return _load(path)


@cache
def _load(path: Path) -> Policy:
    document = read(path)
    policy = parse(document, Policy)
    problems: list[Problem] = [document.problem(where, what) for where, what in contradictions(policy)]
    if problems:
        raise SourceError(problems)
    return policy


def contradictions(policy: Policy) -> Iterator[tuple[Location, str]]:
    """Steps out of order, given twice, or climbing before the due date; nobody responsible told."""
    if all(step.to != RUNGS[0] for step in policy.steps):
        yield ("steps",), "không bước nào tới người có trách nhiệm / no step reaches the responsible person"
    earlier: list[Step] = []
    for index, step in enumerate(policy.steps):
        if step in earlier:
            yield ("steps", index), "bước lặp lại / step given twice"
        if earlier and step.offset_working_days < earlier[-1].offset_working_days:
            yield ("steps", index, "offset_working_days"), "bước không theo thứ tự / steps out of order"
        if step.kind == "escalation" and (step.offset_working_days < 1 or step.to == "responsible"):
            yield ("steps", index, "kind"), "chỉ báo lên cấp trên khi đã quá hạn / only overdue duties climb"
        earlier.append(step)
    yield from _hours(policy)


def _hours(policy: "Policy") -> Iterator[tuple[Location, str]]:
    offsets = [step.offset_hours for step in policy.breaches.steps]
    if offsets != sorted(offsets):
        yield ("breaches", "steps"), "bước không theo thứ tự / steps out of order"


def message_day(due: date, offset: int, calendar: Calendar) -> date:
    """The working day of a step; a due date on a rest day is announced on the last working day before."""
    if offset > 0:
        return calendar.add_working_days(due, offset)
    if offset < 0:
        return calendar.subtract_working_days(due, -offset)
    return due if calendar.is_working_day(due) else calendar.last_working_day_before(due)


def plan_steps(
    policy: Policy, opened: date, due: date, calendar: Calendar, *, foreseen: bool = False
) -> tuple[PlannedStep, ...]:
    """The messages of a duty in order.

    Steps before `opened` fall away. Where that leaves none up to the due date, the last of them goes on its
    own day if the duty was `foreseen` (a month-end window), else when the duty opens. A duty opened after
    its due date sends one message to the responsible person then, instead of every step already passed.
    """
    dated = [PlannedStep(day=message_day(due, s.offset_working_days, calendar), step=s) for s in policy.steps]
    if opened > due:
        later = (planned for planned in dated if planned.day > opened)
        first = max((s for s in policy.steps if s.to == RUNGS[0]), key=lambda s: s.offset_working_days)
        return (PlannedStep(day=opened, step=first), *(planned for planned in later if planned.step != first))
    kept = [planned for planned in dated if planned.day >= opened]
    before = [planned for planned in dated if planned.day < opened]
    if before and all(planned.day > due for planned in kept):
        day = before[-1].day if foreseen else opened
        kept.insert(0, PlannedStep(day=day, step=before[-1].step))
    return tuple(kept)
