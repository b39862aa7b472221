"""`hoso law …`: the regulations checked, shown, and accounted for by tests."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml

from api.cli.deadline import parse_day, refuse
from api.cli.law_acts import adopt, load
from api.cli.law_diff import diff
from api.cli.law_marks import scan
from api.cli.law_moves import moves
from api.cli.law_simulate import simulate
from api.cli.law_unit import unit
from models.calendar import legal_date
from models.calendar.loader import FOLDER as YEARS
from models.calendar.loader import check_years
from models.calendar.source import Problem, SourceError
from models.regulations import (
    MissingSlots,
    NoLawInForce,
    Obligation,
    OverlappingRegulations,
    Regulation,
    Rule,
    RuleSet,
    Slot,
    UnknownRule,
    in_force,
    load_all,
    load_policy,
    load_successions,
    seed,
    seed_files,
)
from models.regulations.policy import FILE as POLICY
from models.regulations.succession import FILE as SUCCESSION

law_app = typer.Typer(no_args_is_help=True, help="Quy định pháp luật dưới dạng dữ liệu / the law as data")

law_app.command()(diff)
law_app.command("load")(load)
law_app.command("adopt")(adopt)
law_app.command()(simulate)
law_app.command()(moves)
law_app.command()(unit)

PROVEN = frozenset({"deadline", "approval", "transfer", "account", "access", "report"})

Authority = Annotated[str | None, typer.Option(help="Cơ quan / authority")]
On = Annotated[str | None, typer.Option(help="Ngày / day, YYYY-MM-DD")]
Simulate = Annotated[
    list[str] | None, typer.Option(help="Đọc như đang có hiệu lực / read as if in force: a draft's id")
]


@law_app.command()
def check(files: Annotated[list[Path] | None, typer.Argument()] = None) -> None:
    """Kiểm tra mọi tệp luật và lịch / Check every file of law and calendar."""
    paths = files or [*seed_files(), POLICY, SUCCESSION, *sorted(YEARS.glob("*.yaml"))]
    problems = sorted(check_files(paths))
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{len(paths)} tệp, không có lỗi / files, no problem")


def check_files(paths: list[Path]) -> list[Problem]:
    """Every problem of the files: calendar years, ladders and regulations, told apart by their first keys."""
    years: list[Path] = []
    policies: list[Path] = []
    regulations: list[Path] = []
    successions: list[Path] = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        keys = {line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()}
        if "successions" in keys:
            successions.append(path)
            continue
        group = years if "year" in keys else policies if "steps" in keys else regulations
        group.append(path)
    problems = check_years(years)
    readers = [(load_policy, path) for path in policies] + [(load_successions, path) for path in successions]
    for reader, path in readers:
        try:
            reader(path)
        except SourceError as error:
            problems += error.problems
    try:
        load_all(regulations)
    except SourceError as error:
        problems += error.problems
    return problems


@law_app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="Mã điều khoản hoặc slot / rule id or slot")] = None,
    authority: Authority = None,
    on: On = None,
    simulate: Simulate = None,
) -> None:
    """Xem quy định đang có hiệu lực / Show the law in force."""
    for rules in resolve(authority, on, name, simulate or ()):
        if name is None:
            _table_of_contents(rules)
        elif name in tuple(Slot):
            typer.echo(_purpose(rules, Slot(name)))
        else:
            typer.echo(_yaml(rules.rule(name)))


def _table_of_contents(rules: RuleSet) -> None:
    typer.echo(f"{rules.authority}, {rules.on}, {rules.hash}")
    for slot in rules.slots:
        typer.echo(f"  {slot:<26} {'; '.join(rule.citation for rule in rules.every(slot))}")


def resolve(
    authority: str | None, on: str | None, name: str | None = None, simulate: Collection[str] = ()
) -> list[RuleSet]:
    """The law of the authority asked for, or of every packaged one that has law in force on that day.

    Of those whose documents are simulated, where some are. A rule id or slot narrows it to the law that
    knows it, a rule of a local layer being known once. Exits with status 2 where nothing is left.
    """
    day = parse_day(on) if on else _today()
    found: list[RuleSet] = []
    problems: list[str] = []
    for one in [authority] if authority else packaged(simulate):
        try:
            found.append(in_force(one, day, simulate=simulate))
        except (NoLawInForce, MissingSlots, OverlappingRegulations) as error:
            problems.append(str(error))
    if not found:
        refuse("\n".join(problems))
    if name in tuple(Slot):
        found = [rules for rules in found if rules.every(name)]
        if not found:
            refuse(f"không có quy định cho / no rule for: {name}")
    elif name is not None:
        found = [rules for rules in found if any(rule.id == name for rule in rules.rules)][:1]
        if not found:
            refuse(str(UnknownRule(name)))
    return found


def packaged(simulate: Collection[str] = ()) -> list[str]:
    """The authorities that have a regulation of their own: any packaged one, or those simulated."""
    known = {one.id: one.authority for one in seed()}
    strange = [name for name in simulate if name not in known]
    if strange:
        refuse(f"không có văn bản / no regulation: {', '.join(strange)} (có / known: {', '.join(known)})")
    owners = {known[name] for name in simulate} - {None} or set(known.values())
    return sorted(owner for owner in owners if owner)


def _today() -> date:
    return legal_date(datetime.now(UTC))


def _purpose(rules: RuleSet, slot: Slot) -> str:
    """What answers whatever the facts, then the rules that answer only under some."""
    found = rules.slot(slot)
    general = found.rule_ids if found else ()
    particular = (_yaml(rule) for rule in rules.every(slot) if rule.id not in general)
    return "\n".join([*([_obligation(found)] if found else []), *particular])


def _obligation(found: Obligation) -> str:
    lines = [f"# {found.slot}: {found.citation}", f"# {found.citation_en}"]
    note = found.succession_note
    lines += [f"# {note['vi']}", f"# {note['en']}"] if note else []
    lines += [f"# chữ ký / signature: {found.signature}"] if found.signature != "none_stated" else []
    return "\n".join([*lines, *(_yaml(rule) for rule in (found.rule, *found.also))])


def _yaml(rule: Rule) -> str:
    data = rule.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)


@law_app.command()
def coverage(
    authority: Authority = None,
    on: On = None,
    simulate: Simulate = None,
    tests: Annotated[Path, typer.Option(help="Thư mục kiểm thử / folder of tests")] = Path("tests"),
    prove: Annotated[bool, typer.Option("--prove", help="Sửa từng điều khoản / alter each rule")] = False,
    only: Annotated[str | None, typer.Option("--rule", help="Một điều khoản / one rule")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Chạy mọi kiểm thử mỗi lần sửa / every marked test each time")
    ] = False,
) -> None:
    """Ai thực hiện từng điều khoản, kiểm thử nào chứng minh / Who carries each rule, which tests prove it."""
    rules = [rule for rule in _asked(authority, on, simulate or ()) if only in (None, rule.id)]
    if not rules:
        refuse(str(UnknownRule(only or "")))
    try:
        marks = scan(tests)
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    unproven = _table(rules, marks)
    if unproven:
        typer.echo(f"chưa có kiểm thử / without a test: {', '.join(unproven)}", err=True)
        raise typer.Exit(1)
    if prove and not _prove(rules, marks, every=every):
        raise typer.Exit(1)


def _asked(authority: str | None, on: str | None, simulate: Collection[str]) -> list[Rule]:
    """The rules of one authority's law, or of every packaged document: drafts too are accounted for."""
    if authority is not None or simulate:
        return list(resolve(authority, on, None, simulate)[0].rules)
    day = parse_day(on) if on else None
    return [rule for one in seed() if day is None or _stands(one, day) for rule in one.rules]


