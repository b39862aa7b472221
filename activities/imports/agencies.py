"""The sheet ``Cơ quan``, and every line that belongs to nobody: the first step of an import."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.imports.lines import Line
from activities.imports.run import Run
from activities.imports.words import finding
from activities.organisation.agencies import (
    Agency,
    Judged,
    Wanted,
    Warrant,
    bearable,
    judge_agencies,
    write_agencies,
)
from models.form import CellIssue, Gathered, people_of, workbook
from models.form.workbook import FIRST_ROW
from models.lifecycle.outcome import Outcome
from models.record.authority_stream import record_on_authority
from models.record.tree import load_tree

SECTION = "agencies"
FATAL = ("missing-sheet", "missing-column")
"""Without these the workbook as a whole cannot be read."""

_CELL = {
    "unknown-parent": ("parent_code", "unknown-agency"),
    "agency-cycle": ("parent_code", "agency-cycle"),
    "agency-ended": ("code", "agency-ended"),
    "several-operators": ("operates_database", "several-operators"),
    "parent-not-standing": ("parent_code", "parent-not-standing"),
    "code-taken": ("code", "code-taken"),
    "move-needs-plan": ("parent_code", "move-needs-plan"),
}
_JUDGED_HERE = ("unknown-agency", "agency-cycle")


_OPERATOR = text(
    "UPDATE authorities SET ict_department_id = :agency"
    " WHERE authority_id = :authority AND ict_department_id IS DISTINCT FROM :agency"
)
_PEOPLED = text(
    "SELECT DISTINCT c.ancestor_id FROM agency_closure c WHERE c.ancestor_id = ANY (:units) AND EXISTS"
    " (SELECT 1 FROM profiles p WHERE p.agency_id = c.descendant_id AND p.chapter <> 'archive')"
)


async def peopled_moves(
    connection: AsyncConnection, gathered: Gathered, known: Mapping[str, Agency]
) -> frozenset[str]:
    """Codes of units with people in or below them that a workbook would put below another agency: that
    takes a plan, as it does of ``POST /agencies/changes``."""
    codes = {one.id: code for code, one in known.items()}
    moved = {}
    for line in gathered.agencies:
        was = known.get(line.values["code"])
        if was is None or was.ended or was.parent_id is None:
            continue
        if codes.get(was.parent_id) != line.values.get("parent_code"):
            moved[was.id] = was.code
    if not moved:
        return frozenset()
    found = await connection.scalars(_PEOPLED, {"units": sorted(moved)})
    return frozenset(moved[one] for one in found)


class Agencies:
    """Judged once against what stands when the attempt begins; ``peopled`` are moves that take a plan."""

    def __init__(
        self, gathered: Gathered, known: Mapping[str, Agency], peopled: Collection[str] = ()
    ) -> None:
        self._lines = gathered.agencies
        operating = [
            line.values["code"] for line in self._lines if line.values.get("operates_database") == "yes"
        ]
        refused = dict.fromkeys(peopled, "move-needs-plan")
        refused |= dict.fromkeys(operating, "several-operators") if len(operating) > 1 else {}
        wanted = [_wanted(line.values) for line in gathered.agencies]
        self.judged = judge_agencies(known, wanted, refused)
        standing = {code: one.id for code, one in known.items() if not one.ended}
        accepted = {
            code: one.agency.id
            for code, one in self.judged.items()
            if one.verdict != "conflict" and one.agency is not None
        }
        self.ids = standing | accepted
        self.operator = accepted.get(operating[0]) if len(operating) == 1 else None

    async def write(self, run: Run, connection: AsyncConnection, orphans: Sequence[Line]) -> list[Line]:
        """Write what is new or changed; the verdicts of the sheet and of the lines that belong to nobody."""
        today, authority = run.scene.today, run.source.authority_id
        if run.dry_run:
            self.judged, _ = bearable(await load_tree(connection), self.judged, today)
        else:
            warrant = Warrant(today, run.source.document, run.source.account_id, run.scene.now)
            self.judged = await write_agencies(connection, authority, self.judged, warrant)
        lines = [self._line(run, line.row, self.judged[line.values["code"]]) for line in self._lines]
        if not run.dry_run:
            changed = [one for one in self.judged.values() if one.verdict in ("create", "update")]
            out = Outcome()
            await self._name_operator(run, connection, out)
            if changed:
                counts = {kind: sum(one.verdict == kind for one in changed) for kind in ("create", "update")}
                out.happened("agencies.imported", None, **{"import": str(run.source.import_id)}, **counts)
            await record_on_authority(connection, run.scene, run.source.authority_id, run.agency_id, out)
        return [*lines, *orphans]

    async def _name_operator(self, run: Run, connection: AsyncConnection, out: Outcome) -> None:
        """Write down the agency that operates the authority's database, where the sheet names one."""
        if self.operator is None:
            return
        agency = self.operator
        named = {"authority": run.source.authority_id, "agency": agency}
        if (await connection.execute(_OPERATOR, named)).rowcount:
            out.happened("operator.named", run.scene.rule("personal_account_management"), agency=str(agency))

    def _line(self, run: Run, row: int, judged: Judged) -> Line:
        sheet = workbook(run.form)[0]
        if judged.problem:
            field, code = _CELL.get(judged.problem, ("code", "not-borne"))
            return Line(SECTION, sheet.title, row, "conflict", None, (finding(sheet, row, field, code),))
        known = judged.agency is not None and judged.verdict != "create"
        return Line(
            SECTION, sheet.title, row, judged.verdict, judged.agency.id if known and judged.agency else None
        )


def _wanted(values: Mapping[str, str]) -> Wanted:
    return Wanted(
        code=values["code"],
        name=values["name"],
        kind=values["kind"],
        parent_code=values.get("parent_code"),
        has_account=values["has_account"] == "yes",
        standing=values.get("standing"),
    )


def orphans(run: Run, gathered: Gathered) -> list[Line]:
    """Lines refused before anybody was asked about them: no person, no key, cells nobody understands."""
    agencies, posts, *_ = (sheet.title for sheet in workbook(run.form))
    section = {agencies: "agencies", posts: "posts"}
    section |= {people_of(form).title: "profiles" for form in (run.form, *run.forms)}
    by_line: dict[tuple[str, int], list[CellIssue]] = defaultdict(list)
    for issue in gathered.issues:
        if issue.row >= FIRST_ROW and not (issue.sheet in (agencies, posts) and issue.code in _JUDGED_HERE):
            by_line[issue.sheet, issue.row].append(issue)
    return [
        Line(section.get(sheet, "tables"), sheet, row, "refused", None, tuple(issues))
        for (sheet, row), issues in by_line.items()
    ]


def whole(gathered: Gathered) -> list[CellIssue]:
    """What is wrong with sheets and columns rather than with lines."""
    return [issue for issue in gathered.issues if issue.row < FIRST_ROW]
