"""Every verb asked by somebody who may not: 403, and no row but the command's own has changed."""

from uuid import UUID, uuid4

from sqlalchemy import text

from models.calendar import legal_date
from models.command_accounts import (
    OpenAgencyAccount,
    OpenServiceAccount,
)
from models.command_registers import RecordBreach
from models.command_reorganisation import DraftReorganisation
from models.command_tree import TREE_ACTS
from models.commands import (
    COMMANDS,
    Body,
    Delegate,
    RevokeDelegation,
    Separate,
)
from models.database import transaction
from models.tables import Table
from tests.models.record import consent_bodies, disposal_bodies, merge_bodies, plans, register_bodies
from tests.models.record.asked_for import bodies, delegation
from tests.models.record.reporting import report
from tests.world import World

MINE = ("person",)
"""The official the profile is about; ``colleague`` is another one, ``cancelled`` one who moved away."""
HR, SIDE = ("culture.hr",), ("culture.hr", "culture.head")
MANAGERS = ("health.hr", "department", "admin")
"""Who manages the account of health's approver."""
EXPORTERS = (*HR, "culture.approver", "culture.head", "department", "department.head")
SIGNS_EXPORTS = ("culture.approver", "culture.head", "department.head")
"""Who exports under an own signature; others under the agency's seal."""
TREE_VERBS = [one.verb for one in TREE_ACTS]
ALLOWED = {
    "open_profile": HR,
    "pull_national_record": (*HR, "department"),
    "create_account": (*HR, "department", "admin"),
    "request_account": (),  # this law knows no request
    "reset_password": (*HR, "department", "admin"),
    "report_lost_password": (*MINE, *SIDE),
    "activate_account": MINE,
    "submit_declaration": MINE,
    "report_error": MINE,
    "enter_form": (),  # this law has the person declare
    "answer_error": HR,
    "change_fields": HR,
    "amend_submission": (),  # this law has what is wrong go back
    "return_for_correction": (*HR, "culture.approver", "culture.head"),
    "approve": ("culture.approver", "culture.head"),
    "open_signing": ("culture.approver", "culture.head"),
    "open_own_signing": MINE,
    "complete_signing": ("culture.approver", "culture.head"),
    "cancel_signing": ("culture.approver", "culture.head"),
    "order_backup": ("admin",),
    "check_escrow": ("admin",),
    "pause_party": ("admin",),
    "resume_party": ("admin",),
    "announce_maintenance": ("admin",),
    "lift_maintenance": ("admin",),
    "order_reconciliation": ("department", "department.head"),
    "answer_proposal": ("person", *HR),
    **dict.fromkeys(TREE_VERBS, ("culture.head", "department", "admin")),
    "register_certificate": ("health.hr", "department", "admin"),
    "withdraw_certificate": ("health.hr", "department", "admin"),
    **dict.fromkeys(("open_service_account", "register_service_key", "withdraw_service_key"), ("admin",)),
    "open_agency_account": SIDE,  # the museum below culture; what is at the top is the department's
    "hand_over_account": ("department", "admin"),
    "issue_password": MANAGERS,
    "suspend_account": MANAGERS,
    "resume_account": MANAGERS,
    "close_account": MANAGERS,
    "reset_second_factor": MANAGERS,
    "end_sessions": MANAGERS,
    "grant_role": ("department", "admin"),
    "appoint": ("department", "admin"),
    "relieve": MANAGERS,
    "restrict_grant": MANAGERS,
    "extend_grant": MANAGERS,
    "revoke_grant": MANAGERS,
    "give_notice": HR,
    "withdraw_notice": HR,
    "request_intake": HR,
    "request_transfer": SIDE,
    "claim_transfer": ("health.hr",),
    "second": SIDE,
    "end_secondment": SIDE,
    "confirm_move_out": (*SIDE, "department"),
    "reopen_profile": ("health.hr",),
    "ask_for_profile": ("health.hr",),
    "export_dossier": EXPORTERS,
    "open_export_signing": SIGNS_EXPORTS,
    "complete_export_signing": EXPORTERS,
    "cancel_export_signing": EXPORTERS,
    "print_dossier": MINE,
    **consent_bodies.ALLOWED,
    **register_bodies.ALLOWED,
    **plans.ALLOWED,
    **disposal_bodies.ALLOWED,
    **merge_bodies.ALLOWED,
    "separate": SIDE,
    "cancel_separation": SIDE,
    "report_transfer": (*SIDE, "department"),
    "hand_over": SIDE,
    "withdraw_transfer": SIDE,
    "accept_transfer": ("health.hr",),
    "refuse_transfer": ("health.hr",),
    "approve_list": ("culture.approver", "culture.head"),
    "cut_list": ("culture.approver", "culture.head"),
    "approve_by_list": ("culture.approver", "culture.head"),
    "open_list_signing": ("culture.approver", "culture.head"),
    "complete_list_signing": ("culture.approver", "culture.head"),
    "cancel_list_signing": ("culture.approver", "culture.head"),
    "hold_items": ("culture.approver", "culture.head"),
    "lift_hold": ("culture.approver", "culture.head"),
    **dict.fromkeys(("release_month", "send_back_items"), ("department", "department.head")),
    "sign_report": ("culture.approver", "culture.head"),
    "open_report_signing": ("culture.approver", "culture.head"),
    "complete_report_signing": ("culture.approver", "culture.head"),
    "cancel_report_signing": ("culture.approver", "culture.head"),
    "delegate": ("culture.head",),
    "agree_delegation": (),
    "revoke_delegation": ("culture.head", "culture.hr"),
    "open_campaign": (),  # this law asks for none
    "load_law": ("admin",),
    "adopt_law": ("admin",),
    "proclaim_year": ("admin",),
    "propose_code_list": ("department", "admin"),
    "decide_code_list": ("department", "admin"),
}
"""Who may, of the people below; everybody else may not."""
REFUSALS = ("not-permitted", "own-approval", "not-competent", "delegation-beyond-right")
PEOPLE = (
    "culture.hr",
    "culture.approver",
    "culture.head",
    "health.hr",
    "health.approver",
    "department",
    "department.head",
    "admin",
    "person",
    "colleague",
    "cancelled",
)


