from pathlib import Path

import pytest

from dlp.cage.mounts import remote_mounts


def mounted(*rows):
    """As in /proc/self/mountinfo: number, number below, place, kind."""
    return "\n".join(
        f"{number} {below} 0:{number} / {at} rw shared:1 - {kind} source rw"
        for number, below, at, kind in rows
    )


FAR = [
    (22, 20, "/net", "autofs"),
    (23, 20, "/mnt/a\\040b", "nfs4"),
    (24, 20, "/home/a/cloud", "fuse.rclone"),
    (25, 20, "/srv", "cifs"),
    (26, 20, "/tmp", "tmpfs"),
    (20, 1, "/", "ext4"),
]
"""The root need not come first."""


def test_file_systems_of_other_machines_are_found():
    """A look-up of a name there is a message."""
    names = ["/home/a/cloud", "/mnt/a b", "/net", "/srv"]
    assert remote_mounts(mounted(*FAR), ()) == tuple(map(Path, names))


def test_one_that_holds_what_is_needed_stays():
    needed = [Path("/srv/project"), Path("/home/a")]
    assert Path("/srv") not in remote_mounts(mounted(*FAR), needed)
    assert Path("/home/a/cloud") in remote_mounts(mounted(*FAR), needed)


@pytest.mark.parametrize(
    "cover",
    [
        [(30, 22, "/net", "tmpfs")],
        [(30, 20, "/", "tmpfs")],
        [(30, 20, "/home", "tmpfs")],
        [(31, 24, "/home/a/cloud", "ext4"), (32, 31, "/home/a/cloud", "ext4")],
    ],
)
def test_one_that_is_covered_is_not_seen(cover):
    before = remote_mounts(mounted(*FAR), ())
    gone = set(before) - set(remote_mounts(mounted(*FAR, *cover), ()))
    at = Path(cover[0][2])
    assert gone == {path for path in before if at in (path, *path.parents)}


def test_one_that_is_mounted_over_what_covers_it_is_seen():
    rows = [*FAR, (30, 22, "/net", "tmpfs"), (31, 30, "/net", "nfs")]
    assert Path("/net") in remote_mounts(mounted(*rows), ())
