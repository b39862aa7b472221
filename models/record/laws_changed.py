"""Whose law is another by a plan: told before the day, by the same nearest regime that binds on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.reorganisation import Compiled
from models.lifecycle.tree import Tree
from models.record.regimes import bound_after, bound_on


@dataclass(frozen=True, slots=True)
class LawsChanged:
    """The regulation that binds each unit on the day, without the plan and with it; None: the authority's."""

    compiled: Compiled
    before: Mapping[UUID, str | None]
    after: Mapping[UUID, str | None]

    def between(self, giving: UUID, taking: UUID) -> bool:
        """Whether who goes from one unit to another comes under another regulation."""
        compiled = self.compiled
        return self._of(compiled.before, self.before, giving) != self._of(compiled.after, self.after, taking)

    @property
    def units(self) -> list[UUID]:
        """Units that stand on, whose people come under another regulation without going anywhere."""
        if not self.before and not self.after:
            return []
        standing = set(self.compiled.before.on(self.compiled.on)) & set(
            self.compiled.after.on(self.compiled.on)
        )
        return sorted(unit for unit in standing if self.between(unit, unit))

    def _of(self, tree: Tree, bound: Mapping[UUID, str | None], unit: UUID) -> str | None:
        return next((bound[one] for one in tree.line(unit, self.compiled.on) if one in bound), None)


async def laws_changed(connection: AsyncConnection, compiled: Compiled) -> LawsChanged:
    """Read once for a plan: its lines, what it takes back, and what the tree does by itself."""
    return LawsChanged(
        compiled, await bound_on(connection, compiled.on), await bound_after(connection, compiled)
    )
