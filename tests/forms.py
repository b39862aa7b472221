"""Forms of people who do not exist; ID numbers begin with 000, a province that does not either."""

from typing import Any

_PLACE = {"province": "01", "commune": "00070", "detail": "Số 1, phố Thử Nghiệm"}

COMPLETE: dict[str, Any] = {
    "birth_full_name": "NGUYỄN THỊ THỬ",
    "gender": "female",
    "birth_date": "1990-05-17",
    "birth_place": _PLACE,
    "hometown": _PLACE,
    "ethnicity": "01",
    "religion": "none",
    "citizen_id_number": "000190000001",
    "contact_phone": "0900000001",
    "current_address": _PLACE,
    "first_recruited_on": "2015-03-02",
    "recruiting_agency": "Sở Văn hóa và Thể thao",
    "joined_current_agency_on": "2018-06-01",
    "general_education_level": "12/12",
    "highest_qualification": "university",
    "main_assigned_work": "Quản lý hiện vật",
    "work_history": [
        {
            "from_month": "2015-03",
            "to_month": "2018-05",
            "unit_text": "Sở Văn hóa và Thể thao",
            "title": "Chuyên viên",
        },
        {"from_month": "2018-06", "unit_text": "Bảo tàng", "title": "Chuyên viên"},
    ],
}
