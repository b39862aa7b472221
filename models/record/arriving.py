"""When what an act decides had arrived: lateness is judged by it, not by when the engine got to it.

A command says so itself. A step that only carries a command on (its signature was made, its round is over) is
judged by that command's arrival; a timer that fires has none, but asks whether something still waits.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from models.database import Query
from models.lifecycle.scene import Scene
from models.messages import Ask

CARRIES = ("settles", "command", "round")
"""Facts by which a step names the command that it carries on."""

_CARRIED = text("SELECT accepted_at AS arrived_at, false AS unsettled FROM commands WHERE id = :id")
# A list's item may wait in its profile's own command; few are unheard, so that index answers.
_WAITS = text(
    "SELECT CAST(NULL AS timestamptz) AS arrived_at, EXISTS (SELECT 1 FROM commands WHERE subject_id = :id"
    " AND settled_at IS NULL) OR EXISTS (SELECT 1 FROM commands c JOIN month_items i"
    " ON i.profile_id = c.subject_id AND i.agency_month_id = :id AND i.state = 'listed'"
    " WHERE c.heard_at IS NULL AND c.settled_at IS NULL) AS unsettled"
)


def arriving(ask: Ask) -> list[Query]:
    """What is asked of the commands, beside the one that is decided itself: nothing or one query."""
    if ask.command_id is not None or ask.internal == "approve_item":
        return []
    if ask.internal == "wake":
        return [(_WAITS, {"id": ask.subject_id})]
    carried = next((ask.facts[name] for name in CARRIES if name in ask.facts), None)
    return [(_CARRIED, {"id": UUID(str(carried))})] if carried is not None else []


def arrived(scene: Scene, found: list[Any]) -> Scene:
    """The scene with what `arriving` found; as it was where nothing was asked or found."""
    if not found:
        return scene
    return replace(scene, arrived_at=found[0].arrived_at or scene.arrived_at, unsettled=found[0].unsettled)
