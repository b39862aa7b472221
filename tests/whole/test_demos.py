"""The lives of the other authorities, each under its own law: what differs, and that it is proven."""

from datetime import date, datetime

import pytest

from api.cli.demo.world import worlds
from models.calendar import Calendar
from models.evidence import TrustList
from models.evidence.verification import verify
from tests.whole.playing import NOT_LAW, Played, every_line_is_whole, in_time_and_gone, perform, told_in_order

pytestmark = [pytest.mark.whole, pytest.mark.demos, pytest.mark.timeout(900)]

CALENDAR = Calendar.seed()
Told = list[tuple[str, str]]
MONTH: Told = [
    ("month_end", "month.opened"),
    ("month_end", "month.submitted"),
    ("month_end", "month.receipts"),
]
CHANGE: Told = [
    ("change", "change.noticed"),
    ("change", "duty.reminder"),
    ("change", "duty.overdue"),
    ("change", "duty.escalation"),
    ("change", "declaration.submitted"),
]
LEAVING: Told = [
    ("move_out", "separation.decided"),
    ("move_out", "access.cancelled"),
    ("move_out", "profile.archived"),
    ("intake", "profile.opened"),
]
END: Told = [
    ("intake", "approval.signed"),
    ("retirement", "separation.decided"),
    ("retirement", "profile.archived"),
]
GATED: Told = [
    ("month_end", "month.opened"),
    ("month_end", "month.released"),
    ("month_end", "month.submitted"),
    ("month_end", "month.receipts"),
]
LIVES: dict[str, Told] = {
    "moha": [
        ("account", "account.requested"),
        ("account", "account.created"),
        ("account", "declaration.submitted"),
        ("account", "declaration.returned"),
        ("account", "declaration.submitted"),
        ("review", "review.signed"),
        ("review", "review.signed"),
        ("review", "approval.signed"),
        *GATED,
        *CHANGE,
        ("change", "review.signed"),
        ("change", "review.signed"),
        ("change", "approval.signed"),
        ("transfer", "transfer.requested"),
        ("transfer", "transfer.asked"),
        ("transfer", "transfer.handed_over"),
        ("transfer", "transfer.accepted"),
        ("transfer", "approval.signed"),
        *GATED,
        *LEAVING,
        ("intake", "account.requested"),
        ("intake", "account.created"),
        ("intake", "review.signed"),
        *END,
    ],
    "binh_dinh": [
        ("account", "account.created"),
        ("account", "declaration.submitted"),
        ("month_end", "month.opened"),
        ("month_end", "approval.signed"),
        ("month_end", "month.submitted"),
        *CHANGE,
        ("change", "approval.signed"),
        ("transfer", "transfer.requested"),
        ("transfer", "transfer.handed_over"),
        ("transfer", "transfer.accepted"),
        *MONTH,
        *LEAVING,
        ("intake", "account.created"),
        *END,
    ],
    "phu_yen": [
        ("account", "account.created"),
        ("account", "declaration.entered"),
        ("account", "declaration.returned"),
        ("account", "declaration.entered"),
        ("month_end", "approval.signed"),
        *CHANGE,
        ("change", "approval.signed"),
        ("transfer", "transfer.requested"),
        ("transfer", "transfer.handed_over"),
        ("transfer", "transfer.accepted"),
        ("transfer", "account.created"),
        ("transfer", "account.activated"),
        *MONTH,
        *LEAVING,
        ("intake", "intake.requested"),
        ("intake", "account.created"),
        ("intake", "declaration.entered"),
        *END,
    ],
}
"""Chapter and event of the steps that must be there, in this order; others may stand between."""
NEVER = {
    "moha": {"transfer.reported", "declaration.entered", "intake.requested"},
    "binh_dinh": {
        "transfer.reported",
        "transfer.asked",
        "account.requested",
        "review.signed",
        "month.released",
    },
    "phu_yen": {
        "transfer.reported",
        "transfer.asked",
        "account.requested",
        "review.signed",
        "month.released",
    },
}
"""What the law of the authority does not ask for, and what therefore nobody does."""
SIGNERS = {"moha": 4, "binh_dinh": 1, "phu_yen": 1}
"""Signatures on the file of a change: moha's official, officer, head of HR and head."""


@pytest.fixture(scope="module", params=sorted(LIVES))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return perform(tmp_path_factory.mktemp("demo"), "--authority", request.param)


def authority(played: Played) -> str:
    return str(played.said["authority"])


def test_it_is_told_to_the_end_and_whole(played: Played) -> None:
    in_time_and_gone(played)
    told_in_order(played, LIVES[authority(played)])
    every_line_is_whole(played, "Điều|Mục")
    assert not NEVER[authority(played)] & {step["event"] for step in played.steps}


def test_nothing_of_another_authority_s_law_is_cited(played: Played) -> None:
    drafts = worlds()[authority(played)].drafts
    own = {"moha": "832/QĐ-BNV", "binh_dinh": "tỉnh Bình Định", "phu_yen": "Dự thảo Quy chế"}[
        authority(played)
    ]
    lawful = [step["citation"] for step in played.steps if NOT_LAW not in step["citation"]]
    cited = {part for citation in lawful for part in citation.split("; ")}
    assert all(own in part or part.startswith("TT 06/2023") for part in cited)
    assert played.said["drafts"] == list(drafts)
    assert any(own in part for part in cited)


def test_the_first_approval_is_given_by_whom_the_law_names(played: Played) -> None:
    first = next(step for step in played.steps if step["event"] == "approval.signed")
    wanted = {
        "moha": ("Viện trưởng", "Điều 7.2.b"),
        "binh_dinh": ("Người phê duyệt, Sở Văn hóa", "Mục II.2.a"),
        "phu_yen": ("Giám đốc Sở Văn hóa", "Điều 6.1"),  # the whole stock, by the head's own signature
    }[authority(played)]
    assert (first["actor"], wanted[1] in first["citation"]) == (wanted[0], True)


def test_the_missed_change_is_late_by_its_own_period(played: Played) -> None:
    noticed = played.step("change.noticed", "change")
    changed_on = date.fromisoformat(noticed["facts"]["changed_on"])
    due = {
        "moha": CALENDAR.add_working_days(changed_on, 5),
        "binh_dinh": CALENDAR.roll_forward(date.fromordinal(changed_on.toordinal() + 5)),
        "phu_yen": CALENDAR.add_working_days(changed_on, 1),
    }[authority(played)]
    assert noticed["next_duty"]["due_on"] == due.isoformat()
    late = played.step("declaration.submitted", "change")
    assert date.fromisoformat(late["date"]) == CALENDAR.add_working_days(due, 4)
    assert late["late_days"] == 4


def test_every_signed_file_holds_with_every_signature_of_its_chain(played: Played) -> None:
    trust = TrustList.load(played.out / "trust.json")
    read_on = datetime.fromisoformat(played.said["read_on"])
    files = sorted(played.out.glob("signed-*.pdf"))
    approvals = [step for step in played.steps if step["event"] == "approval.signed"]
    assert len(files) == len(approvals) >= 4
    for file, step in zip(files, approvals, strict=True):
        verdict = verify(file.read_bytes(), trust, at=read_on)
        assert verdict.valid, verdict.problems
        assert verdict.content_digest == step["facts"]["digest"]
        if step["chapter"] == "change":
            assert len(verdict.signatures) == SIGNERS[authority(played)]
