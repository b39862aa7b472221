"""What binds an authority on a day: the resolved rules of every layer, under the hash of their content."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Self

import rfc8785

from models.regulations.schema import Deadline, Frozen, Header, Post, Rule, Signature
from models.regulations.slots import Slot
from models.regulations.succession import Succession, stands_in


class UnknownRule(LookupError):  # noqa: N818 — reads as what happened
    """No rule in force has this id."""

    def __init__(self, rule_id: str) -> None:
        self.rule_id = rule_id
        super().__init__(f"không có điều khoản / no rule {rule_id}")


class Clock(Frozen):
    """One of the periods that run for an obligation, with the rule that sets it."""

    rule_id: str
    citation: str
    citation_en: str
    deadline: Deadline


class Obligation(Frozen):
    """The law's answer for one slot. `rule` binds; `also` are rules of upper layers, cited with it.

    What the binding rule leaves unsaid (period, signature, evidence) comes from the nearest layer saying it.
    """

    slot: Slot
    rule: Rule
    also: tuple[Rule, ...]
    citation: str
    citation_en: str
    deadline: Deadline | None
    clocks: tuple[Clock, ...] = ()
    """Every period that runs for it, the binding rule's first; where there are several, the earlier binds."""
    signature: Signature
    evidence: str | None
    evidence_required: bool
    evidence_certified: bool = False
    document_required: bool
    succession: tuple[Succession, ...] = ()
    """Who stands in for the offices it names and that no longer exist."""

    @property
    def succession_note(self) -> dict[str, str] | None:
        """The words beside the citation (`vi`, `en`); None where every office still exists."""
        if not self.succession:
            return None
        return {
            "vi": ". ".join(one.text_vi for one in self.succession),
            "en": ". ".join(one.text_en for one in self.succession),
        }

    @property
    def rule_ids(self) -> tuple[str, ...]:
        return (self.rule.id, *(rule.id for rule in self.also))

    @property
    def party(self) -> str:
        """Who bears it, in words every jurisdiction shares."""
        return self.rule.party

    @property
    def post(self) -> Post | None:
        """Who acts for that party."""
        return self.rule.post

    @property
    def text_vi(self) -> str:
        return self.rule.text_vi

    @property
    def text_en(self) -> str:
        return self.rule.text_en


def oblige(slot: Slot, rules: tuple[Rule, ...], succession: tuple[Succession, ...] = ()) -> Obligation:
    """The obligation that rules of one slot make, the binding one first; `succession` is that one's."""
    signed = (rule.signature for rule in rules if rule.signature != "none_stated")
    evidenced = next((rule for rule in rules if rule.evidence), None)
    evidence = evidenced.evidence if evidenced else None
    return Obligation(
        slot=slot,
        rule=rules[0],
        also=rules[1:],
        citation="; ".join(rule.citation for rule in rules),
        citation_en="; ".join(rule.citation_en for rule in rules),
        deadline=next((rule.deadline for rule in rules if rule.deadline), None),
        clocks=tuple(_clocks(rules)),
        signature=next(signed, "none_stated"),
        evidence=evidence,
        evidence_required=evidence is not None,
        evidence_certified=evidenced is not None and evidenced.evidence_certified,
        document_required=any(rule.document_required for rule in rules),
        succession=succession,
    )


def _clocks(rules: tuple[Rule, ...]) -> Iterator[Clock]:
    """The nearest layer's period, and beside it those that run concurrently."""
    nearest = next((rule for rule in rules if rule.deadline), None)
    for rule in rules:
        if rule.deadline and (rule is nearest or rule.deadline.concurrent):
            yield Clock(
                rule_id=rule.id,
                citation=rule.citation,
                citation_en=rule.citation_en,
                deadline=rule.deadline,
            )


