"""Consents to read: written, asked, given, refused, withdrawn, taken back; and what the law must know."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent
from models.lifecycle import consenting
from models.lifecycle.consent import Consent
from models.lifecycle.life import Life
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import ACCOUNT, inserted, life, own, refused, scene

DAY = date(2026, 7, 6)
READER, CONSENT = UUID(int=77), UUID(int=78)
PERIOD = {"account_id": READER, "purpose": "Thẩm tra", "starts_on": DAY, "ends_on": date(2026, 7, 31)}
ALLOW = AllowAccess(**PERIOD, document="12/SNV", level=2)
ASK = AskConsent(**PERIOD)


def decree() -> RuleSet:
    return in_force("hanoi", DAY, adopted={"nd27_2026": date(2026, 7, 1)})


def standing(kind: str, state: str) -> Life:
    return replace(life(), consents=(Consent(CONSENT, READER, kind, state, date(2026, 8, 1)),))


@pytest.mark.rule("hanoi.art8.3.b")
def test_the_authority_consents_in_writing_from_to() -> None:
    out = consenting.allow(life(), ALLOW, scene(DAY, role="head"))
    row = inserted(out, "access_consents")
    assert (row["kind"], row["state"], row["document"], row["level"]) == ("written", "given", "12/SNV", 2)
    assert (row["starts_on"], row["ends_on"]) == (DAY, date(2026, 8, 1))
    assert "Điều 8.3" in row["citation"]
    assert {notice.account_id for notice in out.notices} == {ACCOUNT, READER}
    without = in_force("hanoi", DAY).without("hanoi.art8.3.b")
    with refused("no-consent-rule"):
        consenting.allow(life(), ALLOW, scene(DAY, role="head", law=without))


@pytest.mark.rule("nd27.art20.4")
def test_the_official_is_asked_and_gives_or_refuses() -> None:
    asking = scene(DAY, role="head", law=decree())
    row = inserted(consenting.ask(life(), ASK, asking), "access_consents")
    assert (row["kind"], row["state"], row["answered_at"]) == ("electronic", "asked", None)
    assert "Điều 20.4" in row["citation"]
    for given, state in ((True, "given"), (False, "refused")):
        body = AnswerConsent(consent_id=CONSENT, given=given)
        out = consenting.answer(standing("electronic", "asked"), body, own(DAY, law=decree()))
        assert out.answer["state"] == state
        assert [notice.account_id for notice in out.notices] == [READER]
    with refused("no-consent-rule"):
        consenting.ask(life(), ASK, scene(DAY, role="head"))


@pytest.mark.parametrize("state", ["given", "refused", "ended"])
def test_what_was_answered_is_not_answered_again(state: str) -> None:
    with refused("wrong-state"):
        consenting.answer(
            standing("electronic", state), AnswerConsent(consent_id=CONSENT, given=True), own(DAY)
        )


def test_each_side_takes_its_own_consent_back() -> None:
    taken = consenting.withdraw(
        standing("electronic", "given"), WithdrawConsent(consent_id=CONSENT), own(DAY, law=decree())
    )
    assert taken.answer["state"] == "ended"
    body = RevokeAccess(consent_id=CONSENT, reason="hết việc")
    assert (
        consenting.revoke(standing("written", "given"), body, scene(DAY, role="head")).answer["state"]
        == "ended"
    )
    with refused("not-found"):
        consenting.withdraw(standing("written", "given"), WithdrawConsent(consent_id=CONSENT), own(DAY))
    with refused("not-found"):
        consenting.revoke(standing("electronic", "given"), body, scene(DAY, role="head"))


def test_what_makes_no_sense_is_refused() -> None:
    asked = scene(DAY, role="head")
    with refused("impossible-date"):
        consenting.allow(life(), ALLOW.model_copy(update={"ends_on": date(2026, 7, 1)}), asked)
    with refused("malformed-request"):
        consenting.allow(life(), ALLOW.model_copy(update={"account_id": ACCOUNT}), asked)
    with refused("wrong-state"):
        consenting.allow(standing("written", "given"), ALLOW, asked)
    with refused("wrong-state"):
        consenting.ask(replace(life(), account=None), ASK, scene(DAY, role="head", law=decree()))
