"""ETags of the form (RFC 9110, 8.8.3) and If-Match (13.1.1).

``"r7"`` is revision 7, which never changes. A draft is ``"r8-<16 hex digits>"``: it changes with every save,
so its tag holds a digest of content and evidence. A profile has the tag of its newest revision that is no
draft; a first draft is saved with that (``"r0"`` before there is any).
"""

import hashlib
import re
from collections.abc import Sequence

from models.errors import RefusedError

_TAG = re.compile(r'"(r\d{1,9}(?:-[0-9a-f]{16})?)"')


def of_profile(revision_number: int) -> str:
    """The tag of the profile as of now."""
    return f'"r{revision_number}"'


def of_revision(number: int, state: str, digest: str, evidence: Sequence[str]) -> str:
    """The tag of one revision."""
    if state != "draft":
        return f'"r{number}"'
    whole = hashlib.sha256("\n".join((digest, *evidence)).encode()).hexdigest()
    return f'"r{number}-{whole[:16]}"'


def required(if_match: str | None) -> str:
    """The one tag in If-Match.

    Raises:
        RefusedError: ``precondition-required`` without the header; ``stale-revision`` when it holds no strong
            tag of ours (``*`` and lists match whatever is there: not good enough to overwrite a form).
    """
    if if_match is None:
        raise RefusedError.of("precondition-required")
    tag = if_match.strip()
    if not _TAG.fullmatch(tag):
        raise RefusedError.of(
            "stale-revision", "If-Match phải là đúng một ETag.", "If-Match must be exactly one ETag."
        )
    return tag


def unmoved(if_match: str, present: str) -> None:
    """Refuse what was made from another state than the present one.

    Raises:
        RefusedError: ``stale-revision``, with the tag that holds now.
    """
    if if_match != present:
        raise RefusedError.of(
            "stale-revision",
            "Hồ sơ đã thay đổi sau khi Anh/Chị xem.",
            "The form has changed since you looked at it.",
            extra={"current_etag": present},
        )
