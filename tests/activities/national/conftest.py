"""The emulator as a process of its own, invented people, and gateways to it."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from activities.national.adapter import (
    Connection,
    ItemHeader,
    NationalGateway,
    PacketSeal,
    open_gateway,
    read_key_file,
)
from activities.national.mappings import Mapping, load_mapping
from api.cli.embedded import EmbeddedPostgres
from models.form import digest

ROOT = Path(__file__).parents[3]
_SPACE = UUID("6f1f0f3e-0000-4000-8000-000000000000")
_numbers = itertools.count(1)


@dataclass
class Emulator:
    """One emulator process and the way to its switches."""

    folder: Path
    port: int
    log: Path
    memory: dict[str, str] = field(repr=False)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    http: httpx.Client | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False, verify=False)
        command = [sys.executable, "-m", "activities.national.emulator"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--data", str(self.folder)],
                cwd=ROOT,
                env={**os.environ, **self.memory},
                stdout=log,
                stderr=log,
            )
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                self.call("GET", "/health").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError(f"the emulator does not answer: {self.log.read_text()}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        if self.http is not None:
            self.http.close()

    def stop(self) -> None:
        self.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def admin(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.call(method, f"/admin{path}", json=json)
        answer.raise_for_status()
        return answer.json()

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        assert self.http is not None
        return self.http.request(method, path, **content)

    def wait_for_a_packet(self) -> None:
        while self.summary()["packets"] == 0:
            time.sleep(0.02)

    def faults(self, **switches: Any) -> None:
        self.admin("POST", "/faults", switches)

    def summary(self) -> dict[str, Any]:
        return self.admin("GET", "/summary")


@pytest.fixture(scope="session")
def emulator_process(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int], postgres: EmbeddedPostgres
) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("national")
    postgres.create_other_side()
    one = Emulator(folder / "data", free_port(), folder / "log", postgres.other_side())
    one.start()
    try:
        yield one
    finally:
        one.stop()
    said = one.log.read_text()
    assert "Traceback" not in said, said
    assert "000" not in said, "a log of the emulator quotes a number"


@pytest.fixture
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """The shared emulator with every switch off; it keeps what earlier tests sent."""
    emulator_process.admin("DELETE", "/faults")
    emulator_process.faults(settle_polls=2, settle_seconds=3600)
    yield emulator_process
    emulator_process.admin("DELETE", "/faults")


@pytest.fixture(params=["stand_in", "nested"])
def mapping(request: pytest.FixtureRequest) -> Mapping:
    """Both mappings in turn: what holds for one packet holds for the other."""
    return load_mapping(request.param)


@pytest.fixture
def connect() -> Callable[..., Connection]:
    def make(emulator: Emulator, mapping: Mapping, **changes: Any) -> Connection:
        credentials = changes.pop("credentials", None) or read_key_file(emulator.folder / "partners.json")
        changes = {"seal": PacketSeal.read(emulator.folder / "seal.key"), **changes}
        return Connection(emulator.url, mapping.service, credentials, **changes)

    return make


@pytest.fixture
async def gateway(
    emulator: Emulator, mapping: Mapping, connect: Callable[..., Connection]
) -> AsyncIterator[NationalGateway]:
    async with open_gateway(connect(emulator, mapping, answer_timeout=20, max_items=50)) as one:
        yield one


@pytest.fixture
async def hasty(
    emulator: Emulator, mapping: Mapping, connect: Callable[..., Connection]
) -> AsyncIterator[NationalGateway]:
    """A gateway that soon gives up waiting."""
    async with open_gateway(connect(emulator, mapping, answer_timeout=0.3)) as one:
        yield one


@dataclass(frozen=True)
class Person:
    """An invented official; the ID number starts with a province that does not exist."""

    profile_id: UUID
    content: dict[str, Any] = field(repr=False)

    @property
    def header(self) -> ItemHeader:
        return ItemHeader(self.profile_id, digest(self.content), date(2026, 1, 28), "ab" * 32)

    def changed(self, **changes: Any) -> "Person":
        merged = {**self.content, **changes}
        return Person(self.profile_id, {name: value for name, value in merged.items() if value is not None})


@pytest.fixture
def person() -> Callable[[], Person]:
    """A function that invents one more person nobody has met before."""

    def invent() -> Person:
        number = next(_numbers)
        return Person(uuid5(_SPACE, f"{number} {time.time_ns()}"), _content(f"000{number:09}"))

    return invent


def _content(id_number: str) -> dict[str, Any]:
    return {
        "managing_authority_id": "H26",
        "employing_unit_id": "H26.7",
        "record_code": id_number,
        "birth_full_name": "NGUYỄN THỊ ƯỚC",
        "gender": "female",
        "other_names": ["Ước Nhỏ", "Ước Xã Đông"],
        "birth_date": "1984-11",
        "birth_place": {"province": "01", "commune": "00070", "detail": "Tổ 3"},
        "hometown": {"province": "01", "commune": "00070"},
        "ethnicity": "01",
        "religion": "none",
        "citizen_id_number": id_number,
        "citizen_id_issued_on": "2021-05-09",
        "contact_phone": "0900000000",
        "current_address": {"province": "01", "commune": "00070", "detail": "Số 1"},
        "first_recruited_on": "2008-09-01",
        "recruiting_agency": "Sở Nội vụ",
        "joined_current_agency_on": "2015",
        "general_education_level": "12/12",
        "highest_qualification": "master",
        "main_assigned_work": "Tham mưu công tác cán bộ",
        "rank_title": "Chuyên viên",
        "rank_code": "01.003",
        "rank_appointed_on": "2009-03-01",
        "salary_step": 5,
        "salary_coefficient": "3.66",
        "salary_effective_on": "2024-03-01",
        "salary_percent": "100",
        "position_salary_amount": "12500000",
        "blood_type": "O",
        "education": [
            {
                "from_month": "2002-09",
                "to_month": "2006-06",
                "institution": "Học viện A",
                "degree_level": "university",
            },
            {"from_month": "2009", "institution": "Học viện B", "degree_level": "master"},
        ],
        "work_history": [{"from_month": "2008-09", "unit_text": "Sở Nội vụ", "title": "Chuyên viên"}],
        "family_members": [
            {"side": "own", "relation": "father", "full_name": "Nguyễn Văn Ước", "birth_year": 1955}
        ],
    }
