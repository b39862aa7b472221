"""Damage by bytes: what disks, mails and vandals do, in every zone of a file. Each kind takes a good file
and a source of chance and gives a file that is no longer what was signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.models.evidence.corpus.raw import Raw

Damage = Callable[[bytes, Random], bytes]
Spans = Sequence[tuple[int, int]]


def flipped(pdf: bytes, spans: Spans, chance: Random) -> bytes:
    """One bit of one byte in the spans."""
    start, end = chance.choice(list(spans))
    broken = bytearray(pdf)
    broken[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
    return bytes(broken)


def flip_in(zone: Callable[[Raw], Spans]) -> Damage:
    return lambda pdf, chance: flipped(pdf, zone(Raw(pdf)), chance)


def _matches(pattern: bytes) -> Callable[[Raw], Spans]:
    return lambda raw: [one.span() for one in re.finditer(pattern, raw.pdf, re.DOTALL)]


def _part_of_container(which: int, start: float, end: float) -> Callable[[Raw], Spans]:
    """A part of a container's DER, by share of it; ``which`` counts signatures and timestamps from the
    end.
    """

    def zone(raw: Raw) -> Spans:
        first, last = raw.containers()[which]
        digits = raw.pdf[first:last]
        length = 8 + 2 * int(digits[4:8], 16)
        return [(first + int(start * length), first + int(end * length))]

    return zone


def _padding(raw: Raw) -> Spans:
    first, last = raw.containers()[0]
    length = 8 + 2 * int(raw.pdf[first + 4 : first + 8], 16)
    return [(first + length, last)]


def _signature_dictionary(raw: Raw) -> Spans:
    return [(one[1] + 1, raw.pdf.index(b"endobj", one[1])) for one in raw.containers()]


def _tail(raw: Raw) -> Spans:
    """Everything that only a later update wrote."""
    first = raw.pdf.index(b"%%EOF", raw.containers()[-1][1] if raw.containers() else 0)
    return [(first + 6, len(raw.pdf))] if len(raw.pdf) > first + 7 else [(first - 40, len(raw.pdf) - 1)]


def burst(pdf: bytes, chance: Random) -> bytes:
    """A sector overwritten with chance."""
    size = chance.choice([2, 16, 128, 512])
    at = chance.randrange(len(pdf) - size)
    other = chance.randbytes(size)
    return pdf[:at] + (other if other != pdf[at : at + size] else bytes(size)) + pdf[at + size :]


def zeroed(pdf: bytes, chance: Random) -> bytes:
    size = chance.choice([8, 64, 512])
    at = chance.choice([one for one in range(0, len(pdf) - size, 61) if pdf[one : one + size].strip(b"\0")])
    return pdf[:at] + bytes(size) + pdf[at + size :]


def inserted(pdf: bytes, chance: Random) -> bytes:
    at = chance.randrange(1, len(pdf))
    return pdf[:at] + chance.randbytes(chance.randint(1, 20)) + pdf[at:]


def deleted(pdf: bytes, chance: Random) -> bytes:
    """Some bytes lost; not only the line break at the very end, which is no loss."""
    at = chance.randrange(len(pdf) - 30)
    return pdf[:at] + pdf[at + chance.randint(1, 20) :]


def exchanged(pdf: bytes, chance: Random) -> bytes:
    """Two blocks in each other's place."""
    while True:
        one, other = sorted(chance.sample(range(0, len(pdf) - 64, 16), 2))
        if other - one >= 64 and pdf[one : one + 64] != pdf[other : other + 64]:
            first, second = pdf[one : one + 64], pdf[other : other + 64]
            return pdf[:one] + second + pdf[one + 64 : other] + first + pdf[other + 64 :]


def truncated(pdf: bytes, chance: Random) -> bytes:
    return pdf[: chance.randrange(len(pdf) - 2)]


def line_ends(pdf: bytes, chance: Random) -> bytes:
    """Sent as text: some line ends rewritten."""
    places = [one.start() for one in re.finditer(rb"(?<!\r)\n", pdf[:-1])]
    out = bytearray(pdf)
    for at in sorted(chance.sample(places, chance.randint(1, 9)), reverse=True):
        out[at : at + 1] = b"\r\n"
    return bytes(out)


