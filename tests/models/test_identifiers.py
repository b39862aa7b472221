import time
from datetime import UTC, datetime
from uuid import RFC_4122, UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import identifiers as ids
from models.errors import IdentifierError, RefusedError

ONE = UUID("01980000-0000-7000-8000-000000000001")


def test_a_new_id_is_a_version_7_uuid_of_this_instant() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_the_layout_is_that_of_rfc_9562(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)  # the RFC's own example, A.6
    monkeypatch.setattr(ids.time, "time_ns", lambda: int(instant.timestamp()) * 10**9 + 999_999)
    monkeypatch.setattr(ids.secrets, "randbits", lambda bits: (1 << bits) - 1)
    assert str(ids.new_id()) == "017f22e2-79b0-7fff-bfff-ffffffffffff"


def test_new_ids_differ_and_keep_their_order() -> None:
    made = [ids.new_id() for _ in range(2_000)]
    assert len(set(made)) == 2_000
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


def test_a_command_is_named_by_account_and_key() -> None:
    assert ids.command_id(ONE, "k-1") == ids.command_id(ONE, "k-1") == uuid5(ONE, "k-1")
    assert ids.command_id(ONE, "k-1") != ids.command_id(ONE, "k-2")
    assert ids.command_id(ONE, "k-1") != ids.command_id(uuid4(), "k-1")
    assert ids.command_id(ONE, "k" * 200).version == 5


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 201, "k\n", "khoá", "a\x7f"])
def test_an_unusable_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        ids.command_id(ONE, key)
    assert refused.value.refusal.code == "key-missing"


BUILT = [
    (ids.profile_workflow(ONE), f"profile/{ONE}", ids.WorkflowKind.PROFILE),
    (ids.transfer_workflow(ONE), f"transfer/{ONE}", ids.WorkflowKind.TRANSFER),
    (ids.reorganisation_workflow(ONE), f"reorganisation/{ONE}", ids.WorkflowKind.REORGANISATION),
    (ids.month_end_workflow(ONE, "2026-01"), f"month-end/{ONE}/2026-01", ids.WorkflowKind.MONTH_END),
    (ids.agency_month_workflow(ONE, "2026-12"), f"month-end/{ONE}/2026-12", ids.WorkflowKind.MONTH_END),
    (ids.review_workflow(ONE, "2026-q3"), f"review/{ONE}/2026-q3", ids.WorkflowKind.REVIEW),
    (ids.digest_workflow(ONE), f"digest/{ONE}", ids.WorkflowKind.DIGEST),
    (ids.backup_workflow("2026-01"), "backup/2026-01", ids.WorkflowKind.BACKUP),
]


@pytest.mark.parametrize(("built", "expected", "kind"), BUILT)
def test_workflow_ids_are_built_and_read_back(built: str, expected: str, kind: ids.WorkflowKind) -> None:
    assert built == expected
    name = ids.parse_workflow_id(built)
    assert str(name) == built
    assert name.kind is kind
    assert name.subject == (None if kind is ids.WorkflowKind.BACKUP else ONE)


@pytest.mark.parametrize(
    "text",
    [
        "", "profile", "profile/", "profile/x", f"profile/{ONE}/2026-01", f"profile/{ONE.hex}",
        f"profile/{str(ONE).upper().replace('0', 'A')}", f"PROFILE/{ONE}", f"month-end/{ONE}",
        f"month-end/{ONE}/2026-13", f"month-end/{ONE}/2026-1", f"review/{ONE}/2026-q5", "backup",
        f"backup/{ONE}", f"digest/{ONE}/", f"unknown/{ONE}",
    ],
)  # fmt: skip
def test_what_we_did_not_build_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(IdentifierError) as refused:
        ids.parse_workflow_id(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("month", ["2026-00", "2026-13", "26-01", "2026-01-01", "2026/01", "２０２６-01"])
def test_a_month_must_be_a_month(month: str) -> None:
    for build in (ids.month_end_workflow, ids.agency_month_workflow):
        with pytest.raises(IdentifierError):
            build(ONE, month)
    with pytest.raises(IdentifierError):
        ids.backup_workflow(month)


@given(st.sampled_from([built for built, _, _ in BUILT]), st.integers(0, 60), st.characters())
def test_a_changed_id_is_refused_or_is_exactly_another_of_ours(built: str, at: int, letter: str) -> None:
    changed = built[:at] + letter + built[at + 1 :]
    try:
        name = ids.parse_workflow_id(changed)
    except IdentifierError:
        return
    assert str(name) == changed
