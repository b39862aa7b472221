"""Invented schooling: degrees, political theory, courses, computing, languages."""

from datetime import date
from random import Random
from typing import Any

from models.form.dates import add_months

from .career import Service, month
from .data import data

_HIGHER = ("doctor", "master", "specialist_1", "specialist_2")


def schooling(rng: Random, service: Service, medical: bool) -> dict[str, Any]:
    """Items 19, 20 and 32 of the form."""
    start = service.born.replace(month=9, day=1)
    begin = add_months(start, 12 * 18)
    first = rng.choices(("university", "college", "intermediate"), (80, 14, 6))[0]
    length = {"university": 48, "college": 36, "intermediate": 24}[first]
    rows = [_degree(rng, begin, length, first, "full_time")]
    highest, later = first, add_months(service.recruited, 24)
    if first == "university" and rng.random() < 0.35 and add_months(later, 24) < service.as_of:
        highest = rng.choice(("specialist_1", "specialist_2") if medical else ("master", "master", "doctor"))
        rows.append(_degree(rng, later, 24, highest, "part_time"))
    content: dict[str, Any] = {
        "general_education_level": "12/12",
        "highest_qualification": highest,
        "education": rows,
        "it_training": [_course(rng, add_months(begin, 40), 3, "computing")],
        "language_training": [_language(rng, add_months(begin, 44))],
    }
    if highest == "doctor" and rng.random() < 0.2:
        content["academic_title"] = "associate_professor"
    return content | _after_recruitment(rng, service)


def _degree(rng: Random, begin: date, months: int, level: str, mode: str) -> dict[str, Any]:
    phrases = data("phrases")
    return {
        "from_month": month(begin),
        "to_month": month(add_months(begin, months)),
        "institution": rng.choice(phrases["institutions"]),
        "major": rng.choice(phrases["majors"]),
        "mode": mode,
        "degree_level": level,
    }


def _course(rng: Random, begin: date, months: int, kind: str) -> dict[str, Any]:
    phrases = data("phrases")
    return {
        "from_month": month(begin),
        "to_month": month(add_months(begin, months)),
        "institution": rng.choice(phrases["institutions"]),
        "certificate": rng.choice(phrases[kind]),
    }


def _language(rng: Random, begin: date) -> dict[str, Any]:
    language, certificate = rng.choice(data("phrases")["languages"])
    row = _course(rng, begin, 6, "computing") | {"language": language, "certificate": certificate}
    return row | ({"score": rng.choice(("5.50", "6.00", "6.50"))} if certificate == "IELTS" else {})


def _after_recruitment(rng: Random, service: Service) -> dict[str, Any]:
    content: dict[str, Any] = {}
    begin = add_months(service.recruited, 12)
    if add_months(begin, 12) >= service.as_of:
        return content
    content["professional_training"] = [_course(rng, begin, 3, "courses")]
    if rng.random() < 0.6:
        content["defence_security_training"] = [_course(rng, add_months(begin, 4), 1, "defence")]
    if rng.random() < 0.45:
        row = _course(rng, add_months(begin, 5), 6, "courses") | {"mode": "non_concentrated"}
        row["certificate"] = rng.choice(("elementary", "intermediate", "intermediate", "advanced"))
        content["political_theory_training"] = [row]
    return content
