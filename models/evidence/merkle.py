"""Merkle trees as RFC 6962 (section 2.1) builds them: pure functions on hashes.

A leaf's hash is SHA-256 over ``0x00`` and its content, an inner node's over ``0x01`` and its two children,
so that neither can be taken for the other. A tree of ``n`` leaves splits at the largest power of two below
``n``; trees of different sizes therefore share every complete subtree, which is why a small proof can show
that one leaf is in a tree (`inclusion`) and that a larger tree only appended to a smaller one
(`consistency`).

Positions count from 0; ranges are half-open. A complete subtree is addressed by ``(level, index)``: it
covers the leaves from ``index << level`` to ``(index + 1) << level``. `Nodes` looks such a hash up,
wherever it is kept: a proof needs some forty of them in a tree of a million leaves.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Node = tuple[int, int]
"""Level and index of a complete subtree; level 0 is a leaf."""
Range = tuple[int, int]
Nodes = Callable[[Node], bytes]

EMPTY = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""
LENGTH = 32


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over its children's hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def parts(start: int, end: int) -> list[Node]:
    """The complete subtrees of a range, left to right; ``start`` is a multiple of the first one's size."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def range_root(within: Range, nodes: Nodes) -> bytes:
    """The root over the leaves of a range that is a subtree of some tree (or a whole tree)."""
    return folded([nodes(part) for part in parts(*within)])


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root of a tree from the roots of its complete subtrees, left to right."""
    if not hashes:
        return EMPTY
    *rest, found = hashes
    for one in reversed(rest):
        found = node_hash(one, found)
    return found


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """The root of a complete subtree from a whole level of it: one hash, two, four, and so on."""
    while len(hashes) > 1:
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees beside a leaf's way up to the root, the nearest first (RFC 6962, 2.1.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The subtrees that show how the tree of ``second`` leaves grew from that of ``first`` (RFC 6962, 2.1.2).

    Raises:
        ValueError: unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError("the first tree is the smaller one, and not empty")
    ranges: list[Range] = []
    start, end, known = 0, second, True
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, known = middle, False
    if not known:  # else the first tree's root, which who checks has
        ranges.append((start, end))
    return ranges[::-1]


def inclusion(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of ``size`` leaves."""
    return [range_root(one, nodes) for one in inclusion_ranges(index, size)]


def consistency(first: int, second: int, nodes: Nodes) -> list[bytes]:
    """The proof that the tree of ``second`` leaves begins with that of ``first``."""
    return [range_root(one, nodes) for one in consistency_ranges(first, second)]


def root_by(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash and its path lead to; None where the path cannot be one of such a tree."""
    if not 0 <= index < size or any(len(one) != LENGTH for one in path):
        return None
    found, last, left = leaf, size - 1, list(path)
    while last > 0:
        if index % 2 or index < last:
            if not left:
                return None
            beside = left.pop(0)
            found = node_hash(beside, found) if index % 2 else node_hash(found, beside)
        index, last = index >> 1, last >> 1
    return None if left else found


def includes(root: bytes, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bool:
    """Whether the tree of ``size`` leaves with this root has the leaf's hash at ``index``."""
    return root_by(leaf, index, size, path) == root


def extends(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the second tree only appended to the first, as the path shows (RFC 9162, 2.1.4.2).

    Every tree extends the empty one; its proof is empty.
    """
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        return not path and first_root == (EMPTY if first == 0 else second_root)
    known = first & (first - 1) == 0
    left = [first_root, *path] if known else list(path)
    if not left:
        return False
    index, last = first - 1, second - 1
    while index % 2:
        index, last = index >> 1, last >> 1
    old = new = left.pop(0)
    for beside in left:
        if last == 0:
            return False
        if index % 2 or index == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        index, last = index >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


@dataclass(slots=True)
class Growing:
    """A tree that is only ever appended to: the roots of its complete subtrees are all it remembers.

    ``peaks`` are the hashes of ``parts(0, size)``.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add a leaf's hash; answers every complete subtree that came to be, the leaf first."""
        made: list[tuple[Node, bytes]] = [((0, self.size), leaf)]
        level, index, found = 0, self.size, leaf
        while index % 2:
            found = node_hash(self.peaks.pop(), found)
            level, index = level + 1, index >> 1
            made.append(((level, index), found))
        self.peaks.append(found)
        self.size += 1
        return made

    @property
    def root(self) -> bytes:
        """The root now."""
        return folded(self.peaks)


class Tree:
    """A whole tree in memory, for lists that fit there."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        """Build it from the leaves' hashes."""
        self._nodes: dict[Node, bytes] = {}
        growing = Growing()
        for leaf in leaves:
            self._nodes.update(growing.append(leaf))
        self.size, self.root = growing.size, growing.root

    def inclusion(self, index: int) -> list[bytes]:
        """The proof that leaf ``index`` is in it."""
        return inclusion(index, self.size, self._nodes.__getitem__)

    def consistency(self, first: int) -> list[bytes]:
        """The proof that it begins with its first ``first`` leaves."""
        return consistency(first, self.size, self._nodes.__getitem__)

    def __iter__(self) -> Iterator[bytes]:
        """The leaves' hashes in order."""
        return (self._nodes[0, index] for index in range(self.size))


def _split(size: int) -> int:
    """The largest power of two below ``size`` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1
