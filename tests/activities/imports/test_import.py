"""A whole workbook: a dry run writes nothing and says what the real one does; a second changes nothing."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from activities.imports.book import Book
from api.cli.sample import Sample, sample
from models.database import Scope, transaction
from models.form import PartialDate, canonical, catalogue, digest, gather, judge, tidy
from models.lifecycle.appointing import POSTS
from models.lifecycle.duties import spread
from models.messages import Ask
from models.record.act import act
from models.record.install import Installed
from models.record.load import content_of
from models.record.write import GENESIS, event_hash
from tests.conftest import Database

from .books import OFFICE, book, post, someone
from .conftest import NOW, Brought, Desk, install, tools_for

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FACTS = ("agencies", "agency_closure", "profiles", "revisions", "custody", "accounts", "grants", "events")
HASHED = (
    *("stream_id", "number", "kind", "at", "actor_id", "actor_role"),
    *("rule_id", "citation", "rule_set_hash", "facts"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The sample workbook with 300 people, six of them wrong on purpose."""
    return sample(tmp_path_factory.mktemp("sample") / "sample.xlsx", 300)


@pytest.fixture(scope="module")
def loaded(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory, made: Sample
) -> tuple[Path, Installed, Brought]:
    """The sample imported once, for the tests that only look."""
    folder = tmp_path_factory.mktemp("loaded")

    async def load() -> tuple[Installed, Brought]:
        settings, tools = tools_for(module_database, folder)
        desk = Desk(settings, tools, await install(tools))
        brought = await desk.bring(made.path.read_bytes())
        await tools.engine.dispose()
        return desk.installed, brought

    return folder, *asyncio.run(load())


@pytest.fixture
async def seen(
    module_database: Database, loaded: tuple[Path, Installed, Brought]
) -> AsyncIterator[tuple[Desk, Brought]]:
    """The authority after the import, and the import's report."""
    folder, installed, brought = loaded
    settings, tools = tools_for(module_database, folder)
    yield Desk(settings, tools, installed), brought
    await tools.engine.dispose()


async def facts(desk: Desk) -> dict[str, int]:
    return {table: await desk.count(table) for table in FACTS}


async def test_dry_real_and_again(desk: Desk, made: Sample) -> None:
    data, by = made.path.read_bytes(), await desk.administrator()
    before = await facts(desk)
    dry = await desk.bring(data, dry_run=True, by=by)
    assert dry.row.state == "done"
    assert await facts(desk) == before, "a dry run writes nothing"
    real = await desk.bring(data, by=by)
    assert {k: (v.verdict, v.issues) for k, v in dry.lines.items()} == {
        k: (v.verdict, v.issues) for k, v in real.lines.items()
    }
    assert len(made.dirty) == 6
    assert real.done.refused == 6
    assert real.done.created == 300 - 6 + made.posts + made.agencies - 1
    assert real.done.unchanged == 1, "the root agency stood before"
    written = await facts(desk)
    assert written["profiles"] == written["revisions"] == written["custody"] == 294
    again = await desk.bring(data, by=by)
    assert (again.done.created, again.done.updated, again.done.refused) == (0, 0, 6)
    assert set(again.verdicts("Hồ sơ").values()) == {"same", "refused"}
    assert await facts(desk) == written | {"events": written["events"] + 1}, "only that it was asked again"


async def test_every_dirty_row_is_named_at_its_cell(seen: tuple[Desk, Brought], made: Sample) -> None:
    _, real = seen
    issues = [issue for line in real.lines.values() for issue in line.issues]
    found = {(i["sheet"], i["row"], i["field"], i["code"]) for i in issues}
    assert {(d.sheet, d.row, d.field, d.code) for d in made.dirty} == found
    reader = Book(made.path.read_bytes())
    for issue in issues:
        names = list(reader[issue["sheet"]])[1]
        at = sum((ord(c) - 64) * 26**n for n, c in enumerate(reversed(issue["column"])))
        assert names[at - 1] == issue["field"]
        assert issue["label"] in issue["message"]
        assert issue["message_en"]


