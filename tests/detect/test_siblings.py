"""What is cut out for a name is all that it holds: a list's items, a long value's end."""

import re

import pytest

from dlp import Inspector
from dlp.detect.context.siblings import siblings
from dlp.detect.templates import expand

WHOLE = {
    "lines": "api_keys:\n  - {alnum:32}\n  - {alnum:40}  # old\n  - {alnum:32}\n",
    "JSON": '{{"apiKeys": ["{hex:32}", "{hex:32}", "{alnum:30}"], "n": 1}}',
    "JSON in JSON": r'{{"a": "{{\"api_keys\": [\"{alnum:32}\", \"{alnum:32}\"]}}"}}',
    "a tuple": "ACCESS_TOKENS = (\n  '{alnum:40}',  # a\n  '{alnum:40}',\n)",
    "a name for one": 'api_key: ["{alnum:32}", "{alnum:32}"]',
    "without brackets": "ACME_API_KEY={alnum:32},{alnum:32},{alnum:32}\n",
    "UUIDs": "service_keys: [{uuid}, {uuid}]\n",
    "base64": 'session_token = "{base64:600}"\n',
    "a token": '"access_token": "{base64url:900}"',
    "parts of a token": "bearer: {base64:260}.{base64:260}.{base64:260}",
    "signs": "token='{alnum:220}!{alnum:100}'",
    "a form": "user=a&client_secret={alnum:350}&as_user=true",
}
BESIDE = {
    "words": 'api_keys: ["{alnum:32}", "{word}-{word}-{word}"]',
    "another name": '{{"api_key": "{alnum:32}", "request_id": "{word}_{word}"}}',
    "prose": "my api key: {alnum:32}, {word} {word} {word}",
}
LONG = re.compile(rb"[\w+/=!.-]{20,}")


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load()


def cut(inspector, text):
    """The text without what was found."""
    for found in sorted(inspector.scan(text), key=lambda f: f.span, reverse=True):
        text = text[: found.span[0]] + b"_" + text[found.span[1] :]
    return text


@pytest.mark.parametrize("template", WHOLE.values(), ids=WHOLE)
def test_all_that_a_name_holds_is_cut_out(inspector, template):
    left = cut(inspector, expand(template, seed=3).encode())
    assert LONG.findall(left) == []
    assert inspector.scan(left) == []


@pytest.mark.parametrize("template", BESIDE.values(), ids=BESIDE)
def test_what_would_not_be_found_as_the_first_is_none_as_the_second(
    inspector, template
):
    assert len(inspector.scan(expand(template, seed=3).encode())) == 1


def test_what_stands_in_no_list_has_no_siblings():
    text = b"acme AAAAAAAA, BBBBBBBB"
    assert list(siblings(text, (5, 13))) == []
    assert list(siblings(b"k: [" + text[5:], (4, 12))) == [(14, 22)]
