"""What a reorganisation does to one profile: custody, account, duties and cases follow the unit. Pure.

No command of the person or of an agency stands behind it: the plan was approved with its list of people, and
here each of them is moved as it says. What nobody wants to happen by itself (a signature, a refusal of a
transfer) does not: what waits is addressed to the post that is competent afterwards, and told once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from models.identifiers import transfer_workflow
from models.lifecycle.duties import void_duty
from models.lifecycle.life import PERSON, AccountState, Case, Chapter, Duty, Life
from models.lifecycle.outcome import Event, Notice, Outcome, Update
from models.lifecycle.reorganisation import Switch
from models.lifecycle.scene import Scene
from models.lifecycle.secondment import end_share
from models.lifecycle.session_ends import held, waits_again, withdrawn
from models.lifecycle.steps import OWN, awaited, owed_by
from models.regulations import RuleSet

REASON = "reorganised"
ABOVE = ("parent_agency", "managing_authority")
"""Parties of a rule that are the agency above: another one, where the unit stands elsewhere."""


@dataclass(frozen=True, slots=True)
class Place:
    """An agency as the law may ask about it, and the agency next above that answers for it."""

    agency_id: UUID
    managing_id: UUID
    standing: str | None = None
    kind: str | None = None
    law: RuleSet | None = None
    """In force there on the day; none where it is that of wherever people come from."""


@dataclass(frozen=True, slots=True)
class Reshaping:
    """What a reorganisation says of everybody it touches."""

    id: UUID
    on: date
    """The day it takes effect, whatever the clock says when it is done."""
    document: str
    """The decision: number, date, issuer."""
    heirs: Mapping[UUID, UUID] = field(default_factory=dict)
    """Units that end, each with the agency that takes over what is its own."""
    places: Mapping[UUID, Place] = field(default_factory=dict)
    """Every agency that people or things leave or come to."""
    formerly: Mapping[UUID, UUID] = field(default_factory=dict)
    """Units that stand below another agency by this, each with the one that was above it."""

    undone: tuple[UUID, ...] = ()
    """Former plans that are taken back: what they passed on goes back whence it came."""
    switches: Mapping[UUID, Switch] = field(default_factory=dict)
    """Units whose law is another by this, each with what it goes over to."""

    def heir(self, agency_id: UUID) -> UUID:
        """Who stands in the agency's place; itself where it does not end."""
        return self.heirs.get(agency_id, agency_id)


@dataclass(frozen=True, slots=True)
class Held:
    """The open custody of a profile; ``first``: nothing goes before it."""

    id: UUID
    starts_on: date
    first: bool


def in_flight(life: Life) -> bool:
    """Whether a signature is being made that can no longer be taken away: its end is waited for."""
    return life.approval is not None and held(life)


def move(life: Life, custody: Held, to: UUID, reshaping: Reshaping, scene: Scene) -> Outcome:
    """The profile goes to ``to`` with all that is about the person; one line in its history, one notice."""
    out = Outcome()
    _custody(out, custody, to, reshaping, scene, life.profile_id)
    out.subject["agency_id"] = to
    if life.account is not None:
        out.update("accounts", {"id": life.account.id}, agency_id=to)
    moved = _follow(out, life, life.agency_id, to, reshaping, scene)
    waits_for_another(out, life, to, scene)
    if life.posts and life.agency_id not in reshaping.heirs:
        # Left behind in a unit that stands on; those of a unit that ends go with the unit.
        out.insert("posts_left", on=reshaping.on)
        out.happened("posts.left", scene.rule("decentralised_accounts"), posts=life.posts)
    _told(out, life, to, reshaping, moved)
    return out


def follow(life: Life, reshaping: Reshaping, scene: Scene) -> Outcome:
    """The person stays; what stands between the profile and a unit that ends goes on with its heir."""
    out = Outcome()
    moved = _follow(out, life, life.agency_id, life.agency_id, reshaping, scene)
    if not out.empty:
        facts = {"reorganisation": str(reshaping.id), "duties": moved, "on": reshaping.on.isoformat()}
        out.events.insert(0, Event("profile.followed", None, None, {**facts, "document": reshaping.document}))
    return out


