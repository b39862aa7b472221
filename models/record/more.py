"""What only some acts need beside the life: read for them alone."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_disposal import DISPOSALS
from models.command_registers import REQUESTS
from models.commands import Body
from models.lifecycle.scene import Scene
from models.record.consents import CONSENTS, with_consents
from models.record.decide import Subject
from models.record.disposing import with_archived
from models.record.exports import TAKING, with_exportable
from models.record.requesting import with_requests


async def with_more(connection: AsyncConnection, subject: Subject, body: Body, scene: Scene) -> Subject:
    """The subject with the consents, requests, holds or the revision that the command judges.

    Raises:
        RefusedError: ``not-found`` where a command names somebody who is not.
    """
    life = subject.life
    if life is None:
        return subject
    if isinstance(body, TAKING):
        life = await with_exportable(connection, life, body, scene)
    if isinstance(body, CONSENTS):
        life = await with_consents(connection, life, body)
    if isinstance(body, REQUESTS):
        life = await with_requests(connection, life)
    if isinstance(body, DISPOSALS):
        life = await with_archived(connection, life)
    return replace(subject, life=life)
