"""The note of a backup's check: a page under the department's seal, which anybody can verify."""

from datetime import datetime
from typing import Any

import rfc8785

from activities.documents.header import DossierHeader, SignaturePlace, Slip, SlipLine
from activities.documents.slip import render_slip
from activities.signing.notary import Notary
from activities.signing.proofs import present
from activities.signing.signer import Signers
from models.evidence.verdict import VIETNAM
from models.record.backups import Judged, Side

FIELD = "seal"
SHOWN = 12
"""Problems printed; the data attached has all."""


def signed_note(signers: Signers, notary: Notary, side: Side, judged: Judged, now: datetime) -> bytes:
    """Typeset and seal.

    Raises:
        CannotSignError, SignerAwayError: the seal cannot be used now.
    """
    at = present(now).replace(microsecond=0)
    content: dict[str, Any] = {
        "backup": str(judged.backup_id),
        "folder": judged.folder,
        "made_at": judged.made_at.isoformat(),
        "checked_at": at.isoformat(),
        "good": judged.good,
        "rows": judged.rows,
        "documents": judged.documents,
        "bytes": judged.bytes,
        "problems": list(judged.problems),
        "rule": side.rule_id,
        "citation": side.citation,
    }
    header = DossierHeader(
        code=f"SL-{judged.backup_id.hex[:16].upper()}",
        managing_authority=side.name,
        employing_unit=side.sealer,
        revision=1,
        form="sao-lưu-1",
    )
    verdict = "Khôi phục được, đầy đủ, nguyên vẹn" if judged.good else "KHÔNG dùng để khôi phục được"
    lines = [
        ("Bản sao lưu", judged.folder),
        ("Như lúc", f"{judged.made_at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"),
        ("Kết quả khôi phục thử", verdict),
        ("Số dòng dữ liệu", f"{judged.rows}"),
        ("Số tài liệu", f"{judged.documents}"),
        ("Dung lượng", f"{judged.bytes >> 10} KiB"),
        *(("Hỏng", problem[:200]) for problem in judged.problems[:SHOWN]),
    ]
    place = SignaturePlace(FIELD, "Cơ quan", "(Ký số của cơ quan)", dated=True, name=side.sealer)
    slip = Slip(
        title="Biên bản kiểm tra bản sao lưu",
        legal=side.citation or "chính sách của hệ thống",
        lines=tuple(SlipLine(label, value) for label, value in lines),
        documents=(),
        places=(place,),
    )
    pdf = render_slip(slip, header, rfc8785.dumps(content), at)
    signer = signers.seal_for(str(side.sealer_id), side.sealer)
    return notary.sign(
        signer,
        pdf,
        field=FIELD,
        reason="Kiểm tra bản sao lưu",
        location=side.sealer,
        signed_at=at,
        level=notary.level_of(side.code),
    ).pdf
