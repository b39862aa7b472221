"""The sheet ``Vị trí``: accounts of posts, who holds them, and the role each gives.

A post's account names its holder's profile, so that nobody approves the own data from another login (R4).
Roles over the whole authority are given only by who administers it. A post that passes to somebody else
loses its password and its sessions.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.imports.lines import Line, Verdict
from activities.imports.run import Batches, Run, recorded_email
from activities.imports.words import finding
from models.access import Scope as Reaching
from models.access import roles
from models.errors import Refusal
from models.form import CellIssue, workbook
from models.form.gathering import Line as PostLine
from models.identifiers import new_id
from models.lifecycle.appointing import POSTS, SOLE
from models.lifecycle.outcome import Outcome
from models.record.authority_stream import record_on_authority
from models.record.bulk import NO_PASSWORD, seal_email
from models.record.delegations import stir
from models.tables import AccountRow, AgencyPostRow, GrantRow, PostHolderRow

SECTION = "posts"
_ACCOUNTS = text(
    "SELECT a.id, a.login, a.kind, a.state, a.agency_id, a.profile_id, a.display_name, a.email_sealed,"
    " a.email_key,"
    " (SELECT coalesce(json_agg(json_build_array(g.role, g.agency_id)), '[]') FROM grants g"
    " WHERE g.account_id = a.id AND (g.valid_to IS NULL OR g.valid_to > :today)) AS held"
    " FROM accounts a WHERE a.login = ANY(:logins)"
)
_HOLDERS = text(
    "SELECT id, id_number_index FROM profiles WHERE id_number_index = ANY(:indexes) AND chapter <> 'archive'"
)
# Posts that are there, and whose the posts of one are: their holders, or whoever has the role without one.
_STANDING = text(
    "SELECT DISTINCT ON (agency_id, kind) id, agency_id, kind FROM agency_posts"
    " WHERE agency_id = ANY (:agencies) AND valid_to IS NULL ORDER BY agency_id, kind, id"
)
_SOLE = text(
    "SELECT g.agency_id, g.role, g.account_id, a.profile_id FROM grants g JOIN accounts a"
    " ON a.id = g.account_id LEFT JOIN post_holders h ON h.grant_id = g.id"
    " WHERE g.agency_id = ANY (:agencies) AND g.role = ANY (:sole) AND g.delegation_of IS NULL"
    " AND (g.valid_to IS NULL OR g.valid_to > :today) AND NOT coalesce(h.acting, false)"
)
_NAME = text(
    "UPDATE accounts SET display_name = :name, profile_id = :profile, email_sealed = :sealed,"
    " email_key = :key WHERE id = :id"
)
_LOCK_OUT = text(
    "UPDATE accounts SET password_hash = :none, state = 'default_password', failed_logins = 0,"
    " locked_until = NULL WHERE id = :id"
)
_END_SESSIONS = text("DELETE FROM sessions WHERE account_id = :id")
_FORGET_DEVICE = (
    text("DELETE FROM second_factors WHERE account_id = :id"),
    text("DELETE FROM recovery_codes WHERE account_id = :id"),
)
_IN_FILE = UUID(int=0)
"""Stands in a dry run for a holder the workbook itself would create."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a post's login, as it stands."""

    id: UUID
    kind: str
    state: str
    agency_id: UUID
    profile_id: UUID | None
    display_name: str
    email: str | None
    held: frozenset[tuple[str, UUID]]

    @property
    def far_reaching(self) -> bool:
        """Whether it holds a role over the whole authority."""
        return any(reaches_far(role) for role, _ in self.held)


@dataclass(slots=True)
class Written:
    """The rows of a batch, written together at its end."""

    accounts: list[dict[str, Any]] = field(default_factory=list)
    grants: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    holders: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    """The post of an agency and kind, where there is one."""


def reaches_far(role: str) -> bool:
    """Whether a role is held over the whole authority."""
    return roles().roles[role].scope is Reaching.AUTHORITY


