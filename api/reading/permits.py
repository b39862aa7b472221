"""May one read this? Row-level security hides what is out of scope (404), roles decide the rest (403)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from api.reading import read_log
from api.scope import Reading
from models.access import Allowed, Denied, Reach, Target, Verb, may, reach
from models.errors import RefusedError
from models.form import top_level
from models.lifecycle.life import Chapter

# Those above the agency that holds it, above the one it is handed over to, and above its host of today.
_LINES = (
    "ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = p.agency_id"
    "  AND c.valid_to IS NULL ORDER BY c.depth) AS ancestors,"
    " ARRAY(SELECT c.ancestor_id FROM cases k JOIN agency_closure c ON c.descendant_id = k.to_agency_id"
    "  WHERE k.id = p.case_id AND k.state = 'handed_over' AND k.closed_at IS NULL AND c.valid_to IS NULL"
    "  ORDER BY c.depth) AS receiving,"
    " ARRAY(SELECT c.ancestor_id FROM shares h JOIN agency_closure c ON c.descendant_id = h.agency_id"
    "  WHERE h.profile_id = p.id AND h.state = 'running' AND h.starts_on <= :today AND h.ends_on > :today"
    "  AND c.valid_to IS NULL ORDER BY c.depth) AS hosting"
)
_PROFILE = text(
    "SELECT p.id, p.agency_id, p.account_id, p.full_name, p.revision_number, p.approved_revision_id,"  # noqa: S608 — a constant above
    " p.pending_revision_id, p.synced_revision_id, p.case_id, p.category, p.chapter, p.status,"
    " p.staff_number, p.version, p.disposed_at, p.merged_into, coalesce((SELECT s.chapter FROM profiles s"
    "  WHERE s.id = p.merged_into), p.chapter) AS kept_as,"
    f" {_LINES} FROM profiles p WHERE p.id = :id"
)

_PLACES = text(
    "SELECT p.id, p.agency_id, p.account_id, p.merged_into, coalesce((SELECT s.chapter FROM profiles s"  # noqa: S608 — the same
    "  WHERE s.id = p.merged_into), p.chapter) AS kept_as,"
    f" {_LINES} FROM profiles p WHERE p.id = ANY (CAST(:ids AS uuid[]))"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A profile the asker may see, its row and the role under which."""

    row: Any
    role: str
    citation: str | None
    level: int
    """The level of restriction up to which fields are shown."""

    @property
    def id(self) -> UUID:
        """The profile."""
        found: UUID = self.row.id
        return found

    @property
    def whole(self) -> bool:
        """Whether no field is withheld."""
        return self.level >= top_level()

    def must_see_whole(self) -> None:
        """For what cannot be shown in part: signed files, proofs, scans.

        Raises:
            RefusedError: ``field-withheld``.
        """
        if not self.whole:
            raise withheld(self.level)

    def must_have_content(self) -> None:
        """For what was destroyed with the file, so that nothing is shown as if it had been empty.

        Raises:
            RefusedError: ``profile-disposed``.
        """
        if self.row.disposed_at is not None:
            raise RefusedError.of(
                "profile-disposed",
                "Nội dung hồ sơ đã được hủy.",
                "The content of the file was disposed of.",
            )


def missing() -> RefusedError:
    """Nothing there, or nothing for this asker: the two are not told apart."""
    return RefusedError.of("not-found", "Không tìm thấy.", "There is no such thing.")


def refused(denied: Denied) -> RefusedError:
    """A denial as the refusal that is answered."""
    return RefusedError.of(denied.code, denied.reason_vi, denied.reason_en)


def withheld(level: int) -> RefusedError:
    """What was asked for holds fields above the reader's level."""
    return RefusedError.of(
        "field-withheld",
        f"Vai trò được xem đến độ hạn chế {level}; nội dung này chứa mục ở độ cao hơn.",
        f"The role sees up to level {level} of restriction; this holds fields above it.",
    )


def names_others() -> RefusedError:
    """A document about several people is not given to one of them alone."""
    return RefusedError.of(
        "not-permitted",
        "Chứng cứ là danh sách có tên nhiều người; đề nghị cơ quan quản lý cung cấp hoặc kiểm tra giúp.",
        "The evidence is a list that names other people; ask the agency for it or to verify it.",
    )


async def profile(read: Reading, profile_id: UUID, *verbs: str) -> Subject:
    """The profile, if the asker may do one of ``verbs`` (reading, unless others are named) with it.

    Raises:
        RefusedError: ``not-found`` out of scope, ``not-permitted`` and the like within it;
            ``purpose-required`` of roles whose work does not say what they read for.
    """
    row = await row_of(read, profile_id)
    verdict = await judged(read, row, verbs or ("read_own", "read_profile"))
    if read.part and not read.who.is_about(profile_id):
        await read_log.record(read, profile_id, verdict)
    return Subject(row, verdict.role, verdict.citation, verdict.level)


