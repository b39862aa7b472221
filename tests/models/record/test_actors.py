"""Every verb asked by somebody who may not: 403, and no row but the command's own has changed."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from models.calendar import legal_date
from models.command_accounts import (
    CloseAccount,
    EndSessions,
    ExtendGrant,
    GrantRole,
    HandOverAccount,
    IssuePassword,
    OpenAgencyAccount,
    ResetSecondFactor,
    RestrictGrant,
    ResumeAccount,
    RevokeGrant,
    SuspendAccount,
)
from models.command_admin import OrderBackup
from models.command_exports import ExportDossier, PrintDossier
from models.command_law import AdoptLaw, LoadLaw, OpenCampaign, ProclaimYear
from models.command_lists import ApproveByList, CutList, HoldItems, LiftHold
from models.command_sessions import (
    CancelListSigning,
    CancelReportSigning,
    CompleteListSigning,
    CompleteReportSigning,
    OpenListSigning,
    OpenReportSigning,
)
from models.command_signing import (
    CancelSigning,
    CompleteSigning,
    RegisterCertificate,
    WithdrawCertificate,
)
from models.commands import (
    COMMANDS,
    AcceptTransfer,
    ActivateAccount,
    AgreeDelegation,
    AmendSubmission,
    AnswerError,
    ApproveList,
    AskForProfile,
    Body,
    CancelSeparation,
    ClaimTransfer,
    ConfirmMoveOut,
    CreateAccount,
    Delegate,
    EndSecondment,
    EnterForm,
    GiveNotice,
    HandOver,
    OpenOwnSigning,
    OpenProfile,
    OpenSigning,
    PullNationalRecord,
    RefuseTransfer,
    ReleaseMonth,
    ReopenProfile,
    ReportError,
    ReportLostPassword,
    ReportTransfer,
    RequestAccount,
    RequestIntake,
    RequestTransfer,
    ResetPassword,
    ReturnedField,
    ReturnForCorrection,
    RevokeDelegation,
    Second,
    SendBackItems,
    Separate,
    SignReport,
    SubmitDeclaration,
    WithdrawNotice,
    WithdrawTransfer,
)
from models.database import transaction
from models.tables import Table
from tests.models.record import consent_bodies
from tests.models.record.reporting import report
from tests.world import World

DIGEST = "0" * 64
NOBODY = UUID(int=1)
MINE = ("person",)
"""The official the profile is about; ``colleague`` is another one, ``cancelled`` one who moved away."""
HR, SIDE = ("culture.hr",), ("culture.hr", "culture.head")
MANAGERS = ("health.hr", "department", "admin")
"""Who manages the account of health's approver."""
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
    "amend_submission": (),  # this law has what is wrong go back
    "return_for_correction": (*HR, "culture.approver", "culture.head"),
    "approve": ("culture.approver", "culture.head"),
    "open_signing": ("culture.approver", "culture.head"),
    "open_own_signing": MINE,
    "complete_signing": ("culture.approver", "culture.head"),
    "cancel_signing": ("culture.approver", "culture.head"),
    "order_backup": ("admin",),
    "register_certificate": ("health.hr", "department", "admin"),
    "withdraw_certificate": ("health.hr", "department", "admin"),
    "open_agency_account": SIDE,  # the museum below culture; what is at the top is the department's
    "hand_over_account": ("department", "admin"),
    "issue_password": MANAGERS,
    "suspend_account": MANAGERS,
    "resume_account": MANAGERS,
    "close_account": MANAGERS,
    "reset_second_factor": MANAGERS,
    "end_sessions": MANAGERS,
    "grant_role": ("department", "admin"),
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
    "export_dossier": (*HR, "culture.approver", "culture.head", "department", "department.head"),
    "print_dossier": MINE,
    **consent_bodies.ALLOWED,
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