class Posts(Batches[PostLine]):
    """Judges and writes posts; ``accepted`` are the numbers and logins of people nothing is wrong with."""

    def __init__(self, run: Run, accepted: Mapping[str, str | None]) -> None:
        self._run, self._accepted = run, accepted
        self._logins = {login: number for number, login in accepted.items() if login}
        self._sheet = workbook(run.form)[1]
        self._sole: dict[tuple[UUID, str], set[Hashable]] = {}

    async def write(self, connection: AsyncConnection, batch: Sequence[PostLine]) -> list[Line]:
        """Judge a batch and write what is new or changed."""
        accounts = await self._accounts(connection, batch)
        holders = await self._holders(connection, batch)
        lines = []
        out, rows = Outcome(), Written()
        await self._posts(connection, batch, rows)
        for one in batch:
            account = accounts.get(one.values["login"])
            number = one.values.get("holder_citizen_id")
            holder = self._holder(number, holders)
            issue = self._issue(one, account, holder)
            if issue is None and self._taken(one, account, holder):
                issue = finding(self._sheet, one.row, "role", "post-held")
            if issue is not None:
                clash = issue.code in ("duplicate-login", "account-elsewhere", "holder-unnamed", "post-held")
                lines.append(self._line(one, "conflict" if clash else "refused", None, issue))
                continue
            lines.append(await self._judged(connection, one, account, holder, out, rows))
        if rows.accounts:
            await connection.execute(insert(AccountRow), rows.accounts)
        for table, new in (
            (GrantRow, rows.grants),
            (AgencyPostRow, rows.posts),
            (PostHolderRow, rows.holders),
        ):
            if new:
                await connection.execute(insert(table), new)
        await record_on_authority(
            connection, self._run.scene, self._run.source.authority_id, self._run.agency_id, out
        )
        return lines

    def clash(self, item: PostLine, refusal: Refusal) -> Line:
        """A login that another authority of this installation uses."""
        return self._line(item, "conflict", None, finding(self._sheet, item.row, "login", refusal.code))

    def _line(self, one: PostLine, verdict: Verdict, subject: UUID | None, *issues: CellIssue) -> Line:
        return Line(SECTION, self._sheet.title, one.row, verdict, subject, issues)

    def _holder(self, number: Any, holders: Mapping[bytes, UUID]) -> UUID | None:
        if number is None:
            return None
        indexes = self._run.tools.blind.candidates(self._run.source.authority_id, str(number))
        found = next((holders[index] for index in indexes if index in holders), None)
        return _IN_FILE if found is None and self._run.dry_run and number in self._accepted else found

    def _issue(self, one: PostLine, account: Account | None, holder: UUID | None) -> CellIssue | None:
        """What keeps the line out."""
        values = one.values
        if values["agency_code"] not in self._run.agencies:
            return finding(self._sheet, one.row, "agency_code", "unknown-agency")
        far = reaches_far(values["role"]) or (account is not None and account.far_reaching)
        if far and not self._run.administers:
            return finding(self._sheet, one.row, "role", "not-permitted")
        if values.get("holder_citizen_id") is not None and holder is None:
            return finding(self._sheet, one.row, "holder_citizen_id", "unknown-holder")
        if account is None:
            owner = self._logins.get(values["login"]) if self._run.dry_run else None
            if owner is not None and owner != values.get("holder_citizen_id"):
                return finding(self._sheet, one.row, "login", "duplicate-login")
            return None
        return self._standing(one, account, holder)

    def _taken(self, one: PostLine, account: Account | None, holder: UUID | None) -> bool:
        """Whether somebody else holds a post that is one person's; if not, the line's holder does."""
        agency_id = self._run.agencies[one.values["agency_code"]]
        key = (agency_id, one.values["role"])
        if key[1] not in SOLE:
            return False
        person: Hashable = one.values.get("holder_citizen_id") if holder == _IN_FILE else holder
        own = {one.values["login"], *([account.id] if account is not None else [])}
        own |= {person} if person is not None else set()
        held = self._sole.setdefault(key, set())
        if held and not held & own:
            return True
        held |= own
        return False

    def _standing(self, one: PostLine, account: Account, holder: UUID | None) -> CellIssue | None:
        """What stands against giving the post to an account that exists."""
        if account.kind == "personal" and account.profile_id != holder:
            return finding(self._sheet, one.row, "login", "duplicate-login")
        elsewhere = account.agency_id != self._run.agencies[one.values["agency_code"]]
        if account.state == "cancelled" or (account.kind != "personal" and elsewhere):
            return finding(self._sheet, one.row, "login", "account-elsewhere")
        renamed = account.display_name != one.values["holder_name"]
        if account.kind != "personal" and account.profile_id is not None and holder is None and renamed:
            return finding(self._sheet, one.row, "holder_citizen_id", "holder-unnamed")
        return None

    async def _judged(
        self,
        connection: AsyncConnection,
        one: PostLine,
        account: Account | None,
        holder: UUID | None,
        out: Outcome,
        rows: "Written",
    ) -> Line:
        agency_id = self._run.agencies[one.values["agency_code"]]
        role = one.values["role"]
        if account is None:
            if self._run.dry_run:
                personal = one.values["login"] in self._logins  # the holder's own account by then
                return self._line(one, "update" if personal else "create", None)
            account_id = self._create(one, holder, agency_id, rows)
            self._grant(one, account_id, agency_id, out, rows)
            return self._line(one, "create", account_id)
        changed = await self._hand_over(connection, one, account, holder, out)
        if (role, agency_id) not in account.held:
            changed = True
            if not self._run.dry_run:
                self._grant(one, account.id, agency_id, out, rows)
        return self._line(one, "update" if changed else "same", account.id)

    def _create(self, one: PostLine, holder: UUID | None, agency_id: UUID, rows: "Written") -> UUID:
        run, account_id = self._run, new_id()
        email = seal_email(run.tools, run.source.authority_id, account_id, one.values.get("email"))
        rows.accounts.append(
            {
                "id": account_id,
                "authority_id": run.source.authority_id,
                "kind": "agency",
                "login": one.values["login"],
                "display_name": one.values["holder_name"],
                "password_hash": NO_PASSWORD,
                "state": "default_password",
                "profile_id": holder,
                "agency_id": agency_id,
                "email_sealed": email.data if email else None,
                "email_key": email.key_id if email else None,
                "created_at": run.scene.now,
            }
        )
        return account_id

    def _grant(self, one: PostLine, account_id: UUID, agency_id: UUID, out: Outcome, rows: "Written") -> None:
        run, role = self._run, one.values["role"]
        common = {
            "authority_id": run.source.authority_id,
            "valid_from": run.scene.today,
            "document": f"{one.values['title']} (sổ nhập liệu {run.source.document[:12]})",
        }
        grant = {"id": new_id(), "account_id": account_id, "agency_id": agency_id, "role": role}
        rows.grants.append({**common, **grant})
        if role in POSTS:
            post = rows.standing.get((agency_id, role))
            if post is None:
                post = rows.standing[agency_id, role] = new_id()
                named = {"kind": role, "title": one.values["title"], "agency_id": agency_id}
                rows.posts.append({**common, **named, "id": post})
            holder = {"post_id": post, "account_id": account_id, "acting": False, "grant_id": grant["id"]}
            rows.holders.append({**common, **holder, "id": new_id()})
        self._happened(out, "role.granted", account_id, agency=str(agency_id), role=one.values["role"])

    async def _hand_over(
        self,
        connection: AsyncConnection,
        one: PostLine,
        account: Account,
        holder: UUID | None,
        out: Outcome,
    ) -> bool:
        """Give the post's account its holder and name; answers whether that changes anything."""
        if account.kind == "personal":
            return False
        holder = holder or account.profile_id
        name, email = one.values["holder_name"], one.values["email"]
        if (account.profile_id, account.display_name, account.email) == (holder, name, email):
            return False
        if self._run.dry_run:
            return True
        sealed = seal_email(self._run.tools, self._run.source.authority_id, account.id, email)
        assert sealed is not None
        values = {"name": name, "profile": holder, "sealed": sealed.data, "key": sealed.key_id}
        await connection.execute(_NAME, {"id": account.id, **values})
        if account.profile_id not in (None, holder):
            await connection.execute(_LOCK_OUT, {"id": account.id, "none": NO_PASSWORD})
            for query in (_END_SESSIONS, *_FORGET_DEVICE):
                await connection.execute(query, {"id": account.id})
            await stir(connection, [account.id], self._run.scene.now)
            self._happened(out, "post.handed_over", account.id)
        else:
            self._happened(out, "post.changed", account.id)
        return True

    def _happened(self, out: Outcome, kind: str, account_id: UUID, **facts: str) -> None:
        rule = self._run.scene.rule("account_operations")
        out.happened(
            kind, rule, **{"account": str(account_id), "import": str(self._run.source.import_id), **facts}
        )

    async def _posts(self, connection: AsyncConnection, batch: Sequence[PostLine], rows: "Written") -> None:
        """The posts of the batch's agencies, and whose those of one holder are."""
        codes = {one.values["agency_code"] for one in batch} & self._run.agencies.keys()
        values = {"agencies": sorted({self._run.agencies[code] for code in codes})}
        for row in await connection.execute(_STANDING, values):
            rows.standing[row.agency_id, row.kind] = row.id
        sole = {**values, "sole": list(SOLE), "today": self._run.scene.today}
        for row in await connection.execute(_SOLE, sole):
            held = self._sole.setdefault((row.agency_id, row.role), set())
            held |= {row.account_id} | ({row.profile_id} if row.profile_id is not None else set())

    async def _accounts(self, connection: AsyncConnection, batch: Sequence[PostLine]) -> dict[str, Account]:
        values = {"logins": [one.values["login"] for one in batch], "today": self._run.scene.today}
        return {
            row.login: Account(
                id=row.id,
                kind=row.kind,
                state=row.state,
                agency_id=row.agency_id,
                profile_id=row.profile_id,
                display_name=row.display_name,
                email=recorded_email(self._run, row.id, row.email_sealed, row.email_key),
                held=frozenset((role, UUID(agency)) for role, agency in row.held),
            )
            for row in await connection.execute(_ACCOUNTS, values)
        }

    async def _holders(self, connection: AsyncConnection, batch: Sequence[PostLine]) -> dict[bytes, UUID]:
        numbers = [str(n) for one in batch if (n := one.values.get("holder_citizen_id")) is not None]
        authority_id = self._run.source.authority_id
        indexes = [i for n in numbers for i in self._run.tools.blind.candidates(authority_id, n)]
        if not indexes:
            return {}
        rows = await connection.execute(_HOLDERS, {"indexes": indexes})
        return {bytes(row.id_number_index): row.id for row in rows}
