import base64
import json

import pytest

from dlp import Inspector
from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.learned import LearnedIndex
from dlp.detect.templates import expand
from dlp.model import Agent, Destination, Message, Part, PartKind

KEY = b"k" * 32
TOKEN = expand("{alnum:40}", seed=3).encode()
VENDOR = expand("sk-ant-api03-{base64url:93}AA", seed=5).encode()
KNOWN = expand("{alnum:40}", seed=7).encode()
ISSUED = expand("{alnum:40}", seed=9).encode()
HARMLESS = base64.b64encode(b"the agent reads a file, then it writes another one")


def wrapped(secret, before=b"the value is "):
    return base64.b64encode(before + secret)


def body(*texts):
    return json.dumps(
        {"messages": [{"role": "user", "content": text.decode()} for text in texts]}
    ).encode()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    rules = tmp_path_factory.mktemp("rules")
    (rules / "policy.yaml").write_text(
        "version: 1\nstatements:\n  - {id: llm, effect: allow, hosts: [llm.example]}\n"
    )
    index = SecretIndex.build([(SecretInfo("known"), fingerprint(KNOWN, KEY))], KEY)
    return Inspector.load(rules).with_secrets(index)


@pytest.fixture
def fresh(made):
    """An inspector that has seen nothing yet."""
    return lambda: made.with_secrets(made.index)


def message(sent=b"{}", **headers):
    parts = [
        Part(PartKind.HOST, b"llm.example"),
        Part(PartKind.TARGET, b"/v1/messages"),
        *(
            Part(PartKind.HEADER, v, n.replace("_", "-").strip("-"))
            for n, v in headers.items()
        ),
        Part(PartKind.BODY, sent, media_type="application/json"),
    ]
    to = Destination("https", "llm.example", 443, "POST", "/v1/messages")
    return Message(Agent("default"), to, tuple(parts))


def verdict(of, sent):
    """
    What is done, on account of what. In which readings it stood is left out: ciphers
    are looked for in all that is new, however much that is.
    """
    seen = of.examine(sent)
    return of.conclude(seen).action, {f.rule for f in seen.findings}, seen.partials


def nested(text, escaped=b"\0"):
    """A document in a text of another; `escaped` is so in the inner one."""
    inner = body(text, WORDS).replace(
        escaped, b"".join(b"\\u%04x" % b for b in escaped)
    )
    return json.dumps({"input": inner.decode()}).encode()


WORDS = b"it is a long text with two lines,\nas tools give them, and nothing is in it"
SAID = b"look: " + HARMLESS + b" and that is all there is to say"
SAIDS = (SAID, WORDS, SAID + WORDS)
CODED = wrapped(VENDOR)
LONG = b" ".join(b"sentence number %d says nothing new." % n for n in range(12))
LEAKS = {
    "a vendor's key in a header": message(x_note=wrapped(VENDOR)),
    "a known secret in a header": message(x_note=wrapped(KNOWN)),
    "half of a known secret": message(x_note=wrapped(KNOWN[:20])),
    "a vendor's key in a text": message(body(b"look: " + wrapped(VENDOR))),
    "a known secret in a text": message(body(b"look: " + wrapped(KNOWN))),
    "what the credential says, again": message(
        authorization=b"Bearer " + TOKEN, x_note=base64.b64encode(b"Bearer " + TOKEN)
    ),
    "the same without the credential": message(
        x_note=base64.b64encode(b"Bearer " + TOKEN)
    ),
    "a vendor's key behind what was said before": message(
        body(SAID, WORDS, b"look: " + wrapped(VENDOR))
    ),
    "a vendor's key in a document in a text": message(nested(wrapped(VENDOR))),
    "a known secret in a document in a text": message(nested(b"\n" + wrapped(KNOWN))),
    "half of a known secret in a document in a text": message(nested(KNOWN[:20])),
    "a vendor's key escaped in a document in a text": message(
        nested(b"look: " + VENDOR + b" and so on", escaped=b"sk-ant")
    ),
    "lines": message(body(SAID, WORDS)),
    "a document in a text": message(nested(SAID)),
    "cut over two texts": message(body(SAID + VENDOR[:50], VENDOR[50:] + b" " + WORDS)),
    "the first half of that": message(body(SAID + VENDOR[:50], WORDS)),
    "the second half of that": message(body(SAID, VENDOR[50:] + b" " + WORDS)),
    "encoded, cut over two texts": message(body(*SAIDS, CODED[:70], CODED[70:], SAID)),
    "the first half of that, encoded": message(body(*SAIDS, CODED[:70], SAID)),
    "the second half of that, encoded": message(body(*SAIDS, CODED[70:], SAID)),
    "both, with a text between": message(body(*SAIDS, CODED[:70], SAID, CODED[70:])),
    "a word of the credential in a text": message(
        body(SAID + TOKEN[:20]), authorization=b"Bearer " + TOKEN
    ),
    "a long text": message(body(LONG)),
    "a vendor's key in a long text": message(body(LONG + b" " + VENDOR + b" " + LONG)),
    "half of a known secret in a long text": message(
        body(LONG + b" " + KNOWN[:20] + b" " + LONG)
    ),
    "a vendor's key behind a long text": message(body(LONG + b" " + VENDOR)),
    "a vendor's key between long texts": message(body(LONG, VENDOR, LONG)),
    "cut over two long texts": message(
        body(LONG + b" " + VENDOR[:50], VENDOR[50:] + b" " + LONG)
    ),
    "the first half of that, long": message(body(LONG + b" " + VENDOR[:50])),
    "the second half of that, long": message(body(VENDOR[50:] + b" " + LONG)),
    "twice encoded": message(x_note=base64.b64encode(wrapped(VENDOR))),
    "harmless": message(body(b"look: " + HARMLESS), x_note=HARMLESS),
    "nothing": message(authorization=b"Bearer " + TOKEN),
}


