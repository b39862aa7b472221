"""One signature: beside the bare cryptographic operation and beside bare pyHanko with the key kept loaded.

CPU seconds of this process, so that what else runs on the machine does not count; the timestamp authority's
and responder's own CPU time is theirs.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from activities.documents.revision import Revision
from activities.documents.stamp import Stamp, stamp_style
from activities.signing.assurance import Level
from activities.signing.issuing import KeyKind
from activities.signing.keystore import Keystore
from activities.signing.notary import Notary
from activities.signing.pades import LoadedKey
from activities.signing.signer import Pkcs12Signer
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from api.cli.children import free_port
from models.evidence import verify
from tests.bench.report import Figure, median
from tests.models.evidence import samples
from tests.pki import DevelopmentPki, running

AT = samples.FIRST_AT
NAMES: dict[KeyKind, str] = {"ec": "P-256", "rsa": "RSA-2048"}


async def run(say: Callable[[str], None], *, quick: bool = False) -> list[Figure]:
    """Every figure; some seconds of CPU."""
    return await asyncio.to_thread(_measure, 5 if quick else 40)


def _measure(rounds: int) -> list[Figure]:
    found: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="hoso-bench-") as name,
        running(Path(name) / "pki", free_port) as pki,
    ):
        pki.faults(ocsp_valid_seconds=864_000)
        pki.clock(AT)
        with httpx.Client(timeout=10, trust_env=False) as http:
            for kind in NAMES:
                found += _kind(pki, http, kind, rounds)
    return found


def _kind(pki: DevelopmentPki, http: httpx.Client, kind: KeyKind, rounds: int) -> list[Figure]:
    issued = Keystore(pki.folder).signer(samples.OFFICIAL, kind)
    signer, key = Pkcs12Signer(issued), LoadedKey(issued)
    timestamps = TimestampDesk(f"{pki.url}/tsa", pki.trust, http)
    notary = Notary(pki.trust, Level.B_B, StatusDesk(pki.trust, http), timestamps)
    blank = samples.unsigned()
    ours = signer.sign_pdf(blank, field="official", reason="x", location="y", signed_at=AT)

    def signed(level: Level) -> Callable[[], object]:
        def once() -> object:
            assurance = notary.assure(signer.certificates, AT, level)
            place = {"field": "official", "reason": "x", "location": "y"}
            return signer.sign_pdf(blank, **place, signed_at=AT, assurance=assurance)

        return once

    works: dict[str, Callable[[], object]] = {
        "operation": lambda: _operation(issued.key),
        "bare": lambda: _bare(blank, key),
        "ours": lambda: signer.sign_pdf(blank, field="official", reason="x", location="y", signed_at=AT),
        "B-T": signed(Level.B_T),
        "B-LT": signed(Level.B_LT),
        "validation": lambda: verify(ours, pki.trust, at=AT + timedelta(minutes=1)),
    }
    cost = _alternating(works, rounds)
    name, sizes = NAMES[kind], f"{len(blank) // 1024} KiB dossier, visible mark, {rounds} each, CPU"
    where = {"cryptographic operation": cost["operation"], "with timestamp (B-T)": cost["B-T"]}
    where |= {"with timestamp and answers (B-LT)": cost["B-LT"]}
    return [
        Figure(
            f"signature {name}",
            cost["ours"],
            "ms CPU",
            budget=1.2,
            bare=cost["bare"],
            ratio=cost["ours"] / cost["bare"],
            sizes=sizes,
            where=where,
            note=f"{1000 / cost['ours']:.0f} signatures/s per core; bare pyHanko with the key kept loaded",
        ),
        Figure(f"validation {name}", cost["validation"], "ms CPU", sizes="the same file, whole verdict"),
    ]


def _alternating(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of CPU of each work; taken in turn, so that a busy moment falls on all alike."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 2):
        for name, work in works.items():
            begun = time.thread_time()
            work()
            if number >= 2:  # the first ones warm up
                spent[name].append((time.thread_time() - begun) * 1000)
    return {name: median(values) for name, values in spent.items()}


def _operation(key: object) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(b"x" * 300, ec.ECDSA(hashes.SHA256()))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return key.sign(b"x" * 300, pss, hashes.SHA256())  # type: ignore[attr-defined,no-any-return]  # an RSA key


def _bare(pdf: bytes, key: LoadedKey) -> bytes:
    """pyHanko's own way in one call: same field, same mark, same certification, size estimated by itself."""
    metadata = PdfSignatureMetadata(
        field_name="official",
        md_algorithm="sha256",
        reason="x",
        location="y",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    name = samples.OFFICIAL
    style = stamp_style(Stamp(name.common_name, name.post, name.organisation, AT, "x"))
    output = PdfSigner(metadata, key, stamp_style=style).sign_pdf(
        Revision(BytesIO(pdf)), existing_fields_only=True
    )
    return bytes(output.getvalue())
