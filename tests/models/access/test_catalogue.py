from datetime import date
from importlib.resources import files
from uuid import UUID

import pytest
import yaml

from models.access import Actor, Allowed, Denied, Grant, Target, everywhere, may, reach, read_roles
from models.regulations import in_force

TEXT = (files("models.access") / "roles.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 3, 2)


def changed(*path: str, to: object) -> str:
    content = yaml.safe_load(TEXT)
    place = content
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return yaml.safe_dump(content, allow_unicode=True)


def test_the_table_reads() -> None:
    assert read_roles(TEXT).roles["head"].en == "Head of the agency"


def test_who_may_do_it_for_the_whole_authority() -> None:
    """An agency's officer may import a workbook too, of that agency."""
    assert everywhere("import_workbook", in_force("hanoi", TODAY)) == ("department_officer", "administrator")
    wider = changed("roles", "hr_officer", "scope", to="authority")
    assert "hr_officer" in everywhere("import_workbook", table=read_roles(wider))


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        (("verbs", "approve"), None, "without words: approve;"),
        (("roles", "administrator", "verbs", "administer"), None, "without a role: administer"),
        (("verbs", "destroy"), {"vi": "x", "en": "x"}, "destroy"),
        (("verbs", "approve", "never"), ["nobody"], "never"),
        (("roles", "head", "scope"), "world", "scope"),
        (("roles", "head", "verbs", "fly"), {"slot": None}, "fly"),
        (("roles", "head", "verbs", "sync"), {"slot": "no_such_slot"}, "slot"),
        (("roles", "head", "verbs", "sync"), {"slot": None, "by_law": True}, "needs the slot"),
        (("roles", "head", "more"), 1, "more"),
        (("roles", "head", "vi"), None, "vi"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(path: tuple[str, ...], to: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_roles(changed(*path, to=to))


def test_a_role_can_be_limited_to_its_own_agency() -> None:
    table = read_roles(changed("roles", "head", "scope", to="own_agency"))
    city, school = UUID(int=1), UUID(int=2)
    head = Actor(UUID(int=3), None, UUID(int=9), (Grant("head", city, TODAY),))
    assert isinstance(may(head, "sync", Target(city), TODAY, table=table), Allowed)
    assert isinstance(may(head, "sync", Target(school, (city,)), TODAY, table=table), Denied)
    assert reach(head, "sync", TODAY, table=table).covers(Target(city))
    assert not reach(head, "sync", TODAY, table=table).covers(Target(school, (city,)))


def test_the_reach_follows_the_law_too() -> None:
    rules = in_force("hanoi", TODAY)
    reader = Actor(UUID(int=3), None, UUID(int=9), (Grant("hr_officer", UUID(int=1), TODAY),))
    assert reach(reader, "read_profile", TODAY, rules).subtrees == {UUID(int=1)}
    assert not reach(reader, "read_profile", TODAY, rules.without("hanoi.art8.2")).subtrees
