"""The scanned draft is the regulation it became: the same words under the noise, the same law resolved."""

import unicodedata
from collections.abc import Iterator
from datetime import date
from difflib import SequenceMatcher
from functools import cache
from itertools import product
from typing import Any

import pytest

from models.regulations import Obligation, Regulation, Rule, RuleSet, Slot, in_force, seed

COPY, ORIGINAL = "hanoi_draft_2024", "hanoi_2024"
DAYS = (date(2024, 6, 3), date(2026, 3, 2))
"""Before the regulation was issued, when only the draft was there, and after."""
NO_COVER = ("hanoi.qd.1", "hanoi.qd.2", "hanoi.qd.3", "hanoi.qd.4")
OWN = {"id", "citation", "citation_en", "quote", "source", "regulation"}
LOST = {"uy", "so", "nuoc", "la", "ca", "co", "y", "su", "lo", "ly", "ung"}
"""Short words, none of them a negation, that the scanner sometimes made unrecognisable."""


def document(name: str) -> Regulation:
    return next(one for one in seed() if one.id == name)


def plain(word: str) -> str:
    """Letters and digits without their marks."""
    bare = unicodedata.normalize("NFD", word.lower().replace("đ", "d"))
    return "".join(sign for sign in bare if sign.isascii() and sign.isalnum())


def words(text: str) -> list[str]:
    for sign in "-–—/":
        text = text.replace(sign, " ")
    return [word for word in map(plain, text.split()) if word]


@cache
def alike(one: str, other: str) -> float:
    """1 for the same word, 0 for a number that is another one."""
    if one == other:
        return 1.0
    return 0.0 if one.isdigit() else SequenceMatcher(None, one, other, autojunk=False).ratio()


def aligned(text: str, scan: str) -> list[tuple[str, str]]:
    """Words of the text beside those of the scan; an empty one where the other has no counterpart."""
    a, b, gap = words(text), words(scan), 0.6
    cost = [[gap * (i + j) for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, j in product(range(1, len(a) + 1), range(1, len(b) + 1)):
        pair = cost[i - 1][j - 1] + 1 - alike(a[i - 1], b[j - 1])
        cost[i][j] = min(pair, cost[i - 1][j] + gap, cost[i][j - 1] + gap)
    i, j, found = len(a), len(b), []
    while i and j:
        if cost[i][j] == cost[i - 1][j - 1] + 1 - alike(a[i - 1], b[j - 1]):
            i, j = i - 1, j - 1
            found.append((a[i], b[j]))
        elif cost[i][j] == cost[i - 1][j] + gap:
            i -= 1
            found.append((a[i], ""))
        else:
            j -= 1
            found.append(("", b[j]))
    return [*((word, "") for word in a[:i]), *(("", word) for word in b[:j]), *reversed(found)]


def differing(text: str, scan: str) -> list[tuple[str, str]]:
    """What scanner's noise does not explain."""
    apart = [(one, other) for one, other in aligned(text, scan) if alike(one, other) < 0.4]
    return [(one, other) for one, other in apart if one not in LOST]


def pairs() -> Iterator[tuple[Rule, Rule]]:
    copies = document(COPY).rules
    originals = (rule for rule in document(ORIGINAL).rules if rule.id not in NO_COVER)
    yield from zip(originals, copies, strict=True)


def test_the_draft_lacks_the_cover_decision_and_nothing_else() -> None:
    assert [copy.id for _, copy in pairs()] == [
        original.id.replace("hanoi.", "hanoi_draft.") for original, _ in pairs()
    ]
    assert document(COPY).same_text_as == ORIGINAL
    assert (document(COPY).number, document(COPY).issued, document(COPY).status) == (None, None, "draft")


def test_every_clause_has_the_words_of_the_other_under_the_noise() -> None:
    strange = {
        original.id: found
        for original, copy in pairs()
        if (found := differing(original.quote or "", copy.quote or ""))
    }
    assert strange == {}


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("hanoi.art7", "05 ngay", "10 ngay"),
        ("hanoi.art6.3", "05 ngay", "05 hai ngay"),
        ("hanoi.art12.2.2.a", "10 ngay", "1o ngay"),
        ("hanoi.art8.4", "hoic", "va ca hai"),
        ("hanoi.art21.6.q", "(qua S¢ Noi vu)", ""),
        ("hanoi.art14.2", "phé duyét", "khong phé duyét"),
    ],
)
def test_a_clause_that_said_something_else_would_be_noticed(rule: str, old: str, new: str) -> None:
    scan = next(copy.quote for original, copy in pairs() if original.id == rule)
    text = next(original.quote for original, _ in pairs() if original.id == rule)
    assert scan is not None
    assert text is not None
    assert old in scan
    assert differing(text, scan.replace(old, new)) != []


def law(rule: Rule) -> dict[str, Any]:
    """What a rule says, without its name and the words it says it in."""
    content = rule.model_dump(mode="json", exclude=OWN)
    return {key: _known_by_the_original(value) for key, value in content.items()}


def _known_by_the_original(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known_by_the_original(one) for key, one in value.items()}
    return value.replace("hanoi_draft.", "hanoi.") if isinstance(value, str) else value


def periods(duty: Obligation) -> list[Any]:
    return [_known_by_the_original(clock.deadline.model_dump(mode="json")) for clock in duty.clocks]


def test_every_record_says_the_same_whoever_carries_it() -> None:
    assert [law(copy) for _, copy in pairs()] == [law(original) for original, _ in pairs()]


def resolved(day: date) -> tuple[RuleSet, RuleSet]:
    """The draft's law on a day, and the regulation's (simulated where it is not yet in force)."""
    return in_force("hanoi", day, simulate=[COPY]), in_force("hanoi", day, simulate=[ORIGINAL])


@pytest.mark.parametrize("day", DAYS)
def test_every_obligation_resolves_equal(day: date) -> None:
    drafted, issued = resolved(day)
    beneath = ["pdpl_2025"] if day >= date(2026, 1, 1) else []
    assert [header.id for header in drafted.regulations] == [COPY, *beneath, "tt06_2023"]
    assert set(drafted.slots) == set(issued.slots)
    for slot in set(drafted.slots) - {Slot.ENTRY_INTO_FORCE}:
        one, other = drafted.slot(slot), issued.slot(slot)
        assert one is not None
        assert other is not None
        assert law(one.rule) == law(other.rule), slot
        assert one.also == other.also
        assert periods(one) == periods(other)
        assert (one.signature, one.evidence, one.document_required) == (
            other.signature,
            other.evidence,
            other.document_required,
        )


def test_only_the_day_of_entry_into_force_is_missing() -> None:
    drafted, issued = resolved(DAYS[1])
    assert [rule.id for rule in drafted.every(Slot.ENTRY_INTO_FORCE)] == ["tt06.eff"]
    assert [rule.id for rule in issued.every(Slot.ENTRY_INTO_FORCE)] == ["hanoi.qd.3", "tt06.eff"]


def test_citations_name_the_draft_and_never_the_decision() -> None:
    assert all("6187" not in rule.citation + rule.citation_en for rule in document(COPY).rules)
    assert all("bản quét" in rule.citation for rule in document(COPY).rules)
