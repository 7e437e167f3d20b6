"""What says nothing, and what says little but something."""

import pytest

from dlp.decode.filling import is_filling


@pytest.mark.parametrize(
    ("data", "filled"),
    [
        (b"3" * 48, True),
        (b"33333333373333733337333373333733337", True),
        (b"3333733s3733s3733", True),
        ("".join(f"{b:08b}" for b in b"hunter22").encode(), False),
        (b"hunter2hunter".hex().encode(), False),
    ],
)
def test_so_few_of_so_few_symbols_say_nothing(data: bytes, filled: bool):
    """Digits of digits in a picture of few colours; bits of a word are enough."""
    assert is_filling(data) is filled