class RuleSet(Frozen):
    """Rules in force for one authority on one day, the local layer first, each layer in document order."""

    authority: str
    on: date
    regulations: tuple[Header, ...]
    rules: tuple[Rule, ...]
    successions: tuple[Succession, ...] = ()
    """Offices its rules name and that no longer exist on that day."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical content. The day is not content: equal law has an equal hash."""
        return hashlib.sha256(rfc8785.dumps(self._content())).hexdigest()

    @property
    def drafts(self) -> tuple[str, ...]:
        """The drafts it rests on: binding nobody by themselves, read by a trial or a simulation."""
        return tuple(one.id for one in self.regulations if one.status == "draft")

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id. Raises UnknownRule."""
        found = self._by_id.get(rule_id)
        if found is None:
            raise UnknownRule(rule_id)
        return found

    def slot(self, name: Slot | str, /, **facts: str) -> Obligation | None:
        """What the law asks for this purpose under these facts; None where it asks nothing.

        Regulations answer in the order they bind, and in each the more particular rule before the general
        one. A rule that asks about a fact not given does not answer. ValueError for a name unknown.
        """
        asked = (name, *sorted(facts.items()))
        if asked not in self._answers:
            self._answers[asked] = self._slot(Slot(name), facts)
        return self._answers[asked]

    def _slot(self, slot: Slot, facts: Mapping[str, str]) -> Obligation | None:
        fitting = [rule for rule in self._by_slot.get(slot, ()) if rule.when.fits(facts)]
        fitting.sort(key=lambda rule: (self._rank.get(rule.regulation, 0), -len(rule.when.asked())))
        return oblige(slot, tuple(fitting), self.succession(fitting[0])) if fitting else None

    def succession(self, rule: Rule) -> tuple[Succession, ...]:
        """Who stands in for the offices this rule names."""
        return self._succeeded.get(rule.id, ())

    def every(self, name: Slot | str) -> tuple[Rule, ...]:
        """Every rule that may answer this purpose, whatever the facts; for showing the law."""
        return self._by_slot.get(Slot(name), ())

    def any(self, name: Slot | str) -> Obligation | None:
        """What the law asks for this purpose under whatever facts; for access and display."""
        rules = self.every(name)
        return oblige(Slot(name), rules, self.succession(rules[0])) if rules else None

    def chain(self, /, **facts: str) -> tuple[Obligation, ...]:
        """The signatures a declaration needs under these facts, in order; the last one is the approval."""
        final = self.slot(Slot.APPROVAL_WINDOW, **facts)
        if final is None:
            return ()
        steps = [final]
        before = final.rule.after
        while before is not None:
            rule = self.rule(before)
            steps.insert(0, oblige(Slot.REVIEW_STEP, (rule,), self.succession(rule)))
            before = rule.after
        return tuple(steps)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every purpose this law fills."""
        return tuple(self._by_slot)

    def replace(self, rule_id: str, **changes: Any) -> Self:
        """The same set with one rule altered in memory. Raises UnknownRule and pydantic's ValidationError."""
        altered = Rule.model_validate({**self.rule(rule_id).model_dump(), **changes})
        rules = tuple(altered if rule.id == rule_id else rule for rule in self.rules)
        return self.model_copy(update={"rules": rules})

    def without(self, rule_id: str) -> Self:
        """The same set with one rule gone. Raises UnknownRule."""
        gone = self.rule(rule_id)
        return self.model_copy(update={"rules": tuple(rule for rule in self.rules if rule is not gone)})

    def to_json(self) -> str:
        """Canonical JSON (RFC 8785) of content, day and hash; `from_json` reads it back."""
        return self._json

    @staticmethod
    def from_json(text: str | bytes | Mapping[str, Any]) -> "RuleSet":
        """The inverse of `to_json`. Raises ValueError if the content does not have the hash it carries."""
        return _read(text if isinstance(text, str | bytes) else json.dumps(text, ensure_ascii=False))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        # pydantic copies cached values along; those of another content would be lies.
        copy = super().model_copy(update=update, deep=deep)
        for name in ("hash", "_json", "_by_id", "_by_slot", "_rank", "_succeeded", "_answers"):
            copy.__dict__.pop(name, None)
        return copy

    def _content(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"on"}, exclude_defaults=True)

    @cached_property
    def _json(self) -> str:
        return rfc8785.dumps({**self._content(), "on": self.on.isoformat(), "hash": self.hash}).decode()

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _rank(self) -> dict[str, int]:
        """Each regulation's place in the stack, the one that binds first."""
        return {header.id: place for place, header in enumerate(self.regulations)}

    @cached_property
    def _succeeded(self) -> dict[str, tuple[Succession, ...]]:
        return {rule.id: stands_in(rule, self.successions) for rule in self.rules}

    @cached_property
    def _answers(self) -> dict[tuple[object, ...], Obligation | None]:
        """What was asked before; facts have a handful of values each, so there are few of them."""
        return {}

    @cached_property
    def _by_slot(self) -> dict[Slot, tuple[Rule, ...]]:
        return _group(self.rules)


@lru_cache(maxsize=16)
def _read(text: str | bytes) -> RuleSet:
    """A rule set of this very text. It never changes, so all who read the text share it, checked once."""
    content = json.loads(text)
    stated = content.pop("hash", None)
    found = RuleSet.model_validate(content)
    if stated is not None and stated != found.hash:
        raise ValueError("nội dung không khớp mã băm / the content does not have the hash it carries")
    return found


def _group(rules: Iterable[Rule]) -> dict[Slot, tuple[Rule, ...]]:
    found: dict[Slot, tuple[Rule, ...]] = {}
    for rule in rules:
        for slot in rule.slot:
            found[slot] = (*found.get(slot, ()), rule)
    return found
