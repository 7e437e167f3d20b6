import pytest

from dlp.decode.kinds import changes, is_drawn


def test_a_change_is_where_another_kind_follows():
    assert changes(b"aB1-_x").tolist() == [True, True, True, False, True]
    assert changes(b"a-b-C", b"-").tolist() == [False, True]


@pytest.mark.parametrize(
    ("data", "often", "without", "drawn"),
    [
        (b"aB1cD2", 0.8, b"", True),
        (b"camelCaseName", 0.5, b"", False),
        (b"a-B-1", 0.6, b"-", True),
        (b"a-b-c", 0.1, b"-", False),
        (b"----", 0.5, b"-", True),
    ],
)
def test_drawn_is_what_changes_often(data, often, without, drawn):
    assert is_drawn(data, often, without) is drawn
