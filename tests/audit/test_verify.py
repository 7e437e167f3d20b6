import shutil

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp.audit import AuditLog, chain, verify
from dlp.audit.chain import Link
from dlp.errors import StateError
from dlp.record import Operation

LINES = 8


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    log = AuditLog.open(state)
    for number in range(LINES):
        log.append(Operation(float(number), "cli:me", "agent.add", f"a{number}"))
    log.close()
    return state / "audit"


@pytest.fixture
def tampered(original, tmp_path):
    folder = tmp_path / "audit"
    shutil.copytree(original, folder)
    path = folder / "w0.000001.jsonl"

    def tamper(change):
        rows = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(change(rows)))
        return [str(fault) for fault in verify(folder).faults]

    return tamper


def test_an_untouched_log_is_whole(original):
    report = verify(original)
    assert (report.lines, report.unsigned, report.faults) == (LINES, 0, ())


def test_a_changed_line_is_named(tampered):
    faults = tampered(lambda r: [row.replace(b'"a4"', b'"a5"') for row in r])
    assert faults == ["w0.000001.jsonl:5: line 5 was changed"]


def test_a_changed_line_with_a_new_hash_is_named(tampered):
    def forge(rows):
        old = orjson.loads(rows[4])
        data = old["data"] | {"object": "other"}
        rows[4], _ = chain.forge(Link(4, old["prev"]), "operation", data)
        return rows

    assert tampered(forge) == [
        "w0.000001.jsonl:5: line 5 was replaced: line 6 does not follow it"
    ]


def test_a_dropped_line_is_named(tampered):
    assert tampered(lambda r: r[:4] + r[5:]) == [
        "w0.000001.jsonl:5: lines 5 to 5 were dropped before this one"
    ]


def test_a_dropped_beginning_is_named(tampered):
    assert tampered(lambda r: r[3:]) == ["w0:0: lines 1 to 3 were dropped"]


def test_reordered_lines_are_named(tampered):
    faults = tampered(lambda r: [*r[:3], r[4], r[3], *r[5:]])
    assert faults[0].startswith("w0.000001.jsonl:4: lines 4 to 4 were dropped")
    assert faults[1] == "w0.000001.jsonl:5: line 4 is out of order or repeated"


def test_a_truncated_log_is_named(tampered):
    assert tampered(lambda r: r[:5]) == [
        "w0.000001.jsonl:5: truncated: lines 6 to 8 are gone"
    ]


def test_a_log_rewritten_from_some_line_is_named(tampered):
    def rewrite(rows):
        link, out = Link(5, orjson.loads(rows[4])["hash"]), rows[:5]
        for row in rows[5:]:
            data = orjson.loads(row)["data"] | {"actor": "nobody"}
            line, link = chain.forge(link, "operation", data)
            out.append(line)
        return out

    assert tampered(rewrite) == [
        "w0.000001.jsonl:8: line 8 is not the one that was signed"
    ]


def test_an_emptied_log_is_named(tampered):
    assert tampered(lambda r: []) == ["w0:0: truncated: lines 1 to 8 are gone"]


def test_foreign_lines_are_named(tampered):
    faults = tampered(lambda r: [*r[:2], b"hello\n", *r[2:]])
    assert faults == ["w0.000001.jsonl:3: is not an audit line"]
    assert tampered(lambda r: [*r, b"{}\n"])[-1].endswith("is not an audit line")


def test_a_forged_head_is_named(original, tmp_path):
    folder = tmp_path / "audit"
    shutil.copytree(original, folder)
    head = orjson.loads((folder / "w0.head").read_bytes()) | {"seq": 3}
    (folder / "w0.head").write_bytes(orjson.dumps(head))
    assert "signature" in str(verify(folder).faults[0])
    (folder / "w0.head").unlink()
    assert "missing" in str(verify(folder).faults[0])


def test_a_deleted_chain_is_named(original, tmp_path):
    folder = tmp_path / "audit"
    shutil.copytree(original, folder)
    (folder / "w0.000001.jsonl").unlink()
    assert "lines 1 to 8 are gone" in str(verify(folder).faults[0])


def test_no_log_is_an_error(tmp_path):
    with pytest.raises(StateError, match="no audit log"):
        verify(tmp_path)


@settings(max_examples=150)
@given(data=st.data())
def test_any_single_byte_changed_is_found(original, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("copy") / "audit"
    shutil.copytree(original, folder)
    path = folder / "w0.000001.jsonl"
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    report = verify(folder)
    assert report.faults
