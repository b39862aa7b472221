"""Everything hoso hands to the engine is sealed: arguments, results, memo values, summaries, failures.

AES-256-GCM under the ring's codec key; the key id travels in the payload's metadata, so after a rotation old
histories stay readable. The workflow a payload was made for travels beside it as its subject, authenticated
with it and compared wherever the SDK knows for which workflow it decodes: a payload copied into another
workflow's history does not open there. (Tried on SDK 1.35 for start, update-with-start, signal-with-start,
update, query, signals between workflows, children, activities, heartbeats, memo, summaries, continue-as-new,
replay, warm and cold: all are bound. A schedule would not be: it appends a time to the id it was given.) The
subject is our opaque workflow id, which the engine stores in clear anyway; carrying it lets the codec server,
which is not told the workflow, decode too.

What the engine never encrypts (search attributes, ids, task queues, types, update ids) must hold no personal
data. A payload that is not sealed passes as it is: an operator's signal from the command line must not wedge
a profile, and arguments are ids whose meaning `act` reads from the database.

No workflow file may import this module: cryptography cannot be loaded twice, and the sandbox would try.
"""

import dataclasses
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from models.errors import SealBrokenError
from models.key_ring import NONCE_BYTES, KeyRing, Purpose, framed

ENCODING = b"binary/encrypted"
KEY = "key"
SUBJECT = "subject"


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Seals and opens payloads; `workflow_id` is the workflow they are for, None where the SDK knows none."""

    def __init__(self, ring: KeyRing, workflow_id: str | None = None) -> None:
        self._ring = ring
        self._workflow_id = workflow_id
        self._ciphers: dict[str, AESGCM] = {}

    def with_context(self, context: SerializationContext) -> "EncryptionCodec":
        """The same codec for one workflow's payloads, sharing the derived keys."""
        workflow_id = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            workflow_id = context.workflow_id
        made = EncryptionCodec(self._ring, workflow_id)
        made._ciphers = self._ciphers
        return made

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload, metadata and all, under the current key."""
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open each sealed payload.

        SealBrokenError if one was altered or made for another workflow; KeyUnknownError if the ring lacks
        its key. In a worker both fail the task, which is retried: nothing is lost while the key is found.
        """
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        key = self._ring.current(Purpose.CODEC)
        subject = (self._workflow_id or "").encode()
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher(key.id).encrypt(nonce, payload.SerializeToString(), _bound(key.id, subject))
        metadata = {"encoding": ENCODING, KEY: key.id.encode(), SUBJECT: subject}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(KEY, b"").decode("ascii", "replace")
        subject = payload.metadata.get(SUBJECT, b"")
        if subject and self._workflow_id is not None and subject != self._workflow_id.encode():
            raise SealBrokenError("a payload made for another workflow")
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(self._cipher(key_id).decrypt(nonce, sealed, _bound(key_id, subject)))
        except (InvalidTag, ValueError):
            raise SealBrokenError("an altered payload") from None

    def _cipher(self, key_id: str) -> AESGCM:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            cipher = AESGCM(self._ring.find(Purpose.CODEC, key_id).derived(b"payload/1"))
            self._ciphers[key_id] = cipher
        return cipher


def data_converter(ring: KeyRing) -> DataConverter:
    """The one converter of every client, worker, replayer and test: pydantic, sealed, failures included."""
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(ring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _bound(key_id: str, subject: bytes) -> bytes:
    return framed(b"payload/1", key_id.encode(), subject)
