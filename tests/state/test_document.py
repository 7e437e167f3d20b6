import json

import pytest

from dlp.errors import StateError
from dlp.state.document import Document

STEPS = (lambda rows: [{"id": row} for row in rows], lambda rows: {"agents": rows})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "thing.json"


def test_what_is_written_is_read(path):
    Document(path).write(["a"])
    assert Document(path).read() == ["a"]
    assert json.loads(path.read_bytes())["version"] == 1


@pytest.mark.parametrize(
    "before",
    [["a"], {"version": 1, "content": ["a"]}, {"version": 2, "content": [{"id": "a"}]}],
    ids=["0", "1", "2"],
)
def test_an_older_file_is_brought_up_and_kept(path, before):
    path.write_text(json.dumps(before))
    document = Document(path, STEPS)
    assert document.read() == {"agents": [{"id": "a"}]}
    assert json.loads(path.read_bytes()) == before, "reading changes nothing"
    document.write(document.read())
    assert json.loads(path.read_bytes()) == {
        "version": 3,
        "content": {"agents": [{"id": "a"}]},
    }
    (kept,) = path.parent.glob("thing.json.v*")
    assert json.loads(kept.read_bytes()) == before
    assert kept.stat().st_mode & 0o077 == 0


def test_a_file_of_this_version_is_not_kept(path):
    Document(path, STEPS).write([])
    Document(path, STEPS).write([])
    assert [found.name for found in path.parent.iterdir()] == ["thing.json"]


def test_a_newer_file_is_refused_and_left_alone(path):
    Document(path, STEPS).write([1])
    before = path.read_bytes()
    for use in (Document(path).read, lambda: Document(path).write([2])):
        with pytest.raises(StateError, match="newer version of dlp"):
            use()
    assert path.read_bytes() == before


def test_a_step_that_fails_changes_nothing(path):
    path.write_text("5")
    with pytest.raises(TypeError):
        Document(path, STEPS).read()
    assert path.read_text() == "5"


@pytest.mark.parametrize("text", ["{", '{"version": "1", "content": []}'])
def test_a_damaged_file_is_told(path, text):
    path.write_text(text)
    with pytest.raises(ValueError):
        Document(path).read()
