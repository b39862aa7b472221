"""Reading by consent: the authority's in writing, the official's electronic, each where law asks for it."""

from datetime import date
from uuid import UUID

from models.access.actor import Actor, Allowed, Consent, Denied, Target
from models.access.catalogue import Roles
from models.regulations.ruleset import Obligation, RuleSet
from models.regulations.slots import Slot

READER = "consent_reader"
"""The role that a reader by consent has over the file."""

_SLOT = {"written": Slot.CONSENT_ACCESS, "electronic": Slot.ELECTRONIC_CONSENT}


def asks_the_official(rules: RuleSet | None) -> Obligation | None:
    """The rule in force by which the official consents to reads outside personnel work (nd27.art20.4)."""
    return rules.any(Slot.ELECTRONIC_CONSENT) if rules is not None else None


def by_consent(
    actor: Actor, target: Target, on: date, rules: RuleSet | None, table: Roles
) -> Allowed | Denied | None:
    """What consents say of one file; None where there never was one.

    Every kind that a rule in force asks for must be there: beside a written consent (hanoi.art8.3) also the
    official's own, where the decree is in force. The level is the lowest of those that count.
    """
    about = [one for one in actor.consents if one.profile_id == target.profile_id]
    if not about:
        return None
    laws = _asked(rules)
    held = {one.kind: one for one in about if one.holds(on) and one.kind in laws}
    if not laws or set(held) != set(laws):
        return _needed(rules)
    found = [law for law in laws.values() if law is not None]
    role = table.roles[READER]
    return Allowed(
        role=READER,
        slot=_SLOT[next(iter(held))],
        reason_vi=f"{role.vi}: xem hồ sơ",
        reason_en=f"{role.en}: see a profile",
        citation="; ".join(law.citation for law in found) or None,
        citation_en="; ".join(law.citation_en for law in found) or None,
        level=min(one.level for one in held.values()),
    )


def with_the_officials_own(
    verdict: Allowed, actor: Actor, target: Target, on: date, rules: RuleSet | None
) -> Allowed | Denied:
    """A right outside personnel work, as far as the official consented where law asks for that."""
    if asks_the_official(rules) is None or _electronic(actor, target.profile_id, on):
        return verdict
    return _needed(rules)


def consented_files(actor: Actor, on: date, rules: RuleSet | None, level: int = 1) -> frozenset[UUID]:
    """The files read by consent alone, up to ``level`` at least: for lists."""
    laws = _asked(rules)
    held = [one for one in actor.consents if one.holds(on) and one.kind in laws and one.level >= level]
    files = {one.profile_id for one in held}
    return frozenset(
        file for file in files if laws and {one.kind for one in held if one.profile_id == file} == set(laws)
    )


def _asked(rules: RuleSet | None) -> dict[str, Obligation | None]:
    """The kinds of consent that count, with the rule each stands on."""
    if rules is None:
        return {"written": None}
    found = {kind: rules.any(slot) for kind, slot in _SLOT.items()}
    return {kind: law for kind, law in found.items() if law is not None}


def _electronic(actor: Actor, profile_id: UUID | None, on: date) -> Consent | None:
    fitting = (one for one in actor.consents if one.kind == "electronic" and one.profile_id == profile_id)
    return next((one for one in fitting if one.holds(on)), None)


def _needed(rules: RuleSet | None) -> Denied:
    laws = [law for law in _asked(rules).values() if law is not None]
    vi, en = "; ".join(law.citation for law in laws), "; ".join(law.citation_en for law in laws)
    return Denied(
        "consent-needed",
        f"Chưa có đủ sự đồng ý còn hiệu lực để xem hồ sơ này ({vi or 'không có quy định'}).",
        f"Not every consent this file needs is in force ({en or 'no rule'}).",
    )
