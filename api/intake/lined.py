"""A file of lines to be read: guarded, read in a process of its own, refused with the line that is wrong."""

import asyncio
from typing import Any

from fastapi import UploadFile

from api.intake import sandbox
from api.intake.refusing import FileRefusedError
from models.errors import RefusedError
from models.workbook_guard import check_workbook


async def read_lines(file: UploadFile, question: str, at_most: int, unreadable: str) -> dict[str, Any]:
    """What ``question`` reads from a workbook or a text of at most ``at_most`` bytes.

    Raises:
        RefusedError: ``unreadable`` (a code of the catalogue) with the ``line`` that is wrong;
            ``import-too-large`` and ``import-unreadable`` as `models.workbook_guard` says them.
    """
    data = await file.read(at_most + 1)
    if len(data) > at_most or data.startswith(b"PK"):
        await asyncio.to_thread(check_workbook, data, at_most)
    try:
        told, _ = await sandbox.ask(question, data=data)
    except FileRefusedError:
        raise RefusedError.of(
            unreadable, "Tệp quá phức tạp để đọc.", "The file is too complex to be read."
        ) from None
    if "line" in told:
        line = told["line"]
        raise RefusedError.of(
            unreadable, f"Dòng {line}: {told['vi']}", f"Line {line}: {told['en']}", extra={"line": line}
        )
    return told
