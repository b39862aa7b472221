"""A desk for signing sessions: a world, an outside signer's key, and the steps the workflow takes."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.serialization import Encoding

from activities.signing.issuing import Issued, SignerName, issue_signer
from activities.signing.sessions import SessionOffice
from activities.signing.signer import Pkcs12Signer, Signer
from activities.signing.sources import NoSigners
from models.command_signing import CompleteSigning, RegisterCertificate
from models.commands import OpenSigning
from models.messages import SessionRequest
from models.record.commands import Fate
from tests.activities.signing import agent, openssl
from tests.activities.signing.test_outside import job
from tests.models.evidence import samples
from tests.world import World

APPROVER = SignerName("Trần Văn Đức", "Sở Văn hóa", "Giám đốc", "x-1")


@dataclass
class Desk:
    """A world with its signing sessions, and an outside signer's key."""

    world: World
    office: SessionOffice
    folder: Path
    issued: Issued
    profile: UUID

    async def register(self, who: str = "culture.approver", issued: Issued | None = None) -> UUID:
        body = RegisterCertificate(**certificate(issued or self.issued), document="12/GCN")
        done = await self.world.ask("admin", body, self.world.accounts[who], subject="certificate")
        assert done.status == 201, done.answer
        return UUID(done.answer["certificate_id"])

    async def open(self, certificate_id: UUID, who: str = "culture.approver", **more: Any) -> Fate:
        waits = await self.world.pending(self.profile)
        body = OpenSigning(
            **waits.model_dump(), certificate_id=certificate_id, token_hash=uuid4().hex * 2, **more
        )
        return await self.opened(await self.world.ask(who, body, self.profile))

    async def opened(self, asked: Fate) -> Fate:
        """The document laid out, as the workflow does."""
        if self.world.moment.to_prepare is None:
            return asked
        laid_out = await self.office.prepare_session(self.request(self.world.moment.to_prepare))
        facts = {"session": str(self.world.moment.to_prepare), "settles": str(asked.id)}
        if laid_out.failure:
            await self.world.step("session_failed", self.profile, **facts, reason=laid_out.failure)
        else:
            await self.world.step("session_prepared", self.profile, **facts)
        return await self.fate(asked)

    def request(self, session: UUID) -> SessionRequest:
        return SessionRequest(authority_id=self.world.authority, session_id=session, now=self.world.now)

    async def fate(self, asked: Fate) -> Fate:
        from models.database import transaction
        from models.record.commands import fate

        async with transaction(self.world.tools.engine, self.world.scope) as connection:
            found = await fate(connection, asked.id)
        assert found is not None
        return found

    async def complete(self, body: CompleteSigning, who: str = "culture.approver") -> Fate:
        asked = await self.world.ask(who, body, self.profile)
        session = self.world.moment.to_finish
        if session is None:
            return asked
        made = await self.office.finish_session(self.request(session))
        if made.failure:
            facts = {"session": str(session), "settles": str(asked.id), "reason": made.failure}
            await self.world.step("session_refused", self.profile, **facts)
        else:
            await self.world.step(
                "complete_approval",
                self.profile,
                approval=made.approval,
                settles=str(asked.id),
                document=made.document,
                certificate=made.certificate,
            )
        return await self.fate(asked)

    async def session(self) -> Any:
        return (
            await self.world.rows(
                "SELECT * FROM signing_sessions WHERE profile_id = :p ORDER BY opened_at DESC, id LIMIT 1",
                p=self.profile,
            )
        )[0]

    async def value(self, mechanism: str = "ecdsa", issued: Issued | None = None) -> str:
        row = await self.session()
        who = issued or self.issued
        return b64encode(openssl.signature(self.folder, who, mechanism, bytes(row.attributes))).decode()

    async def signed_by_value(self, **more: Any) -> Fate:
        row = await self.session()
        return await self.complete(
            CompleteSigning(session_id=row.id, prepared=row.prepared, value=await self.value(), **more)
        )

    async def states(self) -> tuple[str, str, str]:
        """Of the session, the approval, the revision."""
        row = await self.world.one(
            "SELECT s.state, a.state AS approval, r.state AS revision, a.document_sha256"
            " FROM signing_sessions s"
            " JOIN approvals a ON a.id = s.document_id JOIN revisions r ON r.id = s.revision_id"
            " WHERE s.profile_id = :p ORDER BY s.opened_at DESC, s.id LIMIT 1",
            p=self.profile,
        )
        assert (row.approval == "signed") == (row.document_sha256 is not None), "nothing half-done"
        return row.state, row.approval, row.revision

    async def kinds(self) -> list[str]:
        rows = await self.world.rows(
            "SELECT kind FROM events WHERE profile_id = :p AND kind LIKE 'signing.%' ORDER BY number",
            p=self.profile,
        )
        return [row.kind for row in rows]


class Seals(NoSigners):
    """Nobody's own key is here; the authority's seal is, under the issuer that these tests trust."""

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        return Pkcs12Signer(issued_to(SignerName(agency, agency, "", agency_id)))


def certificate(issued: Issued) -> dict[str, Any]:
    above = tuple(one.public_bytes(Encoding.PEM).decode() for one in issued.chain)
    return {"certificate": issued.certificate.public_bytes(Encoding.PEM).decode(), "chain": above}


def changed(body: CompleteSigning, **fields: Any) -> CompleteSigning:
    return body.model_copy(update=fields)


async def by_agent(prepared: bytes, desk: "Desk", issued: Issued, field: str) -> bytes:
    """The agent's own work, in a thread as it would be in its own process."""
    return await asyncio.to_thread(agent.sign, prepared, job(desk.folder, issued, field))


def issued_to(name: SignerName = APPROVER, kind: str = "ec", **validity: datetime) -> Issued:
    return issue_signer(samples.authority(), name, kind="rsa" if kind == "rsa" else "ec", **validity)