async def test_what_an_imported_official_gets(seen: tuple[Desk, Brought], made: Sample) -> None:
    desk, real = seen
    form = catalogue("tt06_2023")
    gathered = gather(form, Book(made.path.read_bytes()), on=NOW.date())
    for one in gathered.candidates[:45:7]:
        assert not judge(one, on=NOW.date())
        line = real.lines["Hồ sơ", one.row]
        row = await desk.one(
            "SELECT p.*, g.code, k.starts_on, k.ends_on, k.follows, a.login, a.state AS account_state,"
            " a.password_hash, a.kind, r.state AS revision_state, r.digest, r.content FROM profiles p"
            " JOIN agencies g ON g.id = p.agency_id JOIN custody k ON k.profile_id = p.id"
            " JOIN accounts a ON a.id = p.account_id JOIN revisions r ON r.id = p.approved_revision_id"
            " WHERE p.id = :id",
            id=line.subject_id,
        )
        content = tidy(form, one.content)
        assert (row.chapter, row.status, row.version, row.revision_number) == ("service", "working", 1, 1)
        assert (row.code, row.category) == (one.extras["agency_code"], one.extras["staff_category"])
        assert row.starts_on == PartialDate.parse(content["joined_current_agency_on"]).earliest
        assert (row.ends_on, row.follows, row.synced_revision_id) == (None, None, None)
        assert (row.login, row.kind) == (one.extras["login"], "personal")
        assert (row.account_state, row.password_hash) == ("default_password", "!")
        assert (row.revision_state, row.digest) == ("approved", digest(content))
        assert row.full_name.upper() == content["birth_full_name"]
        assert "citizen_id_number" not in row.content, "sealed"
        async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
            opened = await content_of(connection, desk.tools, desk.authority, row.approved_revision_id)
        assert canonical(opened) == canonical(content)


async def test_the_next_wake_is_the_first_date_the_form_foretells(seen: tuple[Desk, Brought]) -> None:
    desk, _ = seen
    rows = await desk.rows("SELECT id, foretold, next_wake_at FROM profiles")
    assert sum(bool(row.foretold) for row in rows) > 200
    for row in rows:
        days = [on for _, on in row.foretold]
        assert days == sorted(days)
        assert all(on > NOW.date().isoformat() for on in days)
        if days:
            wake = row.next_wake_at - spread(row.id)
            assert wake.astimezone(ZONE).isoformat()[:16] == f"{days[0]}T00:00"
        else:
            assert row.next_wake_at is None


async def test_act_goes_on_where_the_import_ended(desk: Desk) -> None:
    """The foretold date comes: ``act`` opens the duty and continues the chain the import began."""
    await desk.bring(book([someone(1)]))
    profile = await desk.one("SELECT * FROM profiles")
    moment = await act(
        desk.tools,
        Ask(
            authority_id=desk.authority,
            subject="profile",
            subject_id=profile.id,
            internal="wake",
            now=profile.next_wake_at,
        ),
    )
    assert (moment.version, moment.chapter) == (2, "service")
    events = await desk.rows("SELECT * FROM events WHERE stream_id = :id ORDER BY number", id=profile.id)
    assert [e.kind for e in events[:2]] == ["profile.imported", "account.created"]
    assert {"duty.opened", "change.foretold"} <= {e.kind for e in events[2:]}
    before = GENESIS
    for number, event in enumerate(events, start=1):
        assert (event.number, event.previous_hash) == (number, before)
        assert event.hash == event_hash(before, {name: getattr(event, name) for name in HASHED})
        before = event.hash
    assert await desk.count("duties", "state = 'open'") == 1


async def test_the_event_names_the_import_and_the_document(desk: Desk) -> None:
    brought = await desk.bring(book([someone(1)]))
    event = await desk.one("SELECT * FROM events WHERE kind = 'profile.imported'")
    assert event.facts["import"] == str(brought.start.import_id)
    assert event.facts["document"] == brought.row.sha256
    assert event.actor_id == brought.row.account_id
    assert event.actor_role == "administrator"
    assert event.citation


async def test_the_department_is_where_its_officers_sit(seen: tuple[Desk, Brought]) -> None:
    desk, _ = seen
    row = await desk.one("SELECT g.code, g.name FROM authorities a JOIN agencies g ON g.id = a.department_id")
    assert (row.code, row.name) == ("H26.02", "Sở Nội vụ")


