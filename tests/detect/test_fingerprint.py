import base64
import codecs
import json
import random
import string
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dlp
from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.forms import normalise
from dlp.detect.known.material import dissect
from dlp.detect.known.stretches import WINDOW
from dlp.errors import SecretError
from dlp.model import View
from tests.detect.spellings import COMMON, CORE, SPELLINGS

KEY = bytes(range(32))
ALNUM = string.ascii_letters + string.digits
PREFIXES = (
    "sk-" + "ant-api03-",
    "gh" + "p_",
    "glp" + "at-",
    "sk_" + "live_",
    "AI" + "za",
)
SECRET = b"sk-ant-api03-" + "".join(random.Random(1).choices(ALNUM, k=40)).encode()


def index_of(**values: bytes) -> SecretIndex:
    return SecretIndex.build(
        [(SecretInfo(name), fingerprint(value, KEY)) for name, value in values.items()],
        KEY,
    )


INDEX = index_of(key=SECRET)


def scan(*texts: bytes, index: SecretIndex = INDEX):
    return index.scan([View(text, n) for n, text in enumerate(texts)])


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("before", [b"", b"k", b"ke", b"key=", b"a key"])
def test_a_secret_is_found_as(spell, before):
    hits = scan(b'{"note": "' + spell(before + SECRET + b" and more") + b'", "n": 1}')
    assert any(hit.complete for hit in hits)
    assert {hit.name for hit in hits} == {"key"}


PASSWORD = b"vR7_kQ2mX!pz"
MOVED = {
    "halves": lambda p: p[6:] + p[:6],
    "pairs turned": lambda p: b"".join(p[n : n + 2][::-1] for n in range(0, 12, 2)),
    "pieces of three, last first": lambda p: b" ".join((p[9:], p[6:9], p[3:6], p[:3])),
    "two rails": lambda p: p[::2] + b"\n" + p[1::2],
    "three rails": lambda p: p[::4] + b"\n" + p[1::2] + b"\n" + p[2::4],
    "five columns": lambda p: b" ".join(p[n::5] for n in range(5)),
    "from outside in": lambda p: b"".join(
        bytes(x) for x in zip(p, p[::-1], strict=True)
    )[:12],
    "rot13 reversed": lambda p: codecs.encode(p[::-1].decode(), "rot13").encode(),
}


@pytest.mark.parametrize("way", MOVED)
def test_a_password_is_found_when_its_letters_are_moved(way):
    """Too short to be known by how often each occurs."""
    index = index_of(password=PASSWORD)
    text = b"it is " + MOVED[way](PASSWORD) + b" as I said"
    assert any(hit.complete for hit in scan(text, index=index))


def test_a_plain_secret_has_its_exact_span():
    text = b"take " + SECRET + b" please"
    (hit,) = scan(text)
    assert text[hit.start : hit.stop] == SECRET
    assert hit.whole
    assert hit.variant == "plain"


def test_fragments_of_one_message_add_up_to_a_leak():
    hits = scan(b"a=" + SECRET[13:25], b"b=" + SECRET[35:48])
    assert not any(hit.complete for hit in hits)
    total = 0
    for hit in hits:
        total |= hit.coverage
    assert INDEX.reached("key", total)
    assert not INDEX.reached("key", hits[0].coverage)


def test_a_secret_cut_over_neighbouring_views_is_found():
    assert any(hit.complete for hit in scan(SECRET[:30], SECRET[30:]))


def test_the_prefix_of_the_class_is_no_hit():
    other = b"sk-ant-api03-" + "".join(random.Random(2).choices(ALNUM, k=40)).encode()
    assert scan(other) == []


def test_one_value_under_two_names_is_found_under_both():
    index = index_of(one=SECRET, two=SECRET)
    assert {hit.name for hit in scan(SECRET, index=index)} == {"one", "two"}


def test_an_empty_index_finds_nothing():
    assert scan(SECRET, index=SecretIndex.build([], KEY)) == []


