"""One workbook, two forms: officials in ``Hồ sơ``, workers in the sheet of the labour contract (Phú Yên)."""

import json
from collections.abc import AsyncIterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from activities.national.items import item_of
from activities.national.mappings.loader import load_mapping
from api.cli.sample.contracts import on_contract, other_forms
from api.cli.sample.organisation import agencies
from api.cli.sample.people import Person, person
from api.cli.sample.writing import open_book
from models.database import Scope, transaction
from models.form import Catalogue, catalogue, cells_of, digest, people_of, workbook
from models.record.install import install_authority
from models.record.load import content_of
from models.regulations import Trial, in_force
from tests.bound import bind
from tests.conftest import Database

from .conftest import NOW, Desk, tools_for

ON = NOW.date()
PEOPLE, CONTRACTS = "Hồ sơ", "Hợp đồng lao động"
CITY, OFFICE = agencies("phu_yen")[:2]
(LABOUR,) = other_forms("phu_yen", ON)


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    """Phú Yên on a trial of its draft."""
    settings, tools = tools_for(database, tmp_path)
    installed = await install_authority(
        tools,
        code="phu_yen",
        name="Ủy ban nhân dân tỉnh Phú Yên",
        national_code=CITY.code,
        document="Dự thảo",
        now=NOW,
        trial=Trial(drafts=("phu_yen_2024",), starts=ON, document="Thử nghiệm"),
    )
    yield Desk(settings, tools, installed)
    await tools.engine.dispose()


def worker(index: int, **extras: Any) -> Person:
    made = on_contract(official(index), LABOUR, date(2025, 9, 1))
    made.extras.update({"staff_category": "contract_worker"} | extras)
    return made


def official(index: int, **extras: Any) -> Person:
    made = person(7, index, OFFICE, 2, CITY.code, date(2025, 9, 1))
    made.extras.update({"staff_category": "civil_servant"} | extras)
    return made


def book(general: tuple[Person, ...] = (), contracts: tuple[Person, ...] = ()) -> bytes:
    """The bytes of a workbook with people on both sheets."""
    made = open_book([LABOUR], drop_downs=False)
    sheets = {sheet.name: sheet for sheet in workbook(made.cat)}
    for agency in (CITY, OFFICE):
        made.add(sheets["agencies"], cells_of(sheets["agencies"], agency.row()))
    for form, people in ((catalogue(), general), (LABOUR, contracts)):
        for one in people:
            made.add(people_of(form), cells_of(people_of(form), {**one.extras, **one.content}))
            key = {"citizen_id_number": one.content["citizen_id_number"]}
            for table in form.tables:
                for row in one.content.get(table.name, ()):
                    made.add(sheets[table.name], cells_of(sheets[table.name], {**key, **row}))
    out = BytesIO()
    made.save(out)  # type: ignore[arg-type] — openpyxl writes to any binary file
    return out.getvalue()


async def stands(desk: Desk, form: Catalogue) -> list[Any]:
    return await desk.rows(
        "SELECT p.id, p.category, p.full_name, p.foretold, r.id AS revision, r.digest, k.starts_on"
        " FROM profiles p JOIN revisions r ON r.id = p.approved_revision_id"
        " JOIN custody k ON k.profile_id = p.id WHERE r.form_version = :form",
        form=form.version,
    )


@pytest.mark.rule("phu_yen.art5.1.a", "phu_yen.art5.1.b")
async def test_each_on_the_own_form(desk: Desk) -> None:
    data = book((official(1), official(2)), (worker(3),))
    dry, real = await desk.bring(data, dry_run=True), await desk.bring(data)
    for brought in (dry, real):
        assert brought.verdicts(PEOPLE) == {3: "create", 4: "create"}
        assert brought.verdicts(CONTRACTS) == {3: "create"}
    assert len(await stands(desk, catalogue())) == 2
    (mine,) = await stands(desk, LABOUR)
    content = worker(3).content
    assert (mine.category, mine.digest) == ("contract_worker", digest(content))
    assert mine.full_name.upper() == content["worker_full_name"]
    assert mine.starts_on.isoformat() == content["contract_valid_from"]
    async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
        assert await content_of(connection, desk.tools, desk.authority, mine.revision) == content
    again = await desk.bring(data)
    assert {**again.verdicts(PEOPLE), 5: again.verdicts(CONTRACTS)[3]} == {3: "same", 4: "same", 5: "same"}


