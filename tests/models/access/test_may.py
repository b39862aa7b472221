from datetime import date, timedelta
from uuid import UUID

import pytest

from models.access import OFFICIAL, Actor, Allowed, Denied, Grant, Target, Verb, may, roles
from models.regulations import in_force

TODAY = date(2026, 3, 2)
RULES = in_force("hanoi", TODAY)
HANOI, ELSEWHERE = UUID(int=1), UUID(int=2)
CITY, DEPARTMENT, SCHOOL, OTHER = (UUID(int=n) for n in (10, 11, 12, 13))
OWN, COLLEAGUE = UUID(int=20), UUID(int=21)
ACCOUNT, DELEGATOR, AUTHOR = UUID(int=30), UUID(int=31), UUID(int=32)

ABOUT_COLLEAGUE = Target(SCHOOL, (SCHOOL, DEPARTMENT, CITY), COLLEAGUE, author_account_id=AUTHOR)
ABOUT_SELF = Target(SCHOOL, (SCHOOL, DEPARTMENT, CITY), OWN, author_account_id=AUTHOR)
OF_THE_AGENCY = Target(SCHOOL, (DEPARTMENT, CITY))

OFFICER_VERBS = sorted(set(Verb) - {Verb.READ_OWN, Verb.PRINT_OWN, Verb.DECLARE})
OWN_VERBS = (
    Verb.READ_OWN,
    Verb.PRINT_OWN,
    Verb.DECLARE,
    Verb.ANSWER_NATIONAL,
    Verb.REPORT_LOST_PASSWORD,
    Verb.ASK_RECTIFICATION,
)
WHOLE = {"approve", "amend", "gate", "export", "propose_merge", "approve_merge"}
SEPARATED = sorted(verb for verb, words in roles().verbs.items() if "subject" in words.never)


def person(*grants: Grant) -> Actor:
    return Actor(ACCOUNT, OWN, HANOI, grants)


def holding(role: str, agency: UUID = SCHOOL, **more: object) -> Actor:
    return person(Grant(role, agency, TODAY - timedelta(days=30), **more))


def code(answer: Allowed | Denied) -> str:
    return "allowed" if isinstance(answer, Allowed) else answer.code


@pytest.mark.parametrize(
    ("role", "verb"),
    [
        ("approver", "approve"),
        ("approver", "amend"),
        ("department_officer", "gate"),
        ("head", "export"),
        ("hr_officer", "propose_merge"),
        ("head", "approve_merge"),
    ],
)
def test_nobody_vouches_for_fields_the_grant_withholds_or_takes_them_out(role: str, verb: str) -> None:
    narrowed, whole = holding(role, DEPARTMENT, level=3), holding(role, DEPARTMENT, level=4)
    assert code(may(narrowed, verb, ABOUT_COLLEAGUE, TODAY)) == "field-withheld"
    assert code(may(whole, verb, ABOUT_COLLEAGUE, TODAY)) == "allowed"
    assert {one for one, words in roles().verbs.items() if words.whole} == WHOLE


# --- one's own data


