"""A line of the morning's message says who stands in for an office that its rule names and that is gone."""

from datetime import UTC, date, datetime
from uuid import UUID

from activities.notifications.letter import Stationery, letter
from activities.notifications.open_work import Line, Work
from models.calendar import Calendar
from models.record.law_of import Laws
from models.regulations import in_force

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def body(slot: str) -> str:
    law = in_force("hanoi", date(2026, 3, 2))
    paper = Stationery(
        "hoso@example.invalid", "https://hoso.example.invalid", NOW, Laws(law, Calendar.seed())
    )
    found = law.slot(slot)
    assert found is not None
    line = Line(slot, found.citation, 1, 0, date(2026, 3, 9))
    work = Work(posts=(("department_officer", line),))
    return letter(paper, UUID(int=1), "a@example.invalid", work).get_content()


def test_the_successor_stands_beside_the_article() -> None:
    text = body("backup_check")
    note = "Sở Thông tin và Truyền thông: từ 01/03/2025 là Sở Khoa học và Công nghệ"
    assert f"Điều 19.8) [{note}]; hạn sớm nhất 09/03/2026" in text
    assert "since 2025-03-01 Department of Science and Technology]; earliest due" in text


def test_a_rule_whose_offices_all_exist_has_no_note() -> None:
    assert "[" not in body("department_gate").replace("[hoso]", "")


def test_template_injection_a_letter_prints_what_it_is_given() -> None:
    hostile = "$link ${vi} {link} %(link)s {{ 7*7 }} #sys.inputs"
    law = in_force("hanoi", date(2026, 3, 2))
    said = ((hostile, hostile),)
    laws = Laws(law, Calendar.seed())
    paper = Stationery("hoso@example.invalid", "https://hoso.example.invalid", NOW, laws, said)
    work = Work(posts=(("department_officer", Line("backup_check", hostile, 1, 0, date(2026, 3, 9))),))
    text = letter(paper, UUID(int=1), "a@example.invalid", work).get_content()
    assert text.count(hostile) == 4, "in both languages: what is said first, and the article"
    assert text.count("https://hoso.example.invalid") == 2
