"""One working life through the API, as its users would live it."""

import hashlib
from typing import Any

import pytest

from api.cli.demo.papers import paper

pytestmark = pytest.mark.usefixtures("worker")

NEW = "một mật khẩu đủ dài 2025"
PDF = paper("A decision, certified")


def declared(form: dict[str, Any]) -> dict[str, Any]:
    return {"content": form, "evidence": []}


async def test_from_newcomer_to_archive(log_in, newcomer, world, complete_form, profile_of) -> None:
    hr, approver = await log_in("culture.hr"), await log_in("culture.approver")
    opened = await hr.command("/profiles", newcomer)
    assert opened.status_code == 201, opened.text
    profile = profile_of(opened)
    account = await hr.command(f"/profiles/{profile}/account", {"login": "thu.nguyen"})
    assert account.status_code == 201, account.text
    one_time = account.json()["one_time_password"]

    person = await log_in("", "thu.nguyen", one_time)
    assert (await person.get("/me")).json()["code"] == "password-change-required"
    changed = await person.put("/session/password", json={"old_password": one_time, "new_password": NEW})
    assert changed.status_code < 300, changed.text
    me = await person.get("/me")
    assert me.status_code == 200, me.text

    tag = (await person.get(f"/profiles/{profile}")).headers["ETag"]
    saved = await person.put(
        f"/profiles/{profile}/draft", json=declared(complete_form), headers={"If-Match": tag}
    )
    assert saved.status_code == 200, saved.text
    draft, tag = saved.json(), saved.headers["ETag"]
    body = {"revision_id": draft["id"], "digest": draft["digest"]}
    submitted = await person.command(f"/profiles/{profile}/submissions", body, If_Match=tag)
    assert submitted.status_code == 200, submitted.text

    tag = (await approver.get(f"/profiles/{profile}")).headers["ETag"]
    returned = await approver.command(
        f"/profiles/{profile}/returns",
        {
            "revision_id": draft["id"],
            "fields": [{"path": "hometown", "reason": "sai xã"}],
            "reason": "sửa quê quán",
        },
        If_Match=tag,
    )
    assert returned.status_code == 200, returned.text
    form = await person.get(f"/profiles/{profile}/form", params={"draft": "true"})
    assert form.status_code == 200, form.text
    again = form.json()
    body = {"revision_id": again["id"], "digest": again["digest"]}
    assert (
        await person.command(f"/profiles/{profile}/submissions", body, If_Match=form.headers["ETag"])
    ).status_code == 200

    tag = (await approver.get(f"/profiles/{profile}")).headers["ETag"]
    approved = await approver.command(f"/profiles/{profile}/approvals", body, If_Match=tag)
    assert approved.status_code == 200, approved.text
    document = approved.json()["answer"]["document"]
    file = await person.get(f"/documents/{document}")
    assert file.status_code == 200, file.text
    assert hashlib.sha256(file.content).hexdigest() == document

    wanted = {"purpose": "Bổ nhiệm", "recipient": "Sở Nội vụ"}
    exported = await hr.command(f"/profiles/{profile}/exports", wanted)
    assert exported.status_code == 201, exported.text
    printed = await person.command(f"/profiles/{profile}/prints")
    assert printed.status_code == 201, printed.text
    log = (await person.get(f"/profiles/{profile}/exports")).json()
    assert [(one["legal"], one["state"]) for one in log] == [(False, "made"), (True, "made")]
    for answer in (exported, printed):
        file = await person.get(f"/documents/{answer.json()['answer']['document']}")
        assert file.content.startswith(b"%PDF-"), file.text

    gone = await hr.command(
        f"/profiles/{profile}/separations",
        {"kind": "retired", "effective_on": "2099-01-01", "document": "9/QĐ"},
    )
    assert gone.status_code == 201, gone.text
    kept = await hr.command(f"/profiles/{profile}/separations/cancellations", {"reason": "nhầm người"})
    assert kept.status_code == 200, kept.text
    timeline = await hr.get(f"/profiles/{profile}/timeline")
    assert timeline.status_code == 200, timeline.text
    kinds = [e["kind"] for e in timeline.json()["events"]]
    assert "approval.signed" in kinds
    assert kinds[-1] == "separation.cancelled"
