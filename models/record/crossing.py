"""Whose law changes with a move: what running duties are judged by there, read once for many people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.border import Border
from models.lifecycle.life import Life
from models.lifecycle.moving import Reshaping, moved_life, scene_of
from models.lifecycle.outcome import Outcome
from models.lifecycle.rebasing import Basis, Standing
from models.lifecycle.reorganisation import Switch
from models.lifecycle.scene import Scene
from models.lifecycle.switching import carry, running, switch
from models.record.basis import basis_of
from models.record.law_of import LawOf, Laws
from models.record.standings import standings_of
from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class Crossing:
    """The laws on both sides; ``basis`` is none where nobody's law changes."""

    tools: Tools
    laws: Laws
    reshaping: Reshaping
    basis: Basis | None = None
    standings: Mapping[UUID, Standing] = field(default_factory=dict)

    def other_law(self, old: UUID, to: UUID) -> Switch | None:
        """The law somebody comes under; none where it is the one they were under."""
        switches = self.reshaping.switches
        if old == to:
            return switches.get(to)
        law = self.laws.of(to)
        if law.hash == self.laws.of(old).hash and old not in switches:
            return None
        if to in switches:
            return switches[to]
        # Put from where the law changes back to where it does not: what the plan says of the one holds there.
        said = switches[old].running if old in switches else running(None, law, self.tools.policy)
        return Switch(law.authority if to in self.laws.by_unit else None, said)

    def stayed(self, life: Life, scene: Scene) -> Outcome:
        """Somebody whose unit comes under another law; nothing where it has its former law again by now."""
        to = self.other_law(life.agency_id, life.agency_id)
        if self.basis is None or to is None:
            return Outcome()
        return switch(life, self.standings, self.basis, to, self.reshaping, scene)

    def carried(self, out: Outcome, life: Life, to: UUID, scene: Scene) -> Scene:
        """What runs of somebody who was moved goes over to another law; answers the scene it is told in."""
        law = self.other_law(life.agency_id, to)
        if self.basis is None or law is None:
            return scene
        there = scene_of(to, self.reshaping, scene)
        after = moved_life(life, to, self.reshaping, out)
        said = carry(out, after, self.standings, self.basis, law, (self.reshaping.on,) * 2, there)
        out.events[0].facts.update(said)
        return there


async def crossing_of(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    laws: Laws,
    reshaping: Reshaping,
    ways: Iterable[tuple[Life, UUID | None]],
) -> Crossing:
    """Everybody's way, each to a unit or to none: what is loaded is read only where a law changes."""
    found = Crossing(tools, laws, reshaping)
    changing = [life for life, to in ways if to is not None and found.other_law(life.agency_id, to)]
    if not changing:
        return found
    ids = [duty.id for life in changing for duty in life.duties]
    basis = await basis_of(connection, tools.shelf, authority_id)
    return Crossing(tools, laws, reshaping, basis, await standings_of(connection, ids))


_ABOVE = text(
    "SELECT coalesce((SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = :unit"
    " AND c.ancestor_id <> :unit ORDER BY c.depth LIMIT 1), CAST(:unit AS uuid))"
)


async def at_border(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    life: Life | None,
    to: UUID | None,
    scene: Scene,
) -> Scene:
    """The scene with the law of the unit that somebody is transferred to, where it is another's."""
    if life is None or to is None:
        return scene
    law, _ = await tools.law(connection, LawOf.unit(authority_id, to), scene.today)
    if law.hash == scene.law.hash:
        return scene
    own, _ = await tools.law(connection, LawOf.authority(authority_id), scene.today)
    regulation = law.authority if law.hash != own.hash else None
    basis = await basis_of(connection, tools.shelf, authority_id)
    standings = await standings_of(connection, [duty.id for duty in life.duties])
    managing = await connection.scalar(_ABOVE, {"unit": to})
    going = Switch(regulation, running(None, law, tools.policy))
    return replace(scene, border=Border(law, going, managing, basis, standings))
