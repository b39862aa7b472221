"""The dated tree on a database that lives: rows of before become spans and posts; code of before goes on."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from models.migrations import migrate
from models.settings import DatabaseRole

AUTHORITY, ROOT, CULTURE, HEALTH, UNIT, OLD = (UUID(int=n) for n in range(1, 7))
SOMEBODY = UUID(int=20)
BEFORE = """
SELECT set_config('hoso.authority', '{authority}', false), set_config('hoso.scope', 'authority', false);
INSERT INTO authorities (authority_id, code, name, regulation, national_code, installed_on)
    VALUES ('{authority}', 'a', 'A', 'hanoi', 'H26', '2025-01-01');
INSERT INTO agencies (id, authority_id, code, name, kind, parent_id, has_account, valid_from, valid_to) VALUES
    ('{root}', '{authority}', 'H26', 'UBND', 'peoples_committee', NULL, true, '2025-01-01', NULL),
    ('{culture}', '{authority}', 'H26.1', 'Sở Văn hoá', 'department', '{root}', true, '2025-01-01', NULL),
    ('{health}', '{authority}', 'H26.2', 'Sở Y tế', 'department', '{root}', true, '2025-02-01', NULL),
    ('{unit}', '{authority}', 'H26.3', 'Thư viện', 'unit', '{culture}', false, '2025-01-01', NULL),
    ('{old}', '{authority}', 'H26.4', 'Sở cũ', 'department', '{root}', false, '2025-01-01', '2025-06-01');
INSERT INTO agency_closure (authority_id, ancestor_id, descendant_id, valid_from, depth, valid_to) VALUES
    ('{authority}', '{root}', '{root}', '2025-01-01', 0, NULL),
    ('{authority}', '{culture}', '{culture}', '2025-01-01', 0, NULL),
    ('{authority}', '{root}', '{culture}', '2025-01-01', 1, NULL),
    ('{authority}', '{health}', '{health}', '2025-02-01', 0, NULL),
    ('{authority}', '{root}', '{health}', '2025-02-01', 1, NULL),
    ('{authority}', '{unit}', '{unit}', '2025-01-01', 0, NULL),
    ('{authority}', '{health}', '{unit}', '2025-03-01', 1, '2025-04-01'),
    ('{authority}', '{health}', '{unit}', '2025-04-01', 1, '2025-04-01'),
    ('{authority}', '{culture}', '{unit}', '2025-04-01', 1, NULL),
    ('{authority}', '{root}', '{unit}', '2025-03-01', 2, NULL),
    ('{authority}', '{old}', '{old}', '2025-01-01', 0, '2025-06-01'),
    ('{authority}', '{root}', '{old}', '2025-01-01', 1, '2025-06-01');
INSERT INTO accounts
    (id, authority_id, kind, login, display_name, password_hash, state, agency_id, created_at)
    VALUES ('{somebody}', '{authority}', 'agency', 'head@a', 'x', '!', 'active', '{culture}', now());
INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from, valid_to, document) VALUES
    ('00000000-0000-0000-0000-0000000000a1', '{authority}', '{somebody}', '{culture}', 'head', '2025-01-01',
        '2025-05-01', '1/QĐ'),
    ('00000000-0000-0000-0000-0000000000a2', '{authority}', '{somebody}', '{culture}', 'head', '2025-05-01',
        NULL, NULL),
    ('00000000-0000-0000-0000-0000000000a3', '{authority}', '{somebody}', '{culture}', 'auditor',
        '2025-01-01', NULL, NULL);
