"""The sample authority's agencies and posts: the city, its departments, 126 communes and wards, units."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.form import communes

from .data import organisation

POSTS = (("head", "Người đứng đầu"), ("hr_officer", "Cán bộ tổ chức"), ("approver", "Người phê duyệt"))
OFFICER, OFFICERS = "department_officer", 3


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
    standing: str | None = None
    operates: bool = False
    authority: str = "hanoi"

    def row(self) -> dict[str, Any]:
        """Its line in the sheet ``Cơ quan``."""
        account = "yes" if self.has_account else "no"
        values = {"code": self.code, "name": self.name, "kind": self.kind, "has_account": account}
        if self.parent_code:  # an internal unit is a part of its agency; others keep their own dossiers
            inside = "constituent" if self.kind == "internal_unit" else "subordinate"
            values["standing"] = self.standing or inside
        if self.operates:
            values["operates_database"] = "yes"
        return values | ({"parent_code": self.parent_code} if self.parent_code else {})


def agencies(authority: str = "hanoi") -> tuple[Agency, ...]:
    """All agencies, parents before children."""
    about = organisation(authority)
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
            standing=entry.get("standing"),
            authority=authority,
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
            operates=bool(entry.get("operates")),
            authority=authority,
        )
        for entry in about["units"]
    )
    top = Agency(code, root["name"], root["kind"], None, True, "department", 1, authority=authority)
    named = (
        Agency(
            f"{code}.{place}",
            f"Ủy ban nhân dân {_lower(name)}",
            "commune_committee",
            code,
            True,
            "commune",
            2,
            authority=authority,
        )
        for place, name in enumerate(about.get("communes", ()), start=101)
    )
    real = _communes(code, root["province"], about["commune_schools"]) if "province" in root else ()
    return (top, *departments, *real, *named, *units)


def _lower(name: str) -> str:
    kind, _, own = name.partition(" ")
    return f"{kind.lower()} {own}"


def _communes(root: str, province: str, schools: dict[str, Any]) -> Iterator[Agency]:
    units = sorted((unit for unit in communes().values() if unit.province == province), key=lambda u: u.code)
    for place, unit in enumerate(units):
        own = unit.name.partition(" ")[2]
        code = f"{root}.{unit.code}"
        name = f"Ủy ban nhân dân {_lower(unit.name)}"
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
        wanted = [(role, role, title) for role, title in [*POSTS, *_more(agency)]]
        if agency.home_affairs:
            title = "Chuyên viên phòng Công chức, viên chức"
            wanted += [(f"{OFFICER}-{number}", OFFICER, title) for number in range(1, OFFICERS + 1)]
        for place, (name, role, title) in enumerate(wanted):
            holder = people[place] if place < len(people) else None
            yield _post(name, role, title, agency, holder)
    yield _post("administrator", "administrator", "Quản trị hệ thống", everyone[0], None)


def _more(agency: Agency) -> list[tuple[str, str]]:
    """Posts that the chains of this authority's law need beside the three of everybody."""
    about = organisation(agency.authority)
    found = [*about.get("more_posts", ()), *(about.get("keeper_posts", ()) if agency.home_affairs else ())]
    return [(one["role"], one["title"]) for one in found]


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
