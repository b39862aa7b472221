"""The master key's copy kept elsewhere: what proves it, and from when on nothing does."""

from datetime import date, timedelta

import pytest

from models.calendar import start_of_day
from models.command_admin import CheckEscrow
from models.lifecycle.escrow import Proof, checked, unproven
from models.regulations.policy import Escrow
from tests.models.lifecycle.scenes import refused, scene

OPENS, ANOTHER = "0123456789abcdef", "f" * 16
SCENE = scene(date(2026, 3, 10))
POLICY = Escrow(first_days=30, check_days=180)
INSTALLED = start_of_day(date(2026, 1, 1))


def test_the_key_in_use_is_recorded_and_no_other() -> None:
    body = CheckEscrow(check_value=OPENS, document="9/BB")
    (event,) = checked(OPENS, body, SCENE).events
    assert (event.kind, event.facts) == (
        "master_key.escrow_checked",
        {"check_value": OPENS, "document": "9/BB"},
    )
    with refused("escrow-wrong"):
        checked(ANOTHER, body, SCENE)


@pytest.mark.parametrize(
    ("proof", "since", "why"),
    [
        (None, INSTALLED + timedelta(days=30), "never-checked"),
        (Proof(SCENE.now, OPENS), SCENE.now + timedelta(days=180), "long-ago"),
        (Proof(SCENE.now, ANOTHER), SCENE.now, "another-key"),  # the master key was changed since
    ],
)
def test_it_is_to_be_tried_again(proof: Proof | None, since: object, why: str) -> None:
    assert unproven(proof, OPENS, INSTALLED, POLICY) == (since, why)
