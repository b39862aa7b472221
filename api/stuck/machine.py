"""What is short on this machine: room for data, documents and backups; certificates in files; former keys."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from api.stuck.kinds import Found
from api.stuck.rows import AHEAD
from models.key_ring import KeyRing, current_of
from models.settings import Settings

LEAST_BYTES = 2 * 1024**3
LEAST_PART = 0.05
"""Room of which one of both is missing where a disk counts as full."""
LINGERS = timedelta(days=120)
"""How long a former key may stay: histories are kept for 90 days, then nothing should need it."""


def of_machine(settings: Settings, ring: KeyRing, now: datetime) -> Iterator[Found]:
    """All of it."""
    yield from full_disks(settings, now)
    yield from ending_files(settings, now)
    yield from former_keys(ring, now)


def full_disks(settings: Settings, now: datetime) -> Iterator[Found]:
    """Each device once, by the first folder on it."""
    seen: set[int] = set()
    for folder in (settings.data, settings.documents, settings.backups):
        place = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
        if (device := place.stat().st_dev) in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(place)
        if usage.free < LEAST_BYTES or usage.free < LEAST_PART * usage.total:
            yield Found("disk-full", now, str(folder), f"{usage.free / 1024**3:.1f} GiB")


def ending_files(settings: Settings, now: datetime) -> Iterator[Found]:
    """Certificates by which we are known to PostgreSQL and Temporal, and by which we know them."""
    names = (
        "database_cert_file",
        "database_ca_file",
        "temporal_cert_file",
        "temporal_ca_file",
        "national_ca_file",
    )
    for name in names:
        path: Path | None = getattr(settings, name)
        if path is None or not path.is_file():
            continue
        try:
            ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(path.read_bytes()))
        except ValueError:
            continue  # whoever uses it says what is wrong with it
        if ends < now + AHEAD:
            yield Found("file-expiring", ends, str(path), name)


def former_keys(ring: KeyRing, now: datetime) -> Iterator[Found]:
    """Keys something was sealed under long ago and nothing is any more, whose successor is that old."""
    owners = {key.authority_id for key in ring.keys}
    for key in ring.keys:
        serving = (
            [current_of(ring.keys, key.purpose, owner) for owner in owners]
            if not key.authority_id
            else [current_of(ring.keys, key.purpose, key.authority_id)]
        )
        if key in serving:
            continue
        newer = max((one.made_at for one in serving if one is not None), default=now)
        if newer < now - LINGERS:
            yield Found("key-former", newer, key.id, key.purpose.value)
