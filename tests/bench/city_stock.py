"""The stock of a whole city, seeded and real: sealed forms that open, hashes that hold, a skewed tree.

Written by COPY past triggers and policies, as a restore does: 100,000 people take seconds. The same seed
gives the same sizes and names; ids and seals are new each time. The agencies' sizes fall like 1/n, so that
the largest holds some thirty times what the smallest does; units have no account, the agency above them does
their month.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID, uuid4

import psycopg

from models.form import canonical, catalogue, digest, split
from models.record.subjects import GENESIS
from tests.bench.people import GIVEN
from tests.bench.stage import Stage
from tests.forms import COMPLETE
from tests.world import World

SEED = 2026
NAME, NUMBER = "TÊN CHỈ ĐỂ THAY", "000000000000"
"""Stand in the form that is sealed and hashed once; each person's own take their place."""
COLUMNS = {
    "agencies": "id, authority_id, code, name, kind, parent_id, has_account, valid_from",
    "agency_spans": ("agency_id, authority_id, code, name, kind, parent_id, has_account, valid_from, ended"),
    "agency_lines": "authority_id, ancestor_id, descendant_id, depth, valid_from",
    "accounts": (
        "id, authority_id, kind, login, display_name, password_hash, state, profile_id, agency_id, created_at"
    ),
    "grants": "id, authority_id, account_id, agency_id, role, valid_from",
    "profiles": (
        "id, authority_id, agency_id, category, full_name, id_number_index, chapter, status, version,"
        " revision_number, account_id, approved_revision_id, synced_revision_id, pending_revision_id,"
        " foretold, last_event, last_hash, created_at"
    ),
    "custody": "id, authority_id, profile_id, agency_id, starts_on",
    "revisions": (
        "id, authority_id, profile_id, number, form_version, content, sealed, key_id, digest, state,"
        " author_id, evidence, saved_at, submitted_at"
    ),
}
"""In the order in which they are written."""


@dataclass(frozen=True, slots=True)
class City:
    """How large it is; ``changed`` of its people have something to approve, spread over all agencies."""

    people: int
    agencies: int
    units: int
    changed: int


