import os
from contextlib import contextmanager

import pytest

from dlp.doctor.picture import CannotTellError

NOBODY = 65534


@contextmanager
def as_nobody():
    """What the body does it does as a user that owns nothing."""
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_paths_are_found_by_pattern(write, picture, place):
    path = write("home/.config/x/a.json")
    assert picture().found(place / "home", ".config/*/*.json") == [path]
    assert picture().found(place / "home", ".other/a.json") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.parametrize("glob", [".aws/credentials", ".aws/*", ".aws/sso/*.json"])
def test_a_folder_that_is_closed_to_us_is_not_said_to_be_empty(
    write, picture, place, glob
):
    write("home/.aws/credentials")
    (place / "home/.aws").chmod(0o700)
    drawn = picture()
    with as_nobody(), pytest.raises(CannotTellError, match="may not look"):
        drawn.found(place / "home", glob)
