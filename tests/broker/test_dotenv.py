import pytest

from dlp.broker.dotenv import parse, unread

CASES = {
    "bare": ("A=one", "one"),
    "spaces round the sign": ("A = one two ", "one two"),
    "export": ("export A=one", "one"),
    "a comment behind": ("A=one # two", "one"),
    "a sign inside": ("A=one#two", "one#two"),
    "single quotes are literal": (r"A='one\n # two'", r"one\n # two"),
    "double quotes escape": (r'A="one\n\"two\""', 'one\n"two"'),
    "double quotes span lines": ('A="one\ntwo"\nB=x', "one\ntwo"),
    "single quotes span lines": ("A='one\ntwo'", "one\ntwo"),
    "empty": ("A=", ""),
    "the last one counts": ("A=one\nA=two", "two"),
    "an equals sign inside": ("A=b=c==", "b=c=="),
    "windows lines": ("A=one\r\nB=two\r\n", "one"),
    "a comment is no entry": ("# A=zero\nA=one", "one"),
}


@pytest.mark.parametrize(("text", "value"), CASES.values(), ids=CASES)
def test_a_value_is_read(text, value):
    assert parse(text)["A"] == value


def test_prose_has_no_entries():
    assert parse("just some text\nand = more") == {"and": "more"}


UNREAD = {
    "all is read": ("A=one\n\n  # two\nexport B='x\ny' # z\n", ()),
    "prose": ("A=one\nprose\nB=two", (2,)),
    "a key of other letters": ("É=one\r\nA=two\r\n", (1,)),
    "behind a value of several lines": ("A='1\n2\n3'\nprose", (4,)),
    "the rest of a value that was not quoted": ("A=-----BEGIN X-----\nMIIB\n", (2,)),
}


@pytest.mark.parametrize(("text", "lines"), UNREAD.values(), ids=UNREAD)
def test_a_line_that_says_nothing_is_told(text, lines):
    assert unread(text) == lines
