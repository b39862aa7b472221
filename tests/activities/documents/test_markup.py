"""Template injection: what people wrote is text on every paper there is, and nothing of it is carried out."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
import rfc8785
from pypdf import PdfReader

import activities
from activities.documents.cover import Cover, Given
from activities.documents.header import DossierHeader, HandedOver, SignaturePlace, Slip, SlipLine
from activities.documents.listing import PaperRow, render_list
from activities.documents.notice import AgencyNotice, render_notice
from activities.documents.profile import render_profile
from activities.documents.review import render_review
from activities.documents.slip import render_slip
from activities.documents.stamp import Stamp
from activities.documents.typesetting import templates, typeset
from activities.reviews.content import paper_of
from models.form import canonical
from models.lifecycle.breach_notice import Point
from tests.activities.documents import test_labour_contract as contract
from tests.activities.documents.test_review_report import HEADER as REPORT
from tests.activities.documents.test_review_report import content as reviewed
from tests.models.evidence import samples

AT = datetime(2026, 1, 27, 3, 0, tzinfo=UTC)
HOSTILE = '#panic("x") #include "common.typ" *đậm* $x^2$ #sys.inputs {{ 7*7 }} ${7*7} <%= 7 %> \\u{0041}'
"""What Typst, Jinja, string templates and the like would carry out."""
HEADER = DossierHeader("DS-1", HOSTILE, HOSTILE, 1, place="Hà Nội", official_name=HOSTILE)
PLACES = (SignaturePlace("authority", HOSTILE, "(Ký số)", dated=True, name=HOSTILE),)


def slip() -> bytes:
    made = Slip(HOSTILE, HOSTILE, (SlipLine("Họ và tên", HOSTILE),), (HandedOver(HOSTILE, "2"),), PLACES)
    return render_slip(made, HEADER, b"{}", AT)


def notice() -> bytes:
    points = (Point(HOSTILE, (HOSTILE,)),)
    made = AgencyNotice(HOSTILE, HOSTILE, "1", HOSTILE, HOSTILE, HOSTILE, points, PLACES[0])
    return render_notice(made, HEADER, b"{}", AT)


def approval_list() -> bytes:
    rows = [PaperRow("HS-1", HOSTILE, HOSTILE, "0" * 64)]
    facts = (SlipLine("Số hồ sơ", HOSTILE),)
    return render_list(rows, HOSTILE, facts, HOSTILE, replace(HEADER, places=PLACES), b"{}", AT)


def report() -> bytes:
    told = reviewed()
    told["agency"]["name"] = told["authority"] = told["units"][0]["name"] = HOSTILE
    return render_review(
        paper_of(told), HOSTILE, replace(REPORT, employing_unit=HOSTILE), rfc8785.dumps(told), AT
    )


def labour_contract() -> bytes:
    told = contract.CONTENT | {"clauses": HOSTILE, "employer_representative": HOSTILE}
    return render_profile(told, replace(contract.HEADER, official_name=HOSTILE), canonical(told), AT)


def export() -> bytes:
    given = (Given(HOSTILE, HOSTILE, "27/01/2026", "0" * 64, "authority"),)
    lines = (SlipLine("Mục đích", HOSTILE),)
    cover = Cover(HOSTILE, HOSTILE, date(2025, 3, 1), lines, given, HOSTILE, "HS-1", HOSTILE, PLACES)
    told = samples.CONTENT | {"work_strength": HOSTILE}
    return render_profile(told, replace(samples.HEADER, employing_unit=HOSTILE), canonical(told), AT, cover)


def stamp() -> bytes:
    lines = Stamp(HOSTILE, HOSTILE, "Sở", AT, HOSTILE).lines()
    return typeset("stamp.typ", {"lines": lines}, issued_at=AT, standards=("a-3b",)).pdf


PAPERS = {
    "slip.typ": (slip, 3), "notice.typ": (notice, 5), "list.typ": (approval_list, 3),
    "review.typ": (report, 2), "labour_contract.typ": (labour_contract, 2),
    "export.typ": (export, 3), "stamp.typ": (stamp, 2),
}  # fmt: skip
"""Template → what is printed with it, and how often the text must stand there at least."""


@pytest.mark.parametrize("template", PAPERS)
def test_template_injection_markup_is_only_text_on_every_paper(template: str) -> None:
    make, times = PAPERS[template]
    read = "".join(page.extract_text() for page in PdfReader(BytesIO(make())).pages)
    plain = re.sub(r"[\s\u00ad]", "", read)
    assert plain.casefold().count(re.sub(r"\s", "", HOSTILE).casefold()) >= times, read[:2000]


def test_template_injection_every_template_is_tried() -> None:
    """`profile.typ` beside this, in test_render.py; what is shared is printed with each."""
    assert {one.name for one in templates().glob("*.typ")} == {*PAPERS, "profile.typ", "common.typ"}


def test_template_injection_no_template_makes_code_of_what_it_is_given() -> None:
    """Papers are data filled in by Typst; a letter is a `string.Template`, which is filled in once."""
    for one in templates().glob("*.typ"):
        assert not re.search(r"\beval\s*\(", one.read_text(encoding="utf-8")), one.name
    folder = Path(activities.__file__).parents[1]
    engines = re.compile(r"^\s*(?:from|import) (?:jinja2|mako|chevron|django)\b", re.MULTILINE)
    using = [
        path.relative_to(folder).as_posix()
        for name in ("models", "workflows", "activities", "api")
        for path in (folder / name).rglob("*.py")
        if engines.search(path.read_text(encoding="utf-8"))
    ]
    assert using == []
