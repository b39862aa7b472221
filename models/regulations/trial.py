"""Drafts run on trial: a draft binds nobody by itself; an authority runs on one only by its own decision."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from models.regulations.in_force import NONE, MissingSlots, NoLawInForce, in_force
from models.regulations.loader import seed
from models.regulations.ruleset import RuleSet
from models.regulations.schema import Frozen, Regulation
from models.regulations.succession import seed_successions

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Trial(Frozen):
    """Which drafts an authority runs on, from which day, and the document by which somebody decided so.

    It ends by itself on the day on which a regulation of the authority's own comes into force.
    """

    drafts: tuple[str, ...] = Field(min_length=1)
    document: Words
    starts: date


class TrialRefused(ValueError):  # noqa: N818 — reads as what happened
    """What was asked to be run on trial is no draft of this authority, or law in force stands against it."""


def check_trial(authority: str, trial: Trial, regulations: Sequence[Regulation] | None = None) -> None:
    """Raises TrialRefused: a trial stands in for law that is missing and never displaces law in force."""
    known = {one.id: one for one in (seed() if regulations is None else regulations)}
    for name in trial.drafts:
        draft = known.get(name)
        if draft is None:
            raise TrialRefused(f"không có văn bản / no regulation: {name}")
        if draft.status != "draft":
            raise TrialRefused(f"không phải dự thảo / not a draft: {name} ({draft.status})")
        if draft.authority != authority:
            raise TrialRefused(f"{name}: của / of {draft.authority}, không phải / not of {authority}")
    if (law := _binding(authority, trial.starts, regulations)) is not None:
        own = next(one.id for one in law.regulations if one.authority is not None)
        raise TrialRefused(
            f"{own} đang có hiệu lực, chỉ có thể mô phỏng dự thảo / "
            f"{own} is in force, drafts can be simulated only"
        )


def law_of(
    authority: str,
    on: date,
    trial: Trial | None = None,
    regulations: Sequence[Regulation] | None = None,
    *,
    adopted: Mapping[str, date] = NONE,
) -> RuleSet:
    """The law of an authority on a day; its drafts where nothing is in force and their trial has begun.

    ``adopted`` names regulations known from reports with the day from which the authority adopted each.

    Raises NoLawInForce, MissingSlots or OverlappingRegulations.
    """
    if trial is None or on < trial.starts or _binding(authority, on, regulations) is not None:
        return in_force(authority, on, regulations, adopted=adopted)
    return in_force(authority, on, regulations, simulate=trial.drafts, adopted=adopted)


def resolved(
    authority: str, trial: Trial | None = None, regulations: Sequence[Regulation] | None = None
) -> list[tuple[date, RuleSet]]:
    """Every date from which the law of an authority is another, with the law from then on."""
    starts = {trial.starts} if trial is not None else set()
    for one in seed() if regulations is None else regulations:
        if one.authority in (authority, None) and one.valid_from is not None:
            starts.add(one.valid_from)
            if one.valid_to is not None:
                starts.add(one.valid_to + timedelta(days=1))
    starts |= {one.since for one in seed_successions() if one.authority in (authority, None)}
    found: list[tuple[date, RuleSet]] = []
    for start in sorted(starts):
        try:
            rules = law_of(authority, start, trial, regulations)
        except (NoLawInForce, MissingSlots):
            continue  # not yet all that a profile's life needs
        if not found or found[-1][1].hash != rules.hash:
            found.append((start, rules))
    return found


def _binding(authority: str, on: date, regulations: Sequence[Regulation] | None) -> RuleSet | None:
    try:
        return in_force(authority, on, regulations)
    except NoLawInForce:
        return None