NEW = (Delegate, OpenAgencyAccount, OpenServiceAccount, RecordBreach, DraftReorganisation)


def subject_of(subjects: dict[str, UUID], body: Body) -> UUID:
    """What the command is about; a delegation still to be given is about itself, law about the authority."""
    return uuid4() if isinstance(body, NEW) else subjects[body.subject]


def test_every_verb_has_its_people() -> None:
    assert set(ALLOWED) == {command.verb for command in COMMANDS}


async def cast(world: World) -> dict[str, UUID]:
    """The people and the subjects: a transfer handed over with a submission waiting, and an open month."""
    cancelled = await world.employ()
    day = legal_date(world.now)
    await world.ask("culture.hr", Separate(kind="moved_out", effective_on=day, document="3"), cancelled)
    world.accounts["cancelled"] = world.accounts["person"]
    await world.employ()
    world.accounts["colleague"] = world.accounts["person"]
    profile = await world.employ()
    await world.submit(profile, changed_on=day)
    case = await world.transfer(profile)
    month = UUID(int=profile.int ^ 1)
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, '2025-12', 'open',"
        " '2025-12-27', '2025-12-31', '2025-12-31', :now, 1, 0, :now, '{}') RETURNING id",
        id=month,
        a=world.authority,
        g=world.culture,
        now=world.now,
    )
    lent = uuid4()
    given = await world.ask(
        "culture.head", delegation(world, "culture.hr", world.museum), lent, subject="delegation"
    )
    assert given.status == 201, given.answer
    await world.ask("culture.hr", RevokeDelegation(reason="thôi nhận"), lent, subject="delegation")
    breach, told = uuid4(), register_bodies.breach(world.culture, world.now)
    assert (await world.ask("culture.hr", told, breach, subject="breach")).status == 201
    return {
        "profile": profile,
        "breach": breach,
        "reorganisation": await plans.drafted(world),
        "transfer": case,
        "agency_month": month,
        "delegation": lent,
        "review": await report(world),
        "law": world.authority,
        "administration": world.authority,
        "certificate": world.accounts["health.approver"],
        "account": world.accounts["health.approver"],
    }


async def picture(world: World) -> dict[str, list[str]]:
    """Every row of every table but the commands."""
    found = {}
    async with transaction(world.tools.engine, world.scope) as connection:
        for table in Table.metadata.sorted_tables:
            if table.name != "commands":
                rows = await connection.execute(text(f"SELECT t::text FROM {table.name} t ORDER BY 1"))
                found[table.name] = list(rows.scalars())
    return found


async def test_whoever_may_not_gets_403_and_changes_nothing(world: World) -> None:
    subjects = await cast(world)
    approve = await world.pending(subjects["profile"])
    before = await picture(world)
    refused = 0
    for verb, body in {**bodies(world), "approve": approve}.items():
        for who in PEOPLE:
            if who in ALLOWED[verb]:
                continue
            fate = await world.ask(who, body, subject_of(subjects, body), subject=body.subject)
            assert (fate.status, fate.settled) == (403, True), (verb, who, fate.answer)
            assert fate.answer["code"] in REFUSALS, (verb, who)
            refused += 1
    assert refused == len(PEOPLE) * len(ALLOWED) - sum(len(a) for a in ALLOWED.values())
    assert await picture(world) == before


async def test_whoever_may_is_not_refused_for_who_they_are(world: World) -> None:
    subjects = await cast(world)
    approve = await world.pending(subjects["profile"])
    for verb, body in {**bodies(world), "approve": approve}.items():
        if verb in ("accept_transfer", "refuse_transfer", "withdraw_transfer"):
            continue  # they end the transfer; the races accept, refuse and withdraw
        for who in ALLOWED[verb]:
            fate = await world.ask(who, body, subject_of(subjects, body), subject=body.subject)
            assert fate.status != 403, (verb, who, fate.answer)


async def test_nobody_approves_the_own_profile_whatever_role_they_hold(world: World) -> None:
    profile = await world.employ(until="review")
    await world.rows(
        "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from) VALUES"
        " (:id, :a, :who, :g, 'approver', '2025-01-01') RETURNING id",
        id=UUID(int=profile.int ^ 2),
        a=world.authority,
        who=world.accounts["person"],
        g=world.culture,
    )
    fate = await world.ask("person", await world.pending(profile), profile)
    assert (fate.status, fate.answer["code"]) == (403, "own-approval")
