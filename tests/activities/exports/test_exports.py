"""Exports on real rows and files: the names of the day, the signatures of the rule, the log."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from models.command_exports import PrintDossier
from models.evidence import TrustList, verify
from tests.activities.exports.conftest import BODY, Offices, employed, export, served
from tests.world import World


def embedded(pdf: bytes) -> dict[str, bytes]:
    names = PdfFileReader(BytesIO(pdf)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    return {str(names[at]): names[at + 1]["/EF"]["/F"].data for at in range(0, len(names), 2)}


def words_of(pdf: bytes) -> str:
    """What a reader reads; Debian's own tool, not the one that wrote it."""
    if shutil.which("pdftotext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pdftotext is missing: install poppler-utils")
        pytest.skip("pdftotext is missing: install poppler-utils")
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return " ".join(done.stdout.decode().split())


@pytest.mark.rule("hanoi.art8.4")
async def test_an_export_bears_the_agencys_seal_and_carries_the_approved_file(
    world: World, offices: Offices, trusted: Callable[[], TrustList]
) -> None:
    profile, approved = await employed(world, offices)
    done = await export(world, offices, profile, "culture.hr", BODY)
    assert done.status == 201, done.answer
    pdf = offices[1].store.get(world.authority, done.answer["document"])
    verdict = verify(pdf, trusted())
    assert verdict.valid, verdict
    assert [one.field for one in verdict.signatures] == ["agency"]
    assert embedded(pdf)["ban-da-phe-duyet.pdf"] == offices[1].store.get(world.authority, approved)
    words = words_of(pdf)
    for told in ("BẢN XUẤT HỒ SƠ ĐIỆN TỬ", "Bổ nhiệm lại", "Ban Tổ chức Thành ủy", "Điều 8.4"):
        assert told in words, told
    row = await world.one(
        "SELECT state, document_sha256, places FROM exports WHERE profile_id = :p", p=profile
    )
    assert (row.state, row.document_sha256, row.places) == ("made", done.answer["document"], ["agency"])


@pytest.mark.rule("moha.art9.4")
async def test_both_signatures_stand_on_one_file_where_the_rule_says_and(
    ministry: World, ministry_offices: Offices, trusted: Callable[[], TrustList]
) -> None:
    world, offices = ministry, ministry_offices
    profile = await served(world, offices)
    refused = await export(world, offices, profile, "culture.hr", BODY)
    assert (refused.status, refused.answer["code"]) == (403, "not-competent")
    done = await export(world, offices, profile, "culture.head", BODY)
    pdf = offices[1].store.get(world.authority, done.answer["document"])
    verdict = verify(pdf, trusted())
    assert verdict.valid, verdict
    assert [one.field for one in verdict.signatures] == ["authority", "agency"]
    assert "Chữ ký trên bản đã phê duyệt" in words_of(pdf)


async def test_an_export_as_of_a_day_has_the_revision_and_the_names_of_that_day(
    world: World, offices: Offices
) -> None:
    profile, _ = await employed(world, offices)
    first_day = world.now.date()
    await world.rows("UPDATE agencies SET name = 'Sở Tên Mới' WHERE id = :a RETURNING id", a=world.culture)
    world.now += timedelta(days=40)
    body = BODY.model_copy(update={"as_of": first_day})
    done = await export(world, offices, profile, "culture.hr", body)
    words = words_of(offices[1].store.get(world.authority, done.answer["document"]))
    head = words[: words.index("BẢN XUẤT")]
    assert "SỞ TÊN MỚI" not in head.upper()
    before = BODY.model_copy(update={"as_of": first_day - timedelta(days=1)})
    refused = await export(world, offices, profile, "culture.hr", before)
    assert (refused.status, refused.answer["code"]) == (409, "nothing-approved")


async def test_the_person_prints_the_own_data_and_nobody_elses(world: World, offices: Offices) -> None:
    profile, _ = await employed(world, offices)
    done = await export(world, offices, profile, "person", PrintDossier())
    pdf = offices[1].store.get(world.authority, done.answer["document"])
    words = words_of(pdf)
    assert "không thay thế bản gốc" in words
    assert words.count("Bản in HX-") == len(PdfFileReader(BytesIO(pdf)).root["/Pages"]["/Kids"])
    assert not PdfFileReader(BytesIO(pdf)).embedded_signatures
    other = await world.ask("culture.hr", PrintDossier(), profile)
    assert other.status == 403
    own = await world.ask("person", BODY, profile)
    assert own.status == 403


async def test_a_command_that_lost_its_answer_finds_the_export_it_asked_for(
    world: World, offices: Offices
) -> None:
    profile, _ = await employed(world, offices)
    asked = await world.ask("culture.hr", BODY, profile)
    first = world.moment.to_export
    await world.ask("culture.hr", BODY, profile, key=asked.id)
    assert world.moment.to_export == first
    assert len(await world.rows("SELECT id FROM exports WHERE profile_id = :p", p=profile)) == 1


async def test_a_signer_who_is_away_leaves_no_file_and_a_line_in_the_log(
    world: World, offices: Offices
) -> None:
    profile, _ = await employed(world, offices)
    asked = await world.ask("culture.hr", BODY, profile)
    facts = {"export": str(world.moment.to_export), "settles": str(asked.id), "step": str(asked.id)}
    await world.step("fail_export", profile, **facts, reason="signing-unavailable")
    again = await world.ask("culture.hr", BODY, profile, key=asked.id)
    assert again.answer["code"] == "signature-failed"
    row = await world.one(
        "SELECT state, failure, document_sha256 FROM exports WHERE profile_id = :p", p=profile
    )
    assert tuple(row) == ("failed", "signing-unavailable", None)
