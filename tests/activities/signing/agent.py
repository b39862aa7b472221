"""A local signing agent as officials run one: ``python -m tests.activities.signing.agent``.

Told where the source is, where the signed file goes, and a token, on its standard input as JSON; it fetches,
signs with the key in its own PKCS#12 file, sends back, and writes what it was answered. It shares with the
product nothing but pyHanko: the field is filled by pyHanko's own signer.
"""

import json
import sys
from io import BytesIO
from typing import Any

import httpx
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner


def sign(pdf: bytes, job: dict[str, Any]) -> bytes:
    """Fill the field with a signature of the file's key."""
    signer: Any = SimpleSigner.load_pkcs12(job["key"], passphrase=job["passphrase"].encode())
    metadata = PdfSignatureMetadata(
        field_name=job["field"], md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason="Ký số"
    )
    output = BytesIO()
    writer: Any = IncrementalPdfFileWriter(BytesIO(pdf))
    PdfSigner(metadata, signer).sign_pdf(writer, output=output)
    return output.getvalue()


def main() -> int:
    job = json.load(sys.stdin)
    with httpx.Client(headers={"Authorization": f"Bearer {job['token']}"}, timeout=30) as web:
        source = web.get(job["source"])
        source.raise_for_status()
        files = {"uploadfile": ("signed.pdf", sign(source.content, job), "application/pdf")}
        answer = web.post(job["upload"], files=files)
    json.dump({"status": answer.status_code, "answer": answer.json()}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
