import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.converter import (
    ActivitySerializationContext,
    NexusSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from api.cli.embedded import EmbeddedTemporal
from models import keys
from models.errors import KeyUnknownError, SealBrokenError
from models.keys import KeyRing, MasterKey, Purpose
from tests.workflows.sealed_workflows import SECRET, Child, Parent, fail, repeat
from workflows.payload_codec import ENCODING, KEY, SUBJECT, EncryptionCodec, data_converter

CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=f'"{SECRET}"'.encode())
HERE = WorkflowSerializationContext(namespace="default", workflow_id="profile/1")
THERE = WorkflowSerializationContext(namespace="default", workflow_id="profile/2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "ring"


@pytest.fixture(scope="module")
def ring(folder: Path) -> KeyRing:
    return keys.ensure_keyring(folder / "keyring.json", None, folder / "master.key")


@pytest.fixture(scope="module")
def codec(ring: KeyRing) -> EncryptionCodec:
    return EncryptionCodec(ring)


async def one(codec: EncryptionCodec, verb: str, payload: Payload) -> Payload:
    (made,) = await getattr(codec, verb)([payload])
    return made


# --- payload by payload


async def test_a_payload_comes_back_whole(codec: EncryptionCodec) -> None:
    sealed = await one(codec, "encode", CLEAR)
    assert sealed.metadata["encoding"] == ENCODING
    assert set(sealed.metadata) == {"encoding", KEY, SUBJECT}
    assert SECRET.encode() not in sealed.SerializeToString()
    assert await one(codec, "decode", sealed) == CLEAR


async def test_the_same_payload_is_never_sealed_alike(codec: EncryptionCodec) -> None:
    sealed = await codec.encode([CLEAR] * 30)
    assert len({payload.data for payload in sealed}) == 30


async def test_a_payload_opens_only_for_its_own_workflow(codec: EncryptionCodec) -> None:
    sealed = await one(codec.with_context(HERE), "encode", CLEAR)
    assert sealed.metadata[SUBJECT] == b"profile/1"
    assert await one(codec.with_context(HERE), "decode", sealed) == CLEAR
    with pytest.raises(SealBrokenError, match="another workflow"):
        await one(codec.with_context(THERE), "decode", sealed)


async def test_activities_share_their_workflows_subject(codec: EncryptionCodec) -> None:
    def of(workflow_id: str) -> ActivitySerializationContext:
        return ActivitySerializationContext("default", "1", "t", "q", workflow_id, "T", is_local=False)

    sealed = await one(codec.with_context(HERE), "encode", CLEAR)
    assert await one(codec.with_context(of("profile/1")), "decode", sealed) == CLEAR
    with pytest.raises(SealBrokenError):
        await one(codec.with_context(of("profile/2")), "decode", sealed)


async def test_where_no_workflow_is_known_the_subject_in_the_payload_is_trusted(
    codec: EncryptionCodec,
) -> None:
    nowhere = codec.with_context(NexusSerializationContext(endpoint="e", service="s", operation="o"))
    for made in (await one(codec.with_context(HERE), "encode", CLEAR), await one(nowhere, "encode", CLEAR)):
        assert await one(codec, "decode", made) == CLEAR
        assert await one(nowhere, "decode", made) == CLEAR
    assert await one(codec.with_context(HERE), "decode", await one(nowhere, "encode", CLEAR)) == CLEAR


@pytest.mark.parametrize("subject", [b"", b"profile/2", b"profile/", b"\xff"])
async def test_a_changed_subject_does_not_open(codec: EncryptionCodec, subject: bytes) -> None:
    sealed = await one(codec.with_context(HERE), "encode", CLEAR)
    sealed.metadata[SUBJECT] = subject
    for reader in (codec, codec.with_context(THERE)):
        with pytest.raises(SealBrokenError):
            await one(reader, "decode", sealed)


async def test_no_altered_byte_opens(codec: EncryptionCodec) -> None:
    sealed = await one(codec, "encode", CLEAR)
    for at in range(len(sealed.data)):
        altered = bytearray(sealed.data)
        altered[at] ^= 1
        for data in (bytes(altered), sealed.data[:at]):
            with pytest.raises(SealBrokenError):
                await one(codec, "decode", Payload(metadata=sealed.metadata, data=data))


async def test_what_was_sealed_before_a_rotation_stays_readable(folder: Path, ring: KeyRing) -> None:
    before = await one(EncryptionCodec(ring), "encode", CLEAR)
    made = keys.rotate(folder / "keyring.json", MasterKey.from_file(folder / "master.key"), Purpose.CODEC)
    renewed = EncryptionCodec(KeyRing(folder / "keyring.json", MasterKey.from_file(folder / "master.key")))
    after = await one(renewed, "encode", CLEAR)
    assert after.metadata[KEY].decode() == made.id != before.metadata[KEY].decode()
    assert await one(renewed, "decode", before) == CLEAR
    assert await one(EncryptionCodec(ring), "decode", after) == CLEAR  # a running process looks again


@pytest.mark.parametrize("key_id", [b"codec-000000000000", b"", b"\xff\xff", b"fields"])
async def test_an_unknown_key_is_named(codec: EncryptionCodec, key_id: bytes) -> None:
    sealed = await one(codec, "encode", CLEAR)
    sealed.metadata[KEY] = key_id
    with pytest.raises(KeyUnknownError):
        await one(codec, "decode", sealed)


async def test_a_key_of_another_purpose_opens_nothing(codec: EncryptionCodec, ring: KeyRing) -> None:
    sealed = await one(codec, "encode", CLEAR)
    sealed.metadata[KEY] = ring.current(Purpose.FIELDS).id.encode()
    with pytest.raises(KeyUnknownError):
        await one(codec, "decode", sealed)


async def test_what_an_operator_sends_in_clear_passes(codec: EncryptionCodec) -> None:
    assert await one(codec.with_context(HERE), "decode", CLEAR) == CLEAR


# --- on a real server


@dataclass
class Played:
    """What a played scene left on the server, and what its client heard."""

    histories: list[WorkflowHistory]
    heard: dict[str, object]


def runner() -> SandboxedWorkflowRunner:
    return SandboxedWorkflowRunner()


@pytest.fixture(scope="module", params=[100, 0], ids=["warm", "cold"])
def played(temporal_server: EmbeddedTemporal, ring: KeyRing, request: pytest.FixtureRequest) -> Played:
    return asyncio.run(play(temporal_server.address, ring, request.param))


async def play(address: str, ring: KeyRing, cache: int) -> Played:
    client = await Client.connect(address, data_converter=data_converter(ring))
    queue = f"sealed-{uuid4()}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Parent, Child],
        activities=[repeat, fail],
        workflow_runner=runner(),
        max_cached_workflows=cache,
    )
    async with worker:
        heard = await scene(client, queue)
    found = client.list_workflows(f'TaskQueue = "{queue}"')
    return Played([await history_of(client, one.id, one.run_id) async for one in found], heard)


