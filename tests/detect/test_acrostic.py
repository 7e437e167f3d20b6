import pytest

from dlp.detect.acrostic import SMALL, acrostics
from dlp.model import View

WORDS = b"Alpha beta, gamma\n(delta) x9 epsilon. zeta eta theta\niota kappa lambda mu nu xi omi pi"


def letters(*views: View) -> dict[str, bytes]:
    return {view.step: view.data for view in acrostics(views)}


def test_the_first_letter_of_every_word_is_read():
    assert letters(View(WORDS, 3)) == {
        "first letters of words": b"AbgdxezetiklmnxopA"[:-1]
    }
    (view,) = acrostics([View(WORDS, 3)])
    assert (view.part, view.span) == (3, None)


def test_letters_alone_and_first_letters_of_lines():
    text = b"\n".join(b"%c then" % c for c in b"abcdefghijklmnopqr")
    found = letters(View(text, 0))
    assert (
        found["letters alone"]
        == found["first letters of lines"]
        == b"abcdefghijklmnopqr"
    )


def test_views_do_not_run_into_each_other():
    views = [View(bytes([c]), 0) for c in b"abcdefghijklmnopqr"]
    assert letters(*views)["letters alone"] == b"abcdefghijklmnopqr"


@pytest.mark.parametrize(
    "view", [View(b"word " * SMALL, 0), View(b"few words", 0), View(b"", 0)]
)
def test_what_is_large_or_short_is_left_alone(view):
    assert letters(view) == {}


def test_json_is_left_to_its_leaves():
    whole = View(b'{"a": "' + WORDS + b'"}', 0)
    leaf = View(WORDS, 0, "$.a", parent=whole)
    assert letters(whole, leaf) == letters(leaf)
