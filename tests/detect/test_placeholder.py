"""What stands for a secret is none; what documentation prints is known."""

import base64
import random
import string

import pytest

from dlp.detect.context.placeholder import (
    is_counted,
    is_example,
    is_mashed,
    is_placeholder,
    is_table,
    is_typed,
)
from dlp.detect.engine import Engine
from dlp.detect.templates import ALPHABETS, expand
from dlp.model import View
from tests.detect.sets import ACME, rules

RANDOM = "".join(random.Random(8).choices(string.ascii_lowercase + string.digits, k=30))

PLACEHOLDERS = [
    "<token>", "[your token]", "{token}", "${TOKEN}", "$TOKEN", "$(TOKEN)", "%TOKEN%",
    "{{ token }}", "<%= token %>", "xxxxxxxxxxxx", "XXXXXXXX-1234", "********", "sk-...",
    "your_api_key", "YOUR-TOKEN-HERE", "my_secret_x", "replace-me-please", "[REDACTED]",
    "aaaaaaaaaaaaaaaa", "0000000000000000", "abcabcabcabc", "ababababababab", "insert_key_here",
]  # fmt: skip


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_placeholder_is_known(text):
    assert is_placeholder(text.encode())


@pytest.mark.parametrize(
    "text", [RANDOM, "$aact_prod_" + RANDOM, "A" * 10 + RANDOM + RANDOM, RANDOM + "=="]
)
def test_a_key_is_no_placeholder(text):
    assert not is_placeholder(text.encode())


@pytest.mark.parametrize("zeros", [3, 4, 6])
def test_base64_of_mostly_zeros_is_nothing_drawn(zeros):
    draw = random.Random(zeros)
    table = b"".join(draw.randbytes(2) + bytes(zeros) for _ in range(9))
    assert is_placeholder(base64.b64encode(table)[:60])


@pytest.mark.parametrize("alphabet", ["hex", "alnum", "digit", "base32"])
@pytest.mark.parametrize("size", [24, 32, 64])
def test_what_is_drawn_is_not_lopsided(alphabet, size):
    keys = [expand(f"{{{alphabet}:{size}}}", seed=n).encode() for n in range(2000)]
    assert sum(map(is_placeholder, keys)) <= 1


MASHED = ["lskdjf23lkjasdf9", "asdkfj234hklsd", "JKHASDfjkl4567gh"]


@pytest.mark.parametrize("text", MASHED)
def test_fingers_on_the_home_row_draw_nothing(text):
    assert is_mashed(text.encode())


@pytest.mark.parametrize(
    "text", [RANDOM, "adfadfad12adfadf", "asdf12", "qwerlkzxcv12mn"]
)
def test_a_key_hex_and_short_values_are_not_mashed(text):
    assert not is_mashed(text.encode())


COUNTED = ["1234567890abcdef", "abcdefghijklmnop", "a1b2c3d4e5f6g7h8", "abc123def456ghi789", "0987654321"]  # fmt: skip


@pytest.mark.parametrize("size", [1, 1000, 1001, 1100, 40_000])
def test_a_value_of_any_length_is_judged(size):
    drawn = "".join(random.Random(size).choices(string.ascii_letters, k=size))
    assert not is_mashed(drawn.encode())
    assert is_mashed(b"lsdkfj" * size) is (size > 1)


@pytest.mark.parametrize("text", COUNTED)
def test_a_counted_value_is_known(text):
    assert is_counted(text.encode())


EXAMPLES = ["AKIAexample" + RANDOM, RANDOM + "fakekey", "my-fake-token", "changeme1", "dummydummy" + RANDOM]  # fmt: skip


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_says_so_short_words_at_its_end_alone_or_over_and_over(text):
    assert is_example(text.encode())


@pytest.mark.parametrize(
    "text", ["fake" + RANDOM, RANDOM + "fake" + RANDOM, RANDOM + "Dummy7tEw4="]
)
def test_letters_that_are_drawn_may_spell_a_word(text):
    assert not is_example(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "abcd1234" * 4,
        "a1b2c3d4e5f6" * 3,
        "abcdef" * 6,
        "90fedcba" + "4321dcba" * 4,
        "zq" + "8w5x2v" * 6,
    ],
)
def test_a_test_credential_in_its_vendors_shape_is_no_placeholder(text):
    assert not is_placeholder(text.encode())


def test_rows_of_one_frame_are_a_table():
    rows = "".join(f"{n:02x}a__km" for n in range(4, 12))
    assert is_table(f"bkua_{rows}".encode())
    assert not is_placeholder(f"bkua_{rows}".encode())
    assert not is_table(b"k" * 600 + rows.encode())
    assert not is_table(RANDOM[:9].encode() + b"abcd1234" + RANDOM[9:].encode())


@pytest.mark.parametrize("name", sorted(ALPHABETS))
@pytest.mark.parametrize("size", [16, 40, 93])
def test_a_drawn_key_is_not_taken_for_a_made_up_one(name, size):
    """One in ten thousand is; of so few none or one."""
    source = random.Random(f"{name}{size}")
    drawn = (
        "".join(source.choices(ALPHABETS[name], k=size)).encode() for _ in range(250)
    )
    ignored = [
        each
        for each in drawn
        if is_placeholder(each) or is_example(each) or is_typed(each)
    ]
    assert len(ignored) <= 1


@pytest.mark.parametrize(
    ("digits", "counted"),
    [
        ("000102030405060708090a0b0c0d0e0f", True),
        ("0xffeeddccbbaa99887766554433221100", True),
        ("00112233445566778899aabbccddeeff" * 2, True),
        ("abcd1234" * 4, False),
        ("00010203" + "9f3c6d1b7e2a5804" * 2, False),
    ],
)
def test_bytes_in_even_steps_are_counted(digits, counted):
    assert is_counted(digits.encode()) is counted


def test_a_key_is_not_counted():
    assert not is_counted(RANDOM.encode())
    assert not is_counted(b"")


def test_an_example_counts_only_when_told_so():
    secret = RANDOM[:-7] + "example"
    view = View(f"acme_{secret}".encode(), 0)
    assert is_example(secret.encode())
    assert Engine.build(rules(ACME)).scan([view]).matches == ()
    assert len(Engine.build(rules(ACME), examples=True).scan([view]).matches) == 1


def test_an_example_is_known_by_digest():
    """The access token that RFC 6750 prints."""
    assert is_example(b"mF_9.B5f-" + b"4.1JqM")
    assert not is_example(b"mF_9.B5f-" + b"4.1JqN")
