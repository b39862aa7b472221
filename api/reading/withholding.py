"""What a reader does not see of a form, said field by field: withheld, never blank."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.scope import Reading
from models.form import catalogue, forms, level_of, may_know, top_level, withheld


class Withheld(BaseModel):
    """A field that the form has and the reader does not see. It stands here whether it is filled or not."""

    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")
    label_en: str = Field(title="Tên mục (tiếng Anh)")
    level: int = Field(title="Độ hạn chế tiếp cận")
    why: str = Field(title="Vì sao không hiển thị")
    why_en: str = Field(title="Vì sao không hiển thị (tiếng Anh)")


def revision_line(row: Any, level: int) -> dict[str, Any]:
    """The revision's row; of what was returned only the fields that the reader may see."""
    back = row.returned_fields
    if back is not None:
        back = [one for one in back if may_know(row.form_version, str(one.get("path", "")), level)]
    return {**row._mapping, "returned_fields": back}


def known_labels(labels: list[str], level: int) -> list[str]:
    """Labels of changed fields as a reader of ``level`` sees them; what is withheld is said once, unnamed."""
    if level >= top_level():
        return labels
    hidden = tuple({field.label for version in _versions() for _, field in withheld(version, level)})
    seen = [one for one in labels if not one.startswith(hidden)]
    return seen if len(seen) == len(labels) else [*seen, "Mục có độ hạn chế tiếp cận cao hơn"]


NAMING = ("fields", "paths")
"""Facts of events and duties that name fields of the form; a number under such a name is only how many."""


def known_facts(facts: dict[str, Any], level: int) -> dict[str, Any]:
    """Facts as a reader of ``level`` sees them: of the fields they name those the reader may know, and that
    there are others where there are, without saying which."""
    if level >= top_level() or not names_fields(facts):
        return facts
    seen = {name: [one for one in facts[name] if _known(str(one), level)] for name in _naming(facts)}
    if all(len(seen[name]) == len(facts[name]) for name in seen):
        return facts
    return {**facts, **seen, "fields_withheld": True}


def names_fields(facts: dict[str, Any]) -> bool:
    """Whether an event names fields of the form."""
    return bool(_naming(facts))


def _naming(facts: dict[str, Any]) -> list[str]:
    return [name for name in NAMING if isinstance(facts.get(name), list)]


def _known(path: str, level: int) -> bool:
    """Whether every form that has the field shows it at that level; a field of no form is not shown."""
    having = [version for version in _versions() if _has(version, path)]
    return bool(having) and all(may_know(version, path, level) for version in having)


def _has(version: str, path: str) -> bool:
    try:
        catalogue(version).field(path)
    except KeyError:
        return False
    return True


def _versions() -> set[str]:
    return {form.version for form in forms().values()}


async def left_out(read: Reading, version: str, level: int, agency_id: UUID) -> list[Withheld]:
    """What a reader of that level does not see of the form, each field with its level and the reason.

    ``agency_id`` has the file: its law says why.
    """
    fields = withheld(version, level)
    if not fields:
        return []
    law, _ = await read.law_at(agency_id)
    rule = law.any("restriction_levels")
    by_vi, by_en = (f" ({rule.citation})", f" ({rule.citation_en})") if rule else ("", "")
    form = catalogue(version)
    found = []
    for path, field in fields:
        of = level_of(field)
        table = form.by_name[path.partition("[")[0]]
        under = "" if table is field else table.label + ": ", "" if table is field else table.label_en + ": "
        found.append(
            Withheld(
                path=path,
                label=under[0] + field.label,
                label_en=under[1] + field.label_en,
                level=of.rank,
                why=f"Độ hạn chế {of.rank}, {of.vi}: {of.source}; vai trò được xem đến độ {level}{by_vi}.",
                why_en=f"Level {of.rank}, {of.en}: {of.source}; the role sees up to {level}{by_en}.",
            )
        )
    return found
