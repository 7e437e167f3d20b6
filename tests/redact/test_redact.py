from dlp.model import Finding, Kind, Part, PartKind, Tier
from dlp.redact import redact as redacted
from dlp.redact.cutting import placeholder


def finding(start, stop, rule="some_rule", part=0):
    return Finding(rule, Kind.PATTERN, Tier.STRONG, "body", part, (start, stop), "ab12")


def redact(parts, findings):
    done = redacted(parts, findings, lambda text: "ab12")
    return done.parts if done else None


def body(data, **kw):
    return Part(PartKind.BODY, data, **kw)


def test_a_span_becomes_its_placeholder_and_the_rest_stays():
    out = redact([body(b'{"a": "SECRET", "b": 1}')], [finding(7, 13)])
    assert out[0].data == b'{"a": "redacted-some-rule-ab12", "b": 1}'


def test_overlapping_spans_leave_no_byte_of_either():
    out = redact([body(b"..AAABBBCCC..")], [finding(2, 8), finding(5, 11, "other")])
    assert out[0].data == b"..redacted-some-rule-ab12.."


def test_a_span_inside_another_is_covered_by_the_outer():
    out = redact([body(b"..AAABBBCCC..")], [finding(4, 6, "inner"), finding(2, 11)])
    assert out[0].data == b"..redacted-some-rule-ab12.."


def test_adjacent_spans_are_both_replaced():
    out = redact([body(b"AAABBB")], [finding(0, 3), finding(3, 6, "other")])
    assert out[0].data == b"redacted-some-rule-ab12redacted-other-ab12"


def test_a_finding_without_a_span_cannot_be_redacted():
    assert (
        redact([body(b"x")], [Finding("r", Kind.PATTERN, Tier.STRONG, "body")]) is None
    )


def test_a_header_is_never_redacted():
    assert redact([Part(PartKind.HEADER, b"abc")], [finding(0, 1)]) is None


def test_a_coded_body_is_never_redacted_in_its_coded_bytes():
    assert redact([body(b"abc", encodings=("gzip",))], [finding(0, 1)]) is None


def test_the_placeholder_is_safe_in_json_forms_and_urls():
    text = placeholder('we"ird/ru&le%', "ab12")
    assert text == b"redacted-we-ird-ru-le-ab12"