@pytest.mark.parametrize("value", [b"hunter2", b"password123", b"a" * 40])
def test_a_value_that_can_be_guessed_is_refused(value):
    with pytest.raises(SecretError, match="guess"):
        fingerprint(value, KEY)


def test_no_value_at_all_is_refused():
    with pytest.raises(SecretError, match="empty"):
        fingerprint(b"", KEY)


ONE_PIECE = ("base64", "base64 of the reverse", "hex", "base32", "reversed", "rot13")


@pytest.mark.parametrize("name", ONE_PIECE)
@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_an_encoded_secret_has_the_span_of_what_encodes_it(name, before):
    text = b'{"a": "' + SPELLINGS[name](before + SECRET) + b'", "b": [1, 2]}'
    for hit in scan(text):
        rest = text[: hit.start] + b"x" + text[hit.stop :]
        assert scan(rest) == []
        assert rest.startswith(b'{"a": "')
        assert rest.endswith(b'", "b": [1, 2]}')


def test_an_encoded_secret_in_pieces_has_no_span():
    (hit,) = scan(SPELLINGS["decimal list"](SECRET))
    assert hit.start is None


def test_a_secret_hidden_in_the_first_letters_of_words_is_found():
    words = ["also", "be", "car", "dear", "each"]
    body = SECRET[13:].decode()
    letters = " ".join(letter + words[n % 5] for n, letter in enumerate(body)).encode()
    lines = "\n".join(f"{letter}a, and so on" for letter in body).encode()
    alone = " then ".join(body).encode()
    for text in (letters, lines, alone):
        assert any(hit.complete for hit in scan(b"Dear all,\n" + text))


ALPHABETS = {
    "letters and digits": ALNUM,
    "lower case": string.ascii_lowercase,
    "hex": "0123456789abcdef",
    "base64": ALNUM + "+/",
    "base64url": ALNUM + "-_",
    "base32": string.ascii_uppercase + "234567",
    "digits": string.digits,
    "password": ALNUM + string.punctuation,
}


@st.composite
def values(draw, shortest=8):
    alphabet = draw(st.sampled_from(list(ALPHABETS.values())))
    size, seed = draw(st.integers(shortest, 80)), draw(st.integers(0, 1 << 32))
    return "".join(random.Random(seed).choices(alphabet, k=size)).encode()


def bits_of(value: bytes) -> float:
    try:
        return dissect(value).pieces[0].bits
    except SecretError:
        return 0


@settings(max_examples=250)
@given(values(), st.sampled_from(CORE), st.binary(max_size=40), st.binary(max_size=12))
def test_any_secret_of_64_bits_is_found_anywhere(value, name, around, before):
    """Whatever stands in front, inside the encoding and round it."""
    assume(bits_of(value) >= 64)
    text = around + b"\n" + SPELLINGS[name](before + value) + b"\n" + around
    assert any(hit.complete for hit in scan(text, index=index_of(key=value)))


@settings(max_examples=250)
@given(values(shortest=24), st.sampled_from(list(SPELLINGS)), st.binary(max_size=40))
def test_a_long_secret_is_found_in_every_spelling(value, name, around):
    assume(bits_of(value) >= 112 and len(normalise(value)) >= 24)
    text = around + b"\n" + SPELLINGS[name](value) + b"\n" + around
    assert any(hit.complete for hit in scan(text, index=index_of(key=value)))


@settings(max_examples=300)
@given(
    values(shortest=24),
    st.sampled_from(COMMON),
    st.integers(0, 200),
    st.binary(max_size=9),
)
def test_half_of_a_secret_is_enough_in_a_common_spelling(value, name, at, before):
    """As much as the threshold, from any place, encoded among other bytes."""
    assume(bits_of(value) >= 112 and normalise(value) == value.lower())
    index = index_of(key=value)
    size = index.info("key").threshold
    start = at % (len(value) - size + 1)
    piece = value[start : start + size]
    text = b"\n" + SPELLINGS[name](before + piece + b"\n") + b"\n"
    hits = [hit for hit in scan(text, index=index) if hit.complete]
    assert hits
    where = ((1 << size) - 1) << start
    for hit in hits:
        assert hit.coverage.bit_count() >= size // 2
        assert (hit.coverage & ~where).bit_count() <= 3


