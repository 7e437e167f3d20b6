import pytest

from dlp.record import mask


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("body > gzip > $.messages[3].content > base64", None),
        ("header > authorization > basic", None),
        ("header:x-api-key", None),
        ("$.hunter2horse.text", "$.{}.text"),
        ("$['a b'].content", "${}.content"),
        ("$[123456].content", "$[{}].content"),
        ("$.1234.content", "$.{}.content"),
        ("body > Zq3vX9 > base64", "body > {} > base64"),
    ],
)
def test_view_path(path, kept):
    got = mask.view_path(path)
    if kept is None:
        assert got == path
    else:
        assert got.replace("[{} {}]", "{}") == kept


@pytest.mark.parametrize(
    ("path", "loose", "strict"),
    [
        ("/v1/messages", "/v1/messages", "/v1/messages"),
        ("/repos/octo-org/hello-world/issues/12", None, "/repos/{}/{}/issues/{}"),
        ("/bot123456789:{}/sendMessage".format("AAF" + "x9Q" * 9), "/{}/sendMessage",
         "/{}/sendMessage"),
        ("/files/9f86d081884c7d65", "/files/{}", "/files/{}"),
        ("/" + "qzrtklmnp", "/{}", "/{}"),
        ("/caf\u00e9", "/{}", "/{}"),
        ("/", "/", "/"),
    ],
)  # fmt: skip
def test_path_class(path, loose, strict):
    assert mask.path_class(path, strict=False) == (loose or path)
    assert mask.path_class(path, strict=True) == strict


def test_a_path_class_is_short():
    assert len(mask.path_class("/messages" * 5000, strict=False)) <= 256


@pytest.mark.parametrize(
    ("host", "touched", "named", "kept"),
    [
        ("api.anthropic.com", False, True, "api.anthropic.com"),
        ("api.anthropic.com", False, False, "api.anthropic.com"),
        ("a9f3k2j4h5.evil.com", False, False, "redacted.evil.com"),
        ("a9f3k2j4h5.evil.com", False, True, "a9f3k2j4h5.evil.com"),
        ("a9f3k2j4h5.evil.com", True, False, "redacted.com"),
        ("anything.evil.com", True, True, "redacted.com"),
        ("justone9", True, False, "redacted"),
        ("10.0.0.1", False, False, "10.0.0.1"),
        ("2001:db8::1", False, False, "2001:db8::1"),
        ("4539578763621486", False, False, "redacted"),
        ("xn--bcher-kva.example", False, False, "xn--bcher-kva.example"),
    ],
)
def test_host_name(host, touched, named, kept):
    assert mask.host_name(host, touched=touched, named=named) == kept


def test_printable_escapes_what_could_fool_a_terminal():
    text = "a\x1b[2J\n\x85\u202eb\u2066c\u200bd\ud800"
    assert mask.printable(text) == (
        "a\\u001b[2J\\u000a\\u0085\\u202eb\\u2066c\\u200bd\\ud800"
    )
    assert mask.printable("x" * 999, 10) == "x" * 10 + "..."
