"""Importing over what stands: same, update, or a conflict that the import may not decide."""

import asyncio
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from activities.imports import people as people_module
from models.calendar import start_of_day
from models.database import Scope, transaction
from models.form import foretold
from models.messages import Ask
from models.record.act import act
from models.record.load import content_of

from .books import DEPARTMENT, book, post, someone
from .conftest import NOW, Desk

PEOPLE, POSTS, OFFICES = "Hồ sơ", "Vị trí", "Cơ quan"


async def only(desk: Desk) -> Any:
    return await desk.one(
        "SELECT p.*, a.login, a.email_sealed FROM profiles p LEFT JOIN accounts a ON a.id = p.account_id"
    )


async def test_a_changed_form_becomes_the_next_approved_revision(desk: Desk) -> None:
    await desk.bring(book([someone(1)]))
    before = await only(desk)
    brought = await desk.bring(book([someone(1, main_assigned_work="Công việc mới")]))
    assert brought.verdicts(PEOPLE) == {3: "update"}
    assert brought.lines[PEOPLE, 3].subject_id == before.id
    after = await only(desk)
    assert (after.version, after.revision_number, after.last_event) == (2, 2, before.last_event + 1)
    revisions = await desk.rows("SELECT number, state, based_on FROM revisions ORDER BY number")
    assert [tuple(r) for r in revisions] == [(1, "superseded", None), (2, "approved", 1)]
    async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
        content = await content_of(connection, desk.tools, desk.authority, after.approved_revision_id)
    assert content["main_assigned_work"] == "Công việc mới"
    assert await desk.count("events", "kind = 'profile.reimported'") == 1


async def test_an_earlier_date_wakes_the_workflow_through_the_outbox(desk: Desk) -> None:
    """A later date is found when the old timer fires; an earlier one cannot wait for it."""
    await desk.bring(book([someone(1)]))
    first = (await only(desk)).next_wake_at
    today = NOW.date()
    since = next(
        day
        for day in ("2022-10-01", "2023-10-01", "2024-10-01")
        if start_of_day(foretold(someone(1, salary_effective_on=day).content, on=today)[0].on) < first
    )
    brought = await desk.bring(book([someone(1, salary_effective_on=since)]))
    assert brought.verdicts(PEOPLE) == {3: "update"}
    row = await only(desk)
    assert row.next_wake_at < first
    assert (await desk.one("SELECT workflow_id FROM outbox")).workflow_id == f"profile/{row.id}"
    assert (await desk.bring(book([someone(1)]))).verdicts(PEOPLE) == {3: "update"}
    assert (await only(desk)).next_wake_at == first
    assert await desk.count("outbox") == 1, "a later date tells nobody"


async def test_a_profile_another_agency_holds_is_not_moved(desk: Desk) -> None:
    await desk.bring(book([someone(1)]))
    brought = await desk.bring(book([someone(1, DEPARTMENT)]))
    assert brought.verdicts(PEOPLE) == {3: "conflict"}
    assert brought.codes(PEOPLE, 3) == [("agency_code", "held-elsewhere")]
    assert await desk.count("custody") == 1


async def test_what_was_declared_since_is_not_overwritten(desk: Desk) -> None:
    await desk.bring(book([someone(1)]))
    profile = await only(desk)
    await desk.write(
        "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id,"
        " digest, state, author_id, evidence, saved_at) SELECT :id, authority_id, profile_id, 2,"
        " form_version, content, sealed, key_id, digest, 'draft', author_id, evidence, saved_at"
        " FROM revisions",
        id=uuid4(),
    )
    changed = book([someone(1, main_assigned_work="Công việc mới")])
    brought = await desk.bring(changed)
    assert brought.codes(PEOPLE, 3) == [("citizen_id_number", "declared-since")]
    same = await desk.bring(book([someone(1)]))
    assert same.verdicts(PEOPLE) == {3: "same"}
    assert (await only(desk)).version == profile.version


async def test_somebody_in_transfer_is_left_alone(desk: Desk) -> None:
    await desk.bring(book([someone(1)]))
    await desk.write("UPDATE profiles SET chapter = 'transfer'")
    brought = await desk.bring(book([someone(1, main_assigned_work="Công việc mới")]))
    assert brought.codes(PEOPLE, 3) == [("citizen_id_number", "not-in-service")]


