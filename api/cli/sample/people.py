"""A whole invented dossier: all 38 items, consistent with itself, the same for the same seed and number."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from models.form.dates import add_months

from .career import (
    Service,
    between,
    leadership,
    month,
    party_and_army,
    rank_and_salary,
    rewards,
    work_history,
)
from .data import data, organisation
from .identity import address, citizen_id, family, full_name, home_town
from .organisation import Agency
from .rarely import rarely
from .training import schooling

ETHNICITIES = ("01",) * 20 + ("02", "03", "06", "07", "08", "09", "12", "24")
RELIGIONS = ("none",) * 12 + ("buddhism", "buddhism", "catholicism", "protestantism")


@dataclass(frozen=True)
class Person:
    """One line of ``Hồ sơ``: the form's content and what the import adds."""

    index: int
    content: dict[str, Any]
    extras: dict[str, Any]


def person(seed: int, index: int, agency: Agency, place: int, authority: str, as_of: date) -> Person:
    """Person number ``index``, the ``place``-th of the agency (0 heads it, 2 is a deputy)."""
    rng = Random(f"{seed}/{index}")  # noqa: S311 - nothing secret, the same for every run
    trade = data("organisation")["trades"][agency.trade]
    gender = rng.choice(("male", "female"))
    service = _service(rng, gender, place, as_of)
    worker = place > 3 and rng.random() < 0.08
    content = _identity(rng, index, gender, service, agency, authority)
    content |= party_and_army(rng, gender, service)
    content |= schooling(rng, service, agency.trade == "hospital")
    position = {0: trade["head"], 2: trade["deputy"]}.get(place)
    if position:
        content |= leadership(rng, position, service)
    content |= _contract_pay(rng, service) if worker else rank_and_salary(rng, trade, service)
    title = content.get("rank_title", "Nhân viên hỗ trợ, phục vụ")
    content["work_history"] = work_history(rng, agency, title, service)
    content["rewards"] = rewards(rng, service)
    content["family_members"] = family(rng, content, service.born, as_of)
    content |= _means(rng, service) | _remarks(rng, service)
    content |= rarely(seed, index, content, agency.trade, place, gender)
    category = "contract_worker" if worker else trade["category"]
    login = f"cb{index:06}"
    extras = {"agency_code": agency.code, "staff_category": category, "login": login}
    extras["email"] = f"{login}@example.invalid"
    return Person(index, {key: value for key, value in content.items() if value != []}, extras)


def _service(rng: Random, gender: str, place: int, as_of: date) -> Service:
    oldest = 59 if gender == "male" else 54
    age = rng.randint(38, oldest) if place in (0, 2) else rng.randint(25, oldest)
    born = add_months(as_of, -12 * age) - timedelta(days=rng.randint(1, 364))
    latest = add_months(as_of, -9)
    recruited = min(add_months(born, 12 * rng.randint(23, 29)), latest)
    joined = recruited if rng.random() < 0.3 else between(rng, recruited, latest)
    return Service(born, recruited, joined, as_of)


def _identity(
    rng: Random, index: int, gender: str, service: Service, agency: Agency, authority: str
) -> dict[str, Any]:
    about, number = organisation(agency.authority), citizen_id(index, gender, service.born)
    vague = rng.random()
    born = str(service.born.year) if vague < 0.01 else month(service.born) if vague < 0.04 else None
    content: dict[str, Any] = {
        "managing_authority_id": authority,
        "employing_unit_id": agency.code,
        "staff_number": f"{about['staff']}-{index:06}",
        "record_code": number,
        "birth_full_name": full_name(rng, gender).upper(),
        "gender": gender,
        "birth_date": born or service.born.isoformat(),
        "birth_place": address(rng),
        "hometown": home_town(rng),
        "ethnicity": rng.choice(ETHNICITIES),
        "religion": rng.choice(RELIGIONS),
        "citizen_id_number": number,
        "citizen_id_issued_on": between(rng, date(2021, 1, 4), service.as_of).isoformat(),
        "contact_phone": f"0000{index:06}",
        "social_insurance_number": f"00{index:08}",
        "health_insurance_card": f"00{index:08}",
        "current_address": address(rng, about["authority"].get("province")),
        "family_background": rng.choice(("ban_nong", "trung_nong", "cong_nhan", "cong_chuc", "vien_chuc")),
        "prior_occupation": rng.choice(data("phrases")["occupations"]),
        "first_recruited_on": service.recruited.isoformat(),
        "recruiting_agency": f"{rng.choice(about['departments'])['name']}, {about['place']}",
        "joined_current_agency_on": service.joined.isoformat(),
    }
    if rng.random() < 0.1:
        content["other_names"] = [full_name(rng, gender)]
    if rng.random() < 0.05:
        content["policy_beneficiary_type"] = [rng.choice(("martyr_child", "invalid_child"))]
    return content


def _contract_pay(rng: Random, service: Service) -> dict[str, Any]:
    since = add_months(service.as_of, -rng.randint(3, 11)).isoformat()
    return {
        "job_position": rng.choice(("Lái xe", "Bảo vệ", "Lễ tân", "Tạp vụ")),
        "job_position_code": f"HT.{rng.randint(1, 9):02}",
        "position_salary_amount": str(rng.randint(60, 110) * 100_000),
        "position_salary_effective_on": since,
    }


def _means(rng: Random, service: Service) -> dict[str, Any]:
    """Items 31 and 37.2, 37.3."""
    phrases = data("phrases")
    content: dict[str, Any] = {
        "health_status": rng.choice(("1", "2", "2", "3")),
        "height_cm": rng.randint(148, 182),
        "weight_kg": f"{rng.randint(42, 85)}.{rng.choice((0, 5))}",
        "blood_type": rng.choice(("A", "B", "O", "AB", "O+", "A+")),
        "main_assigned_work": rng.choice(phrases["works"]),
        "work_strength": rng.choice(phrases["strengths"]),
        "longest_work": rng.choice(phrases["works"]),
        "family_income": [
            {
                "salary_income": str(rng.randint(60, 400) * 1_000_000),
                "other_income": str(rng.randint(0, 90) * 1_000_000),
            }
        ],
    }
    own = {
        "origin": "own",
        "area_m2": f"{rng.randint(30, 180)}.50",
        "certificate": f"MAU {rng.randint(0, 999999):06}",
    }
    content["housing"] = [own | {"house_type": rng.choice(("apartment", "grade_3", "grade_4", "row_house"))}]
    if rng.random() < 0.4:
        content["residential_land"] = [own]
    if rng.random() < 0.5:
        start = month(add_months(service.as_of, -rng.randint(6, 8)))
        row = {"from_month": start, "type": "public_duty", "percent": "25.00", "mode": "monthly"}
        content["allowance_history"] = [row]
    return content


def _remarks(rng: Random, service: Service) -> dict[str, Any]:
    """Items 34, 35.2 and 38."""
    phrases = data("phrases")
    content: dict[str, Any] = {"arrest_history": "Không"}
    if rng.random() < 0.03:
        day = add_months(service.as_of, -rng.randint(2, 8))
        row = {"side": "administrative", "from_month": month(day), "form": "reprimand"}
        content["disciplines"] = [row | {"violation": rng.choice(phrases["violations"])}]
    if rng.random() < 0.04:
        day = add_months(service.recruited, 6)
        content["foreign_org_relations"] = [
            {"from_month": month(day), "detail": rng.choice(phrases["foreign"])}
        ]
    if rng.random() < 0.7:
        content["employer_assessment"] = rng.choice(phrases["assessments"])
    return content
