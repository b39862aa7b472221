"""Code lists as they stand, and the desk where old values get their meaning.

A decision is a light write and changes no profile: what a form says is changed by its person, whom a notice
asks for it (the declared way), and signed like any other change.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading
from models.errors import FieldRefusal, RefusedError
from models.form import catalogue, code_list, list_names, may_know, suggest
from models.form.codes import CodeList
from models.lifecycle.life import Chapter
from models.lifecycle.readiness import Mark
from models.record.law_of import LawOf
from models.record.load import contents_of

MOST = 500
"""Values shown at once: the next ones follow when these are settled."""
MOST_PATHS = 50
"""Places of one form that a notice names."""


class ListWords(BaseModel):
    """One code list."""

    name: str = Field(title="Danh mục")
    title: str = Field(title="Tên danh mục")
    source: str = Field(title="Nguồn")
    status: str = Field(
        title="Độ tin cậy", description="found: theo văn bản; known: biết; own: mã của hệ thống"
    )
    codes: int = Field(title="Số mã đang dùng")
    ended: int = Field(title="Số mã đã hết hiệu lực")


class Lists(BaseModel):
    """Every code list of the forms."""

    items: list[ListWords] = Field(title="Danh mục")


class Entry(BaseModel):
    """One code."""

    code: str = Field(title="Mã")
    label: str = Field(title="Tên")
    label_en: str = Field(title="Tên (tiếng Anh)")
    valid_from: date | None = Field(title="Dùng từ ngày")
    valid_to: date | None = Field(title="Dùng đến trước ngày")
    replaced_by: str | None = Field(title="Mã thay thế")


class ListDetail(ListWords):
    """One code list with its codes, the ended ones too."""

    entries: list[Entry] = Field(title="Mã")


class Suggested(BaseModel):
    """What a value may mean."""

    code: str = Field(title="Mã")
    label: str = Field(title="Tên")
    score: float = Field(title="Mức giống nhau", description="0 đến 1")
    because: str = Field(title="Vì sao", description="decided, same, replaced_by, alike")


class Suggestions(BaseModel):
    """What a value may mean today, the likeliest first; a decision goes before likeness."""

    items: list[Suggested] = Field(title="Gợi ý")


class OldValue(BaseModel):
    """A value in forms that no list knows, or no list knows any more."""

    code_list: str = Field(title="Danh mục")
    title: str = Field(title="Tên danh mục")
    value: str = Field(title="Giá trị đang ghi")
    label: str = Field(title="Tên của giá trị")
    profiles: int = Field(title="Số hồ sơ")
    decided: str | None = Field(title="Mã đã quyết định")
    suggestions: list[Suggested] = Field(title="Gợi ý")


class Desk(BaseModel):
    """Old values in the asker's reach, the most frequent first."""

    items: list[OldValue] = Field(title="Giá trị cần ánh xạ")


class Decision(BaseModel):
    """What a value is decided to mean."""

    code_list: str = Field(title="Danh mục")
    value: str = Field(title="Giá trị đang ghi")
    code: str | None = Field(title="Mã", description="Không có: rút quyết định trước")
    decided_by: UUID = Field(title="Ai quyết định")
    decided_at: datetime = Field(title="Lúc")


class Decisions(BaseModel):
    """Decisions about values, the newest first."""

    items: list[Decision] = Field(title="Quyết định")


OWING = (Chapter.SERVICE.value, Chapter.TRANSFER.value)
"""Where somebody is whom notice of a change is given to."""
_HELD = (
    "SELECT r.profile_id, p.chapter, v.id AS revision_id, v.form_version, f.fault ->> 1 AS path,"  # noqa: S608 — a number of our own
    " v.content #>> string_to_array(replace(replace(f.fault ->> 1, '[', '.'), ']', ''), '.') AS value"
    " FROM readiness r JOIN profiles p ON p.id = r.profile_id JOIN revisions v ON v.id = r.revision_id"
    " CROSS JOIN LATERAL jsonb_array_elements(r.faults -> 'correct') AS f (fault)"
    f" WHERE r.marks & {int(Mark.CODED)} = 0 AND f.fault ->> 0 IN ('unknown-code', 'code-not-then')"
)
_ASKED_FOR = text(
    "SELECT DISTINCT d.profile_id FROM duties d JOIN code_mappings m ON m.id::text = d.facts ->> 'mapping'"
    " WHERE d.profile_id = ANY (:holders) AND d.state = 'open' AND m.code_list = :list AND m.old = :old"
)
_DECIDED = text(
    "SELECT DISTINCT ON (code_list, old) id, code_list, old, code FROM code_mappings"
    " ORDER BY code_list, old, decided_at DESC, id"
)
_AUDIT = text(
    "SELECT code_list, old AS value, code, decided_by, decided_at FROM code_mappings"
    " WHERE CAST(:list AS text) IS NULL OR code_list = :list ORDER BY decided_at DESC, id LIMIT :most"
)
_DECIDE = text(
    "INSERT INTO code_mappings (id, authority_id, code_list, old, code, decided_by, decided_at)"
    " VALUES (:id, :authority, :list, :old, :code, :by, :now)"
)


