"""The board's two months: a unit's own list, or for a first-rank agency the sum over all beneath it.

Each number says where its profiles are, so that it opens the list of them with what is missing of each.
"""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.reading.months import STATES
from api.reading.steps import ROOT
from api.scope import Reading
from models.access import Reach

SIGNED = ("approved", "held", "cleared", "sent", "accepted", "rejected", "released", "sent_back")
"""States of an item whose revision was signed for this month."""
TAKEN = ("accepted", "released")
"""States of an item that the national database took."""


class MonthFigures(BaseModel):
    """One month's list of whoever synchronises for the unit; of a subtree the sum of all its lists."""

    agency_month_id: UUID | None = Field(
        title="Danh sách tháng",
        description="Không có: cộng nhiều danh sách / none where it is a sum of several",
    )
    month: str = Field(title="Tháng")
    state: str = Field(
        title="Trạng thái", description="`closed` khi mọi danh sách đã kết thúc / once every list is"
    )
    lists: int = Field(title="Số danh sách")
    listed: int = Field(title="Số hồ sơ trong danh sách")
    signed: int = Field(title="Đã ký")
    accepted: int = Field(title="Cơ sở dữ liệu quốc gia đã nhận")
    opens: dict[str, str] = Field(
        title="Mở danh sách",
        description="Hồ sơ sau từng số và phần còn lại, kèm trạng thái, lý do; với số cộng: các danh sách"
        " / the profiles behind each number and the rest, with state and reason; of a sum, its lists",
    )


_BELOW = f"m.agency_id = ANY ({permits.AGENCIES.replace(':subtrees', ':agencies')})"
# A unit's own list; for a unit of the first rank those of all beneath it, as its profiles are counted.
_LISTS = (
    "SELECT p.agency_id, m.month, count(*) AS lists, min(m.id::text)::uuid AS id,"  # noqa: S608 — fragments of this file, values bound
    " sum(m.listed)::int AS listed,"
    " CASE WHEN bool_and(m.state = 'closed') THEN 'closed' WHEN count(*) = 1 THEN min(m.state)"
    "   ELSE 'open' END AS state,"
    " sum(i.signed)::int AS signed, sum(i.accepted)::int AS accepted"
    " FROM (SELECT unit, {place} AS agency_id FROM (SELECT DISTINCT m.agency_id AS unit FROM agency_months m"
    "   WHERE m.month = ANY (:months) AND m.kind = 'month' AND {within}"
    f"   AND {_BELOW}) u) p"
    " JOIN agency_months m ON m.agency_id = p.unit AND m.month = ANY (:months) AND m.kind = 'month'"
    " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE i.state = ANY (:signed)) AS signed,"
    "   count(*) FILTER (WHERE i.state = ANY (:taken)) AS accepted"
    "   FROM month_items i WHERE i.agency_month_id = m.id) i"
    " WHERE p.agency_id = ANY (:agencies) GROUP BY 1, 2"
)


def previous(month: str) -> str:
    """The month before a month."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year}-{number - 1:02}" if number > 1 else f"{year - 1}-12"


async def lists_of(
    read: Reading, reach: Reach, agencies: list[UUID], month: str, place: str
) -> dict[tuple[UUID, str], Any]:
    """The lists of the units on the page, of two months, by unit and month; as far as their people count."""
    values: dict[str, Any] = {"agencies": agencies, "months": [month, previous(month)]}
    values |= {"signed": list(SIGNED), "taken": list(TAKEN)}
    query = _LISTS.format(place=place, within=permits.covered(reach, "m.agency_id", values))
    return {(row.agency_id, row.month): row for row in await read.connection.execute(text(query), values)}


def figures(row: Any) -> MonthFigures | None:
    """What one month came to; none where nobody made a list of it."""
    if row is None:
        return None
    names = ("month", "state", "lists", "listed", "signed", "accepted")
    values = {name: row._mapping[name] for name in names}
    alone = row.lists == 1
    opens = (
        _opening(row.id)
        if alone
        else {"lists": f"{_LISTED}?agency={row.agency_id}&below=true&month={row.month}"}
    )
    return MonthFigures(agency_month_id=row.id if alone else None, opens=opens, **values)


_LISTED = f"{ROOT}/agency-months"


def _opening(month_id: UUID) -> dict[str, str]:
    """Where the profiles behind each number of one list are, and those that it leaves out."""
    behind = {"signed": SIGNED, "accepted": TAKEN}
    behind |= {f"not_{name}": tuple(set(STATES).difference(states)) for name, states in behind.items()}
    return {
        name: f"{_LISTED}/{month_id}?" + "&".join(f"state={one}" for one in STATES if one in states)
        for name, states in behind.items()
    }
