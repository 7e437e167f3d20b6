import os
import shutil
import subprocess
import sys

import pytest

from dlp.doctor.examine import examine
from dlp.doctor.host import scarce
from dlp.doctor.picture import Picture
from dlp.state import ca
from tests.doctor.conftest import BY_ID

SWAPS = "Filename\t\t\tType\t\tSize\tUsed\tPriority\n"


def test_a_clock_that_is_behind_is_seen(state, seen):
    made = ca.open_authority(state).certificate.not_valid_before_utc.timestamp()
    assert seen("clock-right", now=made + 4 * 86400) == ()
    told = seen("clock-right", now=made - 3600)
    assert "from now" in told[0]
    assert "not valid yet" in told[1]


@pytest.mark.parametrize(("returned", "found"), [(0, False), (5, True)])
def test_a_clock_that_nobody_keeps_is_seen(picture, returned, found):
    drawn = picture()
    vars(drawn)["kernel_clock"] = returned
    (result,) = examine(drawn, [BY_ID["clock-synchronised"]]).results
    assert (result.status == "finding") is found


def test_a_kernel_that_does_not_tell_is_no_finding(picture):
    drawn = picture()
    vars(drawn)["kernel_clock"] = -1
    (result,) = examine(drawn, [BY_ID["clock-synchronised"]]).results
    assert result.status == "skipped"


def test_the_kernel_is_asked(picture):
    assert isinstance(picture().kernel_clock, int)
    assert -1 <= Picture.kernel_clock.func(picture()) <= 5


@pytest.mark.parametrize(
    ("free", "total", "low"),
    [
        (600, 1000, False),
        (400, 5000, False),
        (400, 100_000, True),
        (60, 1000, True),
        (64, 64, False),
        (10, 64, True),
    ],
)
def test_what_counts_as_scarce(free, total, low):
    assert scarce(free, total, 512) is low


@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is missing")
@pytest.mark.parametrize(
    ("options", "check"),
    [("size=1m,nr_inodes=100k", "disk-space"), ("size=1g,nr_inodes=40", "disk-inodes")],
)
def test_a_disk_that_is_nearly_full_is_seen(tmp_path, options, check):
    script = f'mount -t tmpfs -o {options} none "$0" && "$@"'
    words = [sys.executable, "-m", "dlp", "doctor", "--state", str(tmp_path)]
    words += ["--check", "disk-space", "--check", "disk-inodes"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, str(tmp_path), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 1, done.stderr
    assert check in done.stdout
    assert "2 of 2 checks made, 1 found" in done.stdout


def test_swap_that_is_not_encrypted_is_seen(write, seen):
    write("proc/swaps", SWAPS)
    assert seen("swap") == ()
    write("proc/swaps", SWAPS + "/dev/zram0 partition 1 0 100\n")
    assert seen("swap") == ()
    write("proc/swaps", SWAPS + "/swapfile file 1 0 -2\n/dev/dm-1 partition 1 0 -3\n")
    write("sys/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap")
    assert seen("swap") == ("/swapfile is not encrypted",)
    write("sys/block/dm-1/dm/uuid", "LVM-x")
    assert "/dev/dm-1 is not encrypted" in seen("swap")