async def lists(read: Reading) -> Lists:
    """Every list, with how many codes it has today."""
    await _in_force(read)
    return Lists(items=[_words(code_list(name), read.today) for name in list_names()])


async def one_list(read: Reading, name: str) -> ListDetail:
    """A list with all its codes.

    Raises:
        RefusedError: ``not-found``.
    """
    await _in_force(read)
    known = _known(name)
    entries = [
        Entry(
            code=one.code, label=one.label, label_en=one.label_en, valid_from=one.valid_from,
            valid_to=one.valid_to, replaced_by=one.replaced_by or None,
        )
        for one in known.codes.values()
    ]  # fmt: skip
    return ListDetail(**_words(known, read.today).model_dump(), entries=entries)


async def suggestions(read: Reading, name: str, value: str) -> Suggestions:
    """What a value may mean today.

    Raises:
        RefusedError: ``not-found``.
    """
    await _in_force(read)
    known = _known(name)
    return Suggestions(items=_suggested(known, value, read.today, await _decided(read)))


async def desk(read: Reading) -> Desk:
    """Values that no list knows today, in the forms of the asker's reach and as far as the asker sees them.

    Raises:
        RefusedError: ``not-permitted``.
    """
    await permits.within(read, "read_reports")
    seen: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for one in await _held(read):
        seen[one.code_list, one.value].add(one.profile_id)
    counted = Counter({key: len(profiles) for key, profiles in seen.items()})
    decided = await _decided(read)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return Desk(items=[_old(key, n, read.today, decided) for key, n in ordered[:MOST]])


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose form holds an old value, and where."""

    profile_id: UUID
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """For whom a decision is carried out."""

    decision: UUID
    holders: tuple[Holder, ...]


async def holders(read: Reading, name: str, value: str, most: int) -> Applied:
    """Whose form holds an old value, at most ``most``, for the notice that asks for the change.

    Whoever was asked already and still owes the update is not among them, so that every application goes on
    where the one before it ended; nor is whoever is not in service, of whom no update is owed.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``; ``wrong-state`` where nothing is decided about it.
    """
    await permits.within(read, "give_notice")
    _known(name)
    decided = await _decisions(read)
    if (name, value) not in decided:
        raise RefusedError.of(
            "wrong-state",
            "Chưa có quyết định ánh xạ cho giá trị này.",
            "Nothing is decided about this value.",
        )
    places: dict[UUID, list[str]] = defaultdict(list)
    for one in await _held(read):
        if (one.value, one.code_list) == (value, name) and one.may_owe:
            places[one.profile_id].append(one.path)
    about = {"holders": list(places), "list": name, "old": value}
    asked = set((await read.connection.execute(_ASKED_FOR, about)).scalars())
    found = [Holder(one, tuple(paths[:MOST_PATHS])) for one, paths in places.items() if one not in asked]
    return Applied(decided[name, value].id, tuple(found[:most]))


async def decide(read: Reading, name: str, value: str, code: str | None) -> Decision:
    """Write down what a value means for the whole authority; none takes the decision before back.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``malformed-request`` for a code not in use.
    """
    reach = await permits.within(read, "import_workbook")
    if not reach.everywhere:
        raise RefusedError.of(
            "not-permitted",
            "Danh mục dùng chung: chỉ cơ quan quản lý cơ sở dữ liệu quyết định.",
            "Lists are shared: the department that keeps the database decides.",
        )
    known = _known(name)
    if code is not None and code not in known.on(read.today):
        wrong = FieldRefusal(
            "code",
            "Mã",
            f"Không có trong danh mục “{known.title}” hôm nay.",
            "Not in use in this list today.",
        )
        raise RefusedError.of("malformed-request", fields=(wrong,))
    values = {
        "id": uuid4(),
        "authority": read.who.authority_id,
        "list": name,
        "old": value,
        "code": code,
        "by": read.who.account_id,
        "now": read.now,
    }
    await read.connection.execute(_DECIDE, values)
    return Decision(
        code_list=name, value=value, code=code, decided_by=read.who.account_id, decided_at=read.now
    )


async def decisions(read: Reading, name: str | None) -> Decisions:
    """Who decided what and when, the newest first.

    Raises:
        RefusedError: ``not-permitted``.
    """
    await permits.within(read, "read_reports")
    rows = await read.connection.execute(_AUDIT, {"list": name, "most": MOST})
    return Decisions(items=[Decision.model_validate(dict(row._mapping)) for row in rows])


async def _in_force(read: Reading) -> None:
    """Read the lists the authority has loaded, as they are in force today."""
    await read.tools.law(read.connection, LawOf.authority(read.who.authority_id), read.today)


def _known(name: str) -> CodeList:
    if name not in list_names():
        raise permits.missing()
    return code_list(name)


def _words(known: CodeList, today: date) -> ListWords:
    usable = len(known.on(today))
    return ListWords(
        name=known.name,
        title=known.title,
        source=known.source,
        status=known.status,
        codes=usable,
        ended=len(known.codes) - usable,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """One value of one form that no list knows."""

    profile_id: UUID
    code_list: str
    value: str
    path: str
    may_owe: bool
    """Whether its person is where updates are owed."""


async def _held(read: Reading) -> list[_Held]:
    """Every such value in the files the asker may read, of fields the asker sees: counted or named, a value
    of a restricted field tells about whoever holds it."""
    where: list[str] = []
    values: dict[str, Any] = {}
    await permits.profiles_within(read, where, values)
    conditions = "".join(f" AND {one}" for one in where)
    rows = (await read.connection.execute(text(f"{_HELD}{conditions} ORDER BY r.profile_id"), values)).all()
    level = await permits.level_everywhere(read)
    rows = [row for row in rows if may_know(row.form_version, row.path, level)]
    sealed = list({row.revision_id for row in rows if row.value is None})
    forms = await contents_of(read.connection, read.tools, read.who.authority_id, sealed) if sealed else {}
    found = []
    for row in rows:
        value = row.value if row.value is not None else _at(forms.get(row.revision_id, {}), row.path)
        if isinstance(value, str):
            found.append(_Held(row.profile_id, _list_of(row), value, row.path, row.chapter in OWING))
    return found


def _at(content: Any, path: str) -> Any:
    """What stands at a path such as ``education[2].mode``; None where nothing does."""
    for step in re.findall(r"[^\[\].]+", path):
        try:
            content = content[int(step) if isinstance(content, list) else step]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return content


def _list_of(row: Any) -> str:
    """The list a fault's path is about."""
    path = re.sub(r"\[\d+\]", "", row.path)
    return catalogue(row.form_version).field(path).code_list or ""


