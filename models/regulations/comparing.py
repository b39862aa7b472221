"""Two bodies of law side by side, purpose by purpose: what is added, removed, or asked otherwise. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from models.regulations.schema import Header, Rule
from models.regulations.slots import Slot

Kind = Literal["added", "removed", "changed", "reworded"]

TERMS = (
    "deadline",
    "party",
    "post",
    "signature",
    "evidence",
    "evidence_certified",
    "document_required",
    "when",
    "position",
    "scope",
)
"""What a rule asks; `after` is compared as the place in a chain, not as the other rule's id."""
WORDS = ("text_vi", "quote", "actor")
SILENT = frozenset({"text", "counted_from", "window", "derived_from", "assumed_start"})
"""Keys of a period that say how the text puts it, not how long it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rule of a purpose and its counterpart; ``fields`` has what they ask, on each side."""

    slot: Slot
    kind: Kind
    before: Rule | None
    after: Rule | None
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One body of law: its rules in the order they bind, and the documents they stand in."""

    name: str
    headers: Sequence[Header]
    rules: Sequence[Rule]

    def layer(self, rule: Rule) -> str:
        """Whether the rule is the authority's own or national."""
        return next(one.layer for one in self.headers if one.id == rule.regulation)


def compare(before: Side, after: Side) -> tuple[Change, ...]:
    """Every difference by purpose, in the order purposes are declared. Rules people carry have none."""
    found: list[Change] = []
    for slot in Slot:
        mine, theirs = _filling(before, slot), _filling(after, slot)
        for one, other in _pairs(before, mine, after, theirs):
            change = _change(slot, one, other)
            found += [change] if change is not None else []
    return tuple(found)


def _filling(side: Side, slot: Slot) -> list[Rule]:
    return [rule for rule in side.rules if slot in rule.slot]


def _pairs(
    before: Side, mine: list[Rule], after: Side, theirs: list[Rule]
) -> Iterable[tuple[Rule | None, Rule | None]]:
    """Each rule with its counterpart: the same rule, else the one for the same facts, else the next one."""
    left, right = list(mine), list(theirs)
    paired: list[tuple[Rule | None, Rule | None]] = []

    def alike(one: Rule, other: Rule) -> bool:
        return one.id == other.id

    def for_the_same_facts(one: Rule, other: Rule) -> bool:
        return one.when == other.when and before.layer(one) == after.layer(other)

    def of_one_layer(one: Rule, other: Rule) -> bool:
        return before.layer(one) == after.layer(other)

    for fits in (alike, for_the_same_facts, of_one_layer):
        for one in list(left):
            other = next((rule for rule in right if fits(one, rule)), None)
            if other is not None:
                paired.append((one, other))
                left.remove(one)
                right.remove(other)
    return [*paired, *((one, None) for one in left), *((None, other) for other in right)]


def _change(slot: Slot, one: Rule | None, other: Rule | None) -> Change | None:
    if one is None or other is None:
        return Change(slot, "removed" if other is None else "added", one, other)
    asked = {name: (_term(one, name), _term(other, name)) for name in TERMS}
    asked["chained"] = (one.after is not None, other.after is not None)
    different = {name: pair for name, pair in asked.items() if pair[0] != pair[1]}
    if different:
        return Change(slot, "changed", one, other, different)
    worded = {name: (getattr(one, name), getattr(other, name)) for name in WORDS}
    worded = {name: pair for name, pair in worded.items() if pair[0] != pair[1]}
    return Change(slot, "reworded", one, other, worded) if worded else None


def _term(rule: Rule, name: str) -> Any:
    if name == "evidence":
        return rule.evidence is not None
    if name == "deadline" and rule.deadline is not None:
        period = rule.deadline.model_dump(mode="json", exclude_defaults=True)
        return {key: value for key, value in period.items() if key not in SILENT}
    if name == "when":
        return {key: list(values) for key, values in rule.when.asked()}
    return getattr(rule, name)
