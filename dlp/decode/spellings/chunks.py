"""
Text cut by separators: one between all characters, base64 in groups, wrapped lines.

Registered secrets need none of this (their index drops separators); it makes shapes and
encodings whole again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.beginnings import BLANK, KEY
from dlp.decode.codes.base64 import SPACED_SHAPE
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.guesses import TAKEN_APART
from dlp.decode.pieces import Span
from dlp.decode.runs import Alphabet, lines, words
from dlp.decode.source import Source
from dlp.decode.spellings.escapes import is_spelled
from dlp.decode.spellings.rows import is_regrouped
from dlp.model import View

_SYMBOL = r"[0-9A-Za-z+/=_\-]"
_PLAIN = r"[0-9A-Za-z+/=_]"
_GAP = r"[ .,:;|/~\-]"
_SIZES = {1: 10, 4: 5, 8: 3}
"""Length of a group, and how many of them in a row are no prose. Others: even.py."""

GROUP_HINTS = (rf"(?:{_PLAIN}[ .,:;|/~\-]){{10}}", SPACED_SHAPE)
LINE_HINTS = (
    rf"(?:{_PLAIN}\r?\n){{10}}",
    r"(?:\A|[^!-~])(?:[!-~]{8}\r?\n){3}[!-~]",
)
WRAP_HINTS = (rf"{_SYMBOL}{{20}}\r?\n[ \t>]{{0,2}}{_SYMBOL}{{8}}",)

_GROUPS = tuple(
    re.compile(
        rf"(?<![0-9A-Za-z])[!-~]{{{size}}}([ \t.,:;|/~*_\-]|\r?\n)"
        rf"(?:[!-~]{{{size}}}\1){{{count - 1},}}"
        rf"[!-~]{{1,{size}}}(?![0-9A-Za-z])".encode()
    )
    for size, count in _SIZES.items()
)
_WRAPPED = re.compile(
    rf"{_SYMBOL}{{20,}}+"
    rf"(?:[ \t]{{0,4}}(?:\r?\n)?[ \t>#*]{{0,4}}{_SYMBOL}{{4,}}+)+".encode()
)
_LONG_WORDS = Alphabet(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=_-", 20
)
_FEWEST = 6
"""Different characters; a ruled line has fewer."""
_SHORTEST_RULED, _SHORTEST_ROW = 15, 20
"""Of a word, which may be a password's eight characters, and of what holds blanks."""
_OPENED = re.compile(rb"[!-~]{0,23}[=:\"'(]")
"""What stands before a value, up to the last sign that does."""
_MOST_RULED = 64
"""Words of one view that are looked at."""
_LONGEST_RULED, _LONGEST_WHOLE = 512, 16 << 10
_LONG = 32
_HEAD_BYTES, _BLANKS = 64, b" " * 6
"""In which a table shows that it is one."""
_WIDEST_STEP = 14
_FEWEST_RULES = 4
_BEGINS = re.compile(
    "|".join(
        rf".{{{step - 1}}}(.)(?:.{{{step - 1}}}\{step - 1}){{2}}"
        for step in range(2, _WIDEST_STEP)
    ).encode(),
    re.DOTALL,
)
"""The same byte three times, as far from each other as from the beginning."""
_OWN = 4
"""Of so many characters less than one is what separates them: `s-k---a-n-t---a`."""
_BREAKS = b" \t\r\n>#*"
"""What stands between the words of `_WRAPPED`, and in none."""
_APART = 2
"""Line ends between what was found: it is not put together again."""


def groups(source: Source) -> Iterator[View]:
    """Groups of one length without what separates them."""
    if is_regrouped(source.view):
        return
    found: list[tuple[Span, bytes]] = []
    for size, pattern in zip(_SIZES, _GROUPS, strict=True):
        for match in pattern.finditer(source.data):
            text, step = match[0], size + len(match[1])
            whole_text = (
                text[::step]
                if size == 1
                else b"".join(text[at : at + size] for at in range(0, len(text), step))
            )
            if _is_grouped(whole_text, match[1]):
                found.append((match.span(), whole_text))
    yield from source.found("ungrouped", found, _APART)


def _is_grouped(text: bytes, separator: bytes) -> bool:
    """A ruled line has few characters; one of separators has them between itself."""
    return len(set(text)) >= _FEWEST and text.count(separator) * _OWN < len(text)


