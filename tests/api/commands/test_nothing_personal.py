"""Neither the engine's histories nor the logs learn anything about a person."""

import base64

import pytest
from temporalio.client import Client

pytestmark = pytest.mark.usefixtures("worker")

NAME, NUMBER, LOGIN, MAIL = "Nguyễn Thị Thử", "000190000001", "thu.nguyen", "thu.nguyen@example.invalid"


async def test_histories_and_logs(log_in, newcomer, app, temporal_server, profile_of, capfd) -> None:
    hr = await log_in("culture.hr")
    profile = profile_of(await hr.command("/profiles", newcomer))
    account = await hr.command(f"/profiles/{profile}/account", {"login": LOGIN, "email": MAIL})
    assert account.status_code == 201, account.text
    assert (await hr.command("/profiles", newcomer)).status_code == 409
    refused = await hr.command("/profiles", {**newcomer, "full_name": NAME, "personal_id_number": "x"})
    assert refused.status_code == 400
    found = await hr.post("/profiles/search", json={"personal_id_number": NUMBER})
    assert found.status_code == 200, found.text

    # Without our codec, as somebody would who has only the engine's database.
    bare = await Client.connect(temporal_server.address)
    secret = [NAME, NUMBER, LOGIN, MAIL, account.json()["one_time_password"]]
    seen = 0
    async for execution in bare.list_workflows(f"TaskQueue = '{app.state.settings.task_queue}'"):
        history = await bare.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history()
        for event in history.events:
            raw = event.SerializeToString()
            seen += 1
            for word in secret:
                assert word.encode() not in raw, execution.id
                assert base64.b64encode(word.encode()).rstrip(b"=")[:-1] not in raw
        for word in secret:
            assert word not in execution.id
    assert seen > 20, "there was something to look at"
    out, err = capfd.readouterr()
    for word in secret:
        assert word not in out + err


async def test_the_database_keeps_numbers_sealed(log_in, newcomer, world, profile_of) -> None:
    hr = await log_in("culture.hr")
    profile_of(await hr.command("/profiles", newcomer))
    for table in ("profiles", "commands", "events", "duties", "notices", "outbox"):
        for row in await world.rows(f"SELECT t::text AS whole FROM {table} t"):
            assert NUMBER not in row.whole, table
    assert not await world.rows(
        "SELECT 1 FROM commands WHERE position(CAST(:n AS bytea) IN body) > 0", n=NUMBER.encode()
    )
