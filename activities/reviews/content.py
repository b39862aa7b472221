"""What a report says: counts, dates and articles, as the JSON that is signed and as the paper shows it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.lifecycle.quality import (
    CRITERION_EN,
    CRITERION_VI,
    MEASURE_VI,
    REPORTED,
    Criterion,
    criteria_of,
)
from models.regulations import RuleSet, Slot

FORM = "rà-soát-1"
"""Version of the report's own form, printed on it and stated in its data."""
REPORTED_SOURCE = "CV 5034/BNV-CCVC ngày 11/7/2025 (biết qua báo chí, chưa đối chiếu văn bản)"

_OVERDUE = text(
    "SELECT d.citation, d.slot, count(*) AS n, min(d.due_on) AS first FROM duties d WHERE d.state = 'open'"
    " AND d.due_at <= :now AND d.report_id IS NULL AND (CAST(:agency AS uuid) IS NULL OR d.agency_id IN"
    " (SELECT c.descendant_id FROM agency_closure c WHERE c.ancestor_id = CAST(:agency AS uuid)"
    "   AND c.valid_to IS NULL)) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
)
_RECEIVED = text(
    "SELECT a.code, a.name, t.state, t.late_days, t.sent_at FROM review_reports t"
    " JOIN agencies a ON a.id = t.agency_id WHERE t.review_id = :review AND NOT t.whole"
    " AND t.state <> 'not_owed' ORDER BY a.code"
)


async def content_of(
    connection: AsyncConnection, report: Row[Any], law: RuleSet, now: Any, *, each: bool
) -> dict[str, Any]:
    """The report's data from the figures just measured; ``each`` where every agency reports for itself."""
    agency = None if report.whole else report.agency_id
    overdue = (await connection.execute(_OVERDUE, {"now": now, "agency": agency})).all()
    content: dict[str, Any] = {
        "form": FORM,
        "period": report.period,
        "scope": "authority" if report.whole else "agency",
        "agency": {"code": report.agency_code, "name": report.agency},
        "authority": report.authority,
        "rule": report.rule_id,
        "citation": report.citation,
        "due_on": report.due_on.isoformat(),
        "policy_date": report.policy_date,
        "measured_on": legal_date(now).isoformat(),
        "profiles": report.figures["profiles"],
        "failing": report.figures["failing"],
        "criteria": list(_criteria(report.figures, law)),
        "units": report.figures["units"],
        "overdue": [
            {"citation": row.citation, "slot": row.slot, "count": row.n, "first_due": row.first.isoformat()}
            for row in overdue
        ],
    }
    if report.whole and each:
        received = (await connection.execute(_RECEIVED, {"review": report.review_id})).all()
        content["reports"] = [_received(row) for row in received]
    return content


def _criteria(figures: Mapping[str, Any], law: RuleSet) -> Any:
    """The criteria the law names, then those only known from reports."""
    rule = law.slot(Slot.QUALITY_CRITERIA)
    named = criteria_of(rule.rule.items) if rule is not None else ()
    for one in (*named, *(extra for extra in Criterion if extra not in named)):
        cited = rule.citation if rule is not None and one in named else None
        yield {
            "criterion": one.value,
            "name": CRITERION_VI[one],
            "name_en": CRITERION_EN[one],
            "measure": MEASURE_VI[one],
            "failing": figures["criteria"][one.value],
            "source": cited or (REPORTED_SOURCE if one in REPORTED else "chính sách của hệ thống"),
            "binding": cited is not None,
        }


def _received(row: Row[Any]) -> dict[str, Any]:
    sent = row.sent_at is not None and row.state == "sent"
    return {
        "code": row.code,
        "name": row.name,
        "state": row.state,
        "late_days": row.late_days if sent else 0,
        "sent_on": legal_date(row.sent_at).isoformat() if sent else "",
    }


def share(part: int, whole: int) -> str:
    """A share in per cent as written in Viet Nam, rounded down so that 100 % means all."""
    if whole == 0:
        return "–"
    tenths = part * 1000 // whole
    return f"{tenths // 10},{tenths % 10}%"


STATES_VI = {
    "open": "Chưa báo cáo",
    "signing": "Đang ký",
    "sent": "Đã báo cáo",
    "missing": "Không báo cáo",
}


def paper_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as the template prints it: sentences, bars and tables."""
    total = content["profiles"]
    met = [(one, total - one["failing"]) for one in content["criteria"]]
    return {
        "subtitle": period_vi(content["period"]),
        "facts": [
            {"label": "Phạm vi", "value": content["agency"]["name"] + ", kể cả đơn vị trực thuộc"}
            if content["scope"] == "agency"
            else {"label": "Phạm vi", "value": "Toàn bộ cơ sở dữ liệu của " + content["authority"]},
            {"label": "Số liệu đến ngày", "value": _day(content["measured_on"])},
            {"label": "Hạn báo cáo", "value": _due(content)},
            {"label": "Số hồ sơ", "value": str(total)},
            {
                "label": "Hồ sơ đạt mọi tiêu chí",
                "value": f"{total - content['failing']} ({share(total - content['failing'], total)})",
            },
        ],
        "bars": [
            {"name": one["name"], "share": n / total if total else 0, "words": share(n, total)}
            for one, n in met
        ],
        "spoken": "; ".join(f"{one['name']}: {share(n, total)}" for one, n in met),
        "criteria": [
            [one["name"], one["measure"], str(n), str(one["failing"]), share(n, total), one["source"]]
            for one, n in met
        ],
        "names": [one["name"] for one, _ in met],
        "units": [_unit(unit, content["criteria"]) for unit in content["units"]],
        "overdue": [
            [one["citation"], str(one["count"]), _day(one["first_due"])] for one in content["overdue"]
        ],
        "reports": [[one["name"], STATES_VI[one["state"]], _sent(one)] for one in content.get("reports", ())],
        "consolidated": "reports" in content,
    }


def period_vi(period: str) -> str:
    """``2026-q4`` as Quý IV năm 2026; ``2026`` as Năm 2026."""
    year, _, quarter = period.partition("-q")
    return f"Quý {('I', 'II', 'III', 'IV')[int(quarter) - 1]} năm {year}" if quarter else f"Năm {year}"


def _unit(unit: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> list[str]:
    failing = (str(unit["criteria"][one["criterion"]]) for one in criteria)
    return [
        unit["name"],
        str(unit["profiles"]),
        *failing,
        share(unit["profiles"] - unit["failing"], unit["profiles"]),
    ]


def _day(text_: str) -> str:
    return f"{date.fromisoformat(text_):%d/%m/%Y}"


def _due(content: Mapping[str, Any]) -> str:
    due = _day(content["due_on"])
    return (
        due + " (văn bản không nêu ngày; ngày theo chính sách của hệ thống)"
        if content["policy_date"]
        else due
    )


def _sent(one: Mapping[str, Any]) -> str:
    if not one["sent_on"]:
        return ""
    late = f", trễ {one['late_days']} ngày làm việc" if one["late_days"] else ""
    return _day(one["sent_on"]) + late