@settings(max_examples=60)
@given(values(shortest=16), st.integers(1, 4), st.data())
def test_pieces_in_any_order_add_up(value, gaps, data):
    """Cut a secret, keep pieces of twelve or more, shuffle them over views."""
    assume(bits_of(value) >= 96 and normalise(value) == value.lower())
    count = max(1, min(gaps, len(value) // 16))
    step = -(-len(value) // count)
    pieces = [value[at : at + step] for at in range(0, len(value), step)]
    views = data.draw(st.permutations([b"%% " + p + b" ??" for p in pieces]))
    index = index_of(key=value)
    total = 0
    for hit in scan(*views, index=index):
        total |= hit.coverage
    assert index.reached("key", total)


MANY = SecretIndex.build(
    [
        (
            SecretInfo(f"n{n}"),
            fingerprint("".join(random.Random(n).choices(a, k=k)).encode(), KEY),
        )
        for n, (a, k) in enumerate(
            [(ALNUM, 40), (ALNUM, 20), (ALPHABETS["hex"], 40), (ALPHABETS["hex"], 32)]
            * 60
            + [(ALPHABETS["password"], 12), (ALPHABETS["digits"], 18)] * 20
        )
    ],
    KEY,
)

RANDOM = random.Random(99).randbytes(1 << 20)
HARMLESS = {
    "random bytes": RANDOM,
    "base64 of an image": base64.b64encode(RANDOM),
    "hex digests": RANDOM.hex(" ", 20).encode(),
    "numbers": " ".join(map(str, RANDOM)).encode(),
    "base32": base64.b32encode(RANDOM),
    "zeros": bytes(1 << 20),
    "one letter": b"a" * (1 << 20),
    "code": b"".join(
        path.read_bytes() for path in Path(dlp.__file__).parent.rglob("*.py")
    ),
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_harmless_text_gives_no_hit(text):
    assert MANY.scan([View(text, 0)]) == []


def test_a_key_of_the_same_vendor_is_no_hit():
    other = [
        f"{prefix}{''.join(random.Random(7).choices(ALNUM, k=40))}"
        for prefix in PREFIXES
    ]
    mine = {
        f"k{n}": f"{prefix}{''.join(random.Random(8).choices(ALNUM, k=40))}".encode()
        for n, prefix in enumerate(PREFIXES)
    }
    index = index_of(**mine)
    assert index.scan([View(" ".join(other).encode(), 0)]) == []
    for name, value in mine.items():
        assert [hit.name for hit in scan(value, index=index) if hit.whole] == [name]


def jwt(seed: int, subject: str) -> bytes:
    claims = json.dumps(
        {"iss": "https://login.example.com/", "aud": "api", "sub": subject}
    )
    pieces = [
        b'{"alg":"RS256","typ":"JWT"}',
        claims.encode(),
        random.Random(seed).randbytes(256),
    ]
    return b".".join(base64.urlsafe_b64encode(piece).rstrip(b"=") for piece in pieces)


def test_of_a_jwt_only_the_signature_is_secret():
    index = index_of(key=jwt(1, "me"))
    assert scan(jwt(2, "you"), index=index) == []
    (hit,) = scan(b"t: " + jwt(1, "me") + b"!", index=index)
    assert hit.whole


URLS = {
    "password": (
        "postgres://app:{}@db.internal.example.com:5432/orders",
        "postgres://app@db.internal.example.com:5432/orders",
    ),
    "path": (
        "https://hooks.example.com/services/T012345/{}",
        "https://hooks.example.com/services/T012345/",
    ),
    "query": (
        "https://api.example.com/v1/things/search?token={}&limit=10",
        "https://api.example.com/v1/things/search?token=",
    ),
}


@pytest.mark.parametrize(("template", "public"), URLS.values(), ids=URLS)
def test_of_a_url_only_its_secret_is_secret(template, public):
    token = "".join(random.Random(3).choices(ALNUM, k=24))
    index = index_of(key=template.format(token).encode())
    assert scan(public.encode(), index=index) == []
    assert any(hit.complete for hit in scan(token.encode(), index=index))
    assert any(hit.whole for hit in scan(template.format(token).encode(), index=index))


def test_a_secret_over_a_window_border_is_found_once():
    for gap in (WINDOW - 60, WINDOW - 20, WINDOW, 2 * WINDOW - 30):
        text = b"." * 3 + b"q" * gap + SECRET + b"z" * 100
        (hit,) = scan(text)
        assert text[hit.start : hit.stop] == SECRET


@pytest.mark.parametrize("name", ["hex", "base64", "xor 0xa5"])
def test_an_encoded_secret_over_a_window_border_is_found(name):
    encoded = SPELLINGS[name](SECRET)
    for gap in range(WINDOW - len(encoded) - 8, WINDOW + 8, 9):
        hits = scan(b"q" * gap + b"   " + encoded + b"   ")
        assert {hit.variant for hit in hits if hit.complete} == {name.split()[0]}


def test_a_large_view_among_small_ones_keeps_its_place():
    big = b"-" * 100 + b"words " * 300_000 + SECRET + b" end"
    hits = [
        hit
        for hit in scan(b"small", big, b"after", SECRET.hex().encode())
        if hit.complete
    ]
    assert {(hit.view.part, hit.variant) for hit in hits} == {(1, "plain"), (3, "hex")}


def test_a_short_password_is_found_with_its_signs_only():
    index = index_of(key=b"x#9$Kq!2@w")
    assert any(hit.whole for hit in scan(b"pw: x#9$Kq!2@w.", index=index))
    assert any(hit.complete for hit in scan("x#9$Kq!2@w".encode("utf-16"), index=index))
    assert scan(b"x 9 K q 2 w", index=index) == []


def test_two_secrets_with_one_half_are_told_apart():
    half = "".join(random.Random(4).choices(ALNUM, k=20)).encode()
    ends = ["".join(random.Random(n).choices(ALNUM, k=30)).encode() for n in (5, 6)]
    index = index_of(one=half + ends[0], two=half + ends[1])
    hits = scan(ends[1], index=index)
    assert {hit.name for hit in hits if hit.complete} == {"two"}


def test_a_gram_of_a_whole_class_says_nothing():
    """Seventy secrets with one unknown prefix: the prefix alone is none of them."""
    shared = "".join(random.Random(10).choices(ALNUM, k=24))
    index = index_of(
        **{
            f"n{n}": (shared + "".join(random.Random(n).choices(ALNUM, k=24))).encode()
            for n in range(70)
        }
    )
    assert scan(shared.encode(), index=index) == []


def test_a_flood_of_one_secret_is_answered_in_bounded_time():
    hits = scan(b" ".join([SECRET] * 3000))
    assert hits


def test_every_second_letter_of_a_short_secret_is_no_evidence_by_itself():
    """What is left of it are digits, and tables are full of those."""
    draw = random.Random(9)
    value = "".join(
        draw.choice("abcdef") + draw.choice(string.digits) for _ in range(11)
    )
    left = value[1::2].encode()
    assert not scan(
        b"0x" + left, b"x%b0x" % left[:9], index=index_of(short=value.encode())
    )


@given(st.binary(min_size=10, max_size=16), st.integers(0, 8))
def test_what_makes_a_leak_of_a_spelling_is_no_accident(value, at):
    """Two grams of a run that overlap are not twice the evidence."""
    text = value.hex()[::-1].encode()
    assume(bits_of(value.hex().encode()) >= 60)
    index = index_of(short=value.hex().encode())
    assert not [h for h in scan(text[at : at + 12], index=index) if h.complete]


FOUR_WORDS = b"marble-cactus-violet-hammer"


@pytest.mark.parametrize("left_off", range(4))
@pytest.mark.parametrize("end", [slice(None, None), slice(None, None, -1)])
def test_a_few_letters_less_of_a_passphrase_are_a_leak_still(left_off, end):
    text = FOUR_WORDS[end][left_off:][end]
    hits = scan(b"please note %b of today" % text, index=index_of(short=FOUR_WORDS))
    assert any(hit.complete for hit in hits)


@pytest.mark.parametrize("text", [FOUR_WORDS[:20], FOUR_WORDS[7:], b"violet hammer"])
def test_two_or_three_words_of_a_passphrase_are_ordinary_text(text):
    assert not scan(b"a %b of mine" % text, index=index_of(short=FOUR_WORDS))


def test_words_of_a_passphrase_apart_are_a_leak_when_all_are_there():
    index = index_of(short=FOUR_WORDS)
    text = b"a marble cactus in bloom, and then a violet %b behind the house"
    assert not scan(text % b"hammock", index=index)
    assert any(hit.complete for hit in scan(text % b"hammer", index=index))


@pytest.mark.parametrize("text", [b"x#9$Kq!2@w7&Z", b"x#9$Kq!2@", b"!2@w7&Zb"])
def test_most_of_a_password_with_signs_is_a_leak(text):
    hits = scan(b"pw: %b;" % text, index=index_of(short=b"x#9$Kq!2@w7&Zb"))
    assert any(hit.complete for hit in hits)


def test_a_passphrase_in_other_orders_is_known():
    index = index_of(short=FOUR_WORDS)
    size = (len(FOUR_WORDS) + 1) // 2
    groups = [FOUR_WORDS[at : at + 4][::-1] for at in range(0, len(FOUR_WORDS), 4)]
    for text in (
        FOUR_WORDS[::2] + FOUR_WORDS[1::2],
        FOUR_WORDS[size:] + FOUR_WORDS[:size],
        b"".join(groups),
    ):
        assert any(hit.complete for hit in scan(text, index=index)), text


HEX = random.Random(5).randbytes(16).hex().encode()
PHRASE = b"marble cactus violet hammer planet sugar rocket"


def in_pieces(value: bytes, size: int, between: bytes = b" is row %d of a\n") -> bytes:
    pieces = [value[at : at + size] for at in range(0, len(value), size)]
    return b"".join(piece + between % n for n, piece in enumerate(pieces))


@pytest.mark.parametrize("value", [HEX, PHRASE])
@pytest.mark.parametrize("size", [10, 11])
def test_pieces_that_are_no_evidence_alone_are_a_leak_together(value, size):
    index = index_of(key=value)
    hits = scan(in_pieces(value, size), index=index)
    assert [hit.complete for hit in hits] == [True]
    assert hits[0].start is None


def test_they_are_an_accident_far_apart_or_where_half_is_missing():
    index = index_of(key=HEX)
    apart = (b" is row %d" + b"." * (17 << 10)).replace(b".", b"ab c,")
    assert scan(in_pieces(HEX, 10, apart), index=index) == []
    assert scan(in_pieces(HEX[:20], 10), index=index) == []


def test_many_of_one_piece_are_answered_in_bounded_time():
    index = index_of(key=HEX)
    assert scan(in_pieces(HEX[:10] * 5000, 10), index=index) == []


def test_pieces_that_begin_at_one_place_in_two_forms_are_put_in_order():
    """A part of a password, as it stands and without its signs."""
    password = b"N1!" + b"GTPd#VKs%z"
    hits = scan(password[2:], index=index_of(key=password))
    assert not any(hit.whole for hit in hits)
