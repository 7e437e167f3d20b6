"""Any nesting of codecs still gives the planted text in some view."""

import base64
import bz2
import gzip
import io
import itertools
import json
import lzma
import random
import re
import string
import sys
import textwrap
import zipfile
import zlib

import brotli
import pytest

import dlp.decode.budget
from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.compressed.headless import headless_streams
from dlp.decode.compressed.magic import ZIP
from dlp.decode.documents.leaves import read_strings
from dlp.decode.recall import Recall
from dlp.decode.source import Source
from dlp.model import Decoded, Limits, Part, PartKind, View

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"the-pL4nt3d-t3xt-01a2B3c4d5"


def body(data: bytes, *encodings: str) -> Decoded:
    return decode([Part(PartKind.BODY, data, encodings=encodings)], Limits())


def holding(decoded: Decoded, text: bytes = TEXT) -> list[View]:
    return [view for view in decoded.views if text in view.data]


PLANTED = {
    "raw": TEXT,
    "base64": base64.b64encode(TEXT),
    "base64 at an offset": b"x" + base64.b64encode(b".." + TEXT),
    "base64 twice": base64.b64encode(base64.b64encode(TEXT)),
    "percent": b"".join(b"%%%02x" % c for c in TEXT),
    "percent twice": b"".join(b"%%25%02X" % c for c in TEXT),
    "json escapes": b'{"a":"%s"}' % b"".join(b"\\u%04x" % c for c in TEXT),
    "pieces in a string with escapes": json.dumps(
        {"a": "so:\n" + "-".join(textwrap.wrap(base64.b32encode(TEXT).decode(), 5))}
    ).encode(),
    "json in json": json.dumps({"a": json.dumps({"b": TEXT.decode()})}).encode(),
    "cut over leaves": b'{"a":"%s","b":"%s"}' % (TEXT[:9], TEXT[9:]),
    "encoded, cut, between long texts": json.dumps(
        [*["so many words " * 9] * 2, TEXT.hex()[:26], TEXT.hex()[26:], "more " * 30]
    ).encode(),
    "cut, keys shuffled": b'{"b":"%s","c":"-","a":"%s"}' % (TEXT[9:], TEXT[:9]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_text_comes_out(name):
    decoded = body(PLANTED[name])
    assert holding(decoded)
    assert not decoded.truncated
    assert not decoded.undecodable


CODINGS = {
    "gzip": ((gzip.compress(TEXT),), ("gzip",)),
    "x-gzip": ((gzip.compress(TEXT),), ("x-gzip",)),
    "gzip, two members": ((gzip.compress(b"-") + gzip.compress(TEXT),), ("gzip",)),
    "deflate, zlib": ((zlib.compress(TEXT),), ("deflate",)),
    "deflate, raw": ((zlib.compress(TEXT)[2:-4],), ("deflate",)),
    "br": ((brotli.compress(TEXT),), ("br",)),
    "gzip in br": ((brotli.compress(gzip.compress(TEXT)),), ("gzip", "br")),
}


@pytest.mark.parametrize("name", CODINGS)
def test_declared_codings_are_undone(name):
    (data,), codings = CODINGS[name]
    decoded = body(data, *codings)
    assert holding(decoded)
    assert not decoded.undecodable


UNDECODABLE = {
    "no such coding": (TEXT, "rot13"),
    "not in the coding": (TEXT, "gzip"),
    "cut": (gzip.compress(TEXT)[:-3], "gzip"),
}


@pytest.mark.parametrize("name", UNDECODABLE)
def test_a_declared_coding_that_fails_is_reported(name):
    data, coding = UNDECODABLE[name]
    assert body(data, coding).undecodable == (f"body > {coding}",)


def test_the_raw_parts_come_first():
    parts = [Part(PartKind.HEADER, b"v", "x-a"), Part(PartKind.BODY, TEXT)]
    views = decode(parts, Limits()).views
    assert [view.data for view in views[:2]] == [b"v", TEXT]
    assert [view.path for view in views[:2]] == ["header:x-a", "body"]


def test_a_finding_maps_back_to_the_raw_bytes():
    data = b'{"a":"x\\n%s"}' % TEXT
    (view,) = [v for v in holding(body(data)) if v.step == "json"]
    at = view.data.find(TEXT)
    assert view.raw_span(at, at + len(TEXT)) == (9, 9 + len(TEXT))


WORDS = "it was said in many words, one behind another, " * 4


def test_what_a_long_string_with_escapes_holds_maps_to_where_it_stands():
    data = json.dumps({"a": f"{WORDS}\n{base64.b64encode(TEXT).decode()}\n"}).encode()
    (view,) = holding(body(data))
    span = view.raw_span(0, len(view.data))
    assert span
    assert base64.b64encode(TEXT) in data[slice(*span)]
    assert span[1] - span[0] < 2 * len(TEXT)


def test_long_strings_that_no_parser_takes_are_read_as_they_are_spelled():
    for text, spelled in ((b"\\n" * 60, 1), (b"\\y" * 60, 0)):
        data = b'["%s"]' % text
        assert len(read_strings(data).spelled(data)) == spelled


def test_values_by_key_show_only_what_document_order_does_not():
    decoded = body(json.dumps([{"a": WORDS}, {"c": WORDS + "!"}, {"b": "x"}]).encode())
    steps = {view.step: view.data for view in decoded.views}
    assert len(steps["leaves by key"]) < len(steps["leaves"])
    one = body(json.dumps([{"c": WORDS}, {"c": WORDS + "!"}]).encode())
    assert "leaves by key" not in {view.step for view in one.views}


def test_base64_maps_to_its_whole_run():
    coded = base64.b64encode(TEXT)
    (view,) = [v for v in holding(body(b"key=%s;" % coded)) if v.step == "base64"]
    at = view.data.find(TEXT)
    assert view.raw_span(at, at + len(TEXT)) == (4, 4 + len(coded))


def test_no_raw_span_reaches_past_the_message():
    """UTF-16, big end first: the pairs begin a byte late, the last one is cut."""
    data = TEXT.decode().encode("utf-16-be")
    for view in body(data).views:
        span = view.raw_span(0, len(view.data))
        assert span is None or span[1] <= len(data)


BEHIND = {
    "base64": base64.b64encode,
    "base32": base64.b32encode,
    "hex": lambda data: data.hex().encode(),
    "numbers": lambda data: b"%d" % 7 + str(list(data)).encode(),
}


@pytest.mark.parametrize("coded", BEHIND)
def test_a_stream_behind_other_bytes_in_what_is_no_text_is_found(coded):
    """Two bytes of zlib are no signature to look for in text; in noise they are."""
    assert holding(body(BEHIND[coded](b"xy" + zlib.compress(TEXT))))


@pytest.mark.parametrize("before", [b'{"a":1}', b"[1]", b"a=1&b=2"])
def test_a_document_with_noise_behind_it_is_read_as_text_all_the_same(before):
    coded = base64.b64encode(TEXT.hex().encode())
    assert holding(body(before + b" " + coded + b" \x99\xa6\0\xff" * 9))


@pytest.mark.parametrize("codec", ["shift_jis", "euc-jp", "gb18030", "euc-kr"])
def test_fullwidth_letters_of_other_character_sets_are_read(codec):
    text = TEXT.replace(b"-", b"")
    wide = "".join(chr(c + 0xFEE0) for c in text).encode(codec)
    assert holding(body(b"it: " + wide), text)


def test_ten_letters_in_hex_are_read():
    """Pieces of a secret count, however they are written."""
    assert holding(body(b"h=" + TEXT[:10].hex().encode()), TEXT[:10])


def test_base32_may_be_letters_only():
    text = b"%256f%2548%2577" * 4
    coded = base64.b32encode(text)
    assert coded.isalpha()
    assert any(text in view.data for view in body(coded).views)


@pytest.mark.parametrize("left", [0, 1, 11])
def test_a_stream_for_which_no_room_is_left_is_reported(left):
    """The first fills what may be decoded to the byte; the second is not skipped."""
    noise = random.Random(1).randbytes(400).hex().encode()
    parts = [Part(PartKind.BODY, gzip.compress(b"a" * 5000) + gzip.compress(noise))]
    assert decode(parts, Limits(decoded=5000 + left)).truncated == "decoded"


PACKED = {
    "bz2": bz2.compress,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("pad", [b"\0", b"\xff\0", b"a"], ids=repr)
def test_padding_does_not_hide_what_follows_it_in_a_stream(codec, pad):
    """Text after megabytes of anything is found, or what was not read is reported."""
    decoded = body(b"head " + PACKED[codec](pad * (8 << 20) + TEXT))
    assert holding(decoded) or decoded.truncated == "ratio"


def test_the_larger_a_message_the_more_decoders_may_run():
    """A push of a few hundred commits needs more of them than any chat."""
    rows = [base64.b64encode(b"row %d of some table" % n) for n in range(99)]
    few = Limits(expansions=2)
    short = [Part(PartKind.BODY, gzip.compress(base64.b64encode(rows[0])))]
    assert decode(short, few).truncated == "expansions"
    long = gzip.compress(random.Random(3).randbytes(9000))
    assert not decode([Part(PartKind.BODY, short[0].data + long)], few).truncated


def test_processor_time_is_bounded_and_grows_with_the_message(monkeypatch):
    """The clock is asked before each decoder, and moves a second each time."""
    text = b"%25" * 400 + base64.b64encode(gzip.compress(TEXT * 9))
    few, many = Limits(seconds=4), Limits(seconds=4000)
    clock = itertools.count()
    monkeypatch.setattr(dlp.decode.budget.time, "thread_time", clock.__next__)

    def read(body: bytes, limits: Limits) -> tuple[str, int]:
        began = next(clock)
        decoded = decode([Part(PartKind.BODY, body)], limits)
        return decoded.truncated, next(clock) - began

    cut, asked = read(text, few)
    assert (cut, asked < 10) == ("time", True)
    assert read(text, many)[0] == ""
    assert read(text + b"\n" * (3 << 20), few)[1] > 10


def test_what_was_cut_off_by_time_is_not_taken_for_barren(monkeypatch):
    text, recall = base64.b64encode(gzip.compress(TEXT * 9)), Recall()
    parts = [Part(PartKind.BODY, text)]
    with monkeypatch.context() as clock:
        seconds = itertools.count(step=1000).__next__
        clock.setattr(dlp.decode.budget.time, "thread_time", seconds)
        assert decode(parts, Limits(), recall).truncated == "time"
    assert holding(decode(parts, Limits(), recall))


def test_pixels_of_one_colour_are_no_bomb():
    row = zlib.compress(bytes(8 << 20))
    picture = b"\x89PNG\r\n\x1a\n" + len(row).to_bytes(4) + b"IDAT" + row + bytes(4)
    assert body(picture).truncated == ""


@pytest.mark.parametrize(("size", "read"), [(20 << 10, True), (200 << 10, False)])
def test_pixels_are_read_of_a_small_picture_however_they_are_cut(size, read):
    packed = zlib.compress((TEXT + random.Random(2).randbytes(size)).hex().encode())
    chunks = [packed[at : at + 8192] for at in range(0, len(packed), 8192)]
    sent = b"\x89PNG\r\n\x1a\n" + b"".join(
        len(chunk).to_bytes(4) + b"IDAT" + chunk + bytes(4) for chunk in chunks
    )
    assert bool(holding(body(sent), TEXT.hex().encode())) == read


def test_streams_in_streams_are_bounded_by_what_was_sent():
    bomb = gzip.compress(gzip.compress(bytes(64 << 20)))
    assert len(bomb) < 1000
    decoded = body(bomb, "gzip", "gzip")
    assert decoded.truncated
    assert sum(len(view.data) for view in decoded.views) < 8 << 20


def test_what_a_picture_is_filled_with_is_not_read_to_any_depth():
    """Sixes in EBCDIC, read as hexadecimal, are what they were, and half as many."""
    filled = b"\x94" + b"D" * 35 + b"C" + b"3" * 4000
    for _ in range(2):
        filled = filled.hex().encode()
    assert not body(filled).truncated


def test_lines_of_separators_are_no_groups():
    draw = random.Random(5)
    lines = [
        "".join(draw.choices("/+fvn9", [60, 5, 2, 2, 1, 1], k=76)) for _ in range(300)
    ]
    assert not body("\n".join(lines).encode()).truncated


def test_numbers_that_look_like_a_key_under_a_cipher_are_no_keys():
    numbers = (
        b"%d" % n for n in random.Random(6).choices(range(820_000, 821_000), k=9000)
    )
    decoded = body(b"\0".join(numbers))
    assert not decoded.truncated
    assert not [view for view in decoded.views if view.step == "one-byte cipher"]


def test_a_member_cut_by_line_ends_is_not_taken_for_an_encrypted_one():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in "abcd":  # each header begins 49 bytes into a line of 57
            archive.writestr(name, b"x" * (18 if name == "a" else 26))
    sent = json.dumps({"blob": base64.encodebytes(out.getvalue()).decode()})
    assert not body(sent.encode()).undecodable


def test_noise_that_brotli_makes_megabytes_of_is_not_too_much_to_read():
    stream = brotli.compress(b"so many words " * 200_000)
    source = Source(View(stream, 0), Budget.of(Limits(), len(stream)))
    assert not list(headless_streams(source, by_chance=True))
    assert not source.budget.truncated
    assert list(headless_streams(source))
    assert source.budget.truncated


def test_a_list_of_zeros_is_no_code():
    """What has but one digit has no base that could be told."""
    decoded = decode((Part(PartKind.BODY, b" ".join([b"000"] * 40)),), Limits())
    assert not decoded.truncated
    assert [v.step for v in decoded.views if v.step == "numbers"] == []


def test_what_was_left_unread_is_as_deep_as_it_was_wrapped():
    """Bits turned, as numbers: how these are spelled counts for no depth."""
    turned = ", ".join(str(c << 3 & 0xFF | c >> 5) for c in TEXT * 2)
    spelled = turned.replace("1", "&#49;").replace("&", "%26").replace("%", "\\u0025")
    decoded = decode([Part(PartKind.BODY, spelled.encode())], Limits(depth=2))
    assert holding(decoded)
    assert not decoded.truncated


def test_what_was_guessed_is_read_twice_as_deep_and_no_deeper():
    coded = TEXT * 2
    for _ in range(9):
        coded = base64.b64encode(coded)
    sent = [Part(PartKind.BODY, bytes(c << 3 & 0xFF | c >> 5 for c in coded))]
    assert holding(decode(sent, Limits(depth=6)))
    assert decode(sent, Limits(depth=4)).truncated == "depth"


def test_members_of_a_damaged_archive_are_not_each_other():
    """As text with other characters for bytes; each size is one that covers the rest."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(40):
            archive.writestr(
                zipfile.ZipInfo(f"{number}.xml"), b"member %d " % number * 20
            )
    sent = out.getvalue()
    for at in [found.start() for found in re.finditer(re.escape(ZIP), sent)]:
        sent = sent[: at + 18] + (12 << 10).to_bytes(4, "little") + sent[at + 22 :]
    decoded = body(sent)
    assert not decoded.truncated
    assert holding(decoded, b"member 39 member 39")
    assert sum(len(view.data) for view in decoded.views) < 64 * len(sent)


def test_a_text_behind_a_header_in_a_stored_member_is_shown():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"PK\3\4" + bytes(22) + b"\0\0\0\0" + TEXT)
    views = [v for v in body(out.getvalue()).views if v.step == "zip"]
    assert any(TEXT in view.data for view in views)


@pytest.mark.parametrize(
    "write", [bytes.hex, lambda data: base64.b64encode(data).decode(), list]
)
def test_ebcdic_is_read_in_codes_too(write):
    text = json.dumps({"data": write(TEXT.replace(b"-", b"").decode().encode("cp037"))})
    assert holding(body(text.encode()), b"pL4nt3d")


def test_the_ground_of_a_picture_is_no_ebcdic():
    draw = random.Random(3)
    rows = b"".join(
        bytes([draw.choice((0xC4, 0xF3))]) * 300 + b"\0" for _ in range(900)
    )
    assert not [v for v in body(rows).views if v.came_of({"ebcdic"})]
    assert holding(body(TEXT.replace(b"-", b"").decode().encode("cp037")), b"pL4nt3d")


def test_what_was_guessed_first_is_no_guess_where_it_is_decoded():
    """Put together by chance a key of three letters is none; in wrapped base64 it is."""
    chosen = random.Random(6).choices(string.ascii_letters + string.digits, k=66)
    key = ("S" + "G." + "".join(chosen)).encode()
    decoded = decode([Part(PartKind.BODY, base64.encodebytes(key))], Limits())
    steps = [view.step for view in decoded.views if key in view.data]
    assert "base64" in steps
