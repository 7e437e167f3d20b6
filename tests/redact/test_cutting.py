import pytest

from dlp.model import Finding, Kind, Part, PartKind, Tier
from dlp.redact import redact
from dlp.redact.cutting import is_joined_placeholder, is_placeholder, named

RULES = frozenset({"some-rule", "other"})
NAME = b"redacted-some-rule-0123456789abcdef"
ARMOURED = b"-----BEGIN A KEY-----" + NAME + b"-----END A KEY-----"


def digest(text):
    return text.hex()[:16].ljust(16, "0")


def run(*texts, found, everywhere=True):
    parts = [Part(PartKind.BODY, text) for text in texts]
    findings = []
    for number, text, rule in found:
        start = parts[number].data.index(text)
        span = start, start + len(text)
        findings.append(Finding(rule, Kind.PATTERN, Tier.STRONG, "body", number, span))
    return redact(parts, findings, digest, everywhere=everywhere)


def test_the_same_text_is_cut_wherever_it_stands():
    done = run(
        b'k=hunter2-xyz, "hunter2-xyz"',
        rb'{"a": "{\"b\": \"hunter2-xyz\"}"}',
        found=[(0, b"hunter2-xyz", "r")],
    )
    assert b"hunter2" not in b"".join(part.data for part in done.parts)
    assert len(done.stands_for) == 1


def test_it_is_cut_however_deep_json_writes_it():
    secret = b'p"a\\ss-w\nrd'
    done = run(
        secret,
        rb'{"a": "p\"a\\ss-w\nrd", "b": "{\"c\": \"p\\\"a\\\\ss-w\\nrd\"}"}',
        found=[(0, secret, "r")],
    )
    assert done.parts[1].data.count(b"redacted-r-") == 2
    assert b"ss-w" not in done.parts[1].data


def test_a_short_text_is_cut_only_where_it_was_found():
    done = run(b"pin=1234 in 1234", found=[(0, b"1234", "r")])
    assert done.parts[0].data.endswith(b" in 1234")


def test_elsewhere_it_stays_when_nothing_is_restored():
    done = run(
        b"hunter2-xyz hunter2-xyz", found=[(0, b"hunter2-xyz", "r")], everywhere=False
    )
    assert done.parts[0].data.endswith(b" hunter2-xyz")


def test_a_longer_text_with_the_same_begin_is_another():
    first = b"hunter2-" * 6
    done = run(first + b"A", first + b"B", found=[(0, first + b"A", "r")])
    assert done.parts[1].data == first + b"B"


def test_what_stands_in_too_many_places_is_not_rewritten(monkeypatch):
    monkeypatch.setattr("dlp.redact.cutting._MOST_PLACES", 3)
    sent = b"hunter2-xyz "
    assert run(sent * 2, found=[(0, b"hunter2-xyz", "r")])
    assert run(sent * 3, found=[(0, b"hunter2-xyz", "r")]) is None


def test_one_text_has_one_name_whatever_finds_it_later():
    sent = b"first hunter2-xyz, then key=hunter2-xyz"
    part = Part(PartKind.BODY, sent)
    findings = [
        Finding(rule, Kind.PATTERN, Tier.STRONG, "body", 0, (at, at + 11))
        for rule, at in (("b", 28), ("a", 6))
    ]
    done = redact([part], findings, digest)
    assert len(done.stands_for) == 1
    assert next(iter(done.stands_for)).startswith("redacted-a-")


def test_different_texts_have_different_names():
    done = run(
        b"one-secret two-secret",
        found=[(0, b"one-secret", "r"), (0, b"two-secret", "r")],
    )
    assert len(done.stands_for) == 2


def test_a_name_is_letters_digits_and_hyphens():
    assert named('we"ird/ru&le%') == "we-ird-ru-le"


@pytest.mark.parametrize(
    ("data", "match", "expected"),
    [
        (b"x " + NAME + b" y", NAME[10:], True),
        (b"x " + NAME + b" y", NAME, True),
        (b"x " + NAME + b" y", NAME + b" y", True),
        (b"x " + NAME + b" hunter2!", NAME + b" hunter2!", False),
        (b"x " + NAME + b" y " + NAME + b"-a", NAME + b" y " + NAME + b"-a", True),
        (b"x " + NAME + b" y", b"x ", False),
        (b"x " + NAME + b"/sendMessage", NAME[14:] + b"/sendMessage", True),
        (b"reader's hunter2 " + NAME, b"reader's hunter2 r", False),
        (ARMOURED, b"KEY-----" + NAME + b"-----END", True),
        (ARMOURED + b"k3" * 20, NAME + b"-----END A KEY-----" + b"k3" * 20, False),
        (b"redacted-" + b"k3" * 20 + b"-0123456789abcdef", b"k3" * 20, False),
        (NAME + b"01", b"0123456789abcdef01", True),
        (NAME + b"01", NAME + b"01", False),
        (NAME + NAME, NAME + NAME, True),
    ],
)
def test_only_our_own_placeholders_are_none_of_our_findings(data, match, expected):
    start = data.index(match)
    assert is_placeholder(data, start, start + len(match), RULES) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"redact6a803", True),
        (b"me-rule-0123456789abcdef", True),
        (b"redac7cf66ef53fde5", True),
        (b"KEY-----redac7cf66ef53fde5-----END", True),
        (b"0123456789abcdef", False),
        (b"any-thing-0123456789abcdef", False),
        (b"redactk3k3k3k3", False),
        (b"reda0123456789abcdef01", False),
        (NAME + b"assistant", True),
        (NAME + b"k3" * 20, False),
        (b"redactrule-0123456789abcdef", True),
        (b"dacted-some-rule-0123456789abcdef", True),
        (b"rrule-0123456789abcdef", True),
        (b"redac7cf66ef53fde5-----END A KEY-----\nand more", True),
        (b"k3k3k3k3k3k3-----END A KEY-----\nand more", False),
        (b"k3k3k3k3" + NAME, False),
    ],
)
def test_what_joins_leave_of_a_placeholder(text, expected):
    assert is_joined_placeholder(text, 0, len(text), RULES) is expected


def test_narrowed_keeps_what_stands_between_two_texts():
    sent = b'{"a": "hunter2-xyz", "b": "in between", "c": "hunter2-xyz"}'
    start, stop = sent.index(b"hunter2"), sent.rindex(b"xyz") + 3
    spans = [(start, start + 11), (start, stop), (stop - 11, stop)]
    findings = [Finding("r", Kind.FINGERPRINT, Tier.CERTAIN, "", 0, s) for s in spans]
    part = Part(PartKind.BODY, sent)
    for narrow in (True, False):
        done = redact([part], findings, digest, narrow=narrow)
        assert (b"in between" in done.parts[0].data) is narrow
        assert b"hunter2" not in done.parts[0].data


@pytest.mark.parametrize(
    ("data", "media_type", "spans"),
    [
        (b'{"a": 41111111115555}', "application/json", [(7, 10), (13, 16)]),
        (b"a=%41", "application/x-www-form-urlencoded", [(2, 4), (4, 5)]),
    ],
)
def test_two_findings_that_would_cut_one_thing_twice_are_not_cut(
    data, media_type, spans
):
    part = Part(PartKind.BODY, data, media_type=media_type)
    findings = [Finding("r", Kind.PATTERN, Tier.STRONG, "", 0, s) for s in spans]
    assert redact([part], findings[:1], digest) is not None
    assert redact([part], findings, digest) is None
