"""The bare cost of a month end: the same legal steps in a loop, with everything kept that can be kept.

Check the form, render it, sign it with a loaded key, validate what was signed (bare pyHanko: chain,
integrity, coverage), keep the file, write one row, send packets. No engine, no list, no events, no duties,
no answer for each item; and nobody asks whether the signer may sign, or attests that he may.
"""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from activities.documents.header import DossierHeader
from activities.documents.profile import render_profile
from activities.national.adapter import ItemHeader, PacketItem, tran_code_for
from activities.national.office import gateway_of, mapping_of
from activities.national.service import submit_packet
from activities.signing.issuing import SignerName
from activities.signing.signer import DevelopmentSigners
from models.evidence import TrustList
from models.form import canonical, catalogue, digest, join, validate
from models.keys import Sealed
from tests.bench.people import connect
from tests.bench.stage import Stage
from tests.stores import store_in
from tests.world import World

PACKET, LANES = 200, 4
_READ = (
    "SELECT r.id, r.content, r.sealed, r.key_id, r.digest, p.full_name FROM revisions r"
    " JOIN profiles p ON p.pending_revision_id = r.id WHERE p.id = %s"
)
_ROW = (
    "INSERT INTO approvals (id, authority_id, profile_id, revision_id, approver_id, approver_role, digest,"
    " rule_ids, rule_set_hash, state, late_days, requested_at, signed_at, document_sha256, certificate)"
    " VALUES (%s, %s, %s, %s, %s, 'approver', %s, '[]', '', 'signed', 0, %s, %s, %s, %s)"
)


class Bare:
    """The loop with what it keeps: connections, signer, gateway, form."""

    def __init__(self, built: Stage, world: World) -> None:
        gateway = gateway_of(built.settings)
        assert gateway is not None
        self._built, self._world, self._gateway = built, world, gateway
        self._form, self._mapping = catalogue("tt06_2023"), mapping_of(built.settings, world.now)
        self._store = store_in(built.settings.documents, world.tools)
        self._approver = world.accounts["culture.approver"]
        name = SignerName("culture.approver", "Sở Văn hóa", "Người phê duyệt", str(self._approver))
        self._signer = DevelopmentSigners(built.settings.pki).signer_for(name)
        self._threads = ThreadPoolExecutor(LANES)
        self._kept = threading.local()
        anchors = TrustList.load(built.settings.pki / "trust.json").anchors
        self._roots = [x509.Certificate.load(anchor.certificate) for anchor in anchors]
        self.validating = 0.0
        """CPU seconds of validation among the loop's, of all threads."""
        self._adding = threading.Lock()

    async def run(self, profiles: list[UUID], *, sign: bool = True) -> None:
        """All the people, then the packets; only checked and sent without ``sign``."""
        loop = asyncio.get_running_loop()
        way = self.one if sign else self.checked
        done = [loop.run_in_executor(self._threads, way, profile) for profile in profiles]
        items = list(await asyncio.gather(*done))
        for start in range(0, len(items), PACKET):
            packet = items[start : start + PACKET]
            code = tran_code_for(f"bare:{start}", tuple(packet))
            await submit_packet(self._gateway, "H26.02", "G09", code, packet)

    def one(self, profile: UUID) -> PacketItem:
        """One person, in a thread with a connection of its own."""
        connection, now = self._connection(), datetime.now(UTC).replace(microsecond=0)
        revision, content, agreed, full_name = self._read(profile, now)
        header = DossierHeader(
            code="HS-0",
            managing_authority="UBND thành phố Hà Nội",
            employing_unit="Bảo tàng",
            revision=1,
            form="tt06_2023",
            official_name=full_name,
        )
        pdf = render_profile(content, header, canonical(content), now)
        signed = self._signer.sign_pdf(
            pdf, field="authority", reason="Phê duyệt dữ liệu hồ sơ", location="Sở Văn hóa", signed_at=now
        )
        self._validate(signed)
        stored = self._store.put(self._world.authority, signed, "application/pdf").sha256
        values = [uuid4(), self._world.authority, profile, revision, self._approver, agreed, now, now, stored]
        connection.execute(_ROW, [*values, self._signer.certificate.sha256])
        connection.commit()
        return self._item(profile, content, agreed, now, stored)

    def _validate(self, signed: bytes) -> None:
        begun = time.thread_time()
        (signature,) = PdfFileReader(BytesIO(signed)).embedded_signatures
        context = ValidationContext(trust_roots=self._roots, allow_fetching=False)
        assert validate_pdf_signature(signature, context).bottom_line
        spent = time.thread_time() - begun
        with self._adding:
            self.validating += spent

    def checked(self, profile: UUID) -> PacketItem:
        """One person opened and checked, and nothing signed."""
        now = datetime.now(UTC).replace(microsecond=0)
        _, content, agreed, _ = self._read(profile, now)
        self._connection().commit()
        return self._item(profile, content, agreed, now, agreed)

    def _read(self, profile: UUID, now: datetime) -> tuple[UUID, dict[str, Any], str, str]:
        row = self._connection().execute(_READ, [profile]).fetchone()
        revision, shown, sealed, key, agreed, full_name = row
        content = self._content(revision, shown, Sealed(key, bytes(sealed)))
        assert digest(content) == agreed
        assert not validate(self._form, content, on=now.date(), by="person")
        return revision, content, agreed, full_name

    def _item(
        self, profile: UUID, content: dict[str, Any], agreed: str, now: datetime, stored: str
    ) -> PacketItem:
        content = {"managing_authority_id": "H26", "employing_unit_id": "H26.02.01", **content}
        return self._mapping.item(content, ItemHeader(profile, agreed, now.date(), stored))

    def _content(self, revision: UUID, shown: dict[str, Any], sealed: Sealed) -> dict[str, Any]:
        secret = self._world.tools.cipher.open(self._world.authority, "revisions", revision, "sealed", sealed)
        return dict(join(shown, json.loads(secret)))

    def _connection(self) -> Any:
        if not hasattr(self._kept, "connection"):
            self._kept.connection = connect(self._built, self._world)
        return self._kept.connection

    async def close(self) -> None:
        """Let go of everything."""
        await self._gateway._http.aclose()
        self._threads.shutdown()
