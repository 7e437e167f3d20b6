import pytest

from dlp.doctor.access import ENTER, READ, WRITE, User, may, may_replace

OWNER, GROUP = 40001, 40002


def user(uid, *groups, home="/"):
    return User("u", uid, frozenset(groups), home)


@pytest.fixture
def file(place, write):
    path = write("a/b", "x")
    return path


@pytest.mark.parametrize(
    ("mode", "want", "allowed"),
    [
        (0o604, READ, True),
        (0o640, READ, False),
        (0o602, READ, False),
        (0o602, WRITE, True),
        (0o660, WRITE, False),
    ],
)
def test_others_have_the_last_digit(file, mode, want, allowed):
    file.chmod(mode)
    assert may(user(OWNER), file, want) is allowed


@pytest.mark.parametrize(("mode", "allowed"), [(0o640, True), (0o604, False)])
def test_a_member_of_the_group_has_the_middle_digit_alone(file, mode, allowed):
    file.chmod(mode)
    assert may(user(OWNER, file.stat().st_gid), file, READ) is allowed


def test_what_cannot_be_reached_cannot_be_read(file):
    file.parent.chmod(0o750)
    assert not may(user(OWNER), file, READ)
    assert may(user(0), file, READ)


def test_a_link_counts_as_what_it_leads_to(file, place):
    link = place / "link"
    link.symlink_to(file)
    file.chmod(0o600)
    assert not may(user(OWNER), link, READ)


def test_folders_are_entered(place):
    assert may(user(OWNER), place, ENTER)


def test_nothing_is_replaced_by_those_who_own_and_write_nothing(file):
    assert may_replace(user(OWNER), file) is None


def test_who_may_write_a_folder_above_replaces_what_is_below(file):
    file.parent.parent.chmod(0o777)
    assert may_replace(user(OWNER), file) == file.parent.parent


def test_a_sticky_folder_keeps_others_files(file):
    file.parent.chmod(0o1777)
    assert may_replace(user(OWNER), file) is None


def test_an_owner_replaces_whatever_the_bits_are(file):
    file.chmod(0o400)
    assert may_replace(user(file.stat().st_uid), file) == file