async def scene(client: Client, queue: str) -> dict[str, object]:
    start = WithStartWorkflowOperation(
        Parent.run,
        args=[SECRET, 1],
        id=f"profile/{uuid4()}",
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=SECRET,
        static_details=SECRET,
        memo={"first": SECRET},
    )
    answer = await client.execute_update_with_start_workflow(
        Parent.ask, SECRET, start_workflow_operation=start
    )
    handle = await start.workflow_handle()
    heard: dict[str, object] = {"update": answer, "query": await handle.query(Parent.hear, SECRET)}
    heard["refusal"] = await refusal(handle)
    await settled(client, handle.id)
    await handle.signal(Parent.end, SECRET)
    heard["result"] = await handle.result()
    heard["memo"] = dict(await (await handle.describe()).memo())
    heard["failure"] = await failure(client, queue)
    heard["signal-with-start"] = await (
        await client.start_workflow(
            Parent.run,
            args=[SECRET, 0],
            id=f"profile/{uuid4()}",
            task_queue=queue,
            start_signal="end",
            start_signal_args=[SECRET],
        )
    ).result()
    return heard


async def refusal(handle: WorkflowHandle[Parent, str]) -> object:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update(Parent.ask, f"refuse {SECRET}")
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.message


async def settled(client: Client, workflow_id: str) -> None:
    """Wait for the second run, so that the last signal does not end the first."""
    for _ in range(300):
        if len([one async for one in client.list_workflows(f'WorkflowId = "{workflow_id}"')]) > 1:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the workflow did not continue as new")