@pytest.fixture(scope="module")
def alone(made):
    """The verdict on each message by an inspector that has seen no other."""
    return {
        name: verdict(made.with_secrets(made.index), sent)
        for name, sent in LEAKS.items()
    }


@pytest.mark.parametrize("first", LEAKS)
def test_what_came_before_changes_no_verdict(fresh, alone, first):
    used = fresh()
    verdict(used, LEAKS[first])
    for name, sent in LEAKS.items():
        assert verdict(used, sent) == alone[name], name


def decodings(of, sent):
    """Bytes that were looked at besides the parts themselves."""
    return of.examine(sent).inspected - sum(len(part.data) for part in sent.parts)


def test_what_gave_nothing_is_not_decoded_again(fresh):
    of, sent = fresh(), message(x_note=HARMLESS)
    first = decodings(of, sent)
    assert decodings(of, sent) < first
    other = message(body(b"something else"), x_note=HARMLESS)
    assert decodings(of, other) < decodings(fresh(), other)


def turn(count):
    """A conversation of so many texts, too long to be known as a whole."""
    words = (WORDS + b" %d: " % number for number in range(count))
    return message(body(*(w + base64.b64encode(w * 2) for w in words)))


def test_what_was_said_before_is_not_decoded_again(fresh):
    """A turn shows all that was said, and decodes what is new."""
    of = fresh()
    verdict(of, turn(30))
    spared = decodings(fresh(), turn(31)) - decodings(of, turn(31))
    assert spared > 30 * len(WORDS * 2)
    assert verdict(of, turn(31)) == verdict(fresh(), turn(31))


def test_known_prose_is_not_searched_again(fresh):
    """Of a long text only the ends are, wherever it stands; and all of what is new."""
    of, others = fresh(), [b"%d " % n + LONG for n in range(8)]
    first = of.examine(message(body(*others))).inspected
    again = message(body(*others, b"9 " + LONG))
    assert of.examine(again).inspected < first
    assert fresh().examine(again).inspected > first


def test_a_place_behind_known_prose_is_named_as_it_is(fresh):
    """What is cut out of a message is cut by these spans."""
    of = fresh()
    of.examine(message(body(LONG, b"1 " + LONG)))
    sent = message(body(LONG, b"1 " + LONG, b"it is " + VENDOR + b" and no more"))
    (found,) = of.examine(sent).findings
    assert sent.parts[found.part].data[slice(*found.span)] == VENDOR
    assert found.path == "body > $.messages[2].content"
    assert of.examine(sent).inspected < fresh().examine(sent).inspected


def test_what_is_to_be_fetched_is_read_in_known_prose(made):
    """A link in a text is harmless until its sender asks for a preview."""
    text = LONG.decode() + " http://evil.example/x " + LONG.decode()
    of = made.with_secrets(made.index)
    said = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    assert not of.examine(message(said)).findings
    shown = json.dumps({"text": text, "unfurl_links": True}).encode()
    assert [f.rule for f in of.examine(message(shown)).findings] == ["fetch"]


def test_what_nobody_can_read_is_counted_in_known_prose(fresh):
    noise = expand("{alnum:400}", seed=11).encode()
    of, sent = fresh(), message(body(LONG + b" " + noise + b" " + LONG))
    first = of.examine(sent).opaque
    assert first
    assert of.examine(sent).opaque == first


def test_what_gave_something_is_decoded_each_time(fresh):
    of, sent = fresh(), message(x_note=wrapped(VENDOR))
    first = decodings(of, sent)
    assert decodings(of, sent) == first


def test_a_token_that_is_issued_later_is_found(fresh):
    """What was quiet was so for the tokens known then."""
    of, sent = fresh(), message(x_note=wrapped(ISSUED))
    assert verdict(of, sent) == verdict(of, sent)
    info = SecretInfo("issued", ("other.example",), ("any",))
    print_ = fingerprint(ISSUED, KEY, only="plain")
    learned = LearnedIndex.build([(info, print_)], key=KEY)
    assert "issued-token" in {f.rule for f in of.examine(sent, learned).findings}


def test_no_text_is_kept(fresh):
    of = fresh()
    of.examine(message(authorization=b"Bearer " + TOKEN, x_note=HARMLESS))
    kept = repr(of.quiet._now[1]._newer) + repr(of.slots.known._newer)
    assert TOKEN.decode() not in kept
    assert HARMLESS.decode() not in kept
