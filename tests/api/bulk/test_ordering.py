"""What an order refuses before anything is asked: too many, what the server sets, lines that name nobody."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import Workbook

from api.bulk_selection import members_of
from api.bulk_workbook import _chosen, lines_of
from api.ordering import body_of, few_enough
from models.commands import CreateAccount, GiveNotice, RequestTransfer, Separate
from models.errors import Refusal, RefusedError
from models.lifecycle.bulk import undoing
from models.record.orders import LONGEST


def refusal(call: Any, *given: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        call(*given)
    return caught.value.refusal.code


def test_too_many_and_what_is_no_object() -> None:
    few_enough(LONGEST)
    assert refusal(few_enough, LONGEST + 1) == "bulk-too-large"
    assert refusal(members_of, "[1]") == "malformed-request"
    assert members_of('{"document": "1/QĐ"}') == {"document": "1/QĐ"}


def test_a_body_is_the_single_commands_own() -> None:
    made = body_of(CreateAccount.verb, {"login": "thu.nt"})
    assert isinstance(made, CreateAccount)
    assert made.password_hash == "!", "nobody can log in with it"
    for wrong in ({"login": "thu.nt", "password_hash": "x"}, {"login": "?"}, {}):
        found = body_of(CreateAccount.verb, wrong)
        assert isinstance(found, Refusal)
        assert found.code == "malformed-request"


def test_what_takes_an_item_back() -> None:
    profile, case, duty = uuid4(), uuid4(), uuid4()
    assert undoing(RequestTransfer.verb, profile, {"transfer_id": str(case)}, "nhầm")[1] == case
    assert undoing(Separate.verb, profile, {}, "nhầm")[1] == profile
    body, subject = undoing(GiveNotice.verb, profile, {"duty_id": str(duty)}, "nhầm")
    assert (body.model_dump()["duty_id"], subject) == (duty, profile)
    over = {"transfer_id": str(case), "state": "accepted"}
    assert refusal(undoing, RequestTransfer.verb, profile, over, "nhầm") == "no-undo"
    assert refusal(undoing, CreateAccount.verb, profile, {}, "nhầm") == "no-undo"


def test_lines_that_name_nobody_or_several_or_an_unknown_agency() -> None:
    one, two, agency = uuid4(), uuid4(), uuid4()
    staff = {"7": [one], "8": [one, two]}

    def line(**members: Any) -> Any:
        return _chosen(3, members, staff, {"000190000001": two}, {"H26.03": agency})

    assert line(staff_number=7).profile_id == one
    assert line(personal_id_number="000190000001").profile_id == two
    assert line(staff_number="7", to_agency_code="H26.03").own == {"to_agency_id": agency}
    wrong = {
        "malformed-request": [line(staff_number="8"), line(staff_number="7", revision="ba")],
        "not-found": [line(staff_number="9"), line(profile_id="x"), line(personal_id_number="1")],
        "unknown-agency": [line(staff_number="7", to_agency_code="H99")],
    }
    for code, lines in wrong.items():
        assert [one.refusal.code for one in lines] == [code] * len(lines)


def test_a_guard_against_formulas_is_taken_off_again() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(("Số hiệu", "document", None))
    book.active.append(("'=7", "'-1/QĐ", "không tên"))
    out = BytesIO()
    book.save(out)
    assert lines_of(out.getvalue()) == [(2, {"staff_number": "=7", "document": "-1/QĐ"})]
    assert refusal(lines_of, b"PK") == "import-unreadable"
