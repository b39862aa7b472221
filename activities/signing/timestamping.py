"""Timestamps (RFC 3161) for signatures and whole files, each answer examined before it is believed.

Examined: that it was granted, our nonce, our hash, its time beside the act's, the signature by a timestamp
authority of the trust list (RFC 3161, 2.2 and 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from asn1crypto import cms, core, tsp, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from activities.signing.errors import NotNowError
from activities.signing.status import TOLERANCE
from models.evidence import TrustList

LATEST = timedelta(hours=24)
"""How long after the act its timestamp may come: a batch begun in the morning ends the same day."""
LARGEST = 64 * 1024
_REPLY = "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Sample:
    """An earlier token of the authority: how long its tokens are, and by which certificates it signs."""

    token: bytes
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...]


class TimestampDesk:
    """The way to the timestamp authority. One per process; safe to share between threads.

    Args:
        url: where to ask (RFC 3161, 3.4).
        trust: the roots that are accepted.
        http: a client with its time-out set; the desk does not close it.
    """

    def __init__(self, url: str, trust: TrustList, http: httpx.Client) -> None:
        self._url, self._http = url, http
        self._anchors = [anchor.parsed() for anchor in trust.anchors]
        self._sample: Sample | None = None

    def sample(self, at: datetime) -> Sample:
        """A token asked for once, of nothing; asked for anew when the authority's certificate has ended.

        Raises:
            NotNowError: as ``token``.
        """
        known = self._sample
        if known is None or not known.certificate.not_valid_before <= at <= known.certificate.not_valid_after:
            token = Stamper(self, at).ask_sample()
            known = self._sample = _sample(token)
        return known

    def forget(self) -> None:
        """The authority signs by another certificate now: ask for a sample again."""
        self._sample = None

    def ask(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The parsed reply.

        Raises:
            NotNowError: ``timestamp-unavailable``, nobody answers; ``timestamp-wrong``, no timestamp reply.
        """
        headers = {"content-type": "application/timestamp-query", "accept": _REPLY}
        try:
            answer = self._http.post(self._url, content=request.dump(), headers=headers)
        except httpx.HTTPError as error:
            raise NotNowError(
                "timestamp-unavailable", f"the timestamp authority does not answer: {type(error).__name__}"
            ) from error
        if answer.status_code != 200:
            raise NotNowError("timestamp-unavailable", f"the timestamp authority says {answer.status_code}")
        if len(answer.content) > LARGEST:
            raise NotNowError("timestamp-wrong", "the timestamp authority's answer is too long")
        return _reply(answer.content)

    async def examine(self, token: cms.ContentInfo, imprint: bytes, at: datetime) -> None:
        """Believe a token, or not.

        Raises:
            NotNowError: ``timestamp-wrong``.
        """
        info = token["content"]["encap_content_info"]["content"].parsed
        made: datetime = info["gen_time"].native
        if not at - TOLERANCE <= made <= at + LATEST:
            raise NotNowError("timestamp-wrong", "the timestamp's time is far from the act's")
        context = ValidationContext(
            trust_roots=self._anchors, moment=made, allow_fetching=False, revocation_mode="soft-fail"
        )
        found: Any = await validate_tst_signed_data(token["content"], context, lambda _algorithm: imprint)
        if not TimestampSignatureStatus(**found).trusted:
            raise NotNowError("timestamp-wrong", "the timestamp does not hold")


class Stamper(TimeStamper):
    """pyHanko's view of the desk, for one act at ``at``."""

    def __init__(self, desk: TimestampDesk, at: datetime) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call] # pyHanko leaves it open
        self._desk, self._at = desk, at
        self.token: bytes | None = None
        """The last token that came, DER."""

    async def async_dummy_response(self, md_algorithm: str) -> cms.ContentInfo:
        """An earlier token, for its length: no authority is asked twice for one signature."""
        return cms.ContentInfo.load(self._desk.sample(self._at).token)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The authority's reply; it blocks, as signing does."""
        return self._desk.ask(req)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token that was examined. Raises NotNowError."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            await self._desk.examine(token, message_digest, self._at)
        except NotNowError:
            raise
        except Exception as error:  # a token from outside may break any parser below us in any way
            raise NotNowError(
                "timestamp-wrong", f"the timestamp is broken: {type(error).__name__}"
            ) from error
        self.token = token.dump()
        return token

    def ask_sample(self) -> cms.ContentInfo:
        """A token over nothing."""
        import asyncio
        import hashlib

        return asyncio.run(self.async_timestamp(hashlib.sha256(b"").digest(), "sha256"))


class _Reply(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    """A TimeStampResp that may lack its token, as a refusal does (RFC 3161, 2.4.2)."""

    _fields = [  # noqa: RUF012 — how asn1crypto is told a structure
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def _reply(data: bytes) -> tsp.TimeStampResp:
    try:
        status = _Reply.load(data, strict=True)["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise NotNowError("timestamp-unavailable", "the timestamp authority refuses")
        made = tsp.TimeStampResp.load(data, strict=True)
        made["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed["nonce"].native  # noqa: B018 — parsed here, so that rubbish is found here
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotNowError("timestamp-wrong", "the answer is no timestamp reply") from error
    return made


def _sample(token: cms.ContentInfo) -> Sample:
    data = token["content"]
    (signer,) = data["signer_infos"]
    sid = signer["sid"].chosen
    given = [one.chosen for one in data["certificates"]]
    (own,) = (one for one in given if one.serial_number == sid["serial_number"].native)
    return Sample(token.dump(), own, tuple(one for one in given if one is not own))