@pytest.mark.parametrize("verb", OWN_VERBS)
def test_a_person_reads_and_declares_the_own_data_and_nobody_elses(verb: Verb) -> None:
    answer = may(person(), verb, ABOUT_SELF, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.role == OFFICIAL
    assert code(may(person(), verb, ABOUT_COLLEAGUE, TODAY, RULES)) == "not-permitted"
    assert code(may(person(), verb, OF_THE_AGENCY, TODAY, RULES)) == "not-permitted"


@pytest.mark.rule("hanoi.art8.3.a")
def test_reading_the_own_data_cites_its_article_and_falls_with_it() -> None:
    answer = may(person(), "read_own", ABOUT_SELF, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.slot == "own_data"
    assert answer.citation is not None
    assert "Điều 8.3" in answer.citation
    refused = may(person(), "read_own", ABOUT_SELF, TODAY, RULES.without("hanoi.art8.3.a"))
    assert isinstance(refused, Denied)
    assert "Không có quy định nào" in refused.reason_vi
    assert "No rule in force" in refused.reason_en


@pytest.mark.parametrize("verb", sorted(set(OFFICER_VERBS) - set(OWN_VERBS)))
def test_a_person_without_a_role_may_do_nothing_else(verb: Verb) -> None:
    for target in (ABOUT_SELF, ABOUT_COLLEAGUE, OF_THE_AGENCY):
        refused = may(person(), verb, target, TODAY, RULES)
        assert isinstance(refused, Denied)
        assert refused.code == "not-permitted"
        assert roles().verbs[verb].vi in refused.reason_vi
        assert roles().verbs[verb].en in refused.reason_en


@pytest.mark.parametrize("verb", sorted(Verb))
def test_an_account_without_person_or_role_may_do_nothing(verb: Verb) -> None:
    nobody = Actor(ACCOUNT, None, HANOI)
    for target in (ABOUT_SELF, OF_THE_AGENCY, Target(SCHOOL)):
        assert code(may(nobody, verb, target, TODAY, RULES)) == "not-permitted"


# --- roles: the whole table, written down a second time

TABLE = {
    "hr_officer": "open_agency_account manage_account manage_access "
    "read_profile export give_notice answer_national return_for_correction create_profile create_account "
    "pull_record request_transfer report_transfer hand_over accept_transfer refuse_transfer separate archive "
    "read_reports import_workbook report_lost_password record_breach answer_rectification read_register "
    "propose_merge",
    "hr_head": "plan_reorganisation propose_merge "
    "read_profile export approve return_for_correction read_reports answer_rectification "
    "read_register",
    "approver": "read_profile export approve return_for_correction read_reports sign_report",
    "head": "consent_access open_agency_account manage_account hand_over_account manage_access "
    "manage_agency plan_reorganisation approve_reorganisation "
    "read_profile export approve return_for_correction request_transfer report_transfer hand_over "
    "accept_transfer refuse_transfer separate sync read_reports sign_report report_lost_password "
    "record_breach answer_rectification decide_dispute read_register "
    "hold_file propose_disposal approve_disposal approve_merge",
    "department_officer": "consent_access open_agency_account manage_account hand_over_account manage_access "
    "manage_agency plan_reorganisation "
    "read_profile read_archive export report_transfer create_account pull_record gate reconcile "
    "read_reports import_workbook sign_report record_breach answer_breach decide_dispute read_register "
    "hold_file propose_disposal propose_merge",
    "department_head": "approve_reorganisation approve_merge "
    "consent_access read_profile read_archive export gate reconcile read_reports "
    "sign_report record_breach answer_breach decide_dispute read_register "
    "hold_file propose_disposal approve_disposal",
    "sync_agent": "read_profile sync",
    "consent_reader": "read_profile",
    "archivist": "read_archive propose_disposal",
    "auditor": "read_profile read_archive read_reports read_log inspect_workflow read_register",
    "administrator": "open_agency_account manage_account hand_over_account manage_access manage_agency "
    "create_account import_workbook inspect_workflow administer record_breach plan_reorganisation",
}


def test_the_table_above_names_every_role() -> None:
    assert set(TABLE) | {OFFICIAL} == set(roles().roles)


@pytest.mark.parametrize("role", sorted(TABLE))
@pytest.mark.parametrize("verb", OFFICER_VERBS)
def test_a_role_may_do_exactly_what_the_table_says(role: str, verb: Verb) -> None:
    expected = "allowed" if verb in TABLE[role].split() else "not-permitted"
    assert code(may(holding(role), verb, ABOUT_COLLEAGUE, TODAY, RULES)) == expected


@pytest.mark.parametrize("role", ["hr_officer", "approver", "head", "sync_agent", "consent_reader"])
def test_a_role_of_an_agency_reaches_what_lies_below_it_only(role: str) -> None:
    assert code(may(holding(role, DEPARTMENT), "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)) == "allowed"
    assert code(may(holding(role, OTHER), "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)) == "not-permitted"
    above = Target(CITY, (CITY,), COLLEAGUE)
    assert code(may(holding(role, DEPARTMENT), "read_profile", above, TODAY, RULES)) == "not-permitted"


@pytest.mark.rule("hanoi.art8.2")
def test_agencies_read_their_own_people_by_article_8_2() -> None:
    answer = may(holding("hr_officer"), "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.citation is not None
    assert "Điều 8.2" in answer.citation
    gone = RULES.without("hanoi.art8.2")
    assert code(may(holding("hr_officer"), "read_profile", ABOUT_COLLEAGUE, TODAY, gone)) == "not-permitted"
    narrow = RULES.replace("hanoi.art8.2", scope="own_agency")
    assert code(may(holding("hr_officer"), "read_profile", ABOUT_COLLEAGUE, TODAY, narrow)) == "allowed"
    wide = holding("hr_officer", DEPARTMENT)
    assert code(may(wide, "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)) == "allowed"
    assert code(may(wide, "read_profile", ABOUT_COLLEAGUE, TODAY, narrow)) == "not-permitted"


@pytest.mark.rule("hanoi.art8.1")
def test_the_department_reads_the_whole_city_by_article_8_1() -> None:
    officer = holding("department_officer", OTHER)
    answer = may(officer, "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.citation is not None
    assert "Điều 8.1" in answer.citation
    narrow = RULES.replace("hanoi.art8.1", scope="subtree")
    assert code(may(officer, "read_profile", ABOUT_COLLEAGUE, TODAY, narrow)) == "not-permitted"
    gone = RULES.without("hanoi.art8.1")
    assert code(may(officer, "read_profile", ABOUT_COLLEAGUE, TODAY, gone)) == "not-permitted"


@pytest.mark.rule("hanoi.art8.3.b")
def test_others_data_is_read_by_written_consent_only() -> None:
    consented = holding("consent_reader", valid_to=TODAY + timedelta(days=1))
    answer = may(consented, "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.slot == "consent_access"
    assert code(may(person(), "read_profile", ABOUT_COLLEAGUE, TODAY, RULES)) == "not-permitted"
    gone = RULES.without("hanoi.art8.3.b")
    assert code(may(consented, "read_profile", ABOUT_COLLEAGUE, TODAY, gone)) == "not-permitted"


@pytest.mark.rule("hanoi.art14.2")
def test_the_department_alone_stands_at_the_gate() -> None:
    for role in ("department_officer", "department_head"):
        answer = may(holding(role, OTHER), "gate", OF_THE_AGENCY, TODAY, RULES)
        assert isinstance(answer, Allowed)
        assert answer.citation is not None
        assert "Điều 14.2" in answer.citation
    for role in sorted(set(TABLE) - {"department_officer", "department_head"}):
        assert code(may(holding(role), "gate", OF_THE_AGENCY, TODAY, RULES)) == "not-permitted"


@pytest.mark.rule("moha.art7.1.a")
@pytest.mark.parametrize("role", ["hr_officer", "head"])
def test_an_account_is_asked_for_only_under_a_law_that_says_so(role: str) -> None:
    asking = in_force("moha", TODAY)
    answer = may(holding(role), "request_account", ABOUT_COLLEAGUE, TODAY, asking)
    assert isinstance(answer, Allowed)
    assert answer.citation is not None
    assert "Điều 7.1" in answer.citation
    assert code(may(holding(role), "request_account", ABOUT_COLLEAGUE, TODAY, RULES)) == "not-permitted"


@pytest.mark.parametrize("role", ["hr_officer", "department_officer", "department_head"])
def test_who_reviews_before_the_approval_does_so_only_under_a_law_that_asks_it(role: str) -> None:
    steps = in_force("moha", TODAY)
    assert code(may(holding(role), "approve", ABOUT_COLLEAGUE, TODAY, steps)) == "allowed"
    assert code(may(holding(role), "approve", ABOUT_COLLEAGUE, TODAY, RULES)) == "not-permitted"


def standing_on(rule: str, role: str, verb: str, article: str) -> object:
    return pytest.param(role, verb, article, marks=pytest.mark.rule(rule), id=f"{role}-{verb}")


@pytest.mark.parametrize(
    ("role", "verb", "article"),
    [
        standing_on("hanoi.art6.2.c", "hr_officer", "create_account", "Điều 6.2"),
        standing_on("hanoi.art9.1.a", "department_officer", "create_account", "Điều 9.1.a"),
        standing_on("hanoi.art9.1.b", "administrator", "create_account", "Điều 9.1.b"),
        standing_on("hanoi.art9.1.a", "department_officer", "open_agency_account", "Điều 9.1.a"),
        standing_on("hanoi.art9.2", "head", "open_agency_account", "Điều 9.2"),
        standing_on("hanoi.art9.1.b", "department_officer", "manage_account", "Điều 9.1.b"),
        standing_on("hanoi.art18.1", "head", "manage_access", "Điều 18.1"),
        standing_on("hanoi.art18.1", "hr_officer", "manage_account", "Điều 18.1"),
        standing_on("hanoi.art19.4", "department_officer", "manage_access", "Điều 19.4"),
        standing_on("hanoi.art6.3", "hr_officer", "give_notice", "Điều 6.3"),
        standing_on("hanoi.art7", "approver", "approve", "6187/QĐ-UBND, Điều 7;"),
        standing_on("tt06.art7.1", "approver", "approve", "06/2023/TT-BNV, Quy chế, Điều 7.1"),
        standing_on("hanoi.art6.4.c", "head", "approve", "Điều 6.4"),
        standing_on("hanoi.art12.1.a1", "hr_officer", "report_transfer", "Điều 12.1.a"),
        standing_on("hanoi.art12.1.a2", "hr_officer", "accept_transfer", "Điều 12.1.a"),
        standing_on("hanoi.art12.3", "hr_officer", "archive", "Điều 12.3"),
        standing_on("hanoi.art12.3", "archivist", "read_archive", "Điều 12.3"),
        standing_on("hanoi.art12.3", "department_officer", "read_archive", "Điều 12.3"),
        standing_on("hanoi.art15.1", "sync_agent", "sync", "Điều 15.1"),
    ],
)
def test_a_permission_cites_the_article_it_stands_on(role: str, verb: str, article: str) -> None:
    answer = may(holding(role), verb, ABOUT_COLLEAGUE, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.citation is not None
    assert article in answer.citation


def test_policy_without_a_law_cites_nothing() -> None:
    answer = may(holding("administrator"), "inspect_workflow", OF_THE_AGENCY, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.slot is None
    assert answer.citation is None
    assert answer.reason == answer.reason_vi == "Quản trị hệ thống: xem diễn biến quy trình"
    assert answer.reason_en == "Administrator: inspect a workflow"


def test_an_administrator_reads_no_profile() -> None:
    assert (
        code(may(holding("administrator", CITY), "read_profile", ABOUT_COLLEAGUE, TODAY, RULES))
        == "not-permitted"
    )


# --- separation of duties (R4): one negative test per transition


@pytest.mark.parametrize("verb", SEPARATED)
def test_nobody_acts_as_an_officer_on_the_own_profile(verb: Verb) -> None:
    able = person(*(Grant(role, CITY, TODAY) for role in TABLE))
    entering = in_force("phu_yen", TODAY, simulate=["phu_yen_2024"])
    asking = in_force("hanoi", date(2026, 7, 1), adopted={"nd27_2026": date(2026, 7, 1)})
    texts = {"enter_form": entering, "amend": in_force("binh_dinh", TODAY), "ask_consent": asking}
    rules = texts.get(verb, RULES)
    assert code(may(able, verb, ABOUT_COLLEAGUE, TODAY, rules)) == "allowed"
    refused = may(able, verb, ABOUT_SELF, TODAY, rules)
    assert isinstance(refused, Denied)
    assert refused.code == "own-approval"
    assert "của mình" in refused.reason_vi


def test_the_separated_verbs_are_these() -> None:
    assert [str(verb) for verb in SEPARATED] == [
        "accept_transfer", "amend", "answer_rectification", "approve", "approve_disposal", "approve_merge",
        "archive", "ask_consent",
        "consent_access", "create_account", "decide_dispute", "enter_form", "export", "gate",
        "give_notice", "hand_over", "hand_over_account", "hold_file", "manage_access", "manage_account",
        "open_agency_account", "propose_disposal", "propose_merge", "pull_record", "refuse_transfer",
        "report_transfer", "request_transfer", "return_for_correction", "separate",
    ]  # fmt: skip


@pytest.mark.parametrize("verb", ["approve", "return_for_correction"])
def test_nobody_judges_what_they_wrote(verb: str) -> None:
    written = Target(SCHOOL, (CITY,), COLLEAGUE, author_account_id=ACCOUNT)
    assert code(may(holding("head"), verb, written, TODAY, RULES)) == "own-approval"


@pytest.mark.parametrize("verb", ["approve", "return_for_correction"])
def test_a_delegate_judges_neither_the_delegators_profile_nor_their_writing(verb: str) -> None:
    delegate = holding("approver", delegation_of=DELEGATOR)
    answer = may(delegate, verb, ABOUT_COLLEAGUE, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.delegation_of == DELEGATOR
    written = Target(SCHOOL, (CITY,), COLLEAGUE, author_account_id=DELEGATOR)
    about = Target(SCHOOL, (CITY,), COLLEAGUE, subject_account_id=DELEGATOR)
    assert code(may(delegate, verb, written, TODAY, RULES)) == "own-approval"
    assert code(may(delegate, verb, about, TODAY, RULES)) == "own-approval"


def test_a_role_of_ones_own_goes_before_a_delegated_one() -> None:
    both = person(Grant("approver", SCHOOL, TODAY, delegation_of=DELEGATOR), Grant("approver", SCHOOL, TODAY))
    about_delegator = Target(SCHOOL, (CITY,), COLLEAGUE, subject_account_id=DELEGATOR)
    answer = may(both, "approve", about_delegator, TODAY, RULES)
    assert isinstance(answer, Allowed)
    assert answer.delegation_of is None


def test_an_agency_account_has_no_own_profile_but_may_be_the_author() -> None:
    agency = Actor(ACCOUNT, None, HANOI, (Grant("head", SCHOOL, TODAY),))
    assert code(may(agency, "approve", ABOUT_SELF, TODAY, RULES)) == "allowed"
    assert code(may(agency, "approve", Target(SCHOOL, (), OWN, ACCOUNT), TODAY, RULES)) == "own-approval"
    assert (
        code(may(agency, "approve", Target(SCHOOL, (), OWN, None, ACCOUNT), TODAY, RULES)) == "own-approval"
    )


# --- time


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-1, "delegation-ended"),
        (0, "allowed"),
        (9, "allowed"),
        (10, "delegation-ended"),
        (400, "delegation-ended"),
    ],
)
def test_a_delegation_holds_from_its_first_day_to_the_day_before_its_last(day: int, expected: str) -> None:
    grant = Grant("approver", SCHOOL, TODAY, TODAY + timedelta(days=10), DELEGATOR)
    on = TODAY + timedelta(days=day)
    assert code(may(person(grant), "approve", ABOUT_COLLEAGUE, on, RULES)) == expected


@pytest.mark.parametrize(("day", "expected"), [(-1, "not-permitted"), (0, "allowed"), (10, "not-permitted")])
def test_a_role_of_ones_own_ends_too(day: int, expected: str) -> None:
    grant = Grant("approver", SCHOOL, TODAY, TODAY + timedelta(days=10))
    answer = may(person(grant), "approve", ABOUT_COLLEAGUE, TODAY + timedelta(days=day), RULES)
    assert code(answer) == expected


def test_a_grant_that_ends_the_day_it_begins_never_holds() -> None:
    assert not Grant("head", SCHOOL, TODAY, TODAY).holds(TODAY)


# --- edges


def test_another_authoritys_matters_do_not_exist() -> None:
    target = Target(SCHOOL, (CITY,), COLLEAGUE, authority_id=ELSEWHERE)
    assert code(may(holding("auditor"), "read_profile", target, TODAY, RULES)) == "not-found"
    here = Target(SCHOOL, (CITY,), COLLEAGUE, authority_id=HANOI)
    assert code(may(holding("auditor"), "read_profile", here, TODAY, RULES)) == "allowed"


@pytest.mark.parametrize("role", ["", "root", "Head", "official"])
def test_an_unknown_role_gives_nothing(role: str) -> None:
    for verb in Verb:
        actor = Actor(ACCOUNT, None, HANOI, (Grant(role, CITY, TODAY),))
        assert code(may(actor, verb, ABOUT_COLLEAGUE, TODAY, RULES)) == "not-permitted"


def test_an_unknown_verb_is_a_mistake_in_the_program() -> None:
    with pytest.raises(ValueError, match="destroy"):
        may(holding("head"), "destroy", ABOUT_COLLEAGUE, TODAY)


def test_without_a_rule_set_the_answer_cites_nothing() -> None:
    answer = may(person(), "read_own", ABOUT_SELF, TODAY)
    assert isinstance(answer, Allowed)
    assert answer.citation is None
