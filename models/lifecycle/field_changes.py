"""Fields of an approved form changed by the agency: a submission of its own, approved by somebody else."""

from typing import Any

from models.command_fields import ChangeFields
from models.form import catalogue, diff, digest, owned_by
from models.lifecycle.amending import judged_whole
from models.lifecycle.declaration import answered_by, write_submission
from models.lifecycle.forms import form_for
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import Chapter, Life, Revision
from models.lifecycle.outcome import Insert, Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.steps import own_signature


def change(life: Life, body: ChangeFields, scene: Scene) -> Outcome:
    """Submit the approved form with these fields changed; duties of the same change are met by it.

    Whoever enters it becomes its author, so that they cannot approve it (R4).

    Raises:
        RefusedError: ``wrong-state``, ``in-flight``, ``own-file``, ``future-date``, ``nothing-to-submit``,
            ``invalid-form``, ``not-competent``, ``evidence-required``.
    """
    base = _base(life, scene)
    if body.changed_on > scene.today:
        refuse("future-date", "Ngày thay đổi chưa tới.", "The date of the change lies in the future.")
    form = catalogue(life.base_form)
    content = judged_whole(form, base, body.content, scene)
    changes = diff(form, base, content)
    if not changes:
        refuse("nothing-to-submit", "Nội dung không có gì thay đổi.", "Nothing has been changed.")
    changed = {name: base.get(name) for name in body.content if base.get(name) != content.get(name)}
    evidence = _proof(life, body, scene, personal=bool(owned_by(form, changed, "person")))
    draft = Revision(
        id=scene.new_id("changed"),
        number=life.newest + 1,
        state="draft",
        digest=digest(content),
        author_id=scene.actor_id or life.profile_id,
        evidence=evidence,
        form_version=form.version,
    )
    answered = answered_by(life, body, scene.today, first=False)
    out = write_submission(life, draft, answered, body.changed_on, scene)
    out.writes.insert(0, Insert("draft_prefilled", _row(draft, content, life)))
    out.update("revisions", {"id": draft.id}, evidence=list(evidence))
    paths = [one.path for one in changes]
    rule = scene.rule("agency_entry") or scene.rule("data_entry")
    out.happened("fields.changed", rule, revision=draft.number, fields=paths, document=body.document)
    out.answer |= {"revision_id": str(draft.id), "digest": draft.digest, "changed": paths}
    if life.account is not None:
        out.notices.append(
            Notice(
                "entered_for_you",
                life.agency_id,
                account_id=life.account.id,
                citation=rule.citation if rule else None,
                facts={"revision": draft.number},
            )
        )
    return out


def _base(life: Life, scene: Scene) -> dict[str, Any]:
    """What was approved last, where nobody else is at work on it."""
    in_chapter(life, Chapter.SERVICE, Chapter.TRANSFER)
    if scene.actor_profile_id == life.profile_id:
        refuse("own-file", "Không sửa hồ sơ của chính mình theo cách này.", "Not on one's own file.")
    if life.pending is not None:
        refuse("in-flight", "Một bản khai đang chờ phê duyệt.", "A submission is still waiting for approval.")
    if life.draft is not None or life.base is None:
        refuse(
            "wrong-state",
            "Người có hồ sơ đang khai bản nháp, hoặc chưa có bản nào được duyệt.",
            "The person is drafting, or nothing was approved yet.",
        )
    if form_for(scene.law, life.category, scene.today).version != life.base_form:
        refuse(
            "wrong-state",
            "Hồ sơ theo mẫu cũ; người có hồ sơ khai lại theo mẫu hiện hành.",
            "The profile stands on an earlier form; its person declares on the present one.",
        )
    return life.base


def _proof(life: Life, body: ChangeFields, scene: Scene, *, personal: bool) -> tuple[str, ...]:
    """The files it stands on, as the rules want them."""
    entry, update = scene.rule("agency_entry"), scene.rule("update_after_change")
    if personal and (entry is None or own_signature(life, scene) is not None):
        refuse(
            "not-competent",
            "Quy chế không để cơ quan sửa mục do người có hồ sơ tự khai; thông báo để người đó cập nhật.",
            "The rule in force does not let the agency change what the person declares; give them notice.",
        )
    asked = personal or (update is not None and update.evidence_required)
    attached = dict(life.attached)
    if asked and body.confirmed_form not in attached:
        refuse(
            "evidence-required",
            "Hồ sơ phải có bản số hóa của mẫu hoặc quyết định đã xác nhận.",
            "The profile must hold the scan of the confirmed form or decision.",
            citation=next((one.citation for one in (entry, update) if one), None),
        )
    certified = update is not None and update.evidence_certified
    if asked and certified and not attached[body.confirmed_form or ""]:
        refuse(
            "evidence-required",
            "Tài liệu kèm theo chưa ghi cơ quan xác nhận và ngày xác nhận.",
            "The attached file does not say which authority certified it and when.",
            citation=update.citation if update else None,
        )
    return (body.confirmed_form,) if body.confirmed_form in attached else ()


def _row(draft: Revision, content: dict[str, Any], life: Life) -> dict[str, Any]:
    return {
        "id": draft.id,
        "number": draft.number,
        "based_on": life.newest or None,
        "form": draft.form_version,
        "content": content,
        "digest": draft.digest,
        "author": draft.author_id,
        "before": None,
    }
