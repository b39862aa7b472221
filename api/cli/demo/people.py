"""The two people of the story; their ID numbers name a province that does not exist, so they are nobody's."""

from datetime import date
from typing import Any

from api.cli.demo.world import Form
from api.cli.sample.identity import citizen_id
from models.form.dates import PartialDate, add_months
from models.form.foretelling import retirement_on

HOME = {"province": "01", "commune": "00070", "detail": "Số 12, phố Thử Nghiệm"}
Content = dict[str, Any]


def recruit(on: date, at: Form) -> Content:
    """The form of a young graduate recruited on a day; ``at`` says where."""
    born = date(on.year - 26, 5, 17)
    number = citizen_id(1, "female", born)
    return {
        "birth_full_name": "NGUYỄN THỊ THẢO",
        "gender": "female",
        "birth_date": born.isoformat(),
        "birth_place": HOME,
        "hometown": HOME,
        "ethnicity": "01",
        "religion": "none",
        "citizen_id_number": number,
        "contact_phone": "0999000417",
        "current_address": HOME,
        "first_recruited_on": on.isoformat(),
        "recruiting_agency": at.recruiter,
        "joined_current_agency_on": on.isoformat(),
        "general_education_level": "12/12",
        "highest_qualification": "university",
        "main_assigned_work": "Quản lý hiện vật",
        "work_history": [
            {
                "from_month": f"{on.year - 3}-09",
                "to_month": f"{add_months(on, -1):%Y-%m}",
                "unit_text": "Nhà xuất bản Sông Hồng",
                "title": "Biên tập viên",
            },
            {"from_month": f"{on:%Y-%m}", "unit_text": at.unit, "title": "Viên chức"},
        ],
    }


def newcomer(on: date, leaves_after: date, at: Form) -> tuple[Content, date]:
    """The form of somebody received from another province, and the last day of the working life.

    The date of birth is such that this day is the end of the first month that ends after ``leaves_after``.
    """
    born = date(on.year - 63, 1, 20)
    while (last := retirement_on(PartialDate.parse(born.isoformat()), "male")) is None or last < leaves_after:
        born = add_months(born, 1)
    number = citizen_id(2, "male", born)
    since = date(born.year + 24, 3, 1)
    content = {
        "birth_full_name": "TRẦN VĂN HẬU",
        "gender": "male",
        "birth_date": born.isoformat(),
        "birth_place": HOME,
        "hometown": HOME,
        "ethnicity": "01",
        "religion": "none",
        "citizen_id_number": number,
        "contact_phone": "0999000528",
        "current_address": HOME,
        "first_recruited_on": since.isoformat(),
        "recruiting_agency": "Sở Văn hóa, Thể thao và Du lịch tỉnh Ninh Bình",
        "joined_current_agency_on": on.isoformat(),
        "general_education_level": "12/12",
        "highest_qualification": "university",
        "main_assigned_work": "Bảo quản hiện vật",
        "work_history": [
            {
                "from_month": f"{since:%Y-%m}",
                "to_month": f"{add_months(on, -1):%Y-%m}",
                "unit_text": "Bảo tàng tỉnh Ninh Bình",
                "title": "Viên chức",
            },
            {"from_month": f"{on:%Y-%m}", "unit_text": at.unit, "title": "Viên chức"},
        ],
    }
    return content, last
