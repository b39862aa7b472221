"""The small world of the demo: a city, three departments, a museum without an account, people in posts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.sample.writing import add_all, open_book
from models.form import cells_of, workbook

NAME = "Ủy ban nhân dân thành phố Hà Nội"
CODE, REGULATION = "H26", "hanoi"
DOCUMENT = "Quyết định cài đặt bản trình diễn / decision to install the demo"
PASSWORD = "nghiệp vụ hồ sơ 2468"  # noqa: S105 — of accounts that exist for a minute


@dataclass(frozen=True)
class Agency:
    """An agency of the demo; `has_account`: whether it synchronises for itself."""

    code: str
    name: str
    kind: str
    parent: str | None
    has_account: bool = True


AGENCIES: dict[str, Agency] = {
    "city": Agency(CODE, NAME, "peoples_committee", None),
    "home_affairs": Agency(f"{CODE}.02", "Sở Nội vụ", "department", CODE),
    "culture": Agency(f"{CODE}.09", "Sở Văn hóa và Thể thao", "department", CODE),
    "museum": Agency(
        f"{CODE}.09.01", "Bảo tàng Hà Nội", "public_service_unit", f"{CODE}.09", has_account=False
    ),
    "tourism": Agency(f"{CODE}.10", "Sở Du lịch", "department", CODE),
}


@dataclass(frozen=True)
class Post:
    """A post with its account; the story calls whoever holds it `title`."""

    role: str
    agency: str
    title: str
    title_en: str

    @property
    def login(self) -> str:
        """The login, named after the post and not after a person."""
        return f"{self.role.replace('_', '-')}.{AGENCIES[self.agency].code.lower().replace('.', '-')}"


POSTS: dict[str, Post] = {
    "department": Post("department_officer", "home_affairs", "Sở Nội vụ", "Department of Home Affairs"),
    "culture.hr": Post("hr_officer", "culture", "Tổ chức cán bộ, Sở Văn hóa", "HR, Dept of Culture"),
    "culture.approver": Post(
        "approver", "culture", "Người phê duyệt, Sở Văn hóa", "Approver, Dept of Culture"
    ),
    "culture.head": Post("head", "culture", "Giám đốc Sở Văn hóa", "Director, Dept of Culture"),
    "tourism.hr": Post("hr_officer", "tourism", "Tổ chức cán bộ, Sở Du lịch", "HR, Dept of Tourism"),
    "tourism.approver": Post(
        "approver", "tourism", "Người phê duyệt, Sở Du lịch", "Approver, Dept of Tourism"
    ),
}


def write_workbook(out: Path) -> Path:
    """The import workbook of this world: agencies and posts; its people come in the story."""
    book = open_book(drop_downs=False)
    sheets = {sheet.name: sheet for sheet in workbook(book.cat)}
    add_all(book, sheets["agencies"], (cells_of(sheets["agencies"], _line(a)) for a in AGENCIES.values()))
    add_all(book, sheets["posts"], (cells_of(sheets["posts"], _post(p)) for p in POSTS.values()))
    book.save(out)
    return out


def _line(agency: Agency) -> dict[str, Any]:
    account = "yes" if agency.has_account else "no"
    values = {"code": agency.code, "name": agency.name, "kind": agency.kind, "has_account": account}
    return values | ({"parent_code": agency.parent} if agency.parent else {})


def _post(post: Post) -> dict[str, Any]:
    return {
        "login": post.login,
        "role": post.role,
        "agency_code": AGENCIES[post.agency].code,
        "title": post.title,
        "holder_name": post.title,
        "email": f"{post.login}@example.invalid",
    }
