"""A customer's program: gives notice after notice over HTTP, and writes down what it was told.

``python -m tests.whole.client BASE JOURNAL LANES PROFILE…``, the session's token in the variable ``TOKEN``.
With ``CASES`` (JSON) two lanes more: an official declares and is given it back, a transfer is asked for and
withdrawn; they need every answer, and ask again with the same key until there is one.
Every request is written to the journal before it is sent, every answer is written and fsynced before the
next request of that lane: what the journal calls accepted, the caller may rely on. It stops when the file
``JOURNAL.stop`` appears, after the answers under way, or with SIGKILL at any instant.
"""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PACE = 0.03
"""Seconds between an answer and the next request: enough is always under way, and time is left for others."""
FIRST = date(2025, 1, 2)
"""A day of the change; its duty lies in the past, so each notice is one short act."""


class Journal:
    """Lines of JSON that survive the process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, **line: Any) -> None:
        """Append, flush, fsync."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


async def lane(base: str, journal: Journal, stop: Path, profiles: list[str]) -> None:
    """One request after the other, round and round the profiles."""
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=12) as web:
        number = 0
        while not stop.exists():  # noqa: ASYNC240 — a look at one name
            profile, key = profiles[number % len(profiles)], uuid4().hex
            body = {
                "kind": "other",
                "changed_on": (FIRST + timedelta(days=number % 300)).isoformat(),
                "document": f"{number}/QĐ-THỬ",
            }
            number += 1
            journal.write(asked=key, profile=profile)
            try:
                answer = await web.post(
                    f"/api/v1/profiles/{profile}/notices", json=body, headers={"Idempotency-Key": key}
                )
            except httpx.HTTPError as error:
                journal.write(unknown=key, error=type(error).__name__)
                await asyncio.sleep(0.1)
                continue
            accepted = answer.is_success
            journal.write(**{"accepted" if accepted else "refused": key}, status=answer.status_code)
            await asyncio.sleep(PACE if accepted else 0.1)


class StoppedError(Exception):
    """The end was asked for before an answer came."""


class Desk:
    """One person at work, who needs every answer before the next step."""

    def __init__(self, base: str, journal: Journal, stop: Path, who: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.web = httpx.AsyncClient(base_url=f"{base}/api/v1", headers=headers, timeout=12)
        self.journal, self.stop, self.who = journal, stop, who

    async def done(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Ask until it is decided, always with the same key."""
        key = uuid4().hex
        self.journal.write(asked=key, who=self.who)
        while True:
            try:
                answer = await self.web.post(path, json=body, headers={"Idempotency-Key": key, **headers})
            except httpx.HTTPError as error:
                self.journal.write(unknown=key, who=self.who, error=type(error).__name__)
            else:
                verdict = "accepted" if answer.is_success else "refused"
                self.journal.write(**{verdict: key}, who=self.who, status=answer.status_code)
                if answer.status_code != 202 and answer.status_code < 500:
                    answer.raise_for_status()
                    return dict(answer.json()["answer"] or {})
            await self._pause()

    async def read(self, path: str) -> httpx.Response:
        """Look until it is seen."""
        while True:
            try:
                answer = await self.web.get(path)
            except httpx.HTTPError:
                await self._pause()
                continue
            if answer.is_success:
                return answer
            await self._pause()

    async def _pause(self) -> None:
        if self.stop.exists():
            raise StoppedError
        await asyncio.sleep(0.2)


async def declaring(person: Desk, approver: Desk, profile: str) -> None:
    """Submitted, given back, and again from what came back."""
    place = f"/profiles/{profile}"
    while not person.stop.exists():
        found = await person.read(f"{place}/form?draft=true")
        draft, tag = found.json(), found.headers["ETag"]
        body = {"revision_id": draft["id"], "digest": draft["digest"]}
        await person.done(f"{place}/submissions", body, **{"If-Match": tag})
        fields = [{"path": "hometown", "reason": "sai"}]
        back = {"revision_id": draft["id"], "fields": fields, "reason": "sửa"}
        tag = (await approver.read(place)).headers["ETag"]
        await approver.done(f"{place}/returns", back, **{"If-Match": tag})
        await asyncio.sleep(0.2)


async def moving(hr: Desk, profile: str, to: str, today: str) -> None:
    """A transfer is asked for, and withdrawn."""
    body = {"to_agency_id": to, "mode": "điều động", "effective_on": today, "document": "1/QĐ-THỬ"}
    while not hr.stop.exists():
        case = (await hr.done(f"/profiles/{profile}/transfers", body))["transfer_id"]
        await hr.done(f"/transfers/{case}/withdrawal", {"reason": "đổi quyết định"})
        await asyncio.sleep(0.2)


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """The end may come in the middle of a step."""
    with suppress(StoppedError):
        await work


async def main(base: str, path: str, lanes: str, *profiles: str) -> None:
    """Every lane has profiles of its own and some in common, so that commands meet."""
    journal, stop, many = Journal(Path(path)), Path(path + ".stop"), int(lanes)
    shared = list(profiles[:2])
    cases = json.loads(os.environ.get("CASES", "{}"))
    async with asyncio.TaskGroup() as group:
        for n in range(many):
            group.create_task(lane(base, journal, stop, [*profiles[2 + n :: many], *shared]))
        if cases:
            desks = {who: Desk(base, journal, stop, who, token) for who, token in cases["tokens"].items()}
            declared = declaring(desks["person"], desks["culture.approver"], cases["declaring"])
            moved = moving(desks["culture.hr"], cases["moving"], cases["to"], cases["today"])
            for work in (declared, moved):
                group.create_task(until_stopped(work))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