def fill(built: Stage, world: World, city: City) -> None:
    """Write the city beside the world's own few agencies; its accounts get ``approver.<agency>``."""
    chance = random.Random(SEED)
    tree = _tree(world, city)
    homes = list(_homes(city, tree, chance))
    changes = set(chance.sample(range(city.people), city.changed))
    people = [_Person(number, home, number in changes) for number, home in enumerate(homes)]
    with psycopg.connect(built.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        root = connection.execute("SELECT id FROM agencies WHERE parent_id IS NULL").fetchone()
        assert root is not None
        rows = _rows(world, root[0], tree, people)
        for table, columns in COLUMNS.items():
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:  # type: ignore[call-overload] # text of this file
                for row in rows[table]():
                    copy.write_row(row)
        connection.commit()
    with psycopg.connect(built.superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


class _Person:
    """One person's place and ids."""

    __slots__ = ("account", "approved", "changed", "id", "name", "number", "pending", "unit")

    def __init__(self, number: int, unit: UUID, changed: bool) -> None:
        self.id, self.account, self.approved = uuid4(), uuid4(), uuid4()
        self.pending = uuid4() if changed else None
        self.unit, self.changed = unit, changed
        self.name = " ".join(["Nguyễn", *(GIVEN[int(digit)] for digit in str(number))])
        # Province code 000 does not exist, so neither does the number.
        self.number = f"000{number:09}"


def _tree(world: World, city: City) -> dict[UUID, list[UUID]]:
    """Each agency with an account, and where its people sit: itself and its units."""
    tree: dict[UUID, list[UUID]] = {}
    for _ in range(city.agencies):
        agency = uuid4()
        tree[agency] = [agency]
        world.accounts[f"approver.{agency}"] = uuid4()
    agencies = list(tree)
    for number in range(city.units - city.agencies):
        tree[agencies[number % len(agencies)]].append(uuid4())
    return tree


def _homes(city: City, tree: dict[UUID, list[UUID]], chance: random.Random) -> Iterator[UUID]:
    """Where each person sits: agencies by 1/n, units of one evenly."""
    agencies = list(tree)
    weights = list(accumulate(1 / (place + 5) for place in range(len(agencies))))
    for agency in chance.choices(agencies, cum_weights=weights, k=city.people):
        yield chance.choice(tree[agency])


def _rows(
    world: World, root: UUID, tree: dict[UUID, list[UUID]], people: Sequence[_Person]
) -> dict[str, Callable[[], Iterator[tuple[Any, ...]]]]:
    since, now, own = world.now.date(), world.now, world.authority

    def agencies() -> Iterator[tuple[Any, ...]]:
        for number, (agency, units) in enumerate(tree.items(), start=100):
            yield agency, own, f"H26.{number}", f"Cơ quan {number}", "agency", root, True, since
            for n, unit in enumerate(units[1:], start=1):
                yield unit, own, f"H26.{number}.{n}", f"Đơn vị {number}.{n}", "unit", agency, False, since

    def spans() -> Iterator[tuple[Any, ...]]:
        for row in agencies():
            yield *row, False

    def lines() -> Iterator[tuple[Any, ...]]:
        for agency, units in tree.items():
            yield own, root, agency, 1, since
            for unit in units:
                yield own, unit, unit, 0, since
            for unit in units[1:]:
                yield own, agency, unit, 1, since
                yield own, root, unit, 2, since

    def accounts() -> Iterator[tuple[Any, ...]]:
        for agency in tree:
            name = f"approver.{agency}"
            account = world.accounts[name]
            yield account, own, "agency", name, f"Người duyệt {name[-6:]}", "!", "active", None, agency, now
        for one in people:
            login = f"p{one.id.hex[:20]}"
            yield one.account, own, "personal", login, one.name, "!", "active", one.id, one.unit, now

    def grants() -> Iterator[tuple[Any, ...]]:
        for agency in tree:
            yield uuid4(), own, world.accounts[f"approver.{agency}"], agency, "approver", since

    def profiles() -> Iterator[tuple[Any, ...]]:
        for one in people:
            newest = 2 if one.changed else 1
            standing = (
                own,
                one.unit,
                "civil_servant",
                one.name,
                one.id.bytes,
                "service",
                "working",
                1,
                newest,
            )
            held = (one.account, one.approved, one.approved, one.pending, "[]", 0, GENESIS, now)
            yield one.id, *standing, *held

    def custody() -> Iterator[tuple[Any, ...]]:
        for one in people:
            yield uuid4(), own, one.id, one.unit, since

    def revisions() -> Iterator[tuple[Any, ...]]:
        form, changed = (
            _Form(world, COMPLETE),
            _Form(world, {**COMPLETE, "main_assigned_work": "Quản lý trưng bày"}),
        )
        for one in people:
            yield form.row(one, one.approved, 1, "approved")
            if one.pending is not None:
                yield changed.row(one, one.pending, 2, "submitted")

    return {
        "agencies": agencies,
        "agency_spans": spans,
        "agency_lines": lines,
        "accounts": accounts,
        "grants": grants,
        "profiles": profiles,
        "custody": custody,
        "revisions": revisions,
    }


class _Form:
    """A form made once; each person's name and number take their places, then it is hashed and sealed."""

    def __init__(self, world: World, content: dict[str, Any]) -> None:
        self._world = world
        made = {**content, "birth_full_name": NAME, "citizen_id_number": NUMBER}
        shown, secret = split(catalogue("tt06_2023"), made)
        self._whole = canonical(made).decode()
        self._shown, self._secret = (json.dumps(one, ensure_ascii=False) for one in (shown, secret))
        tried = {**content, "birth_full_name": "NGUYỄN AN", "citizen_id_number": "000000000017"}
        assert self._hash("NGUYỄN AN", "000000000017") == digest(tried), "the short cut gives another hash"

    def _hash(self, name: str, number: str) -> str:
        return hashlib.sha256(self._whole.replace(NAME, name).replace(NUMBER, number).encode()).hexdigest()

    def row(self, one: _Person, revision: UUID, number: int, state: str) -> tuple[Any, ...]:
        """One revision's row."""
        world, name = self._world, one.name.upper()
        shown, secret = (
            text.replace(NAME, name).replace(NUMBER, one.number) for text in (self._shown, self._secret)
        )
        sealed = world.tools.cipher.seal(world.authority, "revisions", revision, "sealed", secret.encode())
        named = (revision, world.authority, one.id, number, "tt06_2023", shown, sealed.data, sealed.key_id)
        made = (self._hash(name, one.number), state, one.account, "[]", world.now, world.now)
        return *named, *made