def bodies(world: World) -> dict[str, Body]:
    day = legal_date(world.now)
    reason = {"reason": "không đúng"}
    transfer = RequestTransfer(to_agency_id=world.health, mode="điều động", effective_on=day, document="1/QĐ")
    fields = (ReturnedField(path="gender", reason="sai giới"),)
    made = [
        OpenProfile(
            agency_id=world.culture,
            full_name="Thử",
            personal_id_number="000190000001",
            event_on=day,
            document="1",
        ),
        PullNationalRecord(),
        CreateAccount(login="thu.nt", password_hash="x"),
        ResetPassword(password_hash="x", **reason),
        ActivateAccount(password_hash="y"),
        SubmitDeclaration(revision_id=NOBODY, digest=DIGEST),
        EnterForm(revision_id=NOBODY, digest=DIGEST, confirmed_form=DIGEST),
        AmendSubmission(revision_id=NOBODY, digest=DIGEST, content={"gender": "x"}, **reason),
        AnswerError(duty_id=NOBODY, accepted=True, **reason),
        ReturnForCorrection(revision_id=NOBODY, fields=fields, **reason),
        OpenSigning(revision_id=NOBODY, digest=DIGEST, certificate_id=NOBODY),
        OpenOwnSigning(revision_id=NOBODY, digest=DIGEST, certificate_id=NOBODY),
        CompleteSigning(session_id=NOBODY, prepared=DIGEST),
        CancelSigning(session_id=NOBODY),
        RegisterCertificate(certificate="A" * 100, document="9/GCN"),
        WithdrawCertificate(certificate_id=NOBODY, **reason),
        OrderBackup(document="1/QT"),
        GiveNotice(kind="salary", changed_on=day, document="5"),
        WithdrawNotice(duty_id=NOBODY, **reason),
        ReportError(paths=("gender",), **reason),
        transfer,
        RequestIntake(document="4"),
        ClaimTransfer(
            to_agency_id=world.health, mode="điều động", effective_on=day, decided_on=day, document="1"
        ),
        Second(to_agency_id=world.health, decided_on=day, starts_on=day, ends_on=day, document="7"),
        EndSecondment(**reason),
        ConfirmMoveOut(duty_id=NOBODY, document="8"),
        ReopenProfile(agency_id=world.health, event_on=day, document="9"),
        AskForProfile(),
        Separate(kind="retired", effective_on=day, document="3"),
        CancelSeparation(**reason),
        ExportDossier(purpose="Bổ nhiệm", recipient="Sở Nội vụ"),
        PrintDossier(),
        *consent_bodies.made(world.accounts["health.hr"], day),
        ReportTransfer(document="2"),
        HandOver(handed_over_on=day),
        AcceptTransfer(),
        RefuseTransfer(**reason),
        WithdrawTransfer(**reason),
        ApproveList(),
        CutList(),
        ApproveByList(list_id=NOBODY, digest=DIGEST),
        OpenListSigning(list_id=NOBODY, digest=DIGEST, certificate_id=NOBODY),
        CompleteListSigning(session_id=NOBODY, prepared=DIGEST),
        CancelListSigning(session_id=NOBODY),
        HoldItems(profiles=(NOBODY,), **reason),
        LiftHold(profiles=(NOBODY,), **reason),
        ReleaseMonth(),
        SendBackItems(profiles=(NOBODY,), **reason),
        SignReport(),
        OpenReportSigning(certificate_id=NOBODY),
        CompleteReportSigning(session_id=NOBODY, prepared=DIGEST),
        CancelReportSigning(session_id=NOBODY),
        delegation(world, "culture.hr", world.culture),
        AgreeDelegation(document="8/SNV"),
        RevokeDelegation(**reason),
        LoadLaw(file="moi.yaml", content="id: moi", document="6/QĐ"),
        AdoptLaw(regulation="khong_co", starts=day, document="6/QĐ"),
        ProclaimYear(file="2030.yaml", content="year: 2030", document="6/QĐ"),
        OpenCampaign(document="6/QĐ"),
        RequestAccount(document="4"),
        *account_acts(world, day),
        ReportLostPassword(**reason),  # the last: it locks the person's account
    ]
    return {one.verb: one for one in made}


def account_acts(world: World, day: date) -> list[Body]:
    paper = {"document": "12/ĐN"}
    reason = {**paper, "reason": "không đúng"}
    held = {**paper, "grant_id": NOBODY}
    return [
        OpenAgencyAccount(agency_id=world.museum, login="bao.tang", display_name="Bảo tàng", **paper),
        GrantRole(role="approver", agency_id=world.health, valid_from=day, **paper),
        RestrictGrant(valid_to=day, **held),
        ExtendGrant(**held),
        RevokeGrant(grant_id=NOBODY, **reason),
        IssuePassword(**paper),
        ResetSecondFactor(**reason),
        EndSessions(**reason),
        SuspendAccount(**reason),
        ResumeAccount(**paper),
        HandOverAccount(display_name="Người khác", **paper),
        CloseAccount(**reason),
    ]


def delegation(world: World, who: str, agency: UUID) -> Delegate:
    """The head of culture lets somebody approve for a month."""
    day = legal_date(world.now)
    return Delegate(
        delegate_id=world.accounts[who],
        what="approval",
        agency_id=agency,
        valid_from=day,
        valid_to=day + timedelta(days=30),
        document="7/QĐ",
    )


def subject_of(subjects: dict[str, UUID], body: Body) -> UUID:
    """What the command is about; a delegation still to be given is about itself, law about the authority."""
    return uuid4() if isinstance(body, Delegate | OpenAgencyAccount) else subjects[body.subject]


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
    return {
        "profile": profile,
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
