"""A PDF as bytes: found by patterns, changed by hand. Shares nothing with what verifies: no parser but
this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)endobj", re.DOTALL)


@dataclass
class Raw:
    """The objects of a file with plain cross-reference tables; the newest of each number counts."""

    pdf: bytes

    def __post_init__(self) -> None:
        self.found = [(int(one[1]), one.start(2), one.end(2)) for one in _OBJECT.finditer(self.pdf)]
        self.newest = {number: (start, end) for number, start, end in self.found}

    def body(self, number: int) -> bytes:
        """The newest version of an object, stripped."""
        start, end = self.newest[number]
        return self.pdf[start:end].strip()

    def number_of(self, pattern: bytes) -> int:
        """The first object whose newest version matches."""
        return self.numbers_of(pattern)[0]

    def numbers_of(self, pattern: bytes) -> list[int]:
        return [number for number in sorted(self.newest) if re.search(pattern, self.body(number), re.DOTALL)]

    @property
    def root(self) -> int:
        return int(re.findall(rb"/Root (\d+) 0 R", self.pdf)[-1])

    @property
    def info(self) -> int:
        return int(re.findall(rb"/Info (\d+) 0 R", self.pdf)[-1])

    @property
    def size(self) -> int:
        return max(int(one) for one in re.findall(rb"/Size (\d+)", self.pdf))

    def spans(self, pattern: bytes) -> list[tuple[int, int]]:
        """Where all objects that match lie, older versions too."""
        return [(start, end) for _, start, end in self.found if re.search(pattern, self.pdf[start:end])]

    def streams(self, pattern: bytes) -> list[tuple[int, int]]:
        """Where the streams of such objects lie."""
        spans = []
        for start, end in self.spans(pattern):
            inner = re.search(rb"stream\r?\n(.*)\r?\n?endstream", self.pdf[start:end], re.DOTALL)
            if inner and inner.end(1) > inner.start(1):
                spans.append((start + inner.start(1), start + inner.end(1)))
        return spans

    def containers(self) -> list[tuple[int, int]]:
        """The hex digits of every signature and document timestamp, in the order of the file."""
        return [match.span(1) for match in re.finditer(rb"/Contents <([0-9A-Fa-f]{2000,})>", self.pdf)]


@dataclass
class Update:
    """An incremental update as anyone with a text editor could append it."""

    raw: Raw
    objects: dict[int, bytes] = field(default_factory=dict)
    next: int = 0
    root: int | None = None

    @classmethod
    def of(cls, pdf: bytes) -> Update:
        raw = Raw(pdf)
        return cls(raw, next=raw.size)

    def body(self, number: int) -> bytes:
        return self.objects.get(number) or self.raw.body(number)

    def put(self, number: int, body: bytes) -> None:
        self.objects[number] = body

    def add(self, body: bytes) -> int:
        self.next += 1
        self.objects[self.next - 1] = body
        return self.next - 1

    def stream(self, data: bytes, more: bytes = b"") -> bytes:
        return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), more, data)

    def into(self, number: int, entry: bytes) -> None:
        """Add entries to a dictionary object."""
        self.put(number, re.sub(rb">>\s*$", b" " + entry + b" >>", self.body(number)))

    def replace(self, number: int, pattern: bytes, by: bytes) -> None:
        changed, count = re.subn(pattern, lambda _: by, self.body(number), count=1, flags=re.DOTALL)
        assert count, (number, pattern)
        self.put(number, changed)

    def written(self) -> bytes:
        out = bytearray(self.raw.pdf if self.raw.pdf.endswith(b"\n") else self.raw.pdf + b"\n")
        offsets = {}
        for number, body in sorted(self.objects.items()):
            offsets[number] = len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = len(out)
        out += b"xref\n0 1\n0000000000 65535 f \n"
        for number, offset in offsets.items():
            out += b"%d 1\n%010d 00000 n \n" % (number, offset)
        identifier = re.findall(rb"/ID ?(\[.*?\])", self.raw.pdf, re.DOTALL)
        trailer = b"<< /Size %d /Root %d 0 R /Info %d 0 R /Prev %s%s >>" % (
            self.next,
            self.root or self.raw.root,
            self.raw.info,
            re.findall(rb"startxref\s+(\d+)", self.raw.pdf)[-1],
            b" /ID " + identifier[-1] if identifier else b"",
        )
        out += b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, table)
        return bytes(out)