async def row_of(read: Reading, profile_id: UUID) -> Any:
    """The profile's row where the asker's scope holds it, whatever the roles say.

    Raises:
        RefusedError: ``not-found``.
    """
    row = (await read.connection.execute(_PROFILE, {"id": profile_id, "today": read.today})).one_or_none()
    if row is None:
        raise missing()
    return row


async def judged(read: Reading, row: Any, verbs: tuple[str, ...]) -> Allowed:
    """The first yes for a profile's row, on the holding, receiving or host's side; or the last refusal.

    Database rows of a secondment end when its profile wakes; here it ends with its last day, to the hour.
    """
    law, _ = await read.law_at(row.agency_id)
    # What was merged into a profile is part of its history, read by whoever reads that.
    archived = row.kept_as == Chapter.ARCHIVE and Verb.READ_PROFILE in verbs
    if archived:
        # Kept apart (hanoi.art12.3): the right to read it is another one, also on the agency's own side.
        verbs = tuple(Verb.READ_ARCHIVE if verb == Verb.READ_PROFILE else verb for verb in verbs)
    own = read.who.actor.person_profile_id
    targets = [target_of(row, row.ancestors, own)]
    if verbs == ("read_own", "read_profile"):
        targets += [target_of(row, beside, own) for beside in (row.receiving, row.hosting) if beside]
    denied = Denied("not-permitted", "", "")
    for target in targets:
        for verb in verbs:
            verdict = may(read.who.actor, verb, target, read.today, law)
            if isinstance(verdict, Allowed):
                return verdict
            denied = verdict
    if archived and denied.code == "not-permitted":
        raise RefusedError.of("archived-profile", denied.reason_vi, denied.reason_en)
    raise refused(denied)


def target_of(row: Any, ancestors: list[UUID], own: UUID | None = None) -> Target:
    """A profile's row as what is asked about; what was closed into the asker's ``own`` file is that file."""
    mine = own is not None and row.merged_into == own
    return Target(
        agency_id=ancestors[0] if ancestors else row.agency_id,
        ancestors=tuple(ancestors),
        profile_id=own if mine else row.id,
        subject_account_id=row.account_id,
    )


_PLACE = text(
    "SELECT ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = :agency"
    " AND c.valid_to IS NULL ORDER BY c.depth)"
)


async def level_in(read: Reading, agency_id: UUID) -> int:
    """The level of restriction up to which the asker sees the forms of an agency's people; 0 for none."""
    verdict = await _of(read, Verb.READ_PROFILE, agency_id)
    return verdict.level if isinstance(verdict, Allowed) else 0


async def at(read: Reading, verb: str, agency_id: UUID, *, about: UUID | None = None) -> Allowed:
    """What the asker may do with an agency's own things: there, not merely somewhere else; ``about`` somebody
    whose file it may no longer hold.

    Row-level security shows what any role of the account reaches; whether one of those carries the verb is
    asked here.

    Raises:
        RefusedError: ``not-permitted`` and the like.
    """
    verdict = await _of(read, verb, agency_id, about)
    if isinstance(verdict, Denied):
        raise refused(verdict)
    return verdict


async def _of(read: Reading, verb: str, agency_id: UUID, about: UUID | None = None) -> Allowed | Denied:
    law, _ = await read.law_at(agency_id)
    above = await read.connection.scalar(_PLACE, {"agency": agency_id}) or []
    return may(read.who.actor, verb, Target(agency_id, tuple(above), about), read.today, law)


async def within(read: Reading, verb: str, level: int = 1) -> Reach:
    """Where the asker may do ``verb``, seeing fields of ``level`` at least: for lists.

    Raises:
        RefusedError: ``not-permitted`` when nowhere at all, ``field-withheld`` when nowhere to that level.
    """
    law, _ = await read.own_law()
    found = reach(read.who.actor, verb, read.today, law, level=level)
    if not (found.everywhere or found.subtrees or found.agencies or found.profiles):
        if level > 1:
            await within(read, verb)  # nowhere at all is said first
            raise withheld(level - 1)
        raise RefusedError.of(
            "not-permitted",
            "Tài khoản không có vai trò được xem danh sách này.",
            "No role of this account may see this list.",
        )
    return found


