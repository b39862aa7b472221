"""Approval lists: what the manifest states, what a proof proves, and that nothing else passes."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evidence.listing import (
    MAXIMUM_ROWS,
    ListingError,
    ListRow,
    Proof,
    build_manifest,
    is_included,
    is_manifest,
    prove,
    read_manifest,
)

ABOUT = {"list": "DS-2025-03", "month": "2025-03"}


def row(position: int, changes: tuple[str, ...] = ("Lương",)) -> ListRow:
    digest = sha256(str(position).encode()).hexdigest()
    return ListRow(
        position,
        f"{position:08x}-0000-4000-8000-000000000000",
        "f" * 8 + "-0000-4000-8000-" + "1" * 12,
        digest,
        changes,
    )


def rows(size: int) -> list[ListRow]:
    return [row(position) for position in range(1, size + 1)]


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + slow_root(leaves[:split]) + slow_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 21])
def test_the_manifest_states_the_root_of_its_rows(size: int) -> None:
    manifest = read_manifest(build_manifest(ABOUT, rows(size)))
    assert manifest.root == slow_root([rfc8785.dumps(one.to_json()) for one in rows(size)]).hex()
    assert (manifest.rows, manifest.about) == (tuple(rows(size)), ABOUT)


@given(size=st.integers(1, 40), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_proof_is_for_its_row_and_its_list_only(size: int, data: st.DataObject) -> None:
    listed = rows(size)
    manifest = read_manifest(build_manifest(ABOUT, listed))
    proofs = prove(listed)
    at = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    assert is_included(listed[at], proofs[at], manifest.root)
    assert is_included(listed[at], proofs[other], manifest.root) is (at == other)
    for changed in (
        replace(listed[at], digest="0" * 64),
        replace(listed[at], changes=()),
        replace(listed[at], profile=row(999).profile),
        replace(listed[at], position=size + 1),
    ):
        assert not is_included(changed, proofs[at], manifest.root)
    longer = read_manifest(build_manifest(ABOUT, rows(size + 1)))
    assert not is_included(listed[at], proofs[at], longer.root)
    assert not is_included(listed[at], replace(proofs[at], path=(*proofs[at].path, "0" * 64)), manifest.root)


def test_rows_in_another_order_are_another_list() -> None:
    first, second = rows(2)
    swapped = [replace(second, position=1), replace(first, position=2)]
    assert (
        read_manifest(build_manifest(ABOUT, swapped)).root
        != read_manifest(build_manifest(ABOUT, rows(2))).root
    )


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [row(2)],
        [row(1), row(1)],
        [row(1), replace(row(2), profile=row(1).profile)],
        [row(1), row(3)],
    ],
)
def test_a_list_that_is_none(wrong: list[ListRow]) -> None:
    with pytest.raises(ListingError):
        build_manifest(ABOUT, wrong)


def test_at_most_five_thousand() -> None:
    assert read_manifest(build_manifest(ABOUT, rows(MAXIMUM_ROWS))).rows[-1].position == MAXIMUM_ROWS
    with pytest.raises(ListingError):
        row(MAXIMUM_ROWS + 1)


def test_the_manifest_keeps_its_own_names() -> None:
    with pytest.raises(ListingError, match="root"):
        build_manifest({"root": "x"}, rows(1))


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made | {"root": "0" * 64},
        lambda made: made | {"size": 2},
        lambda made: made | {"version": 2},
        lambda made: made | {"rows": made["rows"][:2]},
        lambda made: made | {"rows": made["rows"][::-1]},
        lambda made: made | {"rows": [made["rows"][0] | {"digest": "0" * 64}, *made["rows"][1:]]},
        lambda made: made | {"rows": [made["rows"][0] | {"more": 1}, *made["rows"][1:]]},
        lambda made: made | {"rows": [made["rows"][0] | {"position": True}, *made["rows"][1:]]},
        lambda made: made | {"rows": [made["rows"][0] | {"profile": 7}, *made["rows"][1:]]},
        lambda made: made | {"rows": [made["rows"][0] | {"changes": "Lương"}, *made["rows"][1:]]},
        lambda made: made | {"rows": [made["rows"][0] | {"changes": [1]}, *made["rows"][1:]]},
        lambda made: made | {"rows": None},
        lambda made: [],
    ],
)
def test_a_manifest_altered(change: object) -> None:
    made = json.loads(build_manifest(ABOUT, rows(3)))
    assert callable(change)
    with pytest.raises(ListingError):
        read_manifest(rfc8785.dumps(change(made)))


def test_a_manifest_in_another_spelling() -> None:
    made = build_manifest(ABOUT, rows(3))
    assert is_manifest(made)
    for spelling in (made + b" ", json.dumps(json.loads(made), indent=1).encode(), b"{", b"[" * 100_000):
        with pytest.raises(ListingError):
            read_manifest(spelling)
    assert not is_manifest(b"[]")
    assert not is_manifest(b"{")


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        {"size": 1, "root": "0" * 64, "path": "0" * 64},
        {"size": "1", "root": "0" * 64, "path": []},
        {"size": 1, "root": "0", "path": []},
        {"size": 1, "root": "0" * 64, "path": ["x"]},
        {"size": 1, "root": "0" * 64, "path": [], "more": 1},
    ],
)
def test_a_proof_of_another_form(wrong: object) -> None:
    with pytest.raises(ListingError):
        Proof.of(wrong)


def test_forms_are_read_back() -> None:
    (proof, *_) = prove(rows(5))
    assert Proof.of(json.loads(json.dumps(proof.to_json()))) == proof
    assert ListRow.of(json.loads(json.dumps(row(4).to_json()))) == row(4)
