"""What few have: a second post, a planned one, a title of honour; names with the rarest letters.

Drawn apart from the rest, so that nobody else's dossier changes with it.
"""

from random import Random
from typing import Any

from .data import data

_SCHOOLS = ("kindergarten", "primary", "lower_secondary", "upper_secondary")
_HONOURS = {"hospital": "merit_physician"} | dict.fromkeys(_SCHOOLS, "merit_teacher")


def rarely(
    seed: int, index: int, content: dict[str, Any], trade: str, place: int, gender: str
) -> dict[str, Any]:
    """Items 22, 24, 25, 27, 30.2 and 37.3 of some; for one in twelve another given name."""
    rng = Random(f"{seed}/{index}/rarely")  # noqa: S311 - nothing secret, the same for every run
    found: dict[str, Any] = {}
    if rng.random() < 0.08:
        first, _, _ = content["birth_full_name"].rpartition(" ")
        found["birth_full_name"] = f"{first} {rng.choice(data('names')[gender]['rare'])}".upper()
    if place == 2 and rng.random() < 0.4:
        found["planned_position"] = [data("organisation")["trades"][trade]["head"]]
    if place == 0 and rng.random() < 0.2:
        found |= {"concurrent_position": ["board_deputy"], "concurrent_allowance": "0.20"}
    if content.get("party_position") and rng.random() < 0.3:
        found["concurrent_party_position"] = ["committee_member"]
    if trade in _HONOURS and place in (0, 2) and rng.random() < 0.3:
        found["state_honorary_title"] = [_HONOURS[trade]]
    if rng.random() < 0.05:
        found["production_land"] = f"{rng.randint(2, 30) * 100} m² đất trồng cây hằng năm"
    if rng.random() < 0.05:
        found["other_allowance"] = rng.choice(("0.10", "0.20", "0.30"))
    return found
