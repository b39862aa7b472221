"""The production shape: valid, pinned, and of the same settings as everything else."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.cli.embedded import RETENTION_DAYS, ROLES
from models.settings import PREFIX, Settings


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "docker-compose.yml").read_text())


def test_compose_obeys_the_published_schema(root: Path) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [tool, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_foreign_image_is_pinned(compose: dict[str, Any]) -> None:
    images = {
        name: service["image"] for name, service in compose["services"].items() if "build" not in service
    }
    assert len(images) >= 4
    pinned = re.compile(
        r":(\d+\.\d+|RELEASE\.\d{4}-\d\d-\d\d)"
    )  # MinIO numbers its releases by their instant
    assert {name: image for name, image in images.items() if not pinned.search(image)} == {}


def test_every_setting_named_exists(compose: dict[str, Any]) -> None:
    named = {
        key.removeprefix(PREFIX).lower()
        for service in compose["services"].values()
        for key in service.get("environment", {})
        if key.startswith(PREFIX)
    }
    assert len(named) > 15
    assert named <= set(Settings.model_fields)


def test_each_process_holds_only_its_own_password(compose: dict[str, Any]) -> None:
    held = {
        name: {
            key for key in service.get("environment", {}) if re.fullmatch(r"HOSO_DATABASE_\w+_PASSWORD", key)
        }
        for name, service in compose["services"].items()
    }
    assert held["migration"] == {"HOSO_DATABASE_MIGRATION_PASSWORD"}
    assert held["workflows"] == held["activities"] == held["batches"] == {"HOSO_DATABASE_WORKER_PASSWORD"}
    assert held["api"] == {"HOSO_DATABASE_API_PASSWORD", "HOSO_DATABASE_REPORT_PASSWORD"}


def test_no_secret_has_a_default(root: Path) -> None:
    text = (root / "docker-compose.yml").read_text()
    defaults = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET_KEY|MASTER_KEY)):?-([^}]*)\}", text)
    assert [(name, value) for name, value in defaults if value] == []


def test_roles_and_retention_are_those_of_hoso_run(compose: dict[str, Any]) -> None:
    roles = compose["configs"]["roles"]["content"]
    for role in ROLES.values():
        assert f"create role {role} login nosuperuser nobypassrls" in roles
    namespace = compose["configs"]["temporal-namespace"]["content"]
    assert f"--retention {RETENTION_DAYS * 24}h" in namespace


def test_only_the_proxy_is_reached_from_outside(compose: dict[str, Any]) -> None:
    public = {
        name
        for name, service in compose["services"].items()
        for port in service.get("ports", [])
        if not str(port).startswith("127.0.0.1:")
    }
    assert public == {"proxy"}


def test_workers_have_time_to_finish(compose: dict[str, Any]) -> None:
    given = Settings.model_fields["shutdown_seconds"].default
    for name in ("workflows", "activities", "batches"):
        assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > given


def test_the_image_takes_everything_from_the_lock_by_hash(root: Path) -> None:
    text = (root / "Dockerfile").read_text()
    installs = re.findall(r"pip install (.*)", text)
    assert installs
    assert all(
        "--require-hashes" in line or line.startswith("--no-deps --no-build-isolation") for line in installs
    )
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)


def test_the_lock_names_a_hash_for_everything(root: Path) -> None:
    lines = (root / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", lines)
    pinned = [block for block in blocks if "==" in block.split("\n")[0]]
    assert len(pinned) > 80
    assert [block.split("\n")[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_workers_are_healthy_once_they_poll(compose: dict[str, Any]) -> None:
    """The health check asks for the very file the worker is told to make, in the container's memory."""
    for name in ("workflows", "activities", "batches"):
        service = compose["services"][name]
        ready = service["environment"]["HOSO_READY_FILE"]
        assert service["healthcheck"]["test"] == ["CMD", "test", "-f", ready]
        assert Path(ready).parent.as_posix() in service["tmpfs"], (
            "read-only elsewhere; gone with the container"
        )
    assert "ready_file" in Settings.model_fields
