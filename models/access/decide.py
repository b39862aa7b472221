"""The decision: may this actor do this to that on this day? Denied unless a role says yes."""

from collections.abc import Collection, Iterator
from datetime import date
from uuid import UUID

from models.access.actor import Actor, Allowed, Delegation, Denied, Grant, Reach, Target
from models.access.catalogue import Permission, Role, Roles, Scope, Verb, VerbWords, roles
from models.access.consenting import asks_the_official, by_consent, consented_files, with_the_officials_own
from models.access.delegable import delegables
from models.regulations.ruleset import Obligation, RuleSet
from models.regulations.slots import Slot

OFFICIAL = "official"

READS = (Verb.READ_PROFILE, Verb.READ_ARCHIVE)
"""Verbs whose answer says how much of a form is seen."""

_TELLING = (
    "own-approval", "own-file", "consent-needed", "field-withheld", "delegation-ended", "not-permitted",
)  # fmt: skip


def may(
    actor: Actor,
    verb: Verb | str,
    target: Target,
    on: date,
    rules: RuleSet | None = None,
    table: Roles | None = None,
    *,
    among: Collection[str] | None = None,
) -> Allowed | Denied:
    """Whether `actor` may do `verb` to `target` on the legal date `on`.

    With `rules` the answer cites the article, permissions that hold by law fall where no rule in force gives
    them, and such a rule's own scope decides. An unknown verb is a ValueError; an unknown role gives nothing.
    Of several rights to read the one that sees the most of a form is answered, of several refusals the most
    telling: separation of duties, one's own file, an ended delegation, the rest.
    `among` leaves roles that are not named out of account.
    """
    table = table or roles()
    wanted = Verb(verb)
    words = table.verbs[wanted]
    if target.authority_id not in (None, actor.authority_id):
        return Denied(
            "not-found", "Không có trong phạm vi cơ quan quản lý.", "Not within the managing authority."
        )
    refusals: list[Denied] = []
    best: Allowed | None = None
    for verdict in _verdicts(actor, wanted, words, target, on, rules, table, among):
        if isinstance(verdict, Denied):
            refusals.append(verdict)
        elif wanted not in READS:
            return verdict
        elif best is None or verdict.level > best.level:
            best = verdict
    if best is not None:
        return best
    if not refusals:
        return Denied(
            "not-permitted",
            f"Tài khoản không có vai trò được phép {words.vi}.",
            f"No role of this account may {words.en}.",
        )
    return min(refusals, key=lambda refusal: _TELLING.index(refusal.code))


def _verdicts(
    actor: Actor,
    wanted: Verb,
    words: VerbWords,
    target: Target,
    on: date,
    rules: RuleSet | None,
    table: Roles,
    among: Collection[str] | None,
) -> Iterator[Allowed | Denied]:
    """What each role and each delegation says that is about the verb."""
    barred = _own_file(actor, words, target, rules)
    for name, role, grant in _held(actor, table):
        permission = role.verbs.get(wanted)
        if permission is None or (among is not None and name not in among):
            continue
        verdict = _by_role(actor, name, role, grant, permission, words, target, on, rules)
        if wanted in READS and isinstance(verdict, Allowed) and not role.personnel_work:
            verdict = with_the_officials_own(verdict, actor, target, on, rules)
        yield verdict if barred is None or grant is None or isinstance(verdict, Denied) else barred
    for one in _lent(actor, wanted):
        verdict = _by_delegation(actor, one, wanted, words, target, on, rules, table, among)
        yield verdict if barred is None or isinstance(verdict, Denied) else barred
    if wanted is Verb.READ_PROFILE and (consented := by_consent(actor, target, on, rules, table)) is not None:
        yield consented


def reach(
    actor: Actor,
    verb: Verb | str,
    on: date,
    rules: RuleSet | None = None,
    table: Roles | None = None,
    *,
    level: int = 1,
) -> Reach:
    """Where `verb` is allowed: what a list may show without asking `may` for every row.

    With a `level`, only where fields of that level of restriction are seen.
    """
    table = table or roles()
    wanted = Verb(verb)
    everywhere, own = False, None
    subtrees: set[UUID] = set()
    agencies: set[UUID] = set()
    for _, role, grant in _held(actor, table):
        permission = role.verbs.get(wanted)
        if permission is None or _level(role, grant) < level or (grant is not None and not grant.holds(on)):
            continue
        if wanted in READS and not role.personnel_work and asks_the_official(rules):
            continue  # file by file, as each is consented to
        if table.verbs[wanted].whole and _level(role, grant) < role.level:
            continue
        match _scope(role, permission, rules):
            case Scope.SELF:
                own = actor.own_profile_id
            case Scope.OWN_AGENCY if grant is not None:
                agencies.add(grant.agency_id)
            case Scope.SUBTREE if grant is not None:
                subtrees.add(grant.agency_id)
            case Scope.AUTHORITY:
                everywhere = True
            case _:
                pass
    for one in _lent(actor, wanted):
        if not in_force(one, on, rules, table):
            continue
        covered = reach(one.delegator, wanted, on, rules, table, level=level)
        if covered.everywhere or not covered.subtrees.isdisjoint((one.agency_id, *one.ancestors)):
            subtrees.add(one.agency_id)
        elif one.agency_id in covered.agencies:
            agencies.add(one.agency_id)
    barred = _own_file_rule(table.verbs[wanted], rules) is not None
    never = actor.person_profile_id if barred else None
    files = consented_files(actor, on, rules, level) if wanted is Verb.READ_PROFILE else frozenset()
    return Reach(everywhere, frozenset(subtrees), frozenset(agencies), own, files, never)


