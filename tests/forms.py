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

CONTRACT: dict[str, Any] = {
    "contract_number": "0007/HĐLĐ",
    "signed_on": "2025-01-02",
    "signed_at": "Tuy Hòa",
    "worker_full_name": "NGUYỄN THỊ THỬ",
    "birth_date": "1990-05-17",
    "gender": "female",
    "citizen_id_number": "000190000001",
    "permanent_address": _PLACE,
    "current_address": _PLACE,
    "contact_phone": "0900000001",
    "contract_type": "fixed_term",
    "contract_valid_from": "2025-01-06",
    "contract_valid_to": "2027-01-05",
    "job_title": "Lái xe",
    "job_position": "Hỗ trợ, phục vụ",
    "workplace": "Trụ sở",
    "working_hours": "08 giờ một ngày",
    "salary_amount": "8000000",
    "pay_form": "Chuyển khoản hằng tháng",
    "insurance": "Theo quy định",
    "clauses": "Theo Bộ luật Lao động 2019",
}
"""What a contract worker declares on the labour-contract form."""
