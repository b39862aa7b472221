"""The bounded process: ``python -m api.intake.process QUESTION …``, the file on standard input.

It answers on standard output: a line of JSON, then bytes. It takes its own limits before it reads anything.
"""

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

MEMORY = 1536 * 1024 * 1024
"""Bytes of address space: a picture of the most pixels twice, and the libraries."""
CPU_SECONDS = 15
FILES = 64


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(nothing, (0, 0))


def _examine(data: bytes, media_type: str) -> tuple[dict[str, Any], bytes]:
    if media_type == "application/pdf":
        from api.intake.papers import look

        return asdict(look(data)), b""
    from api.intake.pictures import clean

    cleaned = clean(data, media_type)
    told = {"width": cleaned.width, "height": cleaned.height, "turned": cleaned.turned}
    return {**told, "removed": cleaned.removed}, cleaned.data if cleaned.removed else b""


def _page(data: bytes, media_type: str, number: str) -> tuple[dict[str, Any], bytes]:
    from api.intake.pages import page

    return {}, page(data, media_type, int(number))


def _signatures(data: bytes, trust: str, at: str) -> tuple[dict[str, Any], bytes]:
    from datetime import datetime
    from pathlib import Path

    from api.intake.refusing import FileRefusedError
    from models.evidence.foreign import judge
    from models.evidence.trust import TrustList, TrustListError

    try:
        accepted = TrustList.load(Path(trust))
    except (OSError, TrustListError):
        raise FileRefusedError("trust-list-unreadable") from None
    found = judge(data, accepted, datetime.fromisoformat(at))
    return {"signatures": [one.to_json() for one in found]}, b""


def _plan(data: bytes) -> tuple[dict[str, Any], bytes]:
    from api.intake.plans import PlanFileError, read_plan

    try:
        return {"plan": read_plan(data).model_dump(mode="json")}, b""
    except PlanFileError as error:
        return {"line": error.line, "vi": error.vi, "en": error.en}, b""


def _codes(data: bytes) -> tuple[dict[str, Any], bytes]:
    from api.intake.code_files import CodeFileError, read_codes

    try:
        return {"rows": [row.model_dump(mode="json") for row in read_codes(data)]}, b""
    except CodeFileError as error:
        return {"line": error.line, "vi": error.vi, "en": error.en}, b""


_QUESTIONS: dict[str, Callable[..., tuple[dict[str, Any], bytes]]] = {
    "examine": _examine,
    "page": _page,
    "signatures": _signatures,
    "plan": _plan,
    "codes": _codes,
}


def main() -> None:
    """Answer one question about one file."""
    _limit()
    from api.intake.refusing import FileRefusedError

    data = sys.stdin.buffer.read()
    told: dict[str, Any]
    try:
        told, sent = _QUESTIONS[sys.argv[1]](data, *sys.argv[2:])
    except FileRefusedError as error:
        told, sent = {"refused": error.code, "found": error.found}, b""
    except (MemoryError, RecursionError):
        told, sent = {"refused": "attachment-too-complex", "found": ["memory"]}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + sent)


if __name__ == "__main__":
    main()
