"""Coming back: the archived profile of a former official goes on as a new employment, with its history.

There is one profile for a person in an authority, so a second one is never opened beside the archived one:
its number leads to this command. Nothing is declared twice; the draft begins with what was approved last.
"""

from models.commands import ReopenProfile
from models.lifecycle.entry import open_entry, owed_at_entry
from models.lifecycle.forms import go_over
from models.lifecycle.guard import changes_hands, in_chapter, no_open_case, refuse
from models.lifecycle.life import Chapter, Life, Status
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene


def reopen(life: Life, body: ReopenProfile, scene: Scene) -> Outcome:
    """Begin again with the account; what is owed is what is owed for anybody who enters this way."""
    in_chapter(life, Chapter.ARCHIVE)
    no_open_case(life)
    if life.status is Status.DECEASED:
        refuse("wrong-state", "Người này đã từ trần.", "The person has died.")
    if body.event_on > scene.today:
        refuse(
            "future-date",
            "Ngày quyết định hoặc ngày chuyển giao hồ sơ chưa tới.",
            "The decision or hand-over date lies in the future.",
        )
    out = Outcome(status=201, answer={"profile_id": str(life.profile_id)})
    out.subject = {
        "category": body.category,
        "chapter": Chapter.ACCOUNT,
        "status": Status.PENDING,
        "origin": body.origin,
        "account_id": None,
        "approved_revision_id": None,
    }
    if body.agency_id != life.agency_id:
        changes_hands(life, scene)
        out.subject["agency_id"] = body.agency_id
        out.insert(
            "custody_moved",
            id=scene.new_id("custody"),
            to_agency=body.agency_id,
            on=scene.today,
            case_id=None,
        )
    _begin_draft(life, out, scene)
    owed = owed_at_entry(body.origin, scene)
    out.happened(
        "profile.reopened",
        next(iter(owed), None),
        origin=body.origin,
        event_on=body.event_on.isoformat(),
        left_as=str(life.status),
    )
    open_entry(out, scene, owed, life.profile_id, body.agency_id, body.event_on, body.document)
    return out


def _begin_draft(life: Life, out: Outcome, scene: Scene) -> None:
    """What was approved last is what the new declaration begins with; a draft that was left is kept."""
    if life.approved_revision_id is None:
        return
    out.update("revisions", {"id": life.approved_revision_id}, state="superseded")
    if go_over(life, out, scene) is not None:
        out.subject["revision_number"] = life.draft.number if life.draft else life.newest + 1
    elif life.draft is None:
        number = life.revision_number + 1
        out.insert("draft_from", id=scene.new_id("draft"), source=life.approved_revision_id, number=number)
        out.subject["revision_number"] = number