async def _decisions(read: Reading) -> dict[tuple[str, str], Any]:
    """The decision that stands about each value."""
    rows = await read.connection.execute(_DECIDED)
    return {(row.code_list, row.old): row for row in rows if row.code is not None}


async def _decided(read: Reading) -> dict[tuple[str, str], str]:
    return {key: row.code for key, row in (await _decisions(read)).items()}


def _old(key: tuple[str, str], n: int, today: date, decided: Mapping[tuple[str, str], str]) -> OldValue:
    known, value = code_list(key[0]), key[1]
    return OldValue(
        code_list=known.name,
        title=known.title,
        value=value,
        label=known.label(value),
        profiles=n,
        decided=decided.get(key),
        suggestions=_suggested(known, value, today, decided),
    )


def _suggested(
    known: CodeList, value: str, today: date, decided: Mapping[tuple[str, str], str]
) -> list[Suggested]:
    code = decided.get((known.name, value))
    first = (
        [Suggested(code=code, label=known.label(code), score=1.0, because="decided")]
        if code in known.on(today) and code is not None
        else []
    )
    rest = [one for one in suggest(known, value, today) if not first or one.code != code]
    return [
        *first,
        *(Suggested(code=o.code, label=o.label, score=o.score, because=o.because) for o in rest),
    ]
