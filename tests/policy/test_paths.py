import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp.policy.paths import compile_globs, glob_covers, literal_prefix, path_glob
from dlp.rulefile import Wrong

MATCHES = {
    # name: (glob, paths it means, paths it does not mean)
    "plain": ("/a/b", ["/a/b", "/a/b/"], ["/a", "/a/b/c", "/a/bc", "/A/b", "/x/a/b"]),
    "root": ("/", ["/"], ["/a"]),
    "everything": ("/**", ["/", "/a", "/a/b/"], ["*"]),
    "one segment": ("/a/*", ["/a/b", "/a/b/"], ["/a", "/a/", "/a/b/c"]),
    "part of a segment": ("/a*", ["/a", "/ab", "/ab/"], ["/ab/c", "/b"]),
    "end of a segment": ("/*.json", ["/x.json", "/.json"], ["/x.jsonp", "/a/x.json"]),
    "middle of a segment": ("/a*z", ["/az", "/abz"], ["/a/z", "/abzc"]),
    "stars of a segment": ("/a*b*c", ["/abc", "/axbxc", "/abbcc"], ["/acb", "/ab/c"]),
    "segment in the middle": ("/a/*/c", ["/a/b/c"], ["/a/c", "/a/b/b/c"]),
    "all below": ("/a/**", ["/a", "/a/", "/a/b", "/a/b/c"], ["/ab", "/b/a"]),
    "anywhere below": (
        "/**/c",
        ["/c", "/a/c", "/a/b/c", "/c/c/"],
        ["/a/xc", "/c/d", "/cc"],
    ),
    "anywhere between": ("/a/**/c", ["/a/c", "/a/b/c"], ["/a", "/c", "/b/a/c", "/ac"]),
    "two segments anywhere": (
        "/**/a/b/**",
        ["/a/b", "/x/a/b", "/x/a/b/y", "/a/a/b"],
        ["/a", "/a/x/b", "/xa/b", "/a/bx"],
    ),
    "a first match that is no match": (
        "/**/a/**/b",
        ["/a/b", "/a/x/a/b"],
        ["/b/a", "/ab/b/a"],
    ),
    "signs are signs": ("/a.b+c", ["/a.b+c"], ["/axb+c", "/a.bbc"]),
    "blanks and letters": ("/é /x", ["/é /x"], ["/e /x"]),
    "an id in a git path": (
        "/*/*/info/refs",
        ["/o/r.git/info/refs"],
        ["/o/info/refs", "/o/r/x/info/refs"],
    ),
}


@pytest.mark.parametrize("name", MATCHES)
def test_matches(name):
    glob, meant, others = MATCHES[name]
    assert path_glob(glob) == glob
    pattern = compile_globs([glob], ignore_case=False)
    assert [path for path in meant if not pattern.fullmatch(path)] == []
    assert [path for path in others if pattern.fullmatch(path)] == []


def test_case_is_that_of_ascii_letters_only():
    pattern = compile_globs(["/gists", "/k"], ignore_case=True)
    assert pattern.fullmatch("/GIsTS")
    assert not pattern.fullmatch("/gi\u017ft\u017f")
    assert not pattern.fullmatch("/\u212a")


@pytest.mark.parametrize("glob", ["a", "/a?b", "/a#b", "/a/./b", "//a", "/a**", "/%41"])
def test_what_could_not_match_as_meant_is_refused(glob):
    with pytest.raises(Wrong):
        path_glob(glob)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("/a*b*c*d*e*f", "/" + "abcde" * 20_000),
        ("/**/a/**/b/**/c/**/d", "/a/b/c" * 20_000),
        ("/**/*a*b/**/*a*b/*c", "/ab" * 30_000),
        ("/*a*a*a*a*b", "/" + "a" * 100_000),
    ],
)
def test_no_glob_is_slow(glob, path):
    pattern = compile_globs([glob], ignore_case=True)
    start = time.perf_counter()
    assert not pattern.fullmatch(path)
    assert time.perf_counter() - start < 2


COVERS = {
    ("/**", "/a"),
    ("/a", "/a"),
    ("/a/**", "/a"),
    ("/a/**", "/a/b"),
    ("/a/**", "/a/*/c"),
    ("/a/**", "/a/b/**"),
}


@pytest.mark.parametrize("general", ["/**", "/a", "/a/**", "/*", "/*/**"])
@pytest.mark.parametrize(
    "special", ["/**", "/a", "/a/b", "/ab", "/a/*/c", "/a/b/**", "/b/a", "/*"]
)
def test_covers_only_what_is_sure(general, special):
    expected = (general, special) in COVERS or general in ("/**", special)
    assert glob_covers(general, special) is expected


SEGMENT = st.sampled_from(["a", "b", "ab", "A", "*", "**", "a*", "*b", "a*b", "*a*"])
GLOB = st.lists(SEGMENT, max_size=5).map(lambda s: "/" + "/".join(s))
PATH = st.tuples(
    st.lists(st.text("abA", min_size=1, max_size=4), max_size=6), st.booleans()
).map(lambda p: "/" + "/".join(p[0]) + ("/" if p[0] and p[1] else ""))


def slowly(glob: list[str], path: list[str]) -> bool:
    """What a glob means, segment by segment."""
    if not glob:
        return not path
    if glob[0] == "**":
        return any(slowly(glob[1:], path[n:]) for n in range(len(path) + 1))
    if not path:
        return False
    one = ".*".join(map(re.escape, glob[0].split("*")))
    return bool(re.fullmatch(one, path[0])) and slowly(glob[1:], path[1:])


def segments(text: str) -> list[str]:
    return [segment for segment in text.split("/") if segment]


@given(st.lists(GLOB, min_size=1, max_size=3), PATH)
def test_the_pattern_means_what_the_segments_mean(globs, path):
    expected = any(slowly(segments(glob), segments(path)) for glob in globs)
    pattern = compile_globs(globs, ignore_case=False)
    assert (pattern.fullmatch(path) is not None) is expected


@given(GLOB, PATH)
def test_a_match_begins_with_the_literal_prefix(glob, path):
    if compile_globs([glob], ignore_case=True).fullmatch(path):
        prefix = literal_prefix(glob)
        assert (path.lower().rstrip("/") + "/").startswith(prefix + "/")


@given(GLOB, GLOB, PATH)
def test_a_cover_matches_what_is_covered(general, special, path):
    if glob_covers(general, special):
        covered = compile_globs([special], ignore_case=False).fullmatch(path)
        assert not covered or compile_globs([general], ignore_case=False).fullmatch(
            path
        )
