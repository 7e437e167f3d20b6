"""Each row is one way to get a rules file wrong, and the whole of what is said."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from dlp.errors import RuleError
from dlp.rulefile import (
    RuleModel,
    Wrong,
    builtin_folder,
    load_model,
    parse_model,
)


def _known_colour(text: str) -> str:
    if text == "mauve":
        raise Wrong("`mauve` is not a colour we print", "use red or blue")
    return text


class Item(RuleModel):
    id: str
    effect: Literal["allow", "deny"] = "allow"
    hosts: tuple[str, ...] = ()
    size: int | Literal["any"] = 1
    colour: Annotated[str, AfterValidator(_known_colour)] = "red"
    on: bool = False


class File(RuleModel):
    version: Literal[1]
    items: tuple[Item, ...] = ()
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)


def problems(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(RuleError) as caught:
        parse_model(data, "f.yaml", File)
    return [str(problem) for problem in caught.value.problems]


ONE_PROBLEM = {
    "empty": ("", "1:1: is empty; write at least `version: 1`"),
    "only a comment": ("# hi\n", "1:1: is empty; write at least `version: 1`"),
    "not a mapping": (
        "[1]",
        "1:1: must be a mapping, not a list; write `key: value` lines below it",
    ),
    "missing key": ("items: []\n", "1:1: lacks `version`; add it"),
    "missing key of an item": (
        "version: 1\nitems:\n  - hosts: []\n",
        "3:5: `items[0]` lacks `id`; add it",
    ),
    "unknown key, nearly right": (
        "version: 1\nitems:\n  - id: a\n    efect: deny\n",
        "4:5: unknown key `efect`; did you mean `effect`?",
    ),
    "unknown key, far off": (
        "version: 1\nzzz: 1\n",
        "2:1: unknown key `zzz`; use one of version, items, groups",
    ),
    "duplicate key": (
        "version: 1\nitems: []\nversion: 1\n",
        "3:1: `version` is given twice, first in line 1; keep one of them",
    ),
    "duplicate key, quoted": (
        "version: 1\n'version': 1\n",
        "2:1: `version` is given twice, first in line 1; keep one of them",
    ),
    "word outside the choice": (
        "version: 1\nitems: [{id: a, effect: alow}]\n",
        "2:25: `items[0].effect` must be 'allow' or 'deny'; did you mean `allow`?",
    ),
    "number where text belongs": (
        "version: 1\nitems: [{id: 7}]\n",
        "2:14: `items[0].id` must be text, not a number; "
        "quote it if it is meant as text",
    ),
    "text where a list belongs": (
        "version: 1\nitems:\n  - id: a\n    hosts: x.com\n",
        "4:12: `items[0].hosts` must be a list, not text; write [a, b]",
    ),
    "list where a mapping belongs": (
        "version: 1\ngroups:\n  - a\n",
        "2:1: `groups` must be a mapping, not a list; "
        "write `key: value` lines below it",
    ),
    "nothing where a list belongs": (
        "version: 1\nitems:\n",
        "2:1: `items` must be a list, not nothing; write [a, b]",
    ),
    "text that looks like a number is not one": (
        'version: "1"\n',
        "1:10: `version` must be 1; write `1`",
    ),
    "no member of a union": (
        "version: 1\nitems: [{id: a, size: 1.5}]\n",
        "2:23: `items[0].size` must be a whole number or 'any'; write digits only",
    ),
    "yes is text, not true": (
        "version: 1\nitems: [{id: a, on: yes}]\n",
        "2:21: `items[0].on` must be true or false, not text; write true or false",
    ),
    "a validator's own words": (
        "version: 1\nitems: [{id: a, colour: mauve}]\n",
        "2:25: `items[0].colour`: `mauve` is not a colour we print; use red or blue",
    ),
    "unclosed list": (
        "version: [1\n",
        "2:1: did not find expected ',' or ']' while parsing a flow "
        "sequence; correct the YAML here or just above",
    ),
    "tab indent": (
        "version: 1\nitems:\n\t- id: a\n",
        "3:1: found character that cannot start any token while scanning for "
        "the next token; indent with spaces; quote text that begins so",
    ),
    "colon in plain text": (
        "version: a: b\n",
        "1:11: mapping values are not allowed in this context; quote text that holds `: `",
    ),
    "bare wildcard": (
        "version: 1\nitems: [{id: *}]\n",
        "2:15: did not find expected alphabetic or numeric character while scanning "
        "an alias; quote text that begins with `*`",
    ),
    "second document": (
        "version: 1\n---\nversion: 1\n",
        "2:1: is a second document; keep one, without `---`",
    ),
    "python tag": (
        "version: 1\nitems: !!python/object/apply:os.system [x]\n",
        "2:8: has the tag `tag:yaml.org,2002:python/object/apply:os.system`; "
        "remove the tag",
    ),
    "local tag": ("version: !env X\n", "1:10: has the tag `!env`; remove the tag"),
    "merge key": (
        "version: 1\ngroups: {<<: {a: [b]}}\n",
        "2:10: merges another mapping; write the keys out one by one",
    ),
    "list as key": (
        "version: 1\ngroups: {[a]: [b]}\n",
        "2:10: is not a plain key; write the keys out one by one",
    ),
    "infinity": (
        "version: 1\nitems: [{id: a, hosts: [.inf]}]\n",
        "2:25: `.inf` is not a number; write a finite number",
    ),
    "control character": (
        'version: 1\ngroups: {"a\0b": []}\n',
        "2:12: a control character; remove it, or escape it",
    ),
    "Latin-1": (
        b"version: 1\n# caf\xe9\n",
        "2:6: is not UTF-8; save it as UTF-8",
    ),
    "alias to itself": (
        "version: 1\nitems: &a [*a]\n",
        "2:12: `*a` names nothing that stands before it; quote text that begins with `*`",
    ),
    "brackets without end": (
        "[" * 5000,
        "1:65: is nested more than 64 deep; flatten it",
    ),
    "larger than the cap": (
        b"#" * (8 << 20) + b"\n",
        "0:0: is larger than 8 MiB; split it, or remove what is not needed",
    ),
}


@pytest.mark.parametrize(("text", "said"), ONE_PROBLEM.values(), ids=ONE_PROBLEM)
def test_says_where_what_and_what_to_do(text, said):
    assert f"f.yaml:{said}" in problems(text)


@pytest.mark.parametrize(
    "name", [n for n in ONE_PROBLEM if n not in {"python tag", "local tag", "infinity"}]
)
def test_one_fault_is_one_problem(name):
    text, said = ONE_PROBLEM[name]
    assert problems(text) == [f"f.yaml:{said}"]


def test_all_problems_at_once_in_the_order_of_the_file():
    assert problems(
        "version: 2\n"
        "items:\n"
        "  - id: a\n"
        "    effect: maybe\n"
        "  - hosts: x\n"
        "    hosts: y\n"
        "more: 1\n"
    ) == [
        "f.yaml:1:10: `version` must be 1; write `1`",
        "f.yaml:4:13: `items[0].effect` must be 'allow' or 'deny'; "
        "use one of allow, deny",
        "f.yaml:5:5: `items[1]` lacks `id`; add it",
        "f.yaml:5:12: `items[1].hosts` must be a list, not text; write [a, b]",
        "f.yaml:6:5: `hosts` is given twice, first in line 5; keep one of them",
        "f.yaml:7:1: unknown key `more`; use one of version, items, groups",
    ]


def test_what_a_second_key_of_a_name_holds_moves_no_problem_of_the_first():
    assert problems("version: 1\nitems: [{id: a, x: 1}]\nitems: [{x: 1}]\n") == [
        "f.yaml:2:17: unknown key `x`; use one of id, effect, hosts, size, colour, on",
        "f.yaml:3:1: `items` is given twice, first in line 2; keep one of them",
    ]


def test_aliases_to_aliases_are_bounded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (said,) = problems("\n".join(lines))
    assert "has more than 400000 values once aliases are followed" in said


def test_an_alias_is_the_value_it_names():
    text = b"version: 1\ngroups: {a: &x [h.com], b: *x}\n"
    loaded = parse_model(text, "f.yaml", File)
    assert loaded.value.groups == {"a": ("h.com",), "b": ("h.com",)}


def test_plain_scalars_follow_the_core_schema_of_1_2():
    values = b"[on, No, 2024-01-01, 1_000, 0b1, '1', \"~\", 12:30]"
    text = b"version: 0x1\ngroups: {010: " + values + b"}\n"
    loaded = parse_model(text, "f.yaml", File)
    assert loaded.value.groups == {
        "010": ("on", "No", "2024-01-01", "1_000", "0b1", "1", "~", "12:30")
    }


def test_a_byte_order_mark_is_skipped():
    assert parse_model(b"\xef\xbb\xbfversion: 1\n", "f.yaml", File).value.version == 1


def test_places_of_what_is_there_and_what_is_not():
    text = b"version: 1\nitems:\n  - id: a\n    hosts:\n      - x.com\n      - y.com\n"
    loaded = parse_model(text, "f.yaml", File)
    assert loaded.at("version") == (1, 10)
    assert loaded.at("items") == (2, 1)
    assert loaded.at("items", 0) == (3, 5)
    assert loaded.at("items", 0, "id") == (3, 9)
    assert loaded.at("items", 0, "hosts") == (4, 5)
    assert loaded.at("items", 0, "hosts", 1) == (6, 9)
    assert loaded.at("items", 0, "effect") == (3, 5)
    assert loaded.at("groups", "x") == (1, 1)
    problem = loaded.problem(("items", 0, "hosts", 1), "is odd", "drop it")
    assert str(problem) == "f.yaml:6:9: is odd; drop it"


def test_a_file_that_is_not_there(tmp_path: Path):
    path = tmp_path / "policy.yaml"
    with pytest.raises(RuleError) as caught:
        load_model(path, File)
    assert str(caught.value) == (
        f"{path}:0:0: cannot be read: No such file or directory; "
        "create it, or name another folder with --rules"
    )


def test_a_folder_in_the_place_of_a_file(tmp_path: Path):
    with pytest.raises(RuleError, match="Is a directory; correct what is there"):
        load_model(tmp_path, File)


def test_a_file_that_is_there(tmp_path: Path):
    (tmp_path / "f.yaml").write_text("version: 1\n")
    assert load_model(tmp_path / "f.yaml", File).value == File(version=1)


@given(st.binary() | st.text(alphabet="a:-[]{}\"'\\#&*!|>%@`? \n\t1~<").map(str.encode))
def test_no_input_raises_anything_but_a_rule_error(data):
    try:
        parse_model(data, "f.yaml", File)
    except RuleError:
        pass


def test_the_built_in_folder_is_there():
    assert builtin_folder().is_dir()
