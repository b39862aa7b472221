"""One hand-written dossier that is right in every item; tests spoil copies of it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from models.form import Catalogue, catalogue

RIGHT: dict[str, Any] = {
    "managing_authority_id": "H26",
    "employing_unit_id": "H26.02",
    "staff_number": "HN-000001",
    "record_code": "000075000001",
    "birth_full_name": "NGUYỄN THỊ ÁNH",
    "gender": "female",
    "other_names": ["Nguyễn Ánh", "Bé Ánh"],
    "birth_date": "1975-04-30",
    "birth_place": {"province": "17", "district": "Huyện Đà Bắc", "commune": "04831"},
    "hometown": {"province": "01", "commune": "00070"},
    "ethnicity": "01",
    "religion": "none",
    "citizen_id_number": "000175000001",
    "citizen_id_issued_on": "2021-05-06",
    "contact_phone": "0000123456",
    "social_insurance_number": "0000000001",
    "health_insurance_card": "GD4000000000001",
    "current_address": {"province": "01", "commune": "00070", "detail": "Số 1, Phố Cây Gạo"},
    "family_background": "cong_chuc",
    "first_recruited_on": "1998-09",
    "recruiting_agency": "Sở Nội vụ",
    "joined_current_agency_on": "2005-01-15",
    "party_admission_on": "2001-05-19",
    "party_official_on": "2002-05-19",
    "enlisted_on": "1994",
    "discharged_on": "1996",
    "highest_military_rank": "trung_si",
    "policy_beneficiary_type": ["martyr_child"],
    "general_education_level": "12/12",
    "highest_qualification": "master",
    "current_position": "division_head",
    "position_appointed_on": "2015-03-01",
    "position_reappointed_on": "2020-03-01",
    "planned_position": ["department_deputy"],
    "main_assigned_work": "Tham mưu công tác tổ chức bộ máy",
    "rank_title": "Chuyên viên chính",
    "rank_code": "01.002",
    "rank_appointed_on": "2016-01-01",
    "salary_step": 3,
    "salary_coefficient": "5.08",
    "salary_effective_on": "2024-02-29",
    "job_position": "Chuyên viên về tổ chức bộ máy",
    "job_position_code": "QL.01",
    "position_salary_amount": "12000000",
    "health_status": "2",
    "height_cm": 158,
    "weight_kg": "52.5",
    "blood_type": "O+",
    "education": [
        {
            "from_month": "1993",
            "to_month": "1997-06",
            "institution": "Trường A",
            "degree_level": "university",
        },
        {"from_month": "2003-09", "to_month": "2005-09", "institution": "Trường B", "degree_level": "master"},
    ],
    "language_training": [
        {"from_month": "2000-01", "language": "en", "certificate": "Bậc 3", "score": "6.50"},
    ],
    "work_history": [
        {"from_month": "1998-09", "to_month": "2004-12", "unit_text": "Sở A", "title": "Chuyên viên"},
        {"from_month": "2005-01", "unit_text": "Sở Nội vụ", "unit_id": "H26.02", "title": "Trưởng phòng"},
    ],
    "rewards": [{"year": 2023, "performance_rating": "good", "emulation_rating": "advanced_worker"}],
    "family_members": [
        {"side": "own", "relation": "father", "full_name": "Nguyễn Văn Độ", "birth_year": 1945},
        {"side": "own", "relation": "child", "full_name": "Lê Thị Sẻ", "birth_year": 2003},
        {"side": "spouse", "relation": "mother", "full_name": "Ứng Thị Gấm", "birth_year": 1950},
    ],
    "salary_history": [
        {
            "from_month": "2018-02",
            "to_month": "2021-02",
            "rank_code": "01.002",
            "step": 1,
            "coefficient": "4.40",
        },
        {
            "from_month": "2021-02",
            "to_month": "2024-02",
            "rank_code": "01.002",
            "step": 2,
            "coefficient": "4.74",
        },
        {"from_month": "2024-02", "rank_code": "01.002", "step": 3, "coefficient": "5.08"},
    ],
    "family_income": [{"salary_income": "200000000", "other_income": "0"}],
    "housing": [{"origin": "own", "house_type": "apartment", "area_m2": "70.50"}],
    "arrest_history": "Không",
    "employer_assessment": "Hoàn thành tốt nhiệm vụ.\nĐoàn kết nội bộ tốt.",
}


@pytest.fixture
def right() -> dict[str, Any]:
    """A fresh copy of the right dossier."""
    return copy.deepcopy(RIGHT)


@pytest.fixture
def spoiled() -> Callable[[str, Any], dict[str, Any]]:
    """The right dossier with another value at a path; ``...`` removes it."""

    def change(path: str, value: Any) -> dict[str, Any]:
        content: Any = copy.deepcopy(RIGHT)
        *way, last = [
            int(step) if step.isdigit() else step
            for step in path.replace("[", ".").replace("]", "").split(".")
        ]
        target = content
        for step in way:
            target = target[step]
        if value is ...:
            del target[last]
        else:
            target[last] = value
        return content

    return change


@pytest.fixture(scope="session")
def cat() -> Catalogue:
    """The form of TT 06/2023."""
    return catalogue("tt06_2023")
