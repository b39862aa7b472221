"""Typesetting in a process of its own: a compiler keeps what it has set (5,000 rows: 660 MB), and only its
end gives that back.

The process is asked by JSON on its standard input and answers a line with the places left for signatures,
then the file. It is started as a module, not as a copy of the worker: what the worker imports costs more CPU
than the typesetting of two thousand rows (tests/bench, ``list``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from activities.documents.errors import DocumentError
from activities.documents.typesetting import Typeset, typeset

ROOT = Path(__file__).resolve().parents[2]


def typeset_apart(
    template: str, data: Mapping[str, Any], *, attached: bytes = b"", issued_at: datetime
) -> Typeset:
    """What ``typeset`` makes, byte for byte.

    Raises:
        DocumentError: ``rendering-failed``; what the process said stays with it, as it may quote content.
    """
    asked = {
        "template": template,
        "data": data,
        "attached": attached.decode("utf-8"),
        "issued_at": issued_at.isoformat(),
    }
    answer = subprocess.run(  # noqa: S603 — our own module, asked over a pipe
        [sys.executable, "-m", __name__],
        input=json.dumps(asked, ensure_ascii=False).encode("utf-8"),
        capture_output=True,
        cwd=ROOT,
    )
    if answer.returncode != 0:
        raise DocumentError("rendering-failed", f"template {template} could not be filled")
    places, _, pdf = answer.stdout.partition(b"\n")
    return Typeset(pdf, tuple(json.loads(places)))


def _answer() -> None:
    asked = json.load(sys.stdin.buffer)
    done = typeset(
        asked["template"],
        asked["data"],
        attached=asked["attached"].encode("utf-8"),
        issued_at=datetime.fromisoformat(asked["issued_at"]),
    )
    sys.stdout.buffer.write(json.dumps(done.signature_places).encode("utf-8") + b"\n" + done.pdf)


if __name__ == "__main__":
    _answer()
