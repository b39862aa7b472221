"""A review's report on paper: every figure printed, the chart with its words, many agencies on many pages."""

import json
import re
import unicodedata
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import rfc8785
from pypdf import PdfReader

from activities.documents.header import DossierHeader, SignaturePlace
from activities.documents.review import render_review
from activities.reviews.content import paper_of, period_vi, share
from models.lifecycle.quality import CRITERION_VI, MEASURE_VI, Criterion

ISSUED = datetime(2025, 12, 24, 2, 0, tzinfo=UTC)
HEADER = DossierHeader(
    code="BC-0000000000000001",
    managing_authority="UBND thành phố Hà Nội",
    employing_unit="Sở Nội vụ",
    revision=1,
    form="rà-soát-1",
    places=(SignaturePlace("reporter", "Công chức của cơ quan quản lý", "(Ký số)", dated=True, name="A"),),
)


def content(units: int = 2, profiles: int = 40, *, whole: bool = True, **changes: Any) -> dict[str, Any]:
    failing = dict.fromkeys((one.value for one in Criterion), 1)
    parts = [
        {
            "code": f"H26.{n:03}",
            "name": f"Ủy ban nhân dân phường số {n}",
            "profiles": profiles // units,
            "failing": 1,
            "criteria": failing,
        }
        for n in range(units)
    ]
    found: dict[str, Any] = {
        "period": "2025-q4",
        "scope": "authority" if whole else "agency",
        "agency": {"code": "H26.01", "name": "Sở Nội vụ"},
        "authority": "UBND thành phố Hà Nội",
        "due_on": "2025-12-25",
        "policy_date": False,
        "measured_on": "2025-12-24",
        "profiles": profiles,
        "failing": min(profiles, units),
        "criteria": [
            {
                "criterion": one.value,
                "name": CRITERION_VI[one],
                "measure": MEASURE_VI[one],
                "failing": min(profiles, units),
                "source": "Điều 21.6",
            }
            for one in Criterion
        ],
        "units": parts if profiles else [],
        "overdue": [{"citation": "Điều 6.3", "count": 3, "first_due": "2025-12-01"}],
        **changes,
    }
    if whole:
        found["reports"] = [
            {"name": one["name"], "state": "sent" if n % 2 else "open", "late_days": n % 3,
             "sent_on": "2025-12-26" if n % 2 else ""}
            for n, one in enumerate(parts)
        ]  # fmt: skip
    return found


def render(told: dict[str, Any]) -> bytes:
    return render_review(paper_of(told), "Điều 21.6", HEADER, rfc8785.dumps(told), ISSUED)


def text_of(pdf: bytes) -> list[str]:
    pages = (page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return [unicodedata.normalize("NFC", " ".join(page.split())) for page in pages]


def test_every_figure_stands_on_paper_and_in_the_data() -> None:
    told = content()
    pdf = render(told)
    text = " ".join(text_of(pdf))
    for words in (
        "Quý IV năm 2025", "Số hồ sơ: 40", "38 (95,0%)", "Hạn báo cáo: 25/12/2025", "Điều 6.3", "01/12/2025",
        "Chưa báo cáo", "26/12/2025, trễ 1 ngày làm việc", *CRITERION_VI.values(),
    ):  # fmt: skip
        assert words in text, words
    (attached,) = PdfReader(BytesIO(pdf)).attachments["ho-so.json"]
    assert json.loads(attached) == told


def test_the_chart_is_spoken_to_those_who_cannot_see_it() -> None:
    pdf = render(content())
    reader = PdfReader(BytesIO(pdf))
    spoken = _alternatives(reader)
    chart = next(alt for alt in spoken if alt.startswith("Biểu đồ"))
    assert "Đúng: 95,0%" in unicodedata.normalize("NFC", chart)


def _alternatives(reader: PdfReader) -> list[str]:
    found: list[str] = []

    def walk(element: Any) -> None:
        element = element.get_object()
        if isinstance(element, list):
            for one in element:
                walk(one)
        elif isinstance(element, dict):
            if "/Alt" in element:
                found.append(str(element["/Alt"]))
            if "/K" in element:
                walk(element["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def test_both_standards_are_claimed() -> None:
    metadata = PdfReader(BytesIO(render(content()))).xmp_metadata
    assert metadata is not None
    xmp = metadata.stream.get_data().decode()
    assert re.search(r"pdfaid:part>\s*3\s*<", xmp)
    assert re.search(r"pdfuaid:part>\s*1\s*<", xmp)


def test_a_city_of_126_communes_repeats_the_table_s_head() -> None:
    pages = text_of(render(content(126, 12_600)))
    assert len(pages) > 5
    with_units = [page for page in pages if "phường số" in page]
    assert all("Cơ quan, đơn vị" in page for page in with_units)
    assert "phường số 125" in " ".join(pages)


def test_no_profiles_no_overdue_duties_no_agencies() -> None:
    text = " ".join(text_of(render(content(1, 0, whole=True, overdue=[], reports=[], failing=0))))
    assert "Không có hồ sơ." in text
    assert "Không có nghĩa vụ quá hạn." in text
    assert "0 (–)" in text


def test_a_day_of_policy_says_so() -> None:
    text = " ".join(text_of(render(content(policy_date=True, period="2025", whole=False))))
    assert "văn bản không nêu ngày" in text
    assert "Năm 2025" in text
    assert "kể cả đơn vị trực thuộc" in text


def test_same_input_same_bytes() -> None:
    assert render(content()) == render(content())


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(1, 3, "33,3%"), (2, 3, "66,6%"), (9999, 10_000, "99,9%"), (5, 5, "100,0%"), (0, 0, "–")],
)
def test_a_share_never_rounds_up_to_all(part: int, whole: int, words: str) -> None:
    assert share(part, whole) == words


def test_periods_in_words() -> None:
    assert [period_vi(one) for one in ("2026-q1", "2026-q4", "2026")] == [
        "Quý I năm 2026",
        "Quý IV năm 2026",
        "Năm 2026",
    ]
