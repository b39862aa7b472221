"""The same people under another law: for what the law of the stage lets nobody do."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models.calendar import legal_date
from models.record.tools import Tools
from models.regulations import RuleSet, in_force
from models.regulations.slots import Slot
from tests.api.matrix.stage import NOW, Stage, delegation, people
from tests.world import build

TODAY = legal_date(NOW)
LAWS: dict[str, Callable[[], RuleSet]] = {
    "moha": lambda: in_force("moha", TODAY),
    "phu_yen": lambda: in_force("phu_yen", TODAY, simulate=["phu_yen_2024"]),
    "binh_dinh": lambda: in_force("binh_dinh", TODAY),
    "nd27": lambda: in_force("hanoi", TODAY, simulate=["nd27_2026"]),
}
"""As the table calls them: Bộ Nội vụ's, a draft and a guidance of provinces, the decree beside Hà Nội's."""


def under_law(database: Any, name: str, beside: Stage) -> Stage:
    """A further authority under that law in the database of a stage, whose foreign authority is foreign here,
    too: its people, and what they delegated.
    """

    async def made() -> Stage:
        engine = create_async_engine(database.url("worker"), poolclass=NullPool)
        tools = Tools(engine, beside.world.tools.ring)
        law = LAWS[name]()
        world = await build(tools, NOW, second=True, law=law)
        stage = replace(beside, world=world, targets={}, tokens={}, askers={}, kept={}, documents=None)
        await people(stage, until="account")
        stage.targets["profile_id"]["z"] = beside.targets["profile_id"]["z"]
        if law.any(Slot.DELEGATION_AGREEMENT):
            stage.targets["delegation_id"] = {"z": beside.targets["delegation_id"]["z"]}
            for position, agency in (("s", world.culture), ("u", world.museum), ("f", world.health)):
                side = "health" if position == "f" else "culture"
                lent = await delegation(world, agency, f"{side}.hr", f"{side}.head")
                stage.targets["delegation_id"][position] = lent
        await engine.dispose()
        return stage

    return asyncio.run(made())