@pytest.mark.rule("phu_yen.art5.1.a", "phu_yen.art5.1.b")
async def test_a_contract_travels_as_far_as_the_packet_s_form_asks_the_same(desk: Desk) -> None:
    await desk.bring(book((), (worker(3),)))
    (mine,) = await stands(desk, LABOUR)
    async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
        item = await item_of(connection, desk.tools, load_mapping("stand_in"), desk.authority, mine.revision)
    said = json.dumps(item.body, ensure_ascii=False)
    content = worker(3).content
    assert content["worker_full_name"].upper() in said
    assert content["citizen_id_number"] in said
    assert content["contract_number"] not in said


async def test_a_line_on_the_other_form_s_sheet_is_refused(desk: Desk) -> None:
    data = book(
        (official(1, staff_category="contract_worker"),), (worker(2, staff_category="civil_servant"),)
    )
    brought = await desk.bring(data)
    assert brought.codes(PEOPLE, 3) == brought.codes(CONTRACTS, 3) == [("staff_category", "other-form")]
    assert await desk.count("profiles") == 0
    assert brought.done.refused == 2


async def test_a_unit_under_another_regulation_has_the_forms_of_that_one(desk: Desk) -> None:
    """Hà Nội's has workers on the general form; the rest of the authority goes on with its own two."""
    await desk.bring(book())
    office = await desk.rows("SELECT id FROM agencies WHERE code = :code", code=OFFICE.code)
    await bind(desk.tools, desk.authority, office[0].id, in_force("hanoi", ON), ON)
    brought = await desk.bring(
        book((official(1, staff_category="contract_worker"), official(2)), (worker(3),))
    )
    assert brought.verdicts(PEOPLE) == {3: "create", 4: "create"}
    assert brought.codes(CONTRACTS, 3) == [("staff_category", "other-form")]
    here = await desk.bring(book((), (worker(3, agency_code=CITY.code),)))
    assert here.verdicts(CONTRACTS) == {3: "create"}


async def test_one_person_stands_on_one_sheet_only(desk: Desk) -> None:
    twice = worker(1)
    brought = await desk.bring(book((official(1),), (twice,)))
    assert brought.verdicts(PEOPLE) == {3: "create"}
    assert brought.codes(CONTRACTS, 3)[0] == ("citizen_id_number", "duplicate-key")
    assert "3 (Hồ sơ)" in brought.lines[CONTRACTS, 3].issues[0]["message"]


@pytest.mark.rule("phu_yen.art5.1.b")
async def test_a_worker_who_became_an_official_is_updated_on_the_general_form(desk: Desk) -> None:
    await desk.bring(book((), (worker(1),)))
    brought = await desk.bring(book((official(1),)))
    assert brought.verdicts(PEOPLE) == {3: "update"}
    (now,) = await stands(desk, catalogue())
    assert now.category == "civil_servant"
    assert await desk.count("profiles") == 1


async def test_a_workbook_without_anybody_s_sheet_is_told_so(desk: Desk) -> None:
    read = openpyxl.load_workbook(BytesIO(book((official(1),))))
    del read[PEOPLE]
    out = BytesIO()
    read.save(out)
    alone = await desk.bring(out.getvalue())
    assert alone.row.state == "done", "the contracts' sheet is there, and nobody in it"
    del read[CONTRACTS]
    out = BytesIO()
    read.save(out)
    nobody = await desk.bring(out.getvalue())
    assert "missing-sheet" in {issue["code"] for issue in nobody.row.issues}