def appended(pdf: bytes, chance: Random) -> bytes:
    return pdf + chance.choice([b"\n\n", b"%%EOF\n", bytes(16), chance.randbytes(40), b"\n% ok\n"])


def prepended(pdf: bytes, chance: Random) -> bytes:
    return chance.choice([b"\n", b"%PDF-1.4\n", chance.randbytes(9), b"HTTP/1.1 200 OK\r\n\r\n"]) + pdf


def hex_case(pdf: bytes, chance: Random) -> bytes:
    """One hex digit of a signature in the other case: the same number, other bytes."""
    start, end = chance.choice(Raw(pdf).containers())
    letters = [at for at in range(start, end) if pdf[at : at + 1].isalpha()]
    at = chance.choice(letters)
    return pdf[:at] + pdf[at : at + 1].swapcase() + pdf[at + 1 :]


def byte_range(pdf: bytes, chance: Random) -> bytes:
    """One number of a ByteRange altered; the length of the line stays."""
    one = chance.choice(list(re.finditer(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]", pdf)))
    group = chance.randint(1, 4)
    was = int(one[group])
    new = b"%d" % max(0, was + chance.choice([-100, -3, -1, 1, 2, 50, 4096, -was]))
    if int(new) == was:
        new = b"7"
    start, end = one.span(group)
    return pdf[:start] + new + pdf[end:]


def any_byte(raw: Raw) -> Spans:
    return [(0, len(raw.pdf) - 1)]


KINDS: dict[str, Damage] = {
    "bit flip: header": flip_in(lambda raw: [(0, 9)]),
    "bit flip: anywhere": flip_in(any_byte),
    "bit flip: page content": flip_in(lambda raw: raw.streams(rb"^\s*<</Length \d+/Filter/FlateDecode>>")),
    "bit flip: fonts": flip_in(lambda raw: raw.streams(rb"CIDFontType0C|/CMap")),
    "bit flip: attachment": flip_in(lambda raw: raw.streams(rb"/EmbeddedFile")),
    "bit flip: metadata": flip_in(lambda raw: raw.streams(rb"/Type/Metadata")),
    "bit flip: keywords": flip_in(_matches(rb"hoso-sha256:[0-9a-f]{64}")),
    "bit flip: page and catalogue": flip_in(lambda raw: raw.spans(rb"/Type ?/(Page|Pages|Catalog)\b")),
    "bit flip: structure": flip_in(lambda raw: raw.spans(rb"/StructElem|/StructTreeRoot")),
    "bit flip: fields": flip_in(lambda raw: raw.spans(rb"/Subtype /Widget|/Fields \[")),
    "bit flip: appearances": flip_in(lambda raw: raw.spans(rb"/XObject")),
    "bit flip: reference table": flip_in(_matches(rb"\d{10} \d{5} n")),
    "bit flip: trailer": flip_in(_matches(rb"trailer.{20,300}?>>")),
    "bit flip: startxref": flip_in(_matches(rb"startxref\s+\d+")),
    "bit flip: signature dictionary": flip_in(_signature_dictionary),
    "bit flip: byte range": flip_in(_matches(rb"/ByteRange ?\[[^]]*\]")),
    "bit flip: container, first third": flip_in(_part_of_container(0, 0, 1 / 3)),
    "bit flip: container, second third": flip_in(_part_of_container(0, 1 / 3, 2 / 3)),
    "bit flip: container, last third": flip_in(_part_of_container(0, 2 / 3, 1)),
    "bit flip: container of the last": flip_in(_part_of_container(-1, 0, 1)),
    "bit flip: padding": flip_in(_padding),
    "bit flip: after the last signature": flip_in(_tail),
    "sector overwritten": burst,
    "sector zeroed": zeroed,
    "bytes inserted": inserted,
    "bytes deleted": deleted,
    "blocks exchanged": exchanged,
    "truncated": truncated,
    "line ends rewritten": line_ends,
    "appended bytes": appended,
    "prepended bytes": prepended,
    "hex in another case": hex_case,
    "byte range altered": byte_range,
}