def _custody(
    out: Outcome, custody: Held, to: UUID, reshaping: Reshaping, scene: Scene, profile_id: UUID
) -> None:
    """One line more. Who came to the unit on that very day or later was never held by it on a day's end: the
    line that is there says whoever has the profile when the day is over, the events say the rest."""
    day = max(custody.starts_on, reshaping.on)
    if day == custody.starts_on and not custody.first:
        out.update("custody", {"id": custody.id}, agency_id=to, case_id=reshaping.id)
        return
    out.update("custody", {"id": custody.id}, ends_on=day)
    out.insert(
        "custody",
        id=scene.new_id("custody"),
        profile_id=profile_id,
        agency_id=to,
        starts_on=day,
        follows=day,
        case_id=reshaping.id,
    )


def _follow(out: Outcome, life: Life, old: UUID, to: UUID, reshaping: Reshaping, scene: Scene) -> int:
    """The case, what is shared with a host, and every open duty; answers how many duties changed hands."""
    gone = _case(out, life, old, to, reshaping, scene)
    _share(out, life, old, to, reshaping, scene)
    there = scene_of(to, reshaping, scene)
    step = awaited(_afterwards(life, to, reshaping), there) if life.pending is not None else None
    for duty in life.duties:
        if gone and duty.case_id is not None:
            continue
        if step is not None and duty.slot == "review_step" and duty.case_id is None:
            # Who signs next is asked of the law as it is for the new unit; its basis and date stay.
            party, agency = owed_by(step, to, there)
        else:
            party, agency = duty.party, _address(duty, old, to, reshaping, scene)
        if party != duty.party:
            out.update("duties", {"id": duty.id}, party=party, agency_id=agency)
        elif agency != duty.agency_id:
            out.moved[duty.id] = agency
    return len(out.moved) + sum(one.table == "duties" for one in out.writes)


def scene_of(to: UUID, reshaping: Reshaping, scene: Scene) -> Scene:
    """The scene as it is for somebody of another unit: its law, what the law asks of it, who is above it."""
    place = reshaping.places.get(to)
    law = place.law if place is not None and place.law is not None else scene.law
    return replace(scene, law=law, facts=_facts(scene, place), managing_agency_id=_above(to, reshaping))


def moved_life(life: Life, to: UUID, reshaping: Reshaping, out: Outcome) -> Life:
    """The life as the decision leaves it: the unit, and every duty with whoever owes it from now on."""
    return replace(_afterwards(life, to, reshaping), duties=duties_after(life, out))


def duties_after(life: Life, out: Outcome) -> tuple[Duty, ...]:
    """The duties that are still open after a decision, each with whoever owes it then."""
    closed = {one.duty_id for one in out.closed}
    written = [one for one in out.writes if isinstance(one, Update) and one.table == "duties"]
    owed: dict[UUID, dict[str, Any]] = {duty: {"agency_id": to} for duty, to in out.moved.items()}
    owed |= {one.key["id"]: one.values for one in written}
    return tuple(replace(one, **owed.get(one.id, {})) for one in life.duties if one.id not in closed)


def _afterwards(life: Life, to: UUID, reshaping: Reshaping) -> Life:
    place = reshaping.places.get(to)
    if place is None:
        return life
    return replace(life, agency_id=to, standing=place.standing, agency_kind=place.kind)


def _facts(scene: Scene, place: Place | None) -> dict[str, str]:
    """What the law may ask, of the person in the new unit."""
    if place is None:
        return dict(scene.facts)
    asked = {"agency": place.standing, "kind": place.kind}
    kept = {name: value for name, value in scene.facts.items() if name not in asked}
    return kept | {name: value for name, value in asked.items() if value}


def _above(agency_id: UUID, reshaping: Reshaping) -> UUID:
    place = reshaping.places.get(agency_id)
    return place.managing_id if place is not None else agency_id


def _address(duty: Duty, old: UUID, to: UUID, reshaping: Reshaping, scene: Scene) -> UUID:
    """The agency in whose work the duty stands from now on."""
    if duty.agency_id == old:
        return to
    above = reshaping.formerly.get(old) or _above(old, reshaping)
    if duty.party != PERSON and duty.agency_id == above and _of_above(duty, scene):
        return reshaping.heir(_above(to, reshaping))
    return reshaping.heir(duty.agency_id)


def _of_above(duty: Duty, scene: Scene) -> bool:
    """Whether the rule lays it on the agency above the person's own."""
    rules = [scene.rule(duty.slot), *scene.chain()]
    found = next((rule for rule in rules if rule is not None and rule.rule.id == duty.rule_id), None)
    return found is not None and found.rule.party in ABOVE