def _stands(one: Regulation, day: date) -> bool:
    return (one.valid_from or date.min) <= day <= (one.valid_to or date.max)


def _table(rules: list[Rule], marks: dict[str, set[str]]) -> list[str]:
    """Print who carries each rule; return the ones that need a test and have none."""
    for rule in rules:
        files = ", ".join(sorted(marks.get(rule.id, ()))) or "–"
        carried = files if rule.carried_by == "code" else f"{rule.carrier}: {rule.shown}"
        typer.echo(f"{rule.id:<20} {rule.kind:<14} {rule.carried_by:<11} {carried}")
    counts = {who: sum(rule.carried_by == who for rule in rules) for who in ("code", "people", "other_side")}
    nobody = [rule.id for rule in rules if not accounted(rule)]
    typer.echo(f"{len(rules)} điều khoản / rules: {counts}; không ai thực hiện / unaccounted: {len(nobody)}")
    return nobody + [rule.id for rule in rules if must_be_proven(rule) and rule.id not in marks]


def accounted(rule: Rule) -> bool:
    """Whether code has a purpose for it, or it says who carries it and what the software then shows."""
    return bool(rule.slot) if rule.carried_by == "code" else bool(rule.carrier and rule.shown)


def must_be_proven(rule: Rule) -> bool:
    """Whether code carries it and it is of a kind whose alteration a test must notice.

    A document with the text of another is proven by that other and by being equal to it.
    """
    copies = {one.id for one in seed() if one.same_text_as}
    return rule.carried_by == "code" and rule.kind in PROVEN and rule.regulation not in copies


def _prove(rules: list[Rule], marks: dict[str, set[str]], *, every: bool) -> bool:
    """Alter every rule that must be proven and print what no test noticed."""
    try:
        from api.cli import law_proof  # pytest is a tool of development
    except ImportError:
        refuse("cần pytest: make setup / pytest is needed: make setup")
    proven = [rule for rule in rules if must_be_proven(rule)]
    problems: list[str | None] = []

    def report(rule: Rule | None, label: str, problem: str | None) -> None:
        problems.append(problem)
        typer.echo(f"{rule.id if rule else '–':<20} {label:<38} {problem or 'OK'}")

    files = sorted(set().union(*(marks[rule.id] for rule in proven)))
    law_proof.prove(proven, files, report, every=every)
    unnoticed = [problem for problem in problems if problem]
    typer.echo(
        f"{len(proven)} điều khoản / rules, {len(problems)} sửa đổi / alterations, "
        f"{len(unnoticed)} lọt / unnoticed"
    )
    return not unnoticed
