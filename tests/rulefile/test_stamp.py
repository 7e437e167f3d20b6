import os

import pytest

from dlp.rulefile.stamp import folder_stamp


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "a.yaml").write_text("a")
    (tmp_path / "policy.yaml").write_text("one")
    return tmp_path


def edited(folder):
    (folder / "policy.yaml").write_text("three")


def edited_below(folder):
    (folder / "detectors" / "a.yaml").write_text("bb")


def added(folder):
    (folder / "detectors" / "b.yaml").touch()


def removed(folder):
    (folder / "detectors" / "a.yaml").unlink()


def replaced_by_its_like(folder):
    path = folder / "policy.yaml"
    before = path.stat()
    other = folder / "new"
    other.write_text("two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def written_over_with_the_old_date(folder):
    path = folder / "policy.yaml"
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def link_turned(folder):
    (folder / "v2.yaml").write_text("two")
    os.utime(folder / "v2.yaml", ns=(0, 0))
    (folder / "policy.yaml").unlink()
    (folder / "policy.yaml").symlink_to(folder / "v2.yaml")


@pytest.mark.parametrize(
    "change",
    [
        edited,
        edited_below,
        added,
        removed,
        replaced_by_its_like,
        written_over_with_the_old_date,
        link_turned,
    ],
)
def test_a_change_is_seen(folder, change):
    before = folder_stamp(folder)
    change(folder)
    assert folder_stamp(folder) != before


def test_without_a_change_nothing_is_seen(folder):
    before = folder_stamp(folder)
    (folder / "policy.yaml").read_text()
    (folder / "notes.txt").touch()
    assert folder_stamp(folder) == before


def test_a_dangling_link_is_no_file(folder):
    before = folder_stamp(folder)
    (folder / "gone.yaml").symlink_to(folder / "nowhere")
    assert folder_stamp(folder) == before


def test_a_folder_that_is_not_there_has_an_empty_stamp(tmp_path):
    assert folder_stamp(tmp_path / "nowhere") == ()
