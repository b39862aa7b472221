"""An invented working life: recruitment, ranks and salary by the tables, posts, Party, army, rewards."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from models.form import code_list
from models.form.dates import add_months
from models.form.salary import SalaryGroup, group_of_rank

from .data import organisation
from .organisation import Agency

_SENIOR_AFTER = 9 * 12


@dataclass(frozen=True)
class Service:
    """The frame of a career: born, recruited, joined the current agency, looked at on ``as_of``."""

    born: date
    recruited: date
    joined: date
    as_of: date

    @property
    def months(self) -> int:
        """Whole months of service."""
        return months_between(self.recruited, self.as_of)


def months_between(first: date, last: date) -> int:
    """Whole months from one day to another."""
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def month(day: date) -> str:
    """``YYYY-MM``."""
    return f"{day:%Y-%m}"


def between(rng: Random, first: date, last: date) -> date:
    """A day of that span, both ends included."""
    return first + timedelta(days=rng.randint(0, max(0, (last - first).days)))


def rank_and_salary(rng: Random, trade: dict[str, Any], service: Service) -> dict[str, Any]:
    """Rank, step, coefficient and their history, as NĐ 204/2004/NĐ-CP has it for that length of service."""
    codes = [code for code in trade["ranks"] if service.months >= _waiting(code)]
    code = rng.choice(codes or [trade["ranks"][-1]])
    group = group_of_rank(code)
    if group is None:
        raise ValueError(f"rank {code} has no salary group")
    since = add_months(service.recruited, min(_waiting(code), service.months))
    step = min(group.steps, 1 + months_between(since, service.as_of) // group.months)
    effective = add_months(since, (step - 1) * group.months)
    content = {
        "rank_title": code_list("rank").label(code),
        "rank_code": code,
        "rank_appointed_on": since.isoformat(),
        "salary_step": step,
        "salary_coefficient": f"{group.coefficient(step):.2f}",
        "salary_effective_on": effective.isoformat(),
        "salary_history": _history(code, group, since, step),
    }
    return content | (_beyond_frame(group, effective, service) if step == group.steps else {})


def _waiting(code: str) -> int:
    group = group_of_rank(code)
    return _SENIOR_AFTER * (2 if group and group.name.startswith("A3") else 1) if _senior(group) else 0


def _senior(group: SalaryGroup | None) -> bool:
    return group is not None and group.name[:2] in ("A2", "A3")


def _history(code: str, group: SalaryGroup, since: date, step: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(max(1, step - 3), step + 1):
        start = add_months(since, (number - 1) * group.months)
        row = {"from_month": month(start), "rank_code": code, "step": number}
        row["coefficient"] = f"{group.coefficient(number):.2f}"
        if number < step:
            row["to_month"] = month(add_months(since, number * group.months - 1))
        rows.append(row)
    return rows


def _beyond_frame(group: SalaryGroup, effective: date, service: Service) -> dict[str, Any]:
    first = add_months(effective, group.months)
    if first > service.as_of:
        return {}
    years = months_between(first, service.as_of) // 12
    since = add_months(first, 12 * years)
    return {
        "beyond_frame_seniority_percent": f"{min(5 + years, 40)}.00",
        "beyond_frame_effective_on": since.isoformat(),
    }


def work_history(rng: Random, agency: Agency, title: str, service: Service) -> list[dict[str, Any]]:
    """From recruitment to today, the last line in the current agency."""
    rows = []
    start, early = service.recruited, months_between(service.recruited, service.joined)
    for place in range(0 if early < 6 else rng.randint(1, 2)):
        stop = service.joined if place else add_months(service.recruited, max(3, early // 2))
        about = organisation(agency.authority)
        unit = rng.choice(about["departments"])["name"]
        rows.append(
            {
                "from_month": month(start),
                "to_month": month(stop),
                "unit_text": f"{unit}, {about['place']}",
                "title": rng.choice(("Cán sự", "Chuyên viên", "Nhân viên hợp đồng", "Viên chức")),
            }
        )
        start = stop
    last = {"from_month": month(service.joined), "unit_text": agency.name, "unit_id": agency.code}
    rows.append(last | {"title": title})
    return rows


def leadership(rng: Random, position: str, service: Service) -> dict[str, Any]:
    """A post with its appointment and, after five years, its reappointment."""
    earliest = max(service.joined, add_months(service.as_of, -9 * 12))
    appointed = between(rng, earliest, add_months(service.as_of, -1))
    content: dict[str, Any] = {
        "current_position": position,
        "position_appointed_on": max(appointed, service.joined).isoformat(),
        "position_allowance": rng.choice(("0.25", "0.40", "0.60", "0.80", "0.90")),
    }
    again = add_months(max(appointed, service.joined), 60)
    return content | ({"position_reappointed_on": again.isoformat()} if again <= service.as_of else {})


def party_and_army(rng: Random, gender: str, service: Service) -> dict[str, Any]:
    """Party admission a year before full membership; two years in the army before recruitment."""
    content: dict[str, Any] = {}
    joined = add_months(service.born, 12 * 15 + rng.randint(1, 30))
    content |= {"first_mass_org_joined_on": month(joined), "first_mass_org": "youth_union"}
    grown, latest = add_months(service.born, 12 * 21), add_months(service.as_of, -24)
    if rng.random() < 0.6 and grown < latest:
        admitted = between(rng, grown, latest)
        content["party_admission_on"] = admitted.isoformat()
        content["party_official_on"] = add_months(admitted, 12).isoformat()
        if rng.random() < 0.15:
            content["party_position"] = rng.choice(("cell_secretary", "cell_deputy", "committee_member"))
    start = add_months(service.born, 12 * 18 + 6)
    if gender == "male" and rng.random() < 0.12 and add_months(start, 24) < service.recruited:
        content |= {"enlisted_on": month(start), "discharged_on": month(add_months(start, 24))}
        content["highest_military_rank"] = rng.choice(("ha_si", "trung_si", "thuong_si"))
    return content


def rewards(rng: Random, service: Service) -> list[dict[str, Any]]:
    """The last years' ratings."""
    first = max(service.recruited.year, service.as_of.year - rng.randint(2, 4))
    rows = []
    for year in range(first, service.as_of.year):
        row = {"year": year, "performance_rating": rng.choice(("excellent", "good", "good", "completed"))}
        row["emulation_rating"] = rng.choice(("advanced_worker", "advanced_worker", "base_emulator"))
        if rng.random() < 0.25:
            row["reward_form"] = rng.choice(("unit_certificate", "city_certificate"))
        rows.append(row)
    return rows
