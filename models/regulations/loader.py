"""Reads regulation files and refuses what contradicts itself, naming file and line."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from models.calendar.source import Document, Location, Problem, SourceError, parse, read
from models.form.choosing import forms
from models.regulations.copies import expand
from models.regulations.schema import Deadline, Regulation, Rule
from models.regulations.slots import Slot

FOLDER = Path(__file__).parent
NOT_REGULATIONS = frozenset({"policy.yaml", "succession.yaml"})


def load_file(path: Path) -> Regulation:
    """One regulation from its file. Raises SourceError with every problem found."""
    return _load(path)[0]


def load_all(paths: Sequence[Path]) -> tuple[Regulation, ...]:
    """Regulations that agree with each other. Raises SourceError with every problem of all files."""
    loaded: list[tuple[Regulation, Document]] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            loaded.append(_load(path))
        except SourceError as error:
            problems += error.problems
    problems += _disagreements(loaded)
    if problems:
        raise SourceError(problems)
    return tuple(regulation for regulation, _ in loaded)


def load_beside(path: Path, others: Sequence[Regulation], content: str | None = None) -> Regulation:
    """One regulation that agrees with others already read; an other of its own id is what it amends.

    ``content`` is what came under the file's name, where there is no file.

    Raises SourceError with every problem found, each at its line of this file.
    """
    regulation, document = _load(path, content)
    beside = [(other, document) for other in others if other.id != regulation.id]
    problems = list(_disagreements([*beside, (regulation, document)]))
    if problems:
        raise SourceError(problems)
    return regulation


def seed_files() -> list[Path]:
    """The regulation files packaged with the program."""
    return sorted(path for path in FOLDER.glob("*.yaml") if path.name not in NOT_REGULATIONS)


@cache
def seed() -> tuple[Regulation, ...]:
    """The packaged regulations."""
    return load_all(seed_files())


def _load(path: Path, content: str | None = None) -> tuple[Regulation, Document]:
    document = expand(read(path, content))
    completed = Document(document.path, _complete(document.value), document.root)
    regulation = parse(completed, Regulation)
    problems = [document.problem(where, what) for where, what in contradictions(regulation)]
    if problems:
        raise SourceError(problems)
    return regulation, document


def _complete(value: Any) -> Any:
    """The document's settings filled into each record and period that does not say otherwise."""
    if not isinstance(value, dict) or not isinstance(value.get("rules"), list):
        return value
    return {**value, "rules": [_completed_rule(rule, value) for rule in value["rules"]]}


def _completed_rule(rule: Any, header: dict[str, Any]) -> Any:
    if not isinstance(rule, dict):
        return rule
    rule = {"source": header.get("source"), "regulation": header.get("id"), **rule}
    if not isinstance(rule.get("deadline"), dict):
        return rule
    settings: dict[str, Any] = {"roll": header.get("roll")}
    if header.get("concurrent"):
        settings["concurrent"] = True
    if rule["deadline"].get("unit") == "immediate":
        settings["sla"] = header.get("immediate")
    return {**rule, "deadline": {**settings, **rule["deadline"]}}


def contradictions(regulation: Regulation) -> Iterator[tuple[Location, str]]:
    """What the shape cannot say, each with the place of the value."""
    if regulation.valid_to and regulation.valid_from and regulation.valid_to < regulation.valid_from:
        yield ("valid_to",), "hết hiệu lực trước khi có hiệu lực / ends before it begins"
    if regulation.concurrent and regulation.layer != "national":
        yield (
            ("concurrent",),
            "chỉ văn bản trung ương chạy song song / only a national layer runs beside others",
        )
    if regulation.status == "in_force" and regulation.valid_from is None:
        yield ("valid_from",), "văn bản có hiệu lực phải có ngày / a regulation in force needs a date"
    if (regulation.layer == "national") != (regulation.authority is None):
        yield (
            ("authority",),
            "chỉ văn bản trung ương không có cơ quan / only a national layer has no authority",
        )
    by_id = {rule.id: rule for rule in reversed(regulation.rules)}
    filled: list[tuple[str, Rule]] = []
    for index, rule in enumerate(regulation.rules):
        if by_id[rule.id] is not rule:
            yield ("rules", index, "id"), f"điều khoản lặp lại / rule given twice: {rule.id}"
        for slot in rule.slot:
            if other := _rival(rule, slot, filled):
                yield ("rules", index, "slot"), f"slot {slot} đã có tại / already filled by {other}"
            filled.append((slot, rule))
        for message in _wrong_step(rule, by_id):
            yield ("rules", index, "after"), message
        for key, message in _wrong(rule, by_id):
            yield ("rules", index, *key), message


def _rival(rule: Rule, slot: Slot, filled: list[tuple[str, Rule]]) -> str | None:
    """An earlier rule that would answer the slot just as well on some facts; steps differ by their place."""
    if slot is Slot.REVIEW_STEP:
        return None
    return next((one.id for name, one in filled if name == slot and one.when.overlaps(rule.when)), None)


def _wrong_step(rule: Rule, by_id: dict[str, Rule]) -> Iterator[str]:
    """A step must follow a step of the same document, and never itself by a detour."""
    seen, at = {rule.id}, rule
    while at.after is not None:
        before = by_id.get(at.after)
        if before is None or Slot.REVIEW_STEP not in before.slot:
            yield f"bước trước không có / no such step before: {at.after}"
            return
        if before.id in seen:
            yield f"các bước đi vòng tròn / the steps go round in a circle: {before.id}"
            return
        seen.add(before.id)
        at = before


