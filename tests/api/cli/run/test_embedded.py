"""The embedded servers: what they allow, what they keep, how they come back after a kill."""

import json
import os
import signal
import socket
import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from api.cli import children
from api.cli.embedded import (
    ROLES,
    EmbeddedPostgres,
    EmbeddedTemporal,
    TimeSkippingServer,
    allow_passing,
)


def test_the_server_is_postgresql_18_with_stable_ordering(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url(database="hoso")) as connection:
        version, encoding = connection.execute(
            "select current_setting('server_version_num')::int / 10000, current_setting('server_encoding')"
        ).fetchone()
        locale = connection.execute(
            "select datlocprovider, datlocale from pg_database where datname = 'hoso'"
        ).fetchone()
        upper = connection.execute("select upper('nguyễn thị đào')").fetchone()
    assert (version, encoding) == (18, "UTF8")
    assert locale == ("b", "C.UTF-8")
    assert upper == ("NGUYỄN THỊ ĐÀO",)


@pytest.mark.parametrize("role", sorted(ROLES.values()))
def test_no_role_of_ours_can_step_over_the_policies(postgres: EmbeddedPostgres, role: str) -> None:
    with psycopg.connect(postgres.url(role, "hoso")) as connection:
        row = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
            " from pg_roles where rolname = current_user"
        ).fetchone()
    assert row == (False,) * 5


def test_only_the_migration_role_makes_tables(postgres: EmbeddedPostgres) -> None:
    reader = psycopg.connect(postgres.url(ROLES["api"], "hoso"))
    with reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("create table t (n int)")
    with psycopg.connect(postgres.url(ROLES["migration"], "hoso")) as connection:
        connection.execute("create table t (n int)")
        connection.rollback()


def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    wrong = postgres.url(ROLES["api"], "hoso").replace(postgres.passwords[ROLES["api"]], "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_a_role_reaches_no_other_database(postgres: EmbeddedPostgres, empty_database: object) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create database closed")
        connection.execute("revoke connect on database closed from public")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(postgres.url(ROLES["api"], "closed"))


def test_passwords_are_for_the_owner_only(postgres: EmbeddedPostgres) -> None:
    path = postgres.folder / "passwords.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    passwords = json.loads(path.read_text())
    assert len(set(passwords.values())) == 6
    assert all(len(password) >= 32 for password in passwords.values())


def test_rows_do_not_reach_the_server_log(postgres: EmbeddedPostgres, servers_folder: Path) -> None:
    with psycopg.connect(postgres.url(database="hoso"), autocommit=True) as connection:
        connection.execute("create temporary table t (name text unique)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into t values ('Nguyễn Văn Bí Mật'), ('Nguyễn Văn Bí Mật')")
    log = (servers_folder / "postgres.log").read_text()
    assert "Bí Mật" not in log


@pytest.fixture
def cluster(servers_folder: Path) -> EmbeddedPostgres:
    folder = servers_folder / f"cluster-{children.free_port()}"
    return EmbeddedPostgres(folder, children.free_port())


def test_postgres_comes_back_after_kill_9_with_what_was_committed(
    cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    child = children.start(cluster.program(), log)
    try:
        cluster.create_roles_and_database("hoso")
        with psycopg.connect(cluster.url(database="hoso"), autocommit=True) as connection:
            connection.execute("create table kept as select 41 + 1 as n")
        os.kill(child.process.pid, signal.SIGKILL)
        child.process.wait()
        assert (cluster.cluster / "postmaster.pid").exists()
        child = children.start(cluster.program(), log)
        with psycopg.connect(cluster.url(database="hoso")) as connection:
            assert connection.execute("select n from kept").fetchone() == (42,)
        cluster.create_roles_and_database("hoso")
    finally:
        child.stop()
    assert child.process.returncode == 0


def test_a_server_left_running_by_another_run_is_stopped_first(
    cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    first = children.start(cluster.program(), tmp_path / "log")
    moved = EmbeddedPostgres(cluster.folder, children.free_port(), throwaway=True)
    second = children.start(moved.program(), tmp_path / "log")
    try:
        assert first.process.wait(5) == 0
        with psycopg.connect(moved.url()) as connection:
            assert connection.info.port == moved.port
    finally:
        second.stop()
        first.stop()


def test_a_lock_naming_a_stranger_is_removed(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    children.start(cluster.program(), tmp_path / "log").stop()
    lock = cluster.cluster / "postmaster.pid"
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        lock.write_text(f"{stranger.pid}\n{cluster.cluster}\n0\n0\n\n\n0 0\n")
        child = children.start(cluster.program(), tmp_path / "log", attempts=1)
        child.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_initdb_broken_off_leaves_nothing_in_the_way(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    half = cluster.folder / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    children.start(cluster.program(), tmp_path / "log", attempts=1).stop()
    assert not half.exists()


def test_only_the_right_to_pass_is_given(tmp_path: Path) -> None:
    inner = tmp_path / "private" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    changed = allow_passing(inner)
    assert tmp_path / "private" in changed
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o701


async def test_temporal_keeps_histories_for_90_days(
    temporal_server: EmbeddedTemporal,
) -> None:
    client = await Client.connect(temporal_server.address)
    answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    kept = answer.config.workflow_execution_retention_ttl.ToTimedelta()
    assert kept == timedelta(days=90)


async def test_temporal_remembers_after_kill_9(tmp_path: Path) -> None:
    server = EmbeddedTemporal(children.free_port(), children.free_port(), tmp_path / "engine.sqlite")
    child = children.start(server.program(), tmp_path / "log")
    try:
        client = await Client.connect(server.address)
        await client.start_workflow("Anything", id="profile/kept", task_queue="nobody")
        child.process.kill()
        child.process.wait()
        child = children.start(server.program(), tmp_path / "log")
        client = await Client.connect(server.address)
        description = await client.get_workflow_handle("profile/kept").describe()
        assert description.workflow_type == "Anything"
    finally:
        child.stop()
    assert not children.answers(server.port)


async def test_the_time_skipping_server_answers(time_skipping_server: TimeSkippingServer) -> None:
    client = await Client.connect(time_skipping_server.address)
    assert await client.service_client.check_health()


def test_a_port_taken_by_a_stranger_is_said_in_one_line(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind((children.LOOPBACK, cluster.port))
        stranger.listen()
        with pytest.raises(children.ChildError, match=r"^postgres: ended with status 1 while starting"):
            children.start(cluster.program(), tmp_path / "log", attempts=1)
