"""Which regulations bind an authority on a day, and how their layers stack."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from models.regulations import proving
from models.regulations.loader import seed
from models.regulations.ruleset import RuleSet
from models.regulations.schema import Regulation
from models.regulations.slots import REQUIRED, Slot
from models.regulations.succession import seed_successions, standing

LAYERS = ("local", "national")
NONE: Mapping[str, date] = MappingProxyType({})


class NoLawInForce(LookupError):  # noqa: N818 — reads as what happened
    """No local regulation binds the authority on that day."""

    def __init__(self, authority: str, on: date) -> None:
        self.authority, self.on = authority, on
        super().__init__(
            f"không có quy chế nào của {authority} có hiệu lực ngày {on:%d/%m/%Y} / "
            f"no regulation of {authority} is in force on {on}"
        )


class MissingSlots(LookupError):  # noqa: N818 — reads as what happened
    """The law in force leaves purposes open without which a profile's life cannot run."""

    def __init__(self, authority: str, slots: Collection[Slot]) -> None:
        self.slots = tuple(sorted(slots))
        names = ", ".join(self.slots)
        super().__init__(f"{authority}: thiếu quy định cho / no rule for {names}")


class OverlappingRegulations(ValueError):  # noqa: N818 — reads as what happened
    """Two regulations of one layer fill the same slot on the same day."""


def in_force(
    authority: str,
    on: date,
    regulations: Sequence[Regulation] | None = None,
    *,
    simulate: Collection[str] = (),
    adopted: Mapping[str, date] = NONE,
) -> RuleSet:
    """The law of an authority on a day, from the packaged regulations unless others are given.

    `simulate` names regulations (drafts, say) to be read as if in force, whatever their status and dates; a
    local one stands in the place of the authority's others, except those it names in `prevails_over`.
    `adopted` names those known from reports that the authority adopted, with the day from which it does; none
    binds before its own date.
    Raises NoLawInForce, MissingSlots or OverlappingRegulations.
    """
    if regulations is None:
        return proving.altered(_packaged(authority, on, frozenset(simulate), tuple(sorted(adopted.items()))))
    return proving.altered(_stacked(authority, on, regulations, simulate, adopted))


@lru_cache(maxsize=64)
def _packaged(
    authority: str, on: date, simulate: frozenset[str], adopted: tuple[tuple[str, date], ...]
) -> RuleSet:
    """The same of the packaged regulations, which never change: read and hashed once."""
    return _stacked(authority, on, seed(), simulate, dict(adopted))


def _stacked(
    authority: str,
    on: date,
    given: Sequence[Regulation],
    simulate: Collection[str],
    adopted: Mapping[str, date],
) -> RuleSet:
    binding = [one for one in given if one.id in simulate or _binds(one, on, adopted)]
    binding = [one for one in binding if one.authority in (authority, None)]
    binding = [one for one in binding if not _displaced(one, binding, simulate)]
    if all(one.authority is None for one in binding):
        raise NoLawInForce(authority, on)
    stacked = sorted(binding, key=lambda one: (LAYERS.index(one.layer), _rank(one, binding), one.id))
    _refuse_overlap(stacked)
    stacked_rules = tuple(rule for one in stacked for rule in one.rules)
    rules = RuleSet(
        authority=authority,
        on=on,
        regulations=tuple(one.header for one in stacked),
        rules=stacked_rules,
        successions=standing(on, authority, stacked_rules, seed_successions()),
    )
    missing = REQUIRED.difference(rules.slots)
    if missing:
        raise MissingSlots(authority, missing)
    return rules


def _binds(regulation: Regulation, on: date, adopted: Mapping[str, date]) -> bool:
    if regulation.valid_from is None:
        return False
    if regulation.status == "known_from_reports":
        if regulation.id not in adopted or on < adopted[regulation.id]:
            return False
    elif regulation.status != "in_force":
        return False
    return regulation.valid_from <= on <= (regulation.valid_to or date.max)


def _displaced(one: Regulation, binding: Sequence[Regulation], simulate: Collection[str]) -> bool:
    """Whether a simulated regulation of the same authority stands in its place."""
    if one.id in simulate or one.authority is None:
        return False
    local = [other for other in binding if other.id in simulate and other.authority is not None]
    return any(one.id not in other.prevails_over for other in local)


def _rank(regulation: Regulation, binding: Sequence[Regulation]) -> int:
    """How many regulations of its layer prevail over it."""
    return sum(regulation.id in other.prevails_over for other in binding)


def _refuse_overlap(stacked: Sequence[Regulation]) -> None:
    filled: dict[tuple[str, Slot], Regulation] = {}
    for one in stacked:
        for slot in (slot for rule in one.rules for slot in rule.slot):
            other = filled.setdefault((one.layer, slot), one)
            if other is not one and one.id not in other.prevails_over:
                raise OverlappingRegulations(f"slot {slot}: {other.id}, {one.id}")