async def known_by_name(read: Reading, profiles: Iterable[UUID | None]) -> frozenset[UUID]:
    """Of these people, those whose names the asker is told in a list: who reads their files, or archived ones
    where they are archived, or is them. Row-level security alone also shows whom some other role reaches.
    """
    about = {one for one in profiles if one is not None}
    own = {one for one in about if read.who.is_about(one)}
    if not about - own:
        return frozenset(own)
    law, _ = await read.own_law()
    people = reach(read.who.actor, Verb.READ_PROFILE, read.today, law)
    archives = reach(read.who.actor, Verb.READ_ARCHIVE, read.today, law)
    never = people.never_profile or archives.never_profile
    if people.everywhere and archives.everywhere and never not in about:
        return frozenset(about)
    if people == archives == Reach(never_profile=never):
        return frozenset(own)
    rows = await read.connection.execute(_PLACES, {"ids": list(about), "today": read.today})
    return frozenset(own | {row.id for row in rows if _covers(row, people, archives)})


def _covers(row: Any, people: Reach, archives: Reach) -> bool:
    """Whether a file lies within a reader's reach, as `judged` would say of it."""
    if row.kept_as == Chapter.ARCHIVE:
        return archives.covers(target_of(row, row.ancestors))
    sides = (row.ancestors, *(one for one in (row.receiving, row.hosting) if one))
    return any(people.covers(target_of(row, side)) for side in sides)


async def level_everywhere(read: Reading) -> int:
    """The level of restriction up to which the asker sees every form within reach: for figures that do not
    say whose they are. 0 where the asker reads no form."""
    law, _ = await read.own_law()
    whole = reach(read.who.actor, Verb.READ_PROFILE, read.today, law)
    if not (whole.everywhere or whole.subtrees or whole.agencies or whole.profiles):
        return 0
    by_level = (
        (level, reach(read.who.actor, Verb.READ_PROFILE, read.today, law, level=level))
        for level in range(top_level(), 0, -1)
    )
    return next((level for level, found in by_level if found == whole), 1)


AGENCIES = (
    "ARRAY(SELECT descendant_id FROM agency_closure WHERE ancestor_id = ANY (CAST(:subtrees AS uuid[]))"
    " AND valid_to IS NULL)"
)
"""The agencies below ``:subtrees``, as one array, so that an index on the agency serves the list."""


def covered(found: Reach, column: str, values: dict[str, Any]) -> str:
    """The condition under which a list's rows lie within a reach, by the agency they name."""
    if found.everywhere:
        return "true"
    values |= {"subtrees": list(found.subtrees), "own": list(found.agencies)}
    return f"({column} = ANY (CAST(:own AS uuid[])) OR {column} = ANY ({AGENCIES}))"


async def profiles_within(read: Reading, where: list[str], values: dict[str, Any], level: int = 1) -> None:
    """Add to ``where`` and ``values`` which profiles ``p`` of a list the asker may read.

    Archived ones stand in it only where the asker holds their own right, and are all that who holds nothing
    else sees. With a ``level``, only those stand in it of which fields of that level are seen.

    Raises:
        RefusedError: ``not-permitted`` when nowhere at all, ``field-withheld`` when nowhere to that level.
    """
    where.append("p.merged_into IS NULL")
    law, _ = await read.own_law()
    archives = reach(read.who.actor, Verb.READ_ARCHIVE, read.today, law, level=level)
    kept = archives.everywhere or archives.subtrees or archives.agencies
    try:
        people = await within(read, Verb.READ_PROFILE, level)
    except RefusedError:
        if not kept:
            raise
        people = Reach(everywhere=False, never_profile=archives.never_profile)
    if people.never_profile is not None:
        # A post's right never reaches the holder's own file where the text says so (phu_yen.art3.4).
        where.append("p.id <> CAST(:own_file AS uuid)")
        values["own_file"] = people.never_profile
    if people.everywhere and archives.everywhere:
        return
    values["people"] = list(people.subtrees | people.agencies)
    values["files"] = list(people.profiles)
    values["archives"] = list(archives.subtrees | archives.agencies)
    here = "true" if people.everywhere else f"p.agency_id = ANY ({AGENCIES.replace(':subtrees', ':people')})"
    if people.profiles and not people.everywhere:
        here = f"({here} OR p.id = ANY (CAST(:files AS uuid[])))"
    there = (
        "true" if archives.everywhere else f"p.agency_id = ANY ({AGENCIES.replace(':subtrees', ':archives')})"
    )
    if not kept:
        where += ["p.chapter <> 'archive'", here]
        return
    where.append(f"CASE WHEN p.chapter = 'archive' THEN {there} ELSE {here} END")
    if not (people.everywhere or archives.everywhere or people.profiles):
        values["subtrees"] = [*values["people"], *values["archives"]]
        where.append(f"p.agency_id = ANY ({AGENCIES})")