async def test_a_former_official_is_no_new_profile(desk: Desk) -> None:
    """Coming back is a case of its own on the archived profile the line names, as `POST /profiles` says."""
    await desk.bring(book([someone(1)]))
    archived = await only(desk)
    await desk.write("UPDATE profiles SET chapter = 'archive'")
    returned = someone(1)
    returned.extras["login"] = "came.back"
    dry = await desk.bring(book([returned, someone(2)]), dry_run=True)
    real = await desk.bring(book([returned, someone(2)]))
    for brought in (dry, real):
        assert brought.verdicts(PEOPLE) == {3: "conflict", 4: "create"}
        assert brought.codes(PEOPLE, 3) == [("citizen_id_number", "former-official")]
        assert brought.lines[PEOPLE, 3].subject_id == archived.id
        (issue,) = brought.lines[PEOPLE, 3].issues
        assert "mở lại" in issue["message"]
        assert "reopen" in issue["message_en"]
    assert await desk.count("profiles") == 2
    await desk.write("UPDATE profiles SET chapter = 'service' WHERE id = :id", id=archived.id)
    assert (await desk.bring(book([someone(1)]))).verdicts(PEOPLE) == {3: "same"}, "once reopened"


async def test_a_login_is_added_later_but_never_exchanged(desk: Desk) -> None:
    plain = someone(1)
    login = plain.extras.pop("login")
    await desk.bring(book([plain]))
    assert (await only(desk)).login is None
    added = await desk.bring(book([someone(1)]))
    assert added.verdicts(PEOPLE) == {3: "update"}
    row = await only(desk)
    assert (row.login, row.version, row.revision_number) == (login, 2, 1)
    other = someone(1)
    other.extras["login"] = "another.login"
    assert (await desk.bring(book([other]))).codes(PEOPLE, 3) == [("login", "other-login")]


async def test_a_new_email_address_is_taken_over_sealed(desk: Desk) -> None:
    await desk.bring(book([someone(1)]))
    before = (await only(desk)).email_sealed
    moved = someone(1)
    moved.extras["email"] = "new@example.invalid"
    assert (await desk.bring(book([moved]))).verdicts(PEOPLE) == {3: "update"}
    after = (await only(desk)).email_sealed
    assert before != after
    assert b"new@example" not in bytes(after)
    assert (await desk.bring(book([moved]))).verdicts(PEOPLE) == {3: "same"}


async def test_a_login_somebody_else_has(desk: Desk) -> None:
    await desk.bring(book([someone(1)]))
    thief = someone(2)
    thief.extras["login"] = someone(1).extras["login"]
    dry = await desk.bring(book([thief]), dry_run=True)
    real = await desk.bring(book([thief]))
    assert dry.codes(PEOPLE, 3) == real.codes(PEOPLE, 3) == [("login", "duplicate-login")]


