"""What an approver is shown before and after signing a list as one, and the evidence anyone can verify."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import text

from activities.signing.issuing import Issued
from models.command_signing import RegisterCertificate, WithdrawCertificate
from models.commands import RevokeDelegation
from models.database import transaction
from models.evidence import verify_file
from models.evidence.profile_evidence import MEDIA_TYPE, ProfileEvidence
from tests.activities.batches.conftest import batch, chosen
from tests.activities.batches.test_one_list import confirm, cut, list_of, sign
from tests.activities.signing.desk import certificate, issued_to
from tests.models.record.test_delegations import lend
from tests.world import World


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def _entered_by(world: World, profile: UUID, who: str) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE revisions SET author_id = :a WHERE profile_id = :p"),
            {"a": world.accounts[who], "p": profile},
        )


async def test_what_is_shown_is_the_frozen_list(world, listed, months, run, log_in) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    approver = await log_in("culture.approver")
    found = ok(await approver.get(f"/approval-lists/{shown.id}", params={"limit": 2}))
    assert (found["state"], found["size"], found["digest"]) == ("shown", 3, shown.digest)
    more = ok(await approver.get(f"/approval-lists/{shown.id}", params={"after": found["next"]}))
    rows = found["items"] + more["items"]
    assert [row["position"] for row in rows] == [1, 2, 3]
    assert {row["profile_id"] for row in rows} == {str(p) for p in people}
    assert {tuple(row["changes"]) for row in rows} == {("Khai lần đầu",)}
    assert (await approver.get(f"/documents/{found['prepared_sha256']}")).content.startswith(b"%PDF")


async def test_the_frozen_list_shows_what_failed_before(world, listed, months, run, log_in) -> None:
    """A signature that failed, a list that came to nothing: each row says so, beside who has signed."""
    month, people = listed
    shown = await cut(world, months, run, month, people[0])
    await confirm(world, month, shown)
    await world.step(
        "list_failed", month.id, subject="agency_month", list=str(shown.id), reason="token-locked"
    )
    prepared = await world.ask("culture.approver", await world.pending(people[1]), people[1])
    assert world.moment.to_sign is not None, prepared.answer
    approval = str(world.moment.to_sign)
    await world.step("fail_approval", people[1], approval=approval, reason="certificate-revoked")
    again = await cut(world, months, run, month, *people[:2])
    approver = await log_in("culture.approver")
    rows = ok(await approver.get(f"/approval-lists/{again.id}"))["items"]
    told = {
        row["profile_id"]: [(one["kind"], one["code"], one["revision"]) for one in row["failures"]]
        for row in rows
    }
    assert told == {
        str(people[0]): [("list", "token-locked", 1)],
        str(people[1]): [("signature", "certificate-revoked", 1)],
    }
    assert all(one["at"] for row in rows for one in row["failures"])
    assert [row["checks"] for row in rows] == [[], []]
    await sign(world, months, run, month, again)
    rows = ok(await approver.get(f"/approval-lists/{again.id}"))["items"]
    assert [[one["approver_role"] for one in row["checks"]] for row in rows] == [["approver"]] * 2


async def test_a_list_that_is_being_signed_says_how_far_it_is(world, listed, months, run, log_in) -> None:
    month, _ = listed
    shown = await cut(world, months, run, month)
    asked = await confirm(world, month, shown)
    approver = await log_in("culture.approver")

    async def round_(phase: str | None = None, done: int = 0) -> tuple[Any, ...]:
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text(
                    "UPDATE approval_rounds SET phase = :phase, phase_done = :done, phase_at = :at,"
                    " told_at = CAST(:at AS timestamptz) + interval '10 seconds' WHERE command_id = :c"
                ),
                {"phase": phase, "done": done, "at": world.now, "c": asked.id},
            )
        told = ok(await approver.get(f"/agency-months/{month.id}/rounds"))[0]
        return told["phase"], told["phase_done"], told["waiting"], told["seconds_left"]

    assert await round_() == (None, None, 3, None)
    assert await round_("judging", 1) == ("judging", 1, 3, 50), "the writing is taken to go as fast"
    assert await round_("signing") == ("signing", 0, 3, None)
    assert await round_("writing", 1) == ("writing", 1, 2, 20)
    await run(months.approve_batch, batch(world, month, asked.id))
    told = ok(await approver.get(f"/agency-months/{month.id}/rounds"))[0]
    assert (told["phase"], told["phase_done"], told["approved"], told["waiting"]) == ("writing", 3, 3, 0)
    await world.step("approvals_done", month.id, subject="agency_month", round=str(asked.id))
    told, cut_ = ok(await approver.get(f"/agency-months/{month.id}/rounds"))
    assert [(one["phase"], one["waiting"], one["told_at"]) for one in (told, cut_)] == [(None, 0, None)] * 2


async def test_a_list_is_not_for_those_it_only_names(world, listed, months, run, log_in) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    await sign(world, months, run, month, shown)
    document = (await list_of(world, shown.id)).document_sha256
    person = await log_in(str(people[0]))
    assert refused(await person.get(f"/approval-lists/{shown.id}")) == (404, "not-found")
    assert refused(await person.get(f"/documents/{document}")) == (404, "not-found")
    assert refused(await person.get(f"/profiles/{people[0]}/evidence")) == (403, "not-permitted")
    stranger = await log_in("health.approver")
    assert refused(await stranger.get(f"/approval-lists/{shown.id}")) == (404, "not-found")
    assert refused(await stranger.get(f"/documents/{document}")) == (404, "not-found")


async def test_a_list_s_file_is_for_who_sees_all_of_it_and_each_person_learns_who_took_it(
    world, listed, months, run, log_in
) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    await sign(world, months, run, month, shown)
    row = await list_of(world, shown.id)
    approver = await log_in("culture.approver")
    assert (await approver.get(f"/documents/{row.document_sha256}")).status_code == 200
    for role, level in (("auditor", 2), ("sync_agent", 3)):
        await world.rows(
            "UPDATE grants SET role = :role WHERE account_id = :who RETURNING id",
            role=role, who=world.accounts["culture.hr_head"],
        )  # fmt: skip
        reader = await log_in("culture.hr_head")
        reader.headers["Hoso-Purpose"] = "kiem%20tra"
        for path in (row.prepared_sha256, row.document_sha256):
            answer = await reader.get(f"/documents/{path}")
            assert refused(answer) == (403, "field-withheld"), (role, answer.text)
            assert str(level) in answer.json()["detail"]
    lines = await world.rows("SELECT profile_id, account_id, part FROM dossier_reads")
    assert {(one.profile_id, one.account_id, one.part) for one in lines} == {
        (person, world.accounts["culture.approver"], "getDocument") for person in people
    }


async def test_each_profile_s_evidence_verifies_offline(world, listed, months, run, log_in, signing) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    await sign(world, months, run, month, shown)
    approver = await log_in("culture.approver")
    trust = signing.signers._keystore.trust()
    files = []
    for profile in people:
        answer = await approver.get(f"/profiles/{profile}/evidence")
        assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
        verdict = verify_file(answer.content, trust)
        assert verdict.valid, verdict.problems
        files.append(ProfileEvidence.unpack(answer.content))
    first, second = files[:2]
    assert first.row.profile == str(people[0])
    for forged in (
        replace(first, row=second.row),
        replace(first, row=replace(first.row, digest="0" * 64)),
        replace(first, row=replace(first.row, changes=("Khác",))),
        replace(first, revision=second.revision),
        replace(first, proof=second.proof),
    ):
        assert not verify_file(forged.pack(), trust).valid


async def test_a_single_signature_is_its_own_evidence(world, listed, months, run, log_in, signing) -> None:
    month, people = listed
    await run(months.approve_batch, batch(world, month, await chosen(world, month.id, people[0])))
    approver = await log_in("culture.approver")
    answer = await approver.get(f"/profiles/{people[0]}/evidence")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert verify_file(answer.content, signing.signers._keystore.trust()).valid
    assert refused(await approver.get(f"/profiles/{people[1]}/evidence")) == (404, "not-found")


async def test_before_the_pin_what_i_cannot_sign_and_who_can(world, listed, log_in) -> None:
    month, people = listed
    await _entered_by(world, people[1], "culture.approver")
    approver = await log_in("culture.approver")
    found = ok(await approver.get(f"/agency-months/{month.id}/signing-check"))
    assert (found["waiting"], found["signable"], found["lapsed"]) == (3, 2, [])
    (obstacle,) = found["obstacles"]
    assert (obstacle["code"], obstacle["count"]) == ("own-approval", 1)
    assert obstacle["profiles"] == [str(people[1])]
    assert (obstacle["one_by_one"], obstacle["step"], found["by_list"], found["whole"]) == (
        False,
        None,
        2,
        None,
    )
    (head,) = obstacle["others"]
    assert head == {
        "account_id": str(world.accounts["culture.head"]),
        "name": "culture.head",
        "role": "head",
        "agency": "Sở Văn hóa",
        "on_behalf_of": None,
        "files": 1,
    }
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    async with transaction(world.tools.engine, world.scope) as connection:
        suspended = text("UPDATE accounts SET suspended_at = :now WHERE id = :id")
        values = {"now": world.now, "id": world.accounts["culture.approver"]}
        await connection.execute(suspended, values)
    hr = await log_in("culture.hr")
    path = f"/agency-months/{month.id}/signing-check"
    await _entered_by(world, people[1], "culture.head")
    (not_lent,) = ok(await hr.get(path))["obstacles"]
    assert (not_lent["code"], not_lent["others"]) == ("own-approval", []), "whoever else signs is suspended"
    ended = await world.ask("culture.head", RevokeDelegation(reason="đã về"), lent, subject="delegation")
    assert ended.status == 200, ended.answer
    found = ok(await hr.get(path))
    assert [one["delegation_id"] for one in found["lapsed"]] == [str(lent)]
    assert (found["signable"], found["by_list"], found["whole"]["code"]) == (0, 0, "delegation-ended")
    assert [(one["code"], one["count"]) for one in found["obstacles"]] == [("delegation-ended", 3)]
    (head,) = found["obstacles"][0]["others"]
    assert (head["name"], head["files"]) == ("culture.head", 2), "the one that the head entered is nobody's"


async def test_the_certificate_last_signed_with_is_shown_where_keys_are_the_office_s(
    world, listed, months, run, log_in
) -> None:
    month, people = listed
    await run(months.approve_batch, batch(world, month, await chosen(world, month.id, people[0])))
    approver = await log_in("culture.approver")
    path = f"/agency-months/{month.id}/signing-check"
    signed = await world.one("SELECT certificate FROM approvals WHERE profile_id = :p", p=people[0])
    assert ok(await approver.get(path))["certificates"] == [], "it was not kept with the signature"
    own = issued_to(valid_to=world.now + timedelta(days=1))
    async with transaction(world.tools.engine, world.scope) as connection:
        material = {
            "a": world.authority,
            "sha": signed.certificate,
            "der": own.certificate.public_bytes(Encoding.DER),
        }
        sql = "INSERT INTO signature_materials VALUES (:a, :sha, 'certificate', :der)"
        await connection.execute(text(sql), material)
    (known,) = ok(await approver.get(path))["certificates"]
    assert (known["id"], known["state"]) == (None, "usable")
    world.now += timedelta(days=2)
    approver = await log_in("culture.approver")
    found = ok(await approver.get(path))
    assert [one["state"] for one in found["certificates"]] == ["expired"]
    assert (found["signable"], found["obstacles"]) == (2, []), "the device may hold a newer one"


async def test_each_item_of_a_round_has_its_result(world, listed, months, run, log_in) -> None:
    month, people = listed
    await _entered_by(world, people[1], "culture.approver")
    command = await chosen(world, month.id)
    approver = await log_in("culture.approver")
    (before,) = ok(await approver.get(f"/agency-months/{month.id}/rounds"))
    assert (before["kind"], before["chosen"], before["waiting"], before["done_at"]) == ("single", 3, 3, None)
    await run(months.approve_batch, batch(world, month, command))
    await world.step("approvals_done", month.id, subject="agency_month", round=str(command))
    path = f"/agency-months/{month.id}/rounds/{command}"
    found = ok(await approver.get(path, params={"limit": 2}))
    rest = ok(await approver.get(path, params={"after": found["next"]}))
    results = {row["profile_id"]: (row["outcome"], row["reason"]) for row in found["items"] + rest["items"]}
    assert results == {
        str(people[0]): ("approved", None),
        str(people[1]): ("stays", "own-approval"),
        str(people[2]): ("approved", None),
    }
    done = found["round"]
    assert (done["approved"], done["stays"], done["waiting"]) == (2, 1, 0)
    assert done["done_at"] is not None
    assert refused(await approver.get(f"/agency-months/{month.id}/rounds/{uuid4()}")) == (404, "not-found")


async def test_the_time_left_is_told_from_the_pace(world, listed, log_in) -> None:
    month, people = listed
    command = await chosen(world, month.id)
    async with transaction(world.tools.engine, world.scope) as connection:
        for n, profile in enumerate(people[:2]):
            await connection.execute(
                text(
                    "INSERT INTO approval_results VALUES (:c, :p, :a, :m, 'approved', NULL,"
                    " CAST(:at AS timestamptz) + :n * interval '30 seconds')"
                ),
                {"c": command, "p": profile, "a": world.authority, "m": month.id, "at": world.now, "n": n},
            )
    approver = await log_in("culture.approver")
    (running,) = ok(await approver.get(f"/agency-months/{month.id}/rounds"))
    assert (running["approved"], running["waiting"], running["seconds_left"]) == (2, 1, 30)


async def test_the_riskiest_are_shown_first_page_by_page(world, listed, log_in) -> None:
    month, people = listed
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE month_items SET risk = CASE WHEN profile_id = :p THEN 4 ELSE 1 END"),
            {"p": people[2]},
        )
    approver = await log_in("culture.approver")
    seen, after = [], None
    for _ in range(3):
        params = {"limit": 1, **({"after": after} if after else {})}
        page = ok(await approver.get(f"/agency-months/{month.id}", params=params))
        seen += [(item["profile_id"], item["risk"]) for item in page["items"]]
        after = page["next"]
    assert seen == [(str(people[2]), 4), (str(people[0]), 1), (str(people[1]), 1)]
    assert after is None


@pytest.mark.parametrize(
    "body",
    [
        {"how": "list"},
        {"how": "list", "list_id": str(uuid4())},
        {"how": "list", "list_id": str(uuid4()), "digest": "0" * 64, "profiles": [str(uuid4())]},
        {"how": "single", "list_id": str(uuid4())},
        {"recut": True},
    ],
)
async def test_what_does_not_go_together_is_refused(listed, log_in, body: dict[str, Any]) -> None:
    month, _ = listed
    approver = await log_in("culture.approver")
    answer = await approver.post(
        f"/agency-months/{month.id}/approvals", json=body, headers={"Idempotency-Key": uuid4().hex}
    )
    assert refused(answer)[1] == "malformed-request", json.dumps(answer.json(), ensure_ascii=False)


async def test_before_the_pin_whether_my_certificate_still_stands(
    world, listed, log_in, app, monkeypatch
) -> None:
    """Where keys are elsewhere: none, expired, usable, withdrawn; as opening a session would refuse it."""
    month, people = listed
    approver = await log_in("culture.approver")
    path = f"/agency-months/{month.id}/signing-check"
    assert ok(await approver.get(path))["certificates"] == [], "keys are here: nobody asks for certificates"
    monkeypatch.setattr(app.state.settings, "person_signer", "external")

    async def asked() -> tuple[int, list[tuple[str, int]], list[str]]:
        found = ok(await approver.get(path))
        obstacles = [(one["code"], one["count"]) for one in found["obstacles"]]
        return found["signable"], obstacles, [one["state"] for one in found["certificates"]]

    assert await asked() == (0, [("certificate-not-registered", 3)], [])
    await _registered(world, issued_to(valid_to=world.now + timedelta(hours=1)))
    world.now += timedelta(hours=2)
    assert await asked() == (0, [("certificate-not-valid", 3)], ["expired"])
    usable = await _registered(world, issued_to())
    assert await asked() == (3, [], ["usable", "expired"])
    await _entered_by(world, people[1], "culture.approver")
    assert (await asked())[:2] == (2, [("own-approval", 1)])
    body = WithdrawCertificate(certificate_id=usable, reason="mất thiết bị")
    await world.ask("admin", body, world.accounts["culture.approver"], subject="certificate")
    signable, obstacles, states = await asked()
    assert (signable, states) == (0, ["withdrawn", "expired"])
    assert obstacles == [("certificate-not-valid", 2), ("own-approval", 1)]


async def _registered(world: World, issued: Issued) -> UUID:
    body = RegisterCertificate(**certificate(issued), document="12/GCN")
    account = world.accounts["culture.approver"]
    done = await world.ask("admin", body, account, subject="certificate")
    assert done.status == 201, done.answer
    return UUID(done.answer["certificate_id"])
