"""A rewritten document is one still: what is cut, and what stays of a span."""

import json
import re
import urllib.parse
from xml.dom import minidom

import pytest

from dlp.decode.documents.nesting import Nesting
from dlp.model import Finding, Kind, Part, PartKind, Tier
from dlp.redact import carriers, redact

DIGEST = "0123456789abcdef"
NAME = f"redacted-r-{DIGEST}"


def cut(text, span, media_type="application/json", kind=Kind.FINGERPRINT):
    """The text without the part between the bars of `span`, as it was cut."""
    data = text.encode()
    match = re.search(re.escape(span.encode()), data)
    part = Part(PartKind.BODY, data, media_type=media_type)
    finding = Finding("r", kind, Tier.STRONG, "body", 0, match.span())
    done = redact([part], [finding], lambda _: DIGEST)
    return done and (done.parts[0].data.decode(), dict(done.stands_for))


@pytest.mark.parametrize(
    ("text", "span", "expected", "reads"),
    [
        ('{"a": "x SECRET y"}', "SECRET", '{"a": "x @ y"}', "SECRET"),
        (r'{"a": "x\nSECRET"}', "nSEC", r'{"a": "x@RET"}', "\nSEC"),
        (r'{"a": "SEC\u0041B"}', r"SEC\u00", r'{"a": "@B"}', "SECA"),
        (r'{"a": "C:\\SECRET"}', "SECRET", r'{"a": "C:\\@"}', "SECRET"),
        (r'{"a": "SEC\"RET"}', r"SEC\"RET", '{"a": "@"}', 'SEC"RET'),
        ('{"a": 4111111111}', "11111", '{"a": "@"}', "4111111111"),
        ('{"a": -1.5e3, "b": 2}', "1.5e", '{"a": "@", "b": 2}', "-1.5e3"),
        ('{"l": [1, 2, 3]}', "1, 2, 3", '{"l": ["@"]}', "1, 2, 3"),
        ('{"a": "SEC", "b": "RET"}', 'SEC", "b": "RET', '{"a": "@", "b": ""}', None),
        ('{"n": 12, "l": [3]}', '12, "l": [3', '{"n": "@", "l": [""]}', None),
        ('{"SECRET": 1}', "SECRET", '{"@": 1}', "SECRET"),
        ('{"a": "x", "a": "SECRET"}', "SECRET", '{"a": "x", "a": "@"}', "SECRET"),
        ('{"a": "b"}\n{"a": "SECRET"}', "SECRET", '{"a": "b"}\n{"a": "@"}', "SECRET"),
    ],
)
def test_json(text, span, expected, reads):
    got, stands_for = cut(text, span)
    assert got == expected.replace("@", NAME)
    assert stands_for == ({NAME: reads} if reads else {})


@pytest.mark.parametrize(
    ("inner", "span", "expected", "reads"),
    [
        ({"k": 'SE"C\\R\nET'}, 'SE"C\\R\nET', {"k": NAME}, 'SE"C\\R\nET'),
        ({"k": 4111111111, "z": 1}, "41111111", {"k": NAME, "z": 1}, "4111111111"),
        ({"k": "é SECRET"}, "9 SECRET", {"k": NAME}, "é SECRET"),
        ({"p": "C:\\SECRET"}, "SECRET", {"p": f"C:\\{NAME}"}, "SECRET"),
    ],
)
def test_json_in_json(inner, span, expected, reads):
    document = {"arguments": json.dumps(inner)}
    spelled = json.dumps(json.dumps(span)[1:-1])[1:-1]
    got, stands_for = cut(json.dumps(document), spelled)
    assert json.loads(json.loads(got)["arguments"]) == expected
    assert stands_for == {NAME: reads}


def test_json_in_json_is_not_cut_across_its_strings():
    document = {"arguments": json.dumps({"a": "xSEC", "b": ["RETx", 1]})}
    got, stands_for = cut(json.dumps(document), r"SEC\", \"b\": [\"RET")
    assert json.loads(json.loads(got)["arguments"]) == {"a": f"x{NAME}", "b": ["x", 1]}
    assert stands_for == {}


