"""Why somebody may or may not: every right over one file with its reason and its article, for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from models.access.actor import Actor, Allowed, Denied, Target
from models.access.catalogue import Verb, roles
from models.access.decide import READS, may
from models.regulations.ruleset import RuleSet
from models.regulations.slots import Slot

PRINCIPLES = (Slot.ACCESS_BY_DUTY, Slot.ACCESS_BY_GRANT, Slot.RESTRICTION_LEVELS)
"""What some texts say of every right to read: it follows the post, it is given, it has a level."""


@dataclass(frozen=True, slots=True)
class Right:
    """One verb over one file: whether, as what, and why in a sentence of each language."""

    verb: Verb
    verdict: Allowed | Denied
    why_vi: str
    why_en: str


@dataclass(frozen=True, slots=True)
class Principle:
    """A rule in force that stands behind every right given."""

    slot: Slot
    text_vi: str
    text_en: str
    citation: str
    citation_en: str


def explain(
    actor: Actor, target: Target, on: date, rules: RuleSet, verbs: Iterable[Verb] = tuple(Verb)
) -> tuple[Right, ...]:
    """Each verb with its answer and the reason, in the order asked."""
    return tuple(_right(verb, may(actor, verb, target, on, rules)) for verb in verbs)


def principles(rules: RuleSet) -> tuple[Principle, ...]:
    """The rules in force about access as such (moha.art4.1, moha.art4.5, hanoi.art4.3)."""
    found = (rules.any(slot) for slot in PRINCIPLES)
    return tuple(
        Principle(rule.slot, rule.text_vi, rule.text_en, rule.citation, rule.citation_en)
        for rule in found
        if rule is not None
    )


def _right(verb: Verb, verdict: Allowed | Denied) -> Right:
    words = roles().verbs[verb]
    if isinstance(verdict, Denied):
        return Right(verb, verdict, verdict.reason_vi, verdict.reason_en)
    role = roles().roles[verdict.role]
    as_vi = f"thừa uỷ quyền của {role.vi}" if verdict.delegation_id else f"là {role.vi}"
    as_en = f"acts by delegation of {role.en}" if verdict.delegation_id else f"is {role.en}"
    law_vi = verdict.citation or "chính sách của hệ thống, không phải quy định của pháp luật"
    law_en = verdict.citation_en or "policy of the installation, not law"
    level_vi, level_en = _level(verb, verdict)
    return Right(
        verb,
        verdict,
        f"Được {words.vi} vì {as_vi}; căn cứ: {law_vi}.{level_vi}",
        f"May {words.en} because the account {as_en}; basis: {law_en}.{level_en}",
    )


def _level(verb: Verb, verdict: Allowed) -> tuple[str, str]:
    """Up to which level fields are seen, where the grant says so: by what document, and how long."""
    grant = verdict.level_of
    if verb not in READS or grant is None:
        return "", ""
    by = grant.level_document or "—"
    until = grant.valid_to
    vi = f" từ {grant.valid_from:%d/%m/%Y}" + (f" đến trước {until:%d/%m/%Y}" if until else "")
    en = f" from {grant.valid_from}" + (f" until {until}, exclusive" if until else "")
    return (
        f" Xem đến độ hạn chế {verdict.level} theo {by},{vi}.",
        f" Fields are seen up to level {verdict.level} of restriction by {by},{en}.",
    )
