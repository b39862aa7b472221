"""The sample authority's agencies and posts: the city, its departments, 126 communes and wards, units."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.form import communes

from .data import data

POSTS = (("head", "Người đứng đầu"), ("hr_officer", "Cán bộ tổ chức"), ("approver", "Người phê duyệt"))
OFFICERS = 3


@dataclass(frozen=True)
class Agency:
    """An agency of the sample. ``trade`` decides what ranks its people have; ``weight`` how many they are."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    has_account: bool
    trade: str
    weight: int
    home_affairs: bool = False

    def row(self) -> dict[str, Any]:
        """Its line in the sheet ``Cơ quan``."""
        account = "yes" if self.has_account else "no"
        values = {"code": self.code, "name": self.name, "kind": self.kind, "has_account": account}
        if self.parent_code:  # an internal unit is a part of its agency; others keep their own dossiers
            values["standing"] = "constituent" if self.kind == "internal_unit" else "subordinate"
        return values | ({"parent_code": self.parent_code} if self.parent_code else {})


def agencies() -> tuple[Agency, ...]:
    """All agencies, parents before children."""
    about = data("organisation")
    root = about["authority"]
    code = root["code"]
    departments = (
        Agency(
            entry["code"],
            entry["name"],
            "department",
            code,
            True,
            "department",
            12 if entry.get("home_affairs") else 6,
            home_affairs=bool(entry.get("home_affairs")),
        )
        for entry in about["departments"]
    )
    units = (
        Agency(
            entry["code"],
            entry["name"],
            "internal_unit" if entry.get("internal") else "public_service_unit",
            entry["parent"],
            entry["account"],
            entry["trade"],
            4,
        )
        for entry in about["units"]
    )
    city = Agency(code, root["name"], root["kind"], None, True, "department", 1)
    return (city, *departments, *_communes(code, root["province"], about["commune_schools"]), *units)


def _communes(root: str, province: str, schools: dict[str, Any]) -> Iterator[Agency]:
    units = sorted((unit for unit in communes().values() if unit.province == province), key=lambda u: u.code)
    for place, unit in enumerate(units):
        kind, _, own = unit.name.partition(" ")
        code = f"{root}.{unit.code}"
        name = f"Ủy ban nhân dân {kind.lower()} {own}"
        yield Agency(code, name, "commune_committee", root, True, "commune", 2)
        if place % schools["every"] == 0:
            turn = (place // schools["every"]) % len(schools["names"])
            school = f"{schools['names'][turn]} - {own}"
            yield Agency(f"{code}.01", school, "public_service_unit", code, False, schools["trades"][turn], 2)


def posts(everyone: tuple[Agency, ...], staff: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The lines of ``Vị trí``: three posts per agency with an account, officers, an administrator.

    ``staff``: agency code → contents of its people, the head first. A post nobody of the agency is there
    for is held by someone who has no profile yet.
    """
    for agency in everyone:
        if not agency.has_account:
            continue
        people = staff.get(agency.code, [])
        wanted = list(POSTS)
        if agency.home_affairs:
            officer = ("department_officer", "Chuyên viên phòng Công chức, viên chức")
            wanted += [officer] * OFFICERS
        for place, (role, title) in enumerate(wanted):
            holder = people[place] if place < len(people) else None
            number = f"-{place - len(POSTS) + 1}" if role == "department_officer" else ""
            yield _post(f"{role}{number}", role, title, agency, holder)
    yield _post("administrator", "administrator", "Quản trị hệ thống", everyone[0], None)


def _post(name: str, role: str, title: str, agency: Agency, holder: dict[str, Any] | None) -> dict[str, Any]:
    login = name.replace("_", "-")
    if role != "administrator":
        login += "." + agency.code.lower().replace(".", "-")
    values = {"login": login, "role": role, "agency_code": agency.code, "title": title}
    values["email"] = f"{login}@example.invalid"
    if holder is None:
        return values | {"holder_name": f"{title} {agency.name}"[:100]}
    return values | {
        "holder_name": holder["birth_full_name"],
        "holder_citizen_id": holder["citizen_id_number"],
    }