async def test_holders_are_the_people_of_the_workbook(seen: tuple[Desk, Brought]) -> None:
    desk, _ = seen
    rows = await desk.rows(
        "SELECT a.login, a.kind, a.profile_id, g.role FROM accounts a JOIN grants g ON g.account_id = a.id"
        " WHERE a.login <> 'administrator' AND a.kind = 'agency'"
    )
    roles = Counter(row.role for row in rows)
    assert roles["approver"] == roles["hr_officer"]
    named = [row for row in rows if row.profile_id is not None]
    assert len(named) > 100
    assert await desk.count("grants", "valid_to IS NOT NULL") == 0


async def test_every_imported_role_of_a_post_has_its_holder(seen: tuple[Desk, Brought]) -> None:
    desk, _ = seen
    rows = await desk.rows(
        "SELECT g.role, p.agency_id = g.agency_id AND p.kind = g.role AND h.account_id = g.account_id"
        " AND NOT h.acting AND p.title IS NOT NULL AS fits FROM grants g"
        " LEFT JOIN post_holders h ON h.grant_id = g.id LEFT JOIN agency_posts p ON p.id = h.post_id"
        " WHERE g.role = ANY (:posts)",
        posts=list(POSTS),
    )
    assert len(rows) > 300
    assert all(row.fits for row in rows)
    (several,) = await desk.rows(
        "SELECT count(*) AS n FROM"
        " (SELECT 1 FROM agency_posts GROUP BY agency_id, kind HAVING count(*) > 1) o"
    )
    assert several.n == 0, "an agency has one post of a kind, with as many holders"


async def test_a_sole_post_is_given_once_by_whatever_workbook(desk: Desk) -> None:
    lines = [post("head-1", "head"), post("head-2", "head"), post("officer-1", "hr_officer")]
    lines.append(post("officer-2", "hr_officer"))
    expected = ["create", "conflict", "create", "create"]
    for dry in (True, False):
        brought = await desk.bring(book(posts=lines), dry_run=dry)
        assert list(brought.verdicts("Vị trí").values()) == expected, dry
    assert brought.lines["Vị trí", 4].issues[0]["code"] == "post-held"
    again = await desk.bring(book(posts=[lines[1], lines[0]]))
    assert list(again.verdicts("Vị trí").values()) == ["conflict", "same"], "who has it goes on having it"
    assert await desk.count("post_holders") == 3


async def test_nothing_personal_is_kept_in_the_report_or_said_in_heartbeats(desk: Desk) -> None:
    from temporalio.testing import ActivityEnvironment

    from activities.imports.office import ImportOffice

    wrong = someone(1)
    data = book(
        [wrong, someone(2)],
        [post("hr.office", "hr_officer", someone(2))],
        raw={("profiles", 3, "ethnicity"): "không có dân tộc này"},
    )
    start = await desk.request(data)
    said: list[tuple[object, ...]] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: said.append(details)
    await environment.run(ImportOffice(desk.settings, desk.tools).import_workbook, start)
    assert {phase for phase, _ in said} >= {"read", "profiles", "posts", "end"}
    assert all(isinstance(number, int) for _, number in said)
    lines = await desk.rows("SELECT row_to_json(l) AS line FROM import_lines l")
    told = json.dumps([row.line for row in lines], ensure_ascii=False)
    for person in (wrong, someone(2)):
        for name in ("birth_full_name", "citizen_id_number", "contact_phone", "staff_number"):
            assert str(person.content[name]) not in told
    assert "không có dân tộc này" not in told
    stored = await desk.rows("SELECT facts FROM events")
    assert wrong.content["citizen_id_number"] not in json.dumps([row.facts for row in stored])


async def test_columns_may_stand_anywhere(desk: Desk) -> None:
    """A blank first column and a blank first row: letters are those the person sees."""
    from io import BytesIO

    from openpyxl import load_workbook

    opened = load_workbook(BytesIO(book([someone(1)], raw={("profiles", 3, "ethnicity"): "?"})))
    for title in opened.sheetnames:
        opened[title].insert_cols(1, 2)
    out = BytesIO()
    opened.save(out)
    brought = await desk.bring(out.getvalue(), dry_run=True)
    (issue,) = brought.lines["Hồ sơ", 3].issues
    names = [cell.value for cell in opened["Hồ sơ"][2]]
    assert opened["Hồ sơ"].cell(2, names.index("ethnicity") + 1).column_letter == issue["column"]
    assert brought.done.created == 2, "H26.01 and H26.02"
    assert OFFICE.code == "H26.01"
