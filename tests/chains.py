"""A law whose approval is a chain of rolling steps, made of Hà Nội's as it stands when a test asks."""

from datetime import date
from typing import Any

from models.regulations import Rule, RuleSet, in_force

DAY = date(2026, 3, 2)


def working(n: int) -> dict[str, Any]:
    return {"unit": "working_days", "n": n, "counted_from": "previous_step"}


def rolling(agency: str = "subordinate", *, own_signature: bool = False) -> RuleSet:
    """Hà Nội's law with rolling steps instead of the month's window, as another authority has them."""
    law = in_force("hanoi", DAY)
    pattern = law.rule("hanoi.art7").model_dump() | {"party": "agency", "deadline": working(5)}
    first = {"id": "sample.a", "slot": "review_step", "post": "hr_officer", "signature": "officer_digital"}
    second = first | {
        "id": "sample.b",
        "post": "hr_head",
        "signature": "hr_head_digital",
        "after": "sample.a",
    }
    total = {"id": "sample.total", "slot": "change_total", "when": {"subject": ["change"]}}
    added = [first, second, total | {"deadline": working(10)}]
    rules = [*law.rules, *(Rule.model_validate(pattern | one) for one in added)]
    law = law.model_copy(update={"rules": tuple(rules)}).replace(
        "hanoi.art7",
        after="sample.b",
        deadline=working(10),
        party="agency",
        post="head",
        signature="head_digital",
        when={"agency": [agency]},
    )
    if own_signature:
        for rule in ("hanoi.art6.2.e", "hanoi.art6.3"):
            law = law.replace(rule, signature="individual_digital")
    return law