def _wrong(rule: Rule, by_id: dict[str, Rule]) -> Iterator[tuple[Location, str]]:
    if rule.carried_by == "code" and not rule.slot:
        yield (
            ("carried_by",),
            f"{rule.id}: phần mềm thực hiện thì phải có slot / carried by code needs a slot",
        )
    if rule.carried_by != "code" and not (rule.carrier and rule.shown):
        yield ("carried_by",), f"{rule.id}: thiếu carrier hoặc shown / needs carrier and shown"
    if rule.carried_by != "code" and rule.slot:
        yield ("slot",), f"{rule.id}: chỉ phần mềm mới có slot / only code has a slot"
    if Slot.FORM_STANDARD in rule.slot:
        unknown = [one for one in rule.items if one not in forms()]
        yield from ((("items",), f"{rule.id}: không có mẫu / there is no form: {one}") for one in unknown)
    if rule.deadline is not None:
        for key, message in _wrong_deadline(rule.deadline, by_id):
            yield ("deadline", *key), f"{rule.id}: {message}"


def _within(rule_id: str, by_id: Mapping[str, Rule]) -> bool:
    """Whether the id is of a rule of this document; ids of one document begin alike."""
    return rule_id.split(".")[0] in {name.split(".")[0] for name in by_id}


def _wrong_origin(deadline: Deadline, rules: Mapping[str, Rule]) -> str | None:
    """What is wrong about the period that this one was taken from, by reference."""
    name = deadline.derived_from or ""
    origin = rules.get(name)
    if origin is None or origin.deadline is None:
        return f"dẫn chiếu không có / dangling reference: {name}"
    if (origin.deadline.n, origin.deadline.unit) != (deadline.n, deadline.unit):
        return f"khác thời hạn gốc / differs from its origin {name}"
    return None


def _wrong_deadline(deadline: Deadline, by_id: dict[str, Rule]) -> Iterator[tuple[Location, str]]:
    counted = ("working_days", "calendar_days", "hours", "last_n_calendar_days_of_month", "month", "months")
    if deadline.unit in counted and not deadline.n:
        yield ("n",), "thiếu số ngày / the number of days is missing"
    if deadline.unit in counted[:3] and not deadline.counted_from:
        yield ("unit",), "thiếu mốc bắt đầu / the start is missing (counted_from)"
    if deadline.unit == "date" and not (deadline.on_date or deadline.days_of_year or deadline.text):
        yield ("unit",), "thiếu ngày / the date is missing"
    if deadline.unit == "immediate" and deadline.sla is None:
        yield ("unit",), "thiếu thời hạn chính sách / the policy period is missing"
    if deadline.derived_from is None or not _within(deadline.derived_from, by_id):
        return  # what another document says is known once all of them are read
    if message := _wrong_origin(deadline, by_id):
        yield ("derived_from",), message


def _disagreements(loaded: Sequence[tuple[Regulation, Document]]) -> Iterator[Problem]:
    ids: dict[str, str] = {}
    known = {regulation.id for regulation, _ in loaded}
    for place, (regulation, document) in enumerate(loaded):
        for name in (regulation.id, *(rule.id for rule in regulation.rules)):
            if name in ids and ids[name] != regulation.id:
                yield document.problem(("id",), f"{name} đã có trong / already in {ids[name]}")
            ids[name] = regulation.id
        for other in regulation.prevails_over:
            if other not in known:
                yield document.problem(
                    ("prevails_over",), f"dẫn chiếu không có / dangling reference: {other}"
                )
        for earlier, _ in loaded[:place]:
            yield from _overlap(earlier, regulation, document)
    yield from _strange_origins(loaded)


def _strange_origins(loaded: Sequence[tuple[Regulation, Document]]) -> Iterator[Problem]:
    """Periods taken by reference from a rule of another document."""
    rules = {rule.id: rule for regulation, _ in loaded for rule in regulation.rules}
    for regulation, document in loaded:
        own = {rule.id: rule for rule in regulation.rules}
        for index, rule in enumerate(regulation.rules):
            if rule.deadline is None or rule.deadline.derived_from is None:
                continue
            if not _within(rule.deadline.derived_from, own) and (
                message := _wrong_origin(rule.deadline, rules)
            ):
                where = ("rules", index, "deadline", "derived_from")
                yield document.problem(where, f"{rule.id}: {message}")


def _overlap(one: Regulation, two: Regulation, document: Document) -> Iterator[Problem]:
    """Two regulations of one layer may not fill one slot on one day unless one is said to prevail."""
    if (one.authority, one.layer) != (two.authority, two.layer) or not _same_days(one, two):
        return
    if one.id in two.prevails_over or two.id in one.prevails_over:
        return
    filled = {slot for rule in one.rules for slot in rule.slot}
    for index, rule in enumerate(two.rules):
        for slot in filled.intersection(rule.slot):
            message = (
                f"hiệu lực chồng lấn / overlapping dates: slot {slot} cũng do / is also filled by {one.id}"
            )
            yield document.problem(("rules", index, "slot"), message)


def _same_days(one: Regulation, two: Regulation) -> bool:
    if "in_force" not in (one.status, two.status) or one.status != two.status:
        return False
    starts = max(one.valid_from or date.min, two.valid_from or date.min)
    return starts <= min(one.valid_to or date.max, two.valid_to or date.max)
