"""Merkle trees beside the definitions of RFC 6962, written down here once more and sharing no code."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence import merkle

# Leaves and roots that the Certificate Transparency implementations publish for their own tests.
PUBLISHED_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(d: list[bytes]) -> bytes:
    """MTH(D[n]) as the RFC defines it."""
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = largest(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def largest(n: int) -> int:
    """k < n <= 2k."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, d: list[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(d) == 1:
        return []
    k = largest(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b)."""
    if m == len(d):
        return [] if whole else [mth(d)]
    k = largest(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def tree(d: list[bytes]) -> merkle.Tree:
    return merkle.Tree(map(merkle.leaf_hash, d))


contents = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    leaves = [bytes.fromhex(one) for one in PUBLISHED_LEAVES[:size]]
    assert tree(leaves).root.hex() == mth(leaves).hex() == PUBLISHED_ROOTS[size]


@given(contents, st.data())
def test_proofs_are_those_of_the_definition_and_hold(d: list[bytes], data: st.DataObject) -> None:
    made, n = tree(d), len(d)
    assert (made.size, made.root, list(made)) == (n, mth(d), [merkle.leaf_hash(one) for one in d])
    m = data.draw(st.integers(0, n - 1))
    proof = made.inclusion(m)
    assert proof == path(m, d)
    assert merkle.includes(made.root, merkle.leaf_hash(d[m]), m, n, proof)
    first = data.draw(st.integers(1, n))
    grown = made.consistency(first)
    assert grown == subproof(first, d, True)
    assert merkle.extends(first, mth(d[:first]), n, made.root, grown)


@given(contents, st.data())
def test_nothing_else_is_included(d: list[bytes], data: st.DataObject) -> None:
    made, n = tree(d), len(d)
    m = data.draw(st.integers(0, n - 1))
    leaf, proof = merkle.leaf_hash(d[m]), made.inclusion(m)
    other = data.draw(st.integers(0, n + 3).filter(lambda i: i != m))
    if other >= n or d[other] != d[m] or path(other, d) != proof:
        assert not merkle.includes(made.root, leaf, other, n, proof)
    assert not merkle.includes(made.root, merkle.leaf_hash(d[m] + b"!"), m, n, proof)
    assert not merkle.includes(made.root, leaf, m, n, [*proof, bytes(32)])
    assert not merkle.includes(made.root, leaf, m, n, [*proof, b"short"])
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not merkle.includes(made.root, leaf, m, n, proof[:at] + proof[at + 1 :])
        bent = [*proof]
        bent[at] = bytes([bent[at][0] ^ 1]) + bent[at][1:]
        assert not merkle.includes(made.root, leaf, m, n, bent)
    # An inner node cannot pass for a leaf whose content is its two children.
    if n > 1:
        assert mth(d) != merkle.leaf_hash(mth(d[: largest(n)]) + mth(d[largest(n) :]))


@given(contents, contents, st.data())
def test_a_rewritten_past_is_no_growth(d: list[bytes], more: list[bytes], data: st.DataObject) -> None:
    first, after = len(d), d + more
    at = data.draw(st.integers(0, first - 1))
    rewritten = [*after]
    rewritten[at] += b"!"
    old = mth(d)
    assert merkle.extends(first, old, len(after), mth(after), tree(after).consistency(first))
    assert not merkle.extends(first, old, len(after), mth(rewritten), tree(rewritten).consistency(first))
    proof = tree(after).consistency(first)
    assert not merkle.extends(first, old, len(after), mth(after), [*proof, bytes(32)])
    assert not merkle.extends(first, old, len(after), mth(after), proof[:-1])
    assert not merkle.extends(len(after), mth(after), first, old, proof)


def test_the_empty_tree_and_the_same_tree() -> None:
    root = mth([b"a", b"b"])
    assert merkle.extends(0, merkle.EMPTY, 2, root, [])
    assert not merkle.extends(0, root, 2, root, [])
    assert merkle.extends(2, root, 2, root, [])
    assert not merkle.extends(2, root, 2, mth([b"a", b"c"]), [])
    assert not merkle.extends(2, root, 2, root, [root])
    assert not merkle.extends(1, mth([b"a"]), 2, root, [])
    with pytest.raises(ValueError, match="no such leaf"):
        tree([b"a"]).inclusion(1)
    with pytest.raises(ValueError, match="smaller"):
        tree([b"a"]).consistency(0)


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_tree_that_grows_remembers_only_its_peaks(a: int, b: int) -> None:
    growing, seen = merkle.Growing(), {}
    for number in range(a):
        seen.update(growing.append(merkle.leaf_hash(str(number).encode())))
    for (level, index), found in seen.items():
        below = [seen[0, at] for at in range(index << level, (index + 1) << level)]
        assert merkle.complete_root(below) == found
    again = merkle.Growing(a, [seen[part] for part in merkle.parts(0, a)])
    assert again.peaks == growing.peaks
    for number in range(a, a + b):
        again.append(merkle.leaf_hash(str(number).encode()))
    assert again.root == mth([str(number).encode() for number in range(a + b)])
