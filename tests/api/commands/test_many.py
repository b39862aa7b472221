"""One decision that names many people: each has a duty and an answer of their own, whoever is away."""

import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.routers import acting
from tests.world import World

NOTICE = {"kind": "salary", "changed_on": "2026-03-02", "document": "34/QĐ-SVHTT"}


async def told(hr: Any, people: list[Any], key: str) -> dict[str, dict[str, Any]]:
    """The results by person, each named once."""
    asked = {"profiles": [str(one) for one in people], "notice": NOTICE}
    answer = await hr.command("/profiles/notices", asked, key=key)
    assert answer.status_code == 200, answer.text
    results = {one["profile_id"]: one for one in answer.json()["results"]}
    assert len(results) == len(answer.json()["results"])
    return results


@pytest.mark.usefixtures("worker")
async def test_everybody_named_owes_an_update_from_the_decision_s_date(log_in, world: World) -> None:
    hr = await log_in("culture.hr")
    people = [await world.employ() for _ in range(3)]
    waiting, absent = await world.employ(until="account"), uuid4()
    key = uuid4().hex
    results = await told(hr, [*people, waiting, absent, people[0]], key)
    assert [results[str(one)]["status"] for one in people] == [201] * 3
    left = (waiting, absent)
    refused = {one: (results[str(one)]["status"], results[str(one)]["code"]) for one in left}
    assert refused == {waiting: (409, "wrong-state"), absent: (404, "not-found")}
    sql = (
        "SELECT profile_id, event_on, due_on, facts FROM duties"
        " WHERE slot = 'update_after_change' AND state = 'open'"
    )
    duties = await world.rows(sql)
    assert {d.profile_id for d in duties} == set(people)
    assert len(duties) == 3
    assert {(str(d.event_on), str(d.due_on), d.facts["document"]) for d in duties} == {
        ("2026-03-02", "2026-03-09", "34/QĐ-SVHTT")
    }
    for one in people:
        fate = await hr.get(f"/commands/{results[str(one)]['command_id']}")
        assert (fate.json()["settled"], fate.json()["status"]) == (True, 201)
    assert await told(hr, [*people, *left], key) == results, "the same request, the same answers"
    assert len(await world.rows(sql)) == 3
    theirs = await told(await log_in("health.hr"), people, uuid4().hex)
    assert {(one["status"], one["code"]) for one in theirs.values()} == {(404, "not-found")}
    assert len(await world.rows(sql)) == 3, "nobody's list reaches further than who sent it"


async def test_while_nobody_works_all_are_written_down_and_none_is_waited_for_alone(
    log_in, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "PATIENCE", timedelta(seconds=1))
    hr = await log_in("culture.hr")
    people = [await world.employ(until="account") for _ in range(2 * acting.LANES + 2)]
    began = time.monotonic()
    results = await told(hr, people, uuid4().hex)
    assert time.monotonic() - began < 2 * 1.0 + 3, "waited for together, not one after another"
    assert {one["status"] for one in results.values()} == {202}
    rows = await world.rows("SELECT subject_id, settled_at FROM commands WHERE verb = 'give_notice'")
    assert {(row.subject_id, row.settled_at) for row in rows} == {(one, None) for one in people}