"""


@pytest.fixture(scope="module")
def upgraded(empty_module_database: Any) -> Iterator["psycopg.Connection[Any]"]:
    url = empty_module_database.url(DatabaseRole.MIGRATION)
    migrate(url, "0051")
    names = {
        "authority": AUTHORITY,
        "root": ROOT,
        "culture": CULTURE,
        "health": HEALTH,
        "unit": UNIT,
        "old": OLD,
    }
    with psycopg.connect(empty_module_database.libpq_url(DatabaseRole.WORKER), autocommit=True) as worker:
        worker.execute(BEFORE.format(**names, somebody=SOMEBODY))
    migrate(url)
    with psycopg.connect(empty_module_database.libpq_url(DatabaseRole.WORKER), autocommit=True) as worker:
        worker.execute(
            "SELECT set_config('hoso.authority', %s, false), set_config('hoso.scope', 'authority', false)",
            (str(AUTHORITY),),
        )
        yield worker


def spans(worker: "psycopg.Connection[Any]", agency: UUID) -> list[tuple[Any, ...]]:
    return worker.execute(
        "SELECT valid_from, valid_to, parent_id, ended FROM agency_spans WHERE agency_id = %s ORDER BY 1",
        (agency,),
    ).fetchall()


def test_where_each_stood_is_told_from_the_lines_of_before(upgraded: "psycopg.Connection[Any]") -> None:
    assert spans(upgraded, ROOT) == [(date(2025, 1, 1), None, None, False)]
    assert spans(upgraded, UNIT) == [
        (date(2025, 1, 1), date(2025, 3, 1), None, False),
        (date(2025, 3, 1), date(2025, 4, 1), HEALTH, False),
        (date(2025, 4, 1), None, CULTURE, False),
    ]
    assert spans(upgraded, OLD) == [
        (date(2025, 1, 1), date(2025, 6, 1), ROOT, False),
        (date(2025, 6, 1), None, None, True),
    ]


def test_who_had_a_role_holds_its_post_and_loses_it_with_the_role(
    upgraded: "psycopg.Connection[Any]",
) -> None:
    holders = "SELECT h.valid_from, h.valid_to, h.document FROM post_holders h JOIN agency_posts p"
    holders += " ON p.id = h.post_id WHERE p.agency_id = %s AND p.kind = 'head' ORDER BY 1"
    assert upgraded.execute(holders, (CULTURE,)).fetchall() == [
        (date(2025, 1, 1), date(2025, 5, 1), "1/QĐ"),
        (date(2025, 5, 1), None, ""),
    ]
    assert upgraded.execute("SELECT count(*) FROM agency_posts").fetchone() == (1,)
    with upgraded.transaction(force_rollback=True):
        upgraded.execute("UPDATE grants SET valid_to = '2025-09-01' WHERE valid_to IS NULL AND role = 'head'")
        assert upgraded.execute(holders, (CULTURE,)).fetchall()[1][1] == date(2025, 9, 1)


def test_the_closure_shows_the_day_that_is_asked_for(upgraded: "psycopg.Connection[Any]") -> None:
    above = (
        "SELECT ancestor_id FROM agency_closure WHERE descendant_id = %s AND valid_to IS NULL ORDER BY depth"
    )
    for day, expected in (
        ("2025-03-15", [UNIT, HEALTH, ROOT]),
        ("2025-04-01", [UNIT, CULTURE, ROOT]),
        ("", [UNIT, CULTURE, ROOT]),
    ):
        with upgraded.transaction(force_rollback=True):
            upgraded.execute("SELECT set_config('hoso.today', %s, true)", (day,))
            assert [row[0] for row in upgraded.execute(above, (UNIT,))] == expected


def test_code_of_before_goes_on_writing_agencies(upgraded: "psycopg.Connection[Any]") -> None:
    new = UUID(int=9)
    with upgraded.transaction(force_rollback=True):
        upgraded.execute("SELECT set_config('hoso.today', '2026-05-01', true)")
        upgraded.execute(
            "INSERT INTO agencies (id, authority_id, code, name, kind, parent_id, has_account, valid_from)"
            " VALUES (%s, %s, 'H26.5', 'Sở mới', 'department', %s, false, '2026-05-01')",
            (new, AUTHORITY, ROOT),
        )
        upgraded.execute("UPDATE agencies SET name = 'Sở Văn hoá và Du lịch' WHERE id = %s", (CULTURE,))
        upgraded.execute("UPDATE agencies SET name = 'Sở Mới' WHERE id = %s", (new,))
        upgraded.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert spans(upgraded, new) == [(date(2026, 5, 1), None, ROOT, False)]
        assert [row[0] for row in spans(upgraded, CULTURE)] == [date(2025, 1, 1), date(2026, 5, 1)]
        names = "SELECT name FROM agencies_today WHERE id = ANY (%s) ORDER BY 1"
        assert upgraded.execute(names, ([new, CULTURE],)).fetchall() == [
            ("Sở Mới",),
            ("Sở Văn hoá và Du lịch",),
        ]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE agency_spans SET valid_to = '2025-02-15' WHERE follows IS NULL AND agency_id = '{unit}'",
        "UPDATE agency_spans SET valid_to = '2025-03-15' WHERE follows IS NULL AND agency_id = '{unit}'",
        "UPDATE agency_spans SET code = 'H26.1' WHERE valid_to IS NULL AND agency_id = '{unit}'",
        "DELETE FROM agency_spans WHERE follows IS NULL AND agency_id = '{unit}'",
    ],
)
def test_a_gap_an_overlap_and_a_code_twice_are_refused(
    upgraded: "psycopg.Connection[Any]", wrong: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityError), upgraded.transaction():
        upgraded.execute(wrong.format(unit=UNIT))  # judged at the latest when the transaction ends