def unwrapped(source: Source) -> Iterator[View]:
    """Long words that go on in the next line; of readings each line is a word alone."""
    if source.view.came_of(TAKEN_APART):
        return
    data = source.data
    spans: list[Span] = []
    for start, _ in _LONG_WORDS.runs(data):
        # What begins inside a long word ends with it, so only whole ones are tried.
        if spans and start < spans[-1][1]:
            continue
        match = _WRAPPED.match(data, start)
        if match and not is_spelled(data, *match.span()):
            blank = BLANK.search(match[0])
            spans.append((start, start + blank.end() if blank else match.end()))
    found = [(span, data[slice(*span)].translate(None, _BREAKS)) for span in spans]
    yield from source.found("unwrapped", found, _APART)


def is_ruled(data: bytes) -> bool:
    """Whether a word here has the same at even distances from its beginning on."""
    return any(True for _ in _ruled(data))


def ruled(source: Source) -> Iterator[View]:
    """
    Such words without it: `ghp_/Ab3x/...`. What parts them may be what they consist of.
    Of what is ruled to its end, and is long, what is left may be a code.
    """
    if is_regrouped(source.view):
        return
    found: list[tuple[Span, bytes]] = []
    for span, text, to_its_end in _ruled(source.data):
        if is_spelled(source.data, *span):
            continue
        if KEY.match(text) or (to_its_end and len(text) >= _LONG):
            found.append((span, text))
        else:
            source.budget.remains(source.child("ungrouped", text, span))
    yield from source.found("ungrouped", found, _APART)


def _ruled(data: bytes) -> Iterator[tuple[Span, bytes, bool]]:
    """Span, what is left of it, and whether it is ruled to its end."""
    quoted = bool(LOOKS_LIKE_JSON.match(data))
    for start, stop in words(_SHORTEST_RULED, quoted=quoted).runs(data)[:_MOST_RULED]:
        word = data[start : min(stop, start + _LONGEST_RULED)]
        opened = _OPENED.match(word)
        for begin in (0, opened.end()) if opened else (0,):
            if not _may_be_ruled(word, begin, len(word)):
                continue
            text, rest = _unruled(word[begin:])
            if len(set(text)) > _FEWEST:
                yield (start + begin, start + len(word)), text, not rest
    for start, stop in _with_blanks(data, quoted=quoted):
        text, rest = _unruled(data[start:stop])
        if len(set(text)) > _FEWEST and rest <= 1:  # a line end
            yield (start, stop), text, True


def _with_blanks(data: bytes, *, quoted: bool) -> list[Span]:
    """What may be ruled as a whole, blanks and line ends with it."""
    if len(data) > _LONGEST_WHOLE:
        return []
    spans = lines(_SHORTEST_ROW, quoted=quoted).runs(data)[:_MOST_RULED]
    spans = [
        (start, stop)
        for start, stop in spans
        if _may_be_ruled(data, start, stop) and data.find(b" ", start, stop) >= 0
    ]
    if b"\n" in data and _may_be_ruled(data, 0, len(data)):
        spans.append((0, len(data)))
    return spans


def _may_be_ruled(data: bytes, start: int, stop: int) -> bool:
    if not _BEGINS.match(data, start, stop):
        return False
    head = data[start : min(stop, start + _HEAD_BYTES)]
    return len(set(head)) > _FEWEST and _BLANKS not in head


def _unruled(word: bytes) -> tuple[bytes, int]:
    """What is left of a word, and how many bytes behind it were not looked at."""
    for step in range(2, min(_WIDEST_STEP, len(word) // _FEWEST_RULES + 1)):
        last = word[step - 1]
        if last != word[2 * step - 1] or last != word[3 * step - 1]:
            continue
        for width in (1, 2) if step > 2 else (1,):  # a letter is left
            size = step - width
            rule = word[size:step]
            count = 1
            while word[count * step + size : (count + 1) * step] == rule:
                count += 1
            if count >= _FEWEST_RULES and not word[:size].endswith(rule[:1]):
                stop = min((count + 1) * step, len(word))
                left = b"".join(word[at : at + size] for at in range(0, stop, step))
                return left, len(word) - stop
    return b"", 0