def everywhere(verb: Verb | str, rules: RuleSet | None = None, table: Roles | None = None) -> tuple[str, ...]:
    """The roles whose holders may do it over the whole authority: who is told of what waits for one."""
    table, wanted = table or roles(), Verb(verb)
    return tuple(
        name
        for name, role in table.roles.items()
        if wanted in role.verbs and _scope(role, role.verbs[wanted], rules) is Scope.AUTHORITY
    )


def in_force(one: Delegation, on: date, rules: RuleSet | None = None, table: Roles | None = None) -> bool:
    """Whether a delegation is worth anything on the legal date `on`: its own dates, a law that still allows
    it, and a delegator who still has the right over the whole of its part of the tree."""
    what = delegables().what.get(one.what)
    if what is None or not one.holds(on) or (rules is not None and not rules.every(what.slot)):
        return False
    return isinstance(may(one.delegator, what.verb, one.place, on, rules, table), Allowed)


def _lent(actor: Actor, wanted: Verb) -> Iterator[Delegation]:
    """The delegations that are about this verb."""
    table = delegables().what
    for one in actor.delegations:
        if one.what in table and wanted in table[one.what].verbs:
            yield one


def _by_delegation(
    actor: Actor,
    one: Delegation,
    wanted: Verb,
    words: VerbWords,
    target: Target,
    on: date,
    rules: RuleSet | None,
    table: Roles,
    among: Collection[str] | None,
) -> Allowed | Denied:
    """The delegator's own right on this day, for the part of the tree that was lent; R4 holds for both."""
    what = delegables().what[one.what]
    law = rules.slot(what.slot) if rules is not None else None
    if one.agency_id not in (target.agency_id, *target.ancestors):
        return Denied("not-permitted", "Ngoài phạm vi được uỷ quyền.", "Outside the part that was delegated.")
    if not in_force(one, on, rules, table):
        return Denied(
            "delegation-ended",
            f"Uỷ quyền {what.vi} chưa hoặc không còn hiệu lực.",
            f"The delegation of {what.en} is not in force.",
        )
    if rules is not None and not _of_these(rules, what.slot, target):
        return Denied(
            "not-permitted",
            f"Quy định không để uỷ quyền {what.vi} đối với người thuộc loại này.",
            f"The rule does not let {what.en} be delegated for people of this category.",
        )
    whole = may(one.delegator, wanted, one.place, on, rules, table)
    lent = (
        may(one.delegator, wanted, target, on, rules, table, among=among)
        if isinstance(whole, Allowed)
        else whole
    )
    if (isinstance(lent, Denied) and lent.code == "own-approval") or _separated(actor, None, words, target):
        return _own(words)
    if isinstance(lent, Denied):
        return lent
    return Allowed(
        role=lent.role,
        slot=what.slot,
        reason_vi=f"Thừa uỷ quyền: {words.vi}",
        reason_en=f"By delegation: {words.en}",
        citation=law.citation if law else None,
        citation_en=law.citation_en if law else None,
        delegation_of=one.delegator.account_id,
        delegation_id=one.id,
        level=lent.level,
        level_of=lent.level_of,
    )


def _of_these(rules: RuleSet, slot: Slot, target: Target) -> bool:
    """Whether the right may be lent for this person: where a rule about such an agency names categories of
    people, for these alone, whatever a more general rule says of delegations (binh_dinh.II.2.b).
    """
    about = dict(target.facts)
    category = about.pop("category", None)
    if category is None:
        return True  # a list, an agency: each person on it is asked about when their turn comes
    named = [
        rule.when
        for rule in rules.every(slot)
        if rule.when.category and rule.when.model_copy(update={"category": ()}).fits(about)
    ]
    return not named or any(category in when.category for when in named)


def _own(words: VerbWords) -> Denied:
    return Denied(
        "own-approval",
        f"Không được {words.vi} đối với hồ sơ của mình, do mình lập, hoặc của người uỷ quyền cho mình.",
        f"Nobody may {words.en} where they, or who delegated to them, are the subject or the author.",
    )


def _own_file_rule(words: VerbWords, rules: RuleSet | None) -> Obligation | None:
    """The rule in force that keeps whoever holds this right from their own file, if there is one."""
    return rules.any(words.own_file) if rules is not None and words.own_file is not None else None