def test_a_string_is_followed_once_for_all_that_is_found_in_it(monkeypatch):
    read = []
    feed = Nesting.feed
    monkeypatch.setattr(
        carriers.Nesting, "feed", lambda self, b: read.append(len(b)) or feed(self, b)
    )
    inner = {str(n): f'x "SECRET{n:04}" y' for n in range(300)}
    data = json.dumps({"arguments": json.dumps(inner)}).encode()
    spans = [match.span() for match in re.finditer(rb"SECRET\d{4}", data)]
    pieces = map(carriers.carrier(Part(PartKind.BODY, data)), spans)
    assert [p.reads for found in pieces for p in found] == [
        f"SECRET{n:04}".encode() for n in range(300)
    ]
    assert sum(read) < 6 * len(data)  # once, and once for each string within one


@pytest.mark.parametrize("back", [0, 1])
def test_places_may_be_asked_for_in_any_order(back):
    inner = json.dumps({"a": 'S"E\\C', "b": [1, "S", 22], "c": "RET"})
    data = json.dumps([inner, "RET"]).encode()
    spans = [(at, at + size) for at in range(2, len(data) - 8) for size in (1, 3, 7)]
    once = {span: carriers.carrier(Part(PartKind.BODY, data))(span) for span in spans}
    cut = carriers.carrier(Part(PartKind.BODY, data))
    for span in sorted(spans, reverse=bool(back)):
        assert cut(span) == once[span]


def test_a_cut_that_would_break_the_document_is_not_made():
    assert cut('{"a": true}', '": ') is None
    assert cut(f'{{"a": 0.{"1" * 900}23456789}}', "23456789") is None


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("text", "span", "kind", "expected"),
    [
        ("a=1&s=SE%2FCRET&b=2", "SE%2FCRET", Kind.PATTERN, f"a=1&s={NAME}&b=2"),
        ("s=SE%2FCRET&b=2", "SE%2", Kind.PATTERN, f"s={NAME}CRET&b=2"),
        ("s=SECRET&b=2", "SECRET&b=2", Kind.PATTERN, f"s={NAME}&b=2"),
        ("s=SEC&b=RET", "SEC&b=RET", Kind.FINGERPRINT, f"s={NAME}&b="),
    ],
)
def test_forms_keep_their_fields(text, span, kind, expected):
    got, _ = cut(text, span, FORM, kind)
    assert got == expected
    names = [name for name, _ in urllib.parse.parse_qsl(text)]
    assert [n for n, _ in urllib.parse.parse_qsl(got, keep_blank_values=True)] == names


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("<a>x SECRET</a>", "SECRET", f"<a>x {NAME}</a>"),
        ("<a>SEC&lt;RET</a>", "SEC&l", f"<a>{NAME}RET</a>"),
        (
            "<a><b>SEC</b><b>RET</b></a>",
            "SEC</b><b>RET",
            f"<a><b>{NAME}</b><b></b></a>",
        ),
        ('<a k="SEC">RET</a>', 'SEC">RET</', f'<a k="{NAME}"></a>'),
        ('<a k="SECRET"/>', "SECRET", f'<a k="{NAME}"/>'),
    ],
)
def test_markup_keeps_its_tags(text, span, expected):
    got, _ = cut(text, span, "application/xml")
    assert got == expected
    minidom.parseString(got)


def test_parts_and_plain_text_are_cut_as_they_are():
    raw = '--q\r\nContent-Disposition: form-data; name="f"; filename="{}.txt"\r\n\r\nx'
    got, _ = cut(raw.format("SECRET"), "SECRET", "multipart/form-data; boundary=q")
    assert got == raw.format(NAME)


PARTS = (
    '--Q\r\nContent-Disposition: form-data; name="a"\r\n\r\n{}\r\n'
    '--Q\r\nContent-Disposition: form-data; name="b"; filename="{}"\r\n\r\n{}\r\n--Q--\r\n'
)


@pytest.mark.parametrize(
    ("texts", "begin", "end", "expected"),
    [
        (("x SECRET", "f.txt", "y"), "SECRET", "Content", (f"x {NAME}", "f.txt", "y")),
        (("x SEC", "f.txt", "RET y"), "SEC", "RET", (f"x {NAME}", "f.txt", " y")),
        (("x", "SECRET", "y"), "SECRET", '"', ("x", NAME, "y")),
        (("x", "SEC", "RET"), "SEC", "RET", ("x", NAME, "")),
    ],
    ids=["into the boundary", "over a boundary", "a file's name", "name and content"],
)
def test_multipart_keeps_its_boundaries_and_headers(texts, begin, end, expected):
    raw = PARTS.format(*texts)
    start = raw.index(begin)
    span = raw[start : raw.index(end, start + len(begin)) + len(end)]
    got, _ = cut(raw, span, "multipart/form-data; boundary=Q")
    assert got == PARTS.format(*expected)