async def failure(client: Client, queue: str) -> object:
    handle = await client.start_workflow(
        Child.run, args=[SECRET, True], id=f"child/{uuid4()}", task_queue=queue, static_summary=SECRET
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.message


async def history_of(client: Client, workflow_id: str, run_id: str) -> WorkflowHistory:
    return await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()


def payloads(message: Message, path: str = "") -> Iterator[tuple[str, Payload]]:
    """Every payload inside a protobuf message with the path to it."""
    if isinstance(message, Payload):
        yield path, message
        return
    for field, value in message.ListFields():
        inner = f"{path}.{field.name}"
        for part in value.values() if hasattr(value, "values") else value if field.is_repeated else [value]:
            if isinstance(part, Message):
                yield from payloads(part, inner)


def is_note_of_the_engine(path: str, payload: Payload) -> bool:
    """A local activity's marker carries ids, times and attempt beside the (sealed) result."""
    return (
        path.endswith("marker_recorded_event_attributes.details.payloads")
        and payload.metadata["encoding"] == b"json/plain"
        and {"activity_id", "activity_type", "attempt"} <= set(json.loads(payload.data))
    )


def test_client_and_workflows_understood_each_other(played: Played) -> None:
    assert played.heard == {
        "update": SECRET,
        "query": SECRET,
        "refusal": f"refuse {SECRET}",
        "result": SECRET,
        "memo": {"carried": SECRET, "said": SECRET},
        "failure": SECRET,
        "signal-with-start": SECRET,
    }


def test_no_raw_history_holds_a_clear_word(played: Played) -> None:
    assert len(played.histories) >= 10
    for history in played.histories:
        raw = b"".join(event.SerializeToString() for event in history.events)
        for word in SECRET.split():
            assert word.encode() not in raw
        assert "Traceback" not in history.to_json()
        assert "sealed_workflows" not in history.to_json()  # stack traces are sealed too


def test_every_payload_is_sealed_and_bound_to_a_workflow(played: Played) -> None:
    subjects = {history.workflow_id for history in played.histories}
    seen: set[str] = set()
    for history in played.histories:
        for event in history.events:
            for path, payload in payloads(event):
                if is_note_of_the_engine(path, payload):
                    continue
                assert payload.metadata["encoding"] == ENCODING, path
                assert payload.metadata[SUBJECT].decode() in subjects, path
                seen.add(path.split(".")[1])
    assert {"workflow_execution_started_event_attributes", "user_metadata"} <= seen
    assert {"activity_task_failed_event_attributes", "marker_recorded_event_attributes"} <= seen
    assert {"workflow_execution_signaled_event_attributes"} <= seen
    assert {"workflow_execution_update_completed_event_attributes"} <= seen
    assert {"workflow_properties_modified_event_attributes"} <= seen


async def test_histories_replay(played: Played, ring: KeyRing) -> None:
    for history in played.histories:
        await replayer(ring).replay_workflow(history)


async def test_a_history_does_not_replay_under_another_name(
    played: Played, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    moved = WorkflowHistory("profile/other", played.histories[0].events)
    with pytest.raises(RuntimeError):
        await replayer(ring).replay_workflow(moved)
    assert "SealBrokenError: a payload made for another workflow" in caplog.text


def replayer(ring: KeyRing) -> Replayer:
    return Replayer(workflows=[Parent, Child], data_converter=data_converter(ring), workflow_runner=runner())