async def test_a_clash_nobody_could_see_refuses_that_line_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login in use by another authority is invisible under row-level security: the constraint answers."""
    await desk.bring(book([someone(9)]))
    clashing = someone(2)
    clashing.extras["login"] = someone(9).extras["login"]

    async def blind(*_arguments: Any) -> dict[str, None]:
        return {}

    monkeypatch.setattr(people_module.People, "_taken", blind)
    brought = await desk.bring(book([someone(1), clashing, someone(3)]))
    assert brought.verdicts(PEOPLE) == {3: "create", 4: "conflict", 5: "create"}
    assert brought.codes(PEOPLE, 4) == [("login", "duplicate-login")]
    assert await desk.count("profiles") == 3


async def test_two_imports_of_one_workbook_at_once_make_each_person_once(desk: Desk) -> None:
    data, by = book([someone(n) for n in range(1, 9)]), await desk.administrator()
    await desk.bring(book(), by=by)
    first, second = await asyncio.gather(desk.bring(data, by=by), desk.bring(data, by=by))
    assert await desk.count("profiles") == 8
    pairs = [{first.verdicts(PEOPLE)[r], second.verdicts(PEOPLE)[r]} for r in range(3, 11)]
    assert all("create" in pair and pair <= {"create", "same", "conflict"} for pair in pairs)
    assert sum(line.verdict == "create" for b in (first, second) for line in b.lines.values()) == 8


async def test_a_defect_is_raised_not_reported_as_a_conflict(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_arguments: Any) -> list[Any]:
        raise IntegrityError("insert", {}, ValueError("some other constraint"))

    monkeypatch.setattr(people_module, "adopt", broken)
    with pytest.raises(IntegrityError):
        await desk.bring(book([someone(1), someone(2)]))
    assert (await desk.one("SELECT state FROM imports")).state == "running"


async def test_posts_again_same_and_changed(desk: Desk) -> None:
    one = someone(1)
    data = book([one], [post("hr.1", "hr_officer", one), post("head.1", "head")])
    await desk.bring(data)
    assert set((await desk.bring(data)).verdicts(POSTS).values()) == {"same"}
    more = await desk.bring(book([one], [post("hr.1", "approver", one)]))
    assert more.verdicts(POSTS) == {3: "update"}
    roles = await desk.rows(
        "SELECT g.role FROM grants g JOIN accounts a ON a.id = g.account_id WHERE a.login = 'hr.1'"
    )
    assert sorted(row.role for row in roles) == ["approver", "hr_officer"]


async def test_a_post_that_changes_hands_loses_password_and_sessions(desk: Desk) -> None:
    one, other = someone(1), someone(2)
    await desk.bring(book([one, other], [post("hr.1", "hr_officer", one)]))
    await desk.write("UPDATE accounts SET password_hash = 'known', state = 'active' WHERE login = 'hr.1'")
    await desk.write(
        "INSERT INTO sessions (token_hash, authority_id, account_id, created_at, expires_at)"
        " SELECT 'x', authority_id, id, now(), now() + interval '1 hour' FROM accounts WHERE login = 'hr.1'"
    )
    renamed = await desk.bring(book((), [post("hr.1", "hr_officer", one, email="new@example.invalid")]))
    assert renamed.verdicts(POSTS) == {3: "update"}
    assert await desk.count("sessions") == 1, "the same holder stays logged in"
    dry = await desk.bring(book((), [post("hr.1", "hr_officer", other)]), dry_run=True)
    assert dry.verdicts(POSTS) == {3: "update"}
    assert await desk.count("sessions") == 1
    brought = await desk.bring(book((), [post("hr.1", "hr_officer", other)]))
    assert brought.verdicts(POSTS) == {3: "update"}
    row = await desk.one("SELECT * FROM accounts WHERE login = 'hr.1'")
    holder = await desk.one(
        "SELECT id FROM profiles WHERE staff_number = :n", n=other.content["staff_number"]
    )
    assert (row.profile_id, row.password_hash, row.state) == (holder.id, "!", "default_password")
    assert await desk.count("sessions") == 0
    assert await desk.count("events", "kind = 'post.handed_over'") == 1


async def test_a_held_post_is_not_passed_on_without_a_number(desk: Desk) -> None:
    one = someone(1)
    await desk.bring(book([one], [post("hr.1", "hr_officer", one)]))
    brought = await desk.bring(book((), [post("hr.1", "hr_officer", holder_name="Người khác")]))
    assert brought.codes(POSTS, 3) == [("holder_citizen_id", "holder-unnamed")]


async def test_a_post_in_another_agency_keeps_its_account(desk: Desk) -> None:
    await desk.bring(book((), [post("hr.1", "hr_officer")]))
    brought = await desk.bring(book((), [post("hr.1", "hr_officer", agency_code=DEPARTMENT.code)]))
    assert brought.codes(POSTS, 3) == [("login", "account-elsewhere")]


async def test_a_role_may_be_given_to_the_persons_own_account_only(desk: Desk) -> None:
    one, other = someone(1), someone(2)
    login = one.extras["login"]
    stolen = book([one, other], [post(login, "approver", other)])
    own = book([one, other], [post(login, "approver", one)])
    assert (await desk.bring(stolen, dry_run=True)).codes(POSTS, 3) == [("login", "duplicate-login")]
    assert (await desk.bring(own, dry_run=True)).verdicts(POSTS) == {3: "update"}
    assert (await desk.bring(stolen)).codes(POSTS, 3) == [("login", "duplicate-login")]
    assert (await desk.bring(own)).verdicts(POSTS) == {3: "update"}
    assert (await desk.bring(own)).verdicts(POSTS) == {3: "same"}


async def test_a_renamed_agency_is_updated_and_keeps_its_identity(desk: Desk) -> None:
    await desk.bring(book())
    before = await desk.one("SELECT id FROM agencies WHERE code = 'H26.02'")
    brought = await desk.bring(book(raw={("agencies", 5, "name"): "Sở Nội vụ và Lao động"}))
    assert brought.verdicts(OFFICES) == {3: "same", 4: "same", 5: "update"}
    after = await desk.one("SELECT id, name FROM agencies WHERE code = 'H26.02'")
    assert (after.id, after.name) == (before.id, "Sở Nội vụ và Lao động")


async def test_an_import_never_starts_on_foreign_rows(desk: Desk) -> None:
    """Facts of ``act`` and the import stand in one chain: an act between two imports is not lost."""
    await desk.bring(book([someone(1)]))
    profile = await only(desk)
    await act(
        desk.tools,
        Ask(
            authority_id=desk.authority,
            subject="profile",
            subject_id=profile.id,
            internal="wake",
            now=profile.next_wake_at,
        ),
    )
    await desk.bring(book([someone(1, main_assigned_work="Công việc mới")]))
    events = await desk.rows(
        "SELECT number, kind, previous_hash, hash FROM events WHERE stream_id = :id ORDER BY number",
        id=profile.id,
    )
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    assert all(b.previous_hash == a.hash for a, b in pairwise(events))
    assert events[-1].kind == "profile.reimported"