def _own_file(actor: Actor, words: VerbWords, target: Target, rules: RuleSet | None) -> Denied | None:
    """The refusal of one's own file where the text says so (phu_yen.art3.4): what one may see of it, one sees
    as the person it is about."""
    rule = _own_file_rule(words, rules)
    mine = target.profile_id is not None and target.profile_id == actor.person_profile_id
    if rule is None or not (mine or target.subject_account_id == actor.account_id):
        return None
    return Denied(
        "own-file",
        f"Không được dùng quyền của vị trí để {words.vi} của chính mình ({rule.citation}).",
        f"Nobody may {words.en} by a post's right where it is their own ({rule.citation_en}).",
    )


def _held(actor: Actor, table: Roles) -> Iterator[tuple[str, Role, Grant | None]]:
    """The roles of an actor: the person's own, then roles of one's own before delegated ones."""
    if actor.own_profile_id is not None:
        yield OFFICIAL, table.roles[OFFICIAL], None
    for grant in sorted(actor.grants, key=lambda one: one.delegation_of is not None):
        if grant.role in table.roles and grant.role != OFFICIAL:
            yield grant.role, table.roles[grant.role], grant


def _by_role(
    actor: Actor,
    name: str,
    role: Role,
    grant: Grant | None,
    permission: Permission,
    words: VerbWords,
    target: Target,
    on: date,
    rules: RuleSet | None,
) -> Allowed | Denied:
    scope = _scope(role, permission, rules)
    if scope is None:
        return Denied(
            "not-permitted",
            f"Không có quy định nào đang có hiệu lực cho phép {role.vi} {words.vi}.",
            f"No rule in force lets the role '{role.en}' {words.en}.",
        )
    if not _within(scope, actor, grant, target):
        return Denied(
            "not-permitted",
            f"Ngoài phạm vi của vai trò “{role.vi}”.",
            f"Outside the scope of the role '{role.en}'.",
        )
    if grant is not None and not grant.holds(on):
        return _not_held(role, grant)
    if _separated(actor, grant, words, target):
        return _own(words)
    if words.whole and _level(role, grant) < role.level:
        return Denied(
            "field-withheld",
            f"Quyền được cấp chỉ xem đến độ hạn chế {_level(role, grant)}, không đủ để {words.vi}.",
            f"The grant shows fields up to level {_level(role, grant)} only, not enough to {words.en}.",
        )
    laws = _laws(permission, rules)
    return Allowed(
        role=name,
        slot=permission.slot,
        reason_vi=f"{role.vi}: {words.vi}",
        reason_en=f"{role.en}: {words.en}",
        citation="; ".join(law.citation for law in laws) or None,
        citation_en="; ".join(law.citation_en for law in laws) or None,
        delegation_of=grant.delegation_of if grant else None,
        level=_level(role, grant),
        level_of=grant if grant is not None and grant.level is not None else None,
    )


def _level(role: Role, grant: Grant | None) -> int:
    """How far the holder sees into a form: as far as the grant says, else as the role does."""
    return role.level if grant is None or grant.level is None else grant.level


def _not_held(role: Role, grant: Grant) -> Denied:
    if grant.delegation_of is not None:
        return Denied(
            "delegation-ended",
            f"Uỷ quyền vai trò “{role.vi}” chưa hoặc không còn hiệu lực.",
            f"The delegation of the role '{role.en}' is not in force.",
        )
    return Denied(
        "not-permitted",
        f"Vai trò “{role.vi}” chưa hoặc không còn hiệu lực.",
        f"The role '{role.en}' is not held on this day.",
    )


def _laws(permission: Permission, rules: RuleSet | None) -> list[Obligation]:
    """The rules in force that give it, the one that binds first."""
    found = [rules.any(slot) for slot in permission.slots] if rules is not None else []
    return [law for law in found if law is not None]


def _scope(role: Role, permission: Permission, rules: RuleSet | None) -> Scope | None:
    """How far the permission reaches; None where it holds by law and no rule in force gives it."""
    if rules is None or not permission.by_law:
        return role.scope
    laws = _laws(permission, rules)
    if not laws:
        return None
    return Scope(laws[0].rule.scope) if laws[0].rule.scope else role.scope


def _within(scope: Scope, actor: Actor, grant: Grant | None, target: Target) -> bool:
    match scope:
        case Scope.SELF:
            return target.profile_id is not None and target.profile_id == actor.own_profile_id
        case Scope.OWN_AGENCY:
            return grant is not None and grant.agency_id == target.agency_id
        case Scope.SUBTREE:
            return grant is not None and grant.agency_id in (target.agency_id, *target.ancestors)
        case Scope.AUTHORITY:
            return True


def _separated(actor: Actor, grant: Grant | None, words: VerbWords, target: Target) -> bool:
    """R4: never the subject, never the author, nor on behalf of one who is."""
    delegator = grant.delegation_of if grant else None
    people = {actor.account_id, delegator} - {None}
    is_subject = target.subject_account_id in people or (
        target.profile_id is not None and target.profile_id == actor.person_profile_id
    )
    return ("subject" in words.never and is_subject) or (
        "author" in words.never and target.author_account_id in people
    )
