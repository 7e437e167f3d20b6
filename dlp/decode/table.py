"""
Every decoder, in the order in which they are tried.

A decoder is `(source) -> Iterable[View]`. It runs on a view where one of its hints
occurs; it finds its own input there, yields what came out and is silent about what did
not decode: only a declared encoding can be undecodable (transfer.py). After every
decoder all others apply again, up to the limits of the source's budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, partial

from dlp.decode.characters import alphabets, charset, codepoints, unicode
from dlp.decode.ciphers import disguise, drawn, keyed, named, reckoned, shifted, turned
from dlp.decode.codes import (
    base45,
    base64,
    base85,
    bignum,
    bits,
    framed,
    listing,
    noise,
    notation,
    numbers,
    radix,
    scaled,
    spoken,
    sums,
    syllables,
    typed,
    worded,
)
from dlp.decode.compressed import blocks, headless, streams
from dlp.decode.documents import (
    embedded,
    filters,
    mail,
    markup,
    packed,
    pdf,
    pickled,
    rtf,
    sealed,
    sheets,
    zip,  # noqa: A004
)
from dlp.decode.nearby import LARGE_BYTES, read_near, sieve_of
from dlp.decode.sieve import Sieve
from dlp.decode.source import Source
from dlp.decode.spellings import (
    alone,
    armour,
    chunks,
    cited,
    columns,
    escapes,
    even,
    glued,
    literals,
    mirrored,
    numbered,
    percent,
    quoted,
    rows,
    sized,
)
from dlp.model import View
from dlp.patterns import Patterns


class Bank(IntEnum):
    """
    Which hints are compiled together. Measured: kinds of pattern that slow each other
    down are kept apart.
    """

    LIGHT = 0
    """Begin with something rare."""
    SHAPES = 1
    """Followed symbol by symbol."""
    NUMBERS = 2
    LOWER = 3
    UPPER = 4
    MIXED = 5
    """Long runs of one class: one database each."""
    RARE = 6
    """Would slow down any other."""
    QUOTES = 7
    """Frequent beginnings."""
    FOREIGN = 8
    """Cannot occur in ASCII."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """One row of `DECODERS`."""

    run: Callable[[Source], Iterable[View]]
    hints: tuple[str, ...]
    """hyperscan patterns; what none of them occurs in is not worth a try."""
    bank: Bank = Bank.LIGHT
    test: Callable[[bytes], bool] | None = None
    """Where no pattern tells: whether it is worth a try."""
    wraps: bool = False
    """The text was inside something; else it was only spelled otherwise."""
    reads_binary: bool = False
    """Also tried on a large view that is no text."""
    reads_joins: bool = True
    """Also tried on pieces that were put side by side."""
    reads_json: bool = True
    """Also tried on a JSON document, which leaves.py has read already."""
    reads_shown: bool = True
    """Of residue: also tried on what is a view as well, as any decoder is."""
    always_behind: frozenset[str] = frozenset()
    """Steps behind which it is tried, whatever its test says."""
    reach: int = 0
    """If any: of a large text it reads so many bytes round its hints, and no more."""

    def read(self, source: Source) -> Iterable[View]:
        """What it makes of a view."""
        if self.reach and len(source.data) > LARGE_BYTES:
            return read_near(self.run, _hints_of(self.run), self.reach, source)
        return self.run(source)


_of_text = partial(Decoder, hints=(), reads_joins=False, reads_json=False)
_of_bytes = partial(Decoder, hints=(), wraps=True, reads_binary=True, reads_joins=False)
_COMPRESSED = (
    Decoder(streams.streams, streams.HINTS, wraps=True, reads_binary=True),
    Decoder(zip.members, zip.HINTS, wraps=True, reads_binary=True),
    Decoder(headless.headless_streams, headless.HINTS, wraps=True, reads_binary=True),
    Decoder(blocks.blocks, blocks.HINTS, wraps=True, reads_binary=True),
)
_DOCUMENTS = (
    Decoder(pdf.coded_streams, pdf.CODED_HINTS, wraps=True, reads_binary=True),
    Decoder(sealed.decrypted, sealed.HINTS, wraps=True, reads_binary=True),
    Decoder(filters.filtered, filters.HINTS, wraps=True, reads_binary=True),
    Decoder(pdf.shown_text, pdf.TEXT_HINTS, reads_binary=True),
    Decoder(sheets.cells, sheets.HINTS, wraps=True, reads_joins=False),
    Decoder(rtf.shown_text, rtf.HINTS, reads_joins=False),
    Decoder(packed.strings, packed.HINTS, reads_binary=True),
    _of_bytes(pickled.values, test=pickled.is_pickle),
)
_CHARACTERS = (
    Decoder(charset.wide, (), test=charset.is_wide, wraps=True, reads_binary=True),
    Decoder(
        charset.wide_letters,
        charset.WIDE_LETTER_HINTS,
        Bank.FOREIGN,
        wraps=True,
        reads_binary=True,
    ),
    Decoder(charset.overlong, charset.OVERLONG_HINTS, Bank.FOREIGN, reads_binary=True),
    Decoder(charset.ebcdic, charset.EBCDIC_HINTS, Bank.FOREIGN, reads_binary=True),
    Decoder(charset.floats, charset.FLOAT_HINTS, wraps=True, reads_binary=True),
    Decoder(charset.utf7, charset.UTF7_HINTS, reads_joins=False),
    Decoder(
        unicode.folded,
        unicode.HINTS,
        Bank.FOREIGN,
        reads_binary=True,
        reads_joins=False,
    ),
    Decoder(
        alphabets.alphabets,
        alphabets.HINTS,
        Bank.FOREIGN,
        reads_joins=False,
        reach=2048,
    ),
    Decoder(
        unicode.carried,
        unicode.CARRIER_HINTS,
        Bank.FOREIGN,
        wraps=True,
        reads_binary=True,
    ),
    Decoder(
        codepoints.characters,
        codepoints.HINTS,
        Bank.FOREIGN,
        wraps=True,
        reads_binary=True,
        reads_joins=False,
    ),
)
_SPELLINGS = (
    Decoder(escapes.escapes, escapes.HINTS, reads_joins=False, reads_json=False),
    Decoder(escapes.named, escapes.NAMED_HINTS, reads_joins=False),
    Decoder(escapes.css, escapes.CSS_HINTS, reads_joins=False, reads_json=False),
    Decoder(escapes.signs, escapes.SIGN_HINTS, Bank.RARE, reads_joins=False),
    Decoder(percent.percent, percent.HINTS),
    Decoder(percent.blanks, percent.PLUS_HINTS, Bank.RARE),
    Decoder(markup.references, markup.REFERENCE_HINTS),
    Decoder(markup.tags, markup.TAG_HINTS, reads_joins=False),
    Decoder(markup.colours, markup.COLOUR_HINTS, reads_joins=False),
    _of_text(literals.literals, hints=literals.HINTS, bank=Bank.QUOTES),
    Decoder(embedded.embedded, embedded.HINTS, reads_joins=False, reads_json=False),
    _of_bytes(mirrored.mirrored, hints=mirrored.HINTS),
    Decoder(
        mirrored.mirrored,
        mirrored.NUMBER_HINTS,
        Bank.NUMBERS,
        wraps=True,
        reads_joins=False,
    ),
    Decoder(mail.quoted, mail.QUOTED_HINTS, reads_joins=False, reach=1024),
    Decoder(mail.words, mail.WORD_HINTS),
    Decoder(mail.continued, mail.CONTINUED_HINTS, reads_joins=False),
    Decoder(
        chunks.groups, chunks.GROUP_HINTS, Bank.SHAPES, reads_joins=False, reach=2048
    ),
    Decoder(chunks.groups, chunks.LINE_HINTS, Bank.RARE, reads_joins=False, reach=2048),
    Decoder(chunks.ruled, (), test=chunks.is_ruled, reads_joins=False),
    Decoder(even.even, (), test=even.is_even, reads_joins=False),
    Decoder(armour.armour, (), test=armour.is_apart, reads_joins=False),
    Decoder(cited.cited, cited.HINTS, Bank.RARE, reads_joins=False),
    Decoder(numbered.numbered, numbered.HINTS, Bank.UPPER, reads_joins=False),
    Decoder(rows.rows, (), test=rows.has_rows, reads_joins=False),
    _of_text(columns.columns, test=columns.has_rows),
    _of_text(alone.alone, test=alone.has_alone),
    Decoder(chunks.unwrapped, chunks.WRAP_HINTS, reads_joins=False),
    Decoder(sized.sized, sized.HINTS, Bank.RARE, reads_joins=False, reach=2048),
    Decoder(quoted.quoted, (), test=quoted.has_literals, reads_joins=False),
    Decoder(disguise.disguised, (), test=disguise.is_disguised),
    Decoder(named.named, (), test=named.is_named),
    Decoder(glued.unglued, glued.HINTS, Bank.RARE, reads_joins=False, reach=2048),
)
_CODES = (
    Decoder(base64.base64, base64.HINTS, Bank.SHAPES, wraps=True),
    Decoder(base64.pieces, base64.PIECES_HINTS, Bank.RARE, wraps=True, reach=2048),
    Decoder(noise.noise, noise.HINTS, Bank.MIXED, wraps=True, reads_joins=False),
    Decoder(base64.backwards, base64.BACKWARDS_HINTS, Bank.RARE),
    Decoder(radix.base32, radix.LOWER_HINTS, Bank.LOWER, wraps=True),
    Decoder(radix.base32, radix.UPPER_HINTS, Bank.UPPER, wraps=True),
    Decoder(bignum.bignum, bignum.HINTS, Bank.MIXED, wraps=True),
    Decoder(radix.base16, radix.BASE16_HINTS, Bank.NUMBERS, wraps=True),
    Decoder(radix.other_base16, radix.OTHER_LOWER_HINTS, Bank.LOWER, reads_joins=False),
    Decoder(radix.other_base16, radix.OTHER_UPPER_HINTS, Bank.UPPER, reads_joins=False),
    Decoder(notation.pairs, notation.PAIR_HINTS, Bank.NUMBERS, wraps=True, reach=4096),
    Decoder(numbers.numbers, numbers.HINTS, Bank.NUMBERS, wraps=True, reach=4096),
    Decoder(framed.framed, (), test=framed.is_framed, wraps=True, reads_joins=False),
    Decoder(scaled.scaled, scaled.HINTS, Bank.NUMBERS, wraps=True, reads_joins=False),
    _of_bytes(scaled.binary, test=scaled.is_binary),
    Decoder(sums.sums, sums.HINTS, Bank.NUMBERS, wraps=True, reads_joins=False),
    _of_bytes(typed.typed, test=typed.may_be_typed),
    Decoder(notation.records, notation.RECORD_HINTS, wraps=True, reads_joins=False),
    Decoder(bits.bits, bits.HINTS, Bank.NUMBERS, wraps=True),
    Decoder(bits.apart, bits.APART_HINTS, Bank.NUMBERS, wraps=True, reach=4096),
    Decoder(bits.words, bits.WORD_HINTS, wraps=True, reach=2048),
    Decoder(bits.invisible, bits.INVISIBLE_HINTS, Bank.FOREIGN, wraps=True),
    Decoder(spoken.spoken, spoken.HINTS, reads_joins=False, reach=4096),
    Decoder(spoken.morse, spoken.MORSE_HINTS, Bank.FOREIGN, reads_joins=False),
    Decoder(worded.worded, worded.HINTS, Bank.RARE, reads_joins=False),
    Decoder(syllables.syllables, syllables.HINTS, Bank.RARE, reads_joins=False),
    Decoder(worded.signs, worded.SIGN_HINTS, Bank.FOREIGN, reads_joins=False),
    Decoder(spoken.braille, spoken.BRAILLE_HINTS, Bank.FOREIGN, reads_joins=False),
    Decoder(base45.base45, base45.HINTS, Bank.UPPER, wraps=True, reads_joins=False),
    Decoder(base45.base91, base85.HINTS, wraps=True, reads_joins=False),
    Decoder(notation.dumps, notation.DUMP_HINTS, wraps=True, reads_joins=False),
    Decoder(listing.listings, listing.HINTS, wraps=True, reads_joins=False),
    Decoder(base85.base85, base85.HINTS, wraps=True),
    Decoder(base85.patches, base85.PATCH_HINTS, wraps=True, reads_joins=False),
    Decoder(mail.uuencoded, mail.UU_HINTS, wraps=True, reads_joins=False),
    _of_bytes(mail.yencoded, hints=mail.YENC_HINTS),
)
_CIPHERS = (
    Decoder(
        shifted.shifted,
        (),
        test=shifted.is_shifted,
        reads_binary=True,
        reads_joins=False,
        always_behind=shifted.NO_TEXT_BEFORE,
    ),
    Decoder(
        turned.turned, (), test=turned.has_long_words, wraps=True, reads_joins=False
    ),
    _of_bytes(reckoned.reckoned, test=reckoned.is_reckoned),
    _of_bytes(turned.masked, test=turned.is_masked),
    _of_bytes(keyed.keyed, test=keyed.is_keyed),
    Decoder(drawn.drawn, drawn.HINTS, test=drawn.is_drawn),
)
_of_rest = partial(Decoder, hints=(), wraps=True, reads_shown=False)
RESIDUE = (
    Decoder(shifted.shifted, ()),
    Decoder(turned.masked, (), test=turned.is_masked, wraps=True),
    Decoder(mirrored.mirrored, (), wraps=True),
    Decoder(
        charset.ebcdic,
        (),
        test=charset.may_be_ebcdic,
        wraps=True,
        reads_shown=False,
    ),
    Decoder(streams.streams, (), wraps=True, reads_shown=False),
    Decoder(
        partial(headless.headless_streams, by_chance=True),
        (),
        wraps=True,
        reads_shown=False,
    ),
    Decoder(
        reckoned.reckoned,
        (),
        test=reckoned.is_reckoned,
        wraps=True,
        reads_shown=False,
    ),
    _of_rest(keyed.keyed),
    _of_rest(typed.typed, test=typed.may_be_typed),
    _of_rest(pickled.values, test=pickled.is_pickle),
)
"""What reads residue, which no other decoder is offered; in order."""
DECODERS = (*_COMPRESSED, *_DOCUMENTS, *_CHARACTERS, *_SPELLINGS, *_CODES, *_CIPHERS)


@cache
def _hints_of(run: Callable[[Source], Iterable[View]]) -> tuple[str, ...]:
    """Of all rows of a decoder: it is asked but once for a view."""
    return tuple(hint for row in DECODERS if row.run is run for hint in row.hints)


@cache
def _sieve(bank: Bank) -> Sieve:
    return Sieve(
        [
            (bit, pattern)
            for bit, decoder in enumerate(DECODERS)
            if decoder.bank is bank
            for pattern in decoder.hints
        ]
    )


def patterns() -> Iterator[Patterns]:
    """All that takes long to compile of what decoders look for."""
    yield from (_sieve(bank).patterns for bank in Bank)
    for decoder in DECODERS:
        if decoder.reach:
            yield sieve_of(_hints_of(decoder.run)).patterns
    yield from (*disguise.vendors().patterns, *shifted.vendors().patterns)
    yield turned.sieve().patterns
    yield named.sieve().patterns


_ASCII = tuple(bank for bank in Bank if bank is not Bank.FOREIGN)
_MASKS = {
    bank: sum(1 << bit for bit, d in enumerate(DECODERS) if d.bank is bank and d.hints)
    for bank in _ASCII
}
_TESTS = [(1 << bit, d.test) for bit, d in enumerate(DECODERS) if d.test]
_ALWAYS = [(1 << n, d.always_behind) for n, d in enumerate(DECODERS) if d.always_behind]
EVERY = (1 << len(DECODERS)) - 1


def _those(reads: Callable[[Decoder], bool]) -> int:
    return sum(1 << bit for bit, decoder in enumerate(DECODERS) if reads(decoder))


READ_JOINS = _those(lambda decoder: decoder.reads_joins)
READ_BINARY = _those(lambda decoder: decoder.reads_binary)
READ_JSON = _those(lambda decoder: decoder.reads_json)
READ_UNDONE = _those(lambda decoder: decoder.run is glued.unglued)
"""What is tried on words of which a cipher was undone: they begin like a key."""
SETTLING = _those(lambda decoder: decoder.run is pdf.coded_streams)
"""Where it finds what says by a checksum that it is nothing else, the rest is read."""
TESTED = _those(lambda decoder: decoder.test is not None)


def untested(step: str) -> int:
    """The bits of the decoders that are tried behind a step whatever tests say."""
    return sum([bit for bit, steps in _ALWAYS if step in steps])


def hints_in(data: bytes, among: int = EVERY) -> int:
    """
    Bit i is set when a hint of `DECODERS[i]` occurs in `data`.

    `among`: of the decoders without foreign hints only these are asked for, and some.
    """
    if not data:
        return 0
    found = 0 if data.isascii() else _sieve(Bank.FOREIGN).scan(data)
    for bank, mask in _MASKS.items():
        if among & mask:
            found |= _sieve(bank).scan(data)
    return found | by_tests(data, among)


def by_tests(data: bytes, among: int = EVERY) -> int:
    """Those of the bits of `hints_in` that no pattern tells, but a test."""
    if not data:
        return 0
    return sum([bit for bit, test in _TESTS if among & bit and test(data)])
