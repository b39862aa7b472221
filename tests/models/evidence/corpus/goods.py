"""Every kind of file the product writes, all good: what must never be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.models.evidence import competence, lists, longterm, real, samples, weak


def _chain(count: int) -> bytes:
    """The profile's form with this many signatures, elliptic and RSA in turn."""
    from activities.documents.header import SignaturePlace
    from activities.documents.profile import render_profile
    from models.form.normal import canonical

    places = tuple(SignaturePlace(f"step{number}", f"Bước {number}") for number in range(count))
    header = replace(samples.HEADER, places=places)
    pdf = render_profile(samples.CONTENT, header, canonical(samples.CONTENT), samples.ISSUED_AT)
    for number, place in enumerate(places):
        signer = samples.signer(samples.HEAD, "rsa" if number % 2 else "ec")
        pdf = samples.sign(pdf, signer, place.field)
    return pdf


SMALL: dict[str, Callable[[], bytes]] = {
    "slip, B-B": samples.small_once,
    "slip, two signatures": samples.small_twice,
    "slip, B-T": longterm.b_t,
    "slip, B-LT": longterm.b_lt,
    "slip, B-LTA": longterm.b_lta,
}
"""Of one page: judged quickly, so most damage is done to these."""

LARGE: dict[str, Callable[[], bytes]] = {
    "form, one signature": samples.signed_once,
    "form, two signatures": samples.signed_twice,
    "form, RSA with PKCS#1 padding": lambda: samples.sign(samples.unsigned(), weak.old_padding()),
    "form, ten signatures": lambda: _chain(10),
    "slip, B-T, RSA": lambda: longterm.b_t("rsa"),
    "slip, B-LT, RSA": lambda: longterm.b_lt("rsa"),
    "slip, B-LTA, RSA": lambda: longterm.b_lta("rsa"),
    "slip, two signatures, B-LTA": longterm.two_signatures_lta,
    "approval list": lists.signed_list,
    "evidence of a profile": lambda: lists.evidence().pack(),
    "record of competence": lambda: competence.signed(competence.attested(competence.RECORD)),
    "record of competence, delegated": lambda: competence.signed(
        competence.attested(competence.record(delegation=competence.LENT))
    ),
    "record of competence, by an agent": lambda: competence.signed(
        competence.attested(competence.RECORD), beside=True
    ),
    "evidence of the last profile": lambda: lists.evidence(lists.SIZE).pack(),
}

REAL: dict[str, Callable[[], bytes]] = {
    "report, as made, B-T": real.report,
    "approval list, as made, B-LT": real.approval_list,
    "export, as made, two signatures": real.export,
    "form, as made, B-LT": real.form,
}
"""Pages, tables, pictures and attachments as the product writes them: damaged as the small ones are."""

GOOD = SMALL | LARGE | REAL

DEMANDED = {
    "slip, B-T": "B-T",
    "slip, B-LT": "B-LT",
    "slip, B-LTA": "B-LTA",
    "slip, B-T, RSA": "B-T",
    "slip, B-LT, RSA": "B-LT",
    "slip, B-LTA, RSA": "B-LTA",
    "slip, two signatures, B-LTA": "B-LTA",
    "report, as made, B-T": "B-T",
    "approval list, as made, B-LT": "B-LT",
    "form, as made, B-LT": "B-LT",
}
"""The level that a reader of such a file demands: what is stripped from it must be missed."""
