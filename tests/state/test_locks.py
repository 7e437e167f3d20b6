import os
import threading

import pytest

from dlp.errors import StateError
from dlp.state.locks import awaited, claim, claim_one, held


def test_a_lock_is_held_by_one_until_it_is_closed(tmp_path):
    path = tmp_path / "a.lock"
    first = claim(path)
    assert claim(path) is None
    with held(path) as free:
        assert not free
    os.close(first)
    with held(path) as free:
        assert free
        assert claim(path) is None
    os.close(claim(path))


def test_the_first_free_name_is_taken(tmp_path):
    taken = [claim_one(tmp_path, ("w0", "w0-1")) for _ in range(3)]
    assert [one and one[0] for one in taken] == ["w0", "w0-1", None]
    for _, guard in taken[:2]:
        os.close(guard)


def test_who_awaits_it_gets_it_when_it_is_free(tmp_path):
    path = tmp_path / "a.lock"
    guard = claim(path)
    got = threading.Event()

    def wait():
        with awaited(path):
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.is_set()
    os.close(guard)
    assert got.wait(30)
    thread.join()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StateError, match=r"cannot write .*/none: No such file"):
        with awaited(tmp_path / "none" / "a.lock"):
            pass
