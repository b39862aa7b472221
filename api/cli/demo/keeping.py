"""What a demo leaves when asked to: the story, the events, the mails, the signed files, the trust list."""

import json
import shutil
from pathlib import Path
from typing import Any

from api.cli.demo.play import Performance
from api.cli.demo.telling import lines, plain

NAMES = ("story.json", "story.txt", "events.json", "trust.json")


def summary(kept: Performance) -> dict[str, Any]:
    """The performance for machines; ``seconds`` are of real time."""
    return {
        "authority": kept.authority,
        "drafts": list(kept.drafts),
        "succeeded": kept.succeeded,
        "failure": kept.failure,
        "steps": [plain(step) for step in kept.steps],
        "verified": kept.verified,
        "documents": [verdict.to_json() for verdict in kept.verdicts],
        "read_on": kept.read_on.isoformat() if kept.read_on else None,
        "seconds": kept.seconds,
    }


def keep(kept: Performance, folder: Path, mails: Path) -> list[Path]:
    """Write everything into a folder; answers the files written. ``mails`` is the installation's outbox.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        _text(folder / "story.json", _json(summary(kept))),
        _text(folder / "story.txt", lines(kept.steps)),
        _text(folder / "events.json", _json(kept.events)),
    ]
    if kept.trust:
        written.append(_bytes(folder / "trust.json", kept.trust))
    for number, document in enumerate(kept.documents, start=1):
        written.append(_bytes(folder / f"signed-{number}.pdf", document))
    if mails.is_dir():
        (folder / "mails").mkdir(exist_ok=True)
        found = sorted(mails.glob("*.eml"))
        written += [Path(shutil.copyfile(mail, folder / "mails" / mail.name)) for mail in found]
    return written


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
