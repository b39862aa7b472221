"""What waits for the department: every list with what stands on it, before it goes out or after."""

from typing import Any

from sqlalchemy import text

from api.reading.lines import MOST, Group, TodayLine
from api.reading.steps import calls
from api.scope import Reading
from models.access import reach
from models.calendar import legal_date
from models.lifecycle.competence import signing_role
from models.record.awaited_acts import AT_GATE
from models.regulations import RuleSet

VERBS = ("release_month", "send_back_items")

_LISTS = text(
    "SELECT m.id, m.agency_id, count(*) AS items, min(i.changed_at) AS since, count(*) OVER () AS n"  # noqa: S608 — constants above
    f" FROM agency_months m JOIN month_items i ON i.agency_month_id = m.id WHERE {AT_GATE}"
    " GROUP BY m.id, m.agency_id, m.month ORDER BY m.month, m.id LIMIT :most"
)


async def at_gate(read: Reading, law: RuleSet) -> Group:
    """The lists that wait; none for those who may not pass them."""
    rule = law.slot("department_gate")
    if rule is None or not reach(read.who.actor, "gate", read.today, law).everywhere:
        return Group(count=0, items=[])
    party = signing_role(rule, "department_officer")
    rows = (await read.connection.execute(_LISTS, {"most": MOST})).all()
    return Group(count=rows[0].n if rows else 0, items=[_line(row, party, rule.citation) for row in rows])


def _line(row: Any, party: str, citation: str) -> TodayLine:
    return TodayLine(
        what="department_gate",
        person=None,
        profile_id=None,
        agency_id=row.agency_id,
        agency_month_id=row.id,
        items=row.items,
        party=party,
        citation=citation,
        since=legal_date(row.since),
        due_on=None,
        days_left=None,
        calls=calls(VERBS, agency_month_id=row.id),
    )
