"""Which form a person declares on, by the law of the day and the category; and going over to another one."""

from dataclasses import replace
from datetime import date

from models.commands import GiveNotice
from models.form import Catalogue, carry, catalogue, digest, form_named
from models.lifecycle.guard import refuse
from models.lifecycle.life import Life, Revision
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import RuleSet, Slot


def form_for(law: RuleSet, category: str | None, on: date) -> Catalogue:
    """The form that law asks of staff of this category (phu_yen.art5.1: officials one, workers another)."""
    rule = law.slot(Slot.FORM_STANDARD, **({"category": category} if category else {}))
    return form_named(rule.rule.items if rule is not None else (), on)


def form_of(scene: Scene) -> Catalogue:
    """The form the scene's law asks of its subject today."""
    return form_for(scene.law, scene.facts.get("category"), scene.today)


def is_field(form: Catalogue, path: str) -> bool:
    """Whether the form has a field at this path."""
    try:
        form.field(path)
    except KeyError:
        return False
    return True


def on_the_right_form(draft: Revision, scene: Scene) -> None:
    """Refuse what stands on another form than today's: the category changed since, or a newer form began.

    Raises:
        RefusedError: ``other-form`` with the form that is asked for.
    """
    form = form_of(scene)
    if draft.form_version == form.version:
        return
    rule = scene.rule(Slot.FORM_STANDARD)
    refuse(
        "other-form",
        f"Bản khai theo mẫu khác; nay khai theo “{form.title}” ({form.document}).",
        f"The declaration stands on another form; it is now '{form.title_en}' ({form.document}).",
        citation=rule.citation if rule is not None else None,
        form=form.version,
    )


def go_over(life: Life, out: Outcome, scene: Scene) -> str | None:
    """The draft on the form the scene's facts ask for, begun with what both forms hold; its version.

    Nothing where the person is on that form already, or has nothing yet to begin with. Needs ``life.base``.
    """
    form = form_of(scene)
    if life.base is None or life.base_form == form.version:
        return None
    content = carry(catalogue(life.base_form), form, life.base, on=scene.today)
    number = life.draft.number if life.draft else life.newest + 1
    out.insert(
        "draft_prefilled",
        id=life.draft.id if life.draft else scene.new_id("draft"),
        number=number,
        based_on=life.revision_number or None,
        form=form.version,
        content=content,
        digest=digest(content),
        before=life.draft.digest if life.draft else None,
        author=life.account.id if life.account else scene.actor_id,
    )
    rule, once = scene.rule(Slot.FORM_STANDARD), scene.rule(Slot.NO_REDECLARATION)
    cited = once or rule
    out.happened("form.changed", rule, before=life.base_form, form=form.version, carried=sorted(content))
    told = {"form": form.version, "draft": number, "no_redeclaration": cited.citation if cited else None}
    out.answer |= told
    return form.version


def change_category(life: Life, body: GiveNotice, category: str, out: Outcome, scene: Scene) -> Scene:
    """The person is of another category from the decision on, and declares on its form."""
    if body.changed_on > scene.today:
        refuse("future-date", "Ngày thay đổi chưa tới.", "The date of the change lies in the future.")
    if life.pending is not None:
        refuse(
            "approval-open",
            "Một bản khai đang chờ phê duyệt; đổi loại nhân sự sau khi có kết quả.",
            "A submission awaits approval; change the category when it is decided.",
        )
    scene = replace(scene, facts={**scene.facts, "category": category})
    out.subject["category"] = category
    out.happened(
        "category.changed",
        scene.rule("staff_categories"),
        before=life.category,
        category=category,
        changed_on=body.changed_on.isoformat(),
    )
    go_over(life, out, scene)
    return scene
