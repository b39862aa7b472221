"""Handing a message over: by SMTP, or as a file where no server is set."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import aiosmtplib

from models.errors import HosoError
from models.settings import Settings

TIMEOUT = 30.0
"""Seconds for each step of the conversation."""


class MailRefusedError(HosoError):
    """This message will not be taken, however often it is tried; ``code`` is the server's reply code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the message was refused: {code}")
        self.code = code


class MailDelayedError(HosoError):
    """This message is not taken now, others may be; ``code`` is the server's reply code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the message was put off: {code}")
        self.code = code


class PostDownError(HosoError):
    """No message can be handed over now; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no message can be handed over: {code}")
        self.code = code


class Post(Protocol):
    """Whoever takes messages."""

    async def send(self, message: EmailMessage, name: str) -> None:
        """Hand one message over; ``name`` is the same whenever the same message is tried again.

        Raises:
            MailRefusedError, MailDelayedError, PostDownError: see there.
        """


class FolderPost:
    """Writes ``.eml`` files, for desks without a mail server; a repetition overwrites its own file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage, name: str) -> None:
        """See ``Post``."""
        try:
            await asyncio.to_thread(self._write, bytes(message), self._folder / f"{name}.eml")
        except OSError as error:
            raise PostDownError(type(error).__name__) from error

    def _write(self, content: bytes, path: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
        fresh.replace(path)


class SmtpPost:
    """One connection for a morning, opened at the first message and again when it was lost between two."""

    def __init__(self, settings: Settings) -> None:
        assert settings.smtp_host is not None
        password = settings.smtp_password
        self._smtp = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=password.get_secret_value() if password else None,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=TIMEOUT,
        )

    async def send(self, message: EmailMessage, name: str) -> None:
        """See ``Post``."""
        try:
            if not self._smtp.is_connected:
                await self._smtp.connect()
            await self._smtp.send_message(message)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise PostDownError("authentication") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _by_code(max(one.code for one in error.recipients)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _by_code(error.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            self._smtp.close()
            raise PostDownError(type(error).__name__) from error

    async def close(self) -> None:
        """Say goodbye, if anybody still listens."""
        if self._smtp.is_connected:
            try:
                await self._smtp.quit()
            except aiosmtplib.SMTPException:
                self._smtp.close()


def _by_code(code: int) -> HosoError:
    """What a reply code means (RFC 5321, 4.2): 421 closes the door, 4xx is for later, 5xx for good."""
    if code == 421:
        return PostDownError("421")
    return MailRefusedError(str(code)) if code >= 500 else MailDelayedError(str(code))


@asynccontextmanager
async def open_post(settings: Settings) -> AsyncIterator[Post]:
    """The post the settings name, for one morning."""
    if settings.smtp_host is None:
        yield FolderPost(settings.outbox)
        return
    post = SmtpPost(settings)
    try:
        yield post
    finally:
        await post.close()