def _case(out: Outcome, life: Life, old: UUID, to: UUID, reshaping: Reshaping, scene: Scene) -> bool:
    """A running transfer or separation follows its units; answers whether it came to nothing by it."""
    case = life.case
    if case is None:
        return False
    giving = to if case.from_agency_id == old else reshaping.heir(case.from_agency_id)
    taking = reshaping.heir(case.to_agency_id) if case.to_agency_id is not None else None
    if case.kind == "transfer" and taking == giving:
        _overtaken(out, life, case, reshaping, scene)
        return True
    if (giving, taking) == (case.from_agency_id, case.to_agency_id):
        return False
    facts: dict[str, Any] = dict(case.facts)
    place = reshaping.places.get(taking) if taking is not None else None
    if taking != case.to_agency_id and place is not None:
        known = {"agency": place.standing, "kind": place.kind}
        facts["to"] = {name: value for name, value in known.items() if value}
    out.update(
        "cases",
        {"id": case.id},
        from_agency_id=giving,
        to_agency_id=taking,
        facts=facts,
        version=case.version + 1,
    )
    out.happened(
        f"{case.kind}.followed",
        None,
        case=str(case.id),
        reorganisation=str(reshaping.id),
        from_agency=str(giving),
        to_agency=str(taking) if taking is not None else None,
    )
    if case.kind == "transfer":
        out.tell.append((transfer_workflow(case.id), {"profile_id": life.profile_id}))
    return False


def _overtaken(out: Outcome, life: Life, case: Case, reshaping: Reshaping, scene: Scene) -> None:
    """Both sides are one agency from now on: the reorganisation has done what the transfer was to do."""
    facts = {**case.facts, "reason": REASON, "reorganisation": str(reshaping.id)}
    version = case.version + 1
    out.update("cases", {"id": case.id}, state="withdrawn", version=version, facts=facts, closed_at=scene.now)
    out.subject |= {"case_id": None, "chapter": life.stage}
    for duty in life.duties:
        if duty.case_id == case.id:
            void_duty(out, scene, duty, REASON)
    out.happened("transfer.withdrawn", None, case=str(case.id), reason=REASON)
    out.tell.append((transfer_workflow(case.id), {"profile_id": life.profile_id}))


def _share(out: Outcome, life: Life, old: UUID, to: UUID, reshaping: Reshaping, scene: Scene) -> None:
    """A secondment goes on between the units' heirs; between one and the same there is none."""
    share = life.share
    if share is None:
        return
    home = to if share.from_agency_id == old else reshaping.heir(share.from_agency_id)
    host = reshaping.heir(share.agency_id)
    if home == host:
        kept = list(out.notices)
        end_share(life, out, scene, REASON)
        out.notices[:] = kept  # told with the reorganisation itself, not once more for each
    elif (home, host) != (share.from_agency_id, share.agency_id):
        out.update("shares", {"id": share.id}, from_agency_id=home, agency_id=host)
        out.happened("secondment.followed", None, share=str(share.id), reorganisation=str(reshaping.id))


def waits_for_another(out: Outcome, life: Life, to: UUID, scene: Scene) -> None:
    """A signer elsewhere was asked as somebody of the former unit: the submission waits for the new one's."""
    approval, session = life.approval, life.session
    if approval is None or approval.step == OWN:
        return
    waits_again(out, life)
    out.happened("approval.failed", None, approval=str(approval.id), reason=REASON)
    if session is not None and session.state != "completing":
        withdrawn(out, session, to, scene, REASON)


def _told(out: Outcome, life: Life, to: UUID, reshaping: Reshaping, duties: int) -> None:
    """The event that explains all of it, and the one notice to the person."""
    facts: dict[str, Any] = {
        "reorganisation": str(reshaping.id),
        "from_agency": str(life.agency_id),
        "to_agency": str(to),
        "on": reshaping.on.isoformat(),
        "document": reshaping.document,
        "duties": duties,
    }
    out.events.insert(0, Event("profile.reorganised", None, None, facts))
    account = life.account
    if account is None or account.state is AccountState.CANCELLED or life.chapter is Chapter.ARCHIVE:
        return
    told = {name: facts[name] for name in ("reorganisation", "from_agency", "to_agency", "on")}
    out.notices.append(
        Notice("reorganised", to, account_id=account.id, citation=reshaping.document, facts=told)
    )
