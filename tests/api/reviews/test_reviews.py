"""Reviews over the API: progress, failing profiles, the signature, the document, and what is out of reach."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pypdf import PdfReader

from models.calendar import legal_date
from models.regulations import in_force
from tests.api.reviews.conftest import Person
from tests.world import World


async def ok(person: Person, path: str, **params: Any) -> Any:
    answer = await person.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _newest(person: Person) -> Any:
    return (await ok(person, "/reviews"))["items"][0]


def wish(world: World) -> dict[str, str]:
    """The head of culture lends approval to its HR officer."""
    day = legal_date(world.now)
    return {
        "delegate_id": str(world.accounts["culture.hr"]),
        "what": "approval",
        "agency_id": str(world.culture),
        "valid_from": day.isoformat(),
        "valid_to": (day + timedelta(days=120)).isoformat(),
        "document": "7/QĐ-SVH",
    }


async def test_progress_findings_and_the_signed_report(
    world: World, campaign: Any, working: None, log_in: Any, tmp_path: Any
) -> None:
    wrong = await world.employ(agency=world.museum)
    await world.rows("UPDATE profiles SET full_name = 'Trần Văn Khác' WHERE id = :id RETURNING id", id=wrong)
    period = await campaign()
    department, head = await log_in("department"), await log_in("culture.head")

    review = await _newest(department)
    assert (review["period"], review["state"], review["reports"], review["sent"]) == (period, "open", 3, 0)
    assert "Điều 21.6" in review["citation"]
    detail = await ok(department, f"/reviews/{review['id']}")
    cited = {one["criterion"]: one["citation"] for one in detail["criteria"]}
    assert cited["live"] is not None
    assert cited["shared"] is None

    first = await ok(department, f"/reviews/{review['id']}/reports", limit=2)
    rest = await ok(department, f"/reviews/{review['id']}/reports", limit=9, after=first["next"])
    names = [one["agency"] for one in (*first["items"], *rest["items"])]
    assert sorted(names) == ["Sở Nội vụ", "Sở Nội vụ", "Sở Văn hóa", "Sở Y tế"]
    (mine,) = (await ok(head, f"/reviews/{review['id']}/reports"))["items"]
    assert (mine["agency"], mine["profiles"], mine["criteria"]["unified"]) == ("Sở Văn hóa", 1, 1)

    report = await ok(head, f"/review-reports/{mine['id']}")
    assert [unit["name"] for unit in report["units"]] == ["Bảo tàng"]
    (call,) = report["calls"]
    assert (call["verb"], call["method"]) == ("sign_report", "POST")
    found = await ok(head, f"/review-reports/{mine['id']}/findings", criterion="unified")
    (finding,) = found["items"]
    assert (finding["profile_id"], finding["person"]) == (str(wrong), "Trần Văn Khác")
    told = {(f["code"], f["label"]) for f in finding["faults"]}
    assert ("name-differs", "Họ và tên khai sinh") in told
    looked = await world.rows(
        "SELECT profile_id, account_id, role FROM dossier_reads WHERE part = 'listReviewFindings'"
    )
    assert [tuple(row) for row in looked] == [(wrong, world.accounts["culture.head"], "head")]
    assert (await ok(head, f"/review-reports/{mine['id']}/findings", criterion="correct"))["items"] == []
    owed = (await ok(head, "/duties", slot="report_quarter", whose="mine"))["items"]
    assert [duty["report_id"] for duty in owed] == [mine["id"]]

    signed = await head.command(call["path"].removeprefix("/api/v1"))
    assert signed.status_code == 200, signed.text
    document = signed.json()["answer"]["document"]
    pdf = await head.get(f"/documents/{document}")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    (tmp_path / "report.pdf").write_bytes(pdf.content)
    assert len(PdfReader(tmp_path / "report.pdf").pages) >= 1
    again = await head.command(call["path"].removeprefix("/api/v1"))
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
    after = await ok(department, f"/review-reports/{mine['id']}")
    assert (after["state"], after["document_sha256"], after["calls"]) == ("sent", document, [])
    assert (await _newest(department))["sent"] == 1


@pytest.mark.rule("hanoi.art6.4.c")
async def test_a_delegate_signs_in_both_names(
    world: World, campaign: Any, working: None, log_in: Any, tmp_path: Any
) -> None:
    await campaign()
    head, hr = await log_in("culture.head"), await log_in("culture.hr")
    review = await _newest(head)
    (mine,) = (await ok(head, f"/reviews/{review['id']}/reports"))["items"]
    path = f"/review-reports/{mine['id']}/signature"
    refused = await hr.command(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-permitted")
    given = await head.command("/delegations", wish(world))
    assert given.status_code == 201, given.text
    lent = given.json()["answer"]["delegation_id"]
    (owed,) = [one for one in (await ok(hr, "/me"))["owed"] if one["slot"] == "report_quarter"]
    assert owed["on_behalf_of"] == "culture.head"

    elsewhere = (await ok(await log_in("department"), f"/reviews/{review['id']}/reports"))["items"]
    other = next(one["id"] for one in elsewhere if one["agency"] == "Sở Y tế")
    beyond = await hr.command(f"/review-reports/{other}/signature")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "not-found")

    signed = await hr.command(path)
    assert signed.status_code == 200, signed.text
    answer = signed.json()["answer"]
    assert (answer["on_behalf_of"], answer["delegation_id"]) == (str(world.accounts["culture.head"]), lent)
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes((await head.get(f"/documents/{answer['document']}")).content)
    printed = " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())
    assert "TUQ. Người đứng đầu cơ quan, đơn vị" in printed
    assert "thừa uỷ quyền của culture.head theo 7/QĐ-SVH" in printed
    assert "culture.hr" in printed
    with pdf.open("rb") as opened:
        signature = next(s for s in PdfFileReader(opened).embedded_signatures if s.sig_object.get("/Reason"))
        assert "thừa uỷ quyền của culture.head theo 7/QĐ-SVH (TUQ.)" in signature.sig_object["/Reason"]
        assert signature.signer_cert.subject.native["title"] == "Người được uỷ quyền ký báo cáo"
    told = await ok(head, f"/review-reports/{mine['id']}")
    assert (told["signer"], told["on_behalf_of_name"], told["delegation_id"]) == (
        "culture.hr",
        "culture.head",
        lent,
    )


async def test_a_delegation_that_ended_signs_nothing(
    world: World, campaign: Any, working: None, log_in: Any
) -> None:
    await campaign()
    head, hr = await log_in("culture.head"), await log_in("culture.hr")
    review = await _newest(head)
    (mine,) = (await ok(head, f"/reviews/{review['id']}/reports"))["items"]
    lent = (await head.command("/delegations", wish(world))).json()["answer"]["delegation_id"]
    ended = await head.command(f"/delegations/{lent}/revocation", {"reason": "đã về lại cơ quan"})
    assert ended.status_code == 200, ended.text
    refused = await hr.command(f"/review-reports/{mine['id']}/signature")
    assert (refused.status_code, refused.json()["code"]) == (403, "delegation-ended")


async def test_what_is_out_of_reach(world: World, campaign: Any, log_in: Any) -> None:
    await campaign()
    head, department = await log_in("culture.head"), await log_in("department")
    review = await _newest(department)
    lines = (await ok(department, f"/reviews/{review['id']}/reports"))["items"]
    theirs = next(one["id"] for one in lines if one["agency"] == "Sở Y tế")
    for path in (f"/review-reports/{theirs}", f"/review-reports/{theirs}/findings", f"/reviews/{uuid4()}"):
        answer = await head.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
    answer = await head.command(f"/review-reports/{theirs}/signature")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await head.get(f"/documents/{'0' * 64}")).status_code == 404
    answer = await head.get(f"/review-reports/{theirs}/findings", params={"criterion": "beautiful"})
    assert answer.status_code == 400
    administrator = await log_in("admin")
    one = f"/reviews/{review['id']}"
    paths = ("/reviews", one, f"{one}/reports", "/compliance", "/whole-stock", "/whole-stock/profiles")
    for path in paths:
        answer = await administrator.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted"), path


async def test_who_is_behind_by_rank_and_rule(world: World, campaign: Any, log_in: Any) -> None:
    for agency in (world.museum, world.museum, world.culture):
        await world.employ(agency=agency, until="declaration")
    late = (
        "UPDATE duties SET due_on = :day, due_at = :at WHERE slot = 'first_declaration' AND agency_id ="
        " ANY(:agencies) RETURNING rule_id"
    )
    at = world.now
    rules = await world.rows(late, day=at.date(), at=at, agencies=[world.museum, world.culture])
    department, hr = await log_in("department"), await log_in("health.hr")

    page = await ok(department, "/compliance")
    told = [(one["rank"], one["agency"], one["overdue"]) for one in page["items"]]
    assert told == [(1, "Bảo tàng", 2), (2, "Sở Văn hóa", 1)]
    (rule,) = page["items"][0]["rules"]
    assert (rule["rule_id"], rule["count"]) == (rules[0].rule_id, 2)
    assert "Điều 6.2" in rule["citation"]
    first = await ok(department, "/compliance", limit=1)
    rest = await ok(department, "/compliance", limit=1, after=first["next"])
    assert [one["agency"] for one in (*first["items"], *rest["items"])] == ["Bảo tàng", "Sở Văn hóa"]
    assert rest["next"] is None
    above = await ok(department, "/compliance", level="first_rank", rule=rules[0].rule_id)
    assert [(one["agency"], one["overdue"]) for one in above["items"]] == [("Sở Văn hóa", 3)]
    assert (await ok(department, "/compliance", slot="sync_window"))["items"] == []
    assert (await ok(hr, "/compliance"))["items"] == []
    museum_s = await ok(await log_in("culture.hr"), "/compliance", limit=1)
    assert [one["agency"] for one in museum_s["items"]] == ["Bảo tàng"]

    one = await ok(department, f"/agencies/{world.culture}/compliance")
    assert (one["up_to_date"], one["overdue"], one["measured"]) == (False, 3, None)
    assert (one["full_and_accurate"], one["consequence"]) == (None, None)
    assert (await ok(department, f"/agencies/{world.department}/compliance"))["up_to_date"] is True
    hidden = await hr.get(f"/agencies/{world.culture}/compliance")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")
    assert (await hr.get(f"/agencies/{uuid4()}/compliance")).status_code == 404

    await campaign()
    measured = await ok(department, f"/agencies/{world.culture}/compliance")
    assert measured["measured"]["profiles"] == 3
    assert measured["measured"]["failing"]["complete"] == 3
    assert measured["full_and_accurate"] is False


async def test_the_law_s_consequence_is_told_and_left_to_people(world: World, log_in: Any) -> None:
    law = in_force("phu_yen", date(2025, 3, 3), simulate=["phu_yen_2024"])
    await world.rows(
        "INSERT INTO rule_sets VALUES (:a, :h, :on, CAST(:c AS jsonb), 'thử nghiệm', :now) RETURNING hash",
        a=world.authority,
        h=law.hash,
        on=world.now.date(),
        c=law.to_json(),
        now=world.now,
    )
    department = await log_in("department")
    one = await ok(department, f"/agencies/{world.culture}/compliance")
    assert one["consequence"]["decided_by"] == "people"
    assert "Điều 19.4" in one["consequence"]["citation"]
    assert one["up_to_date"] is True
