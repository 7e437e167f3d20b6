import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dlp.policy.names import normal_authority, normal_host, normal_path

HOSTS = {
    "lower case": ("GitHub.COM", "github.com"),
    "one trailing dot": ("github.com.", "github.com"),
    "A-label stays": ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
    "U-label becomes A-label": (
        "\u0430\u0440\u0440\u04cf\u0435.com",
        "xn--80ak6aa92e.com",
    ),
    "underscore": ("_dmarc.a_b.example", "_dmarc.a_b.example"),
    "single label": ("localhost", "localhost"),
    "dotted decimal": ("127.0.0.1", "127.0.0.1"),
    "one decimal number": ("2130706433", "127.0.0.1"),
    "hexadecimal": ("0x7f000001", "127.0.0.1"),
    "bare 0x is zero": ("0x", "0.0.0.0"),
    "short hexadecimal": ("0x7f.1", "127.0.0.1"),
    "octal": ("0177.0.0.01", "127.0.0.1"),
    "two parts": ("10.1", "10.0.0.1"),
    "three parts": ("10.1.257", "10.1.1.1"),
    "address with trailing dot": ("127.0.0.1.", "127.0.0.1"),
    "IPv6": ("2001:DB8:0:0::1", "2001:db8::1"),
    "IPv6 in brackets": ("[::1]", "::1"),
    "IPv4-mapped": ("[::ffff:127.0.0.1]", "127.0.0.1"),
    "IPv4-mapped in hexadecimal": ("::ffff:7f00:1", "127.0.0.1"),
}

NO_HOSTS = {
    "empty": "",
    "only a dot": ".",
    "empty label": "a..b",
    "two trailing dots": "a.b..",
    "leading dot": ".github.com",
    "port": "github.com:443",
    "user info": "a@b.c",
    "path": "a.b/c",
    "backslash": "a.b\\c",
    "query": "a.b?c",
    "fragment": "a.b#c",
    "NUL": "evil.example\0.github.com",
    "CR LF": "a.b\r\nX: y",
    "blank": "a b",
    "tab": "a.b\t",
    "per cent escape": "a%2eb",
    "asterisk": "*.github.com",
    "hyphen first": "-a.b",
    "hyphen last": "a-.b",
    "label of 64": "a" * 64 + ".b",
    "name of 254": ".".join(["a" * 49] * 5 + ["abcd"]),
    "number out of range": "256.0.0.1",
    "last number out of range": "10.0.65536",
    "five numbers": "1.2.3.4.5",
    "octal with a 9": "0192.0.0.1",
    "number last but not an address": "a.b.1",
    "unclosed bracket": "[::1",
    "zone id": "[fe80::1%25lo]",
    "bracketed name": "[github.com]",
}


@pytest.mark.parametrize("case", HOSTS)
def test_host_has_one_normal_form(case):
    written, normal = HOSTS[case]
    assert normal_host(written) == normal
    assert normal_host(normal) == normal


@pytest.mark.parametrize("case", NO_HOSTS)
def test_anything_else_is_not_a_host(case):
    with pytest.raises(ValueError):
        normal_host(NO_HOSTS[case])


@given(
    st.lists(
        st.one_of(
            st.integers(0, 300).map(str),
            st.integers(0, 300).map(hex),
            st.integers(0, 300).map("{:#o}".format).map(lambda o: "0" + o[2:]),
            st.integers(0, 2**33).map(str),
        ),
        min_size=1,
        max_size=5,
    ).map(".".join)
)
def test_addresses_are_read_as_the_resolver_reads_them(text):
    """What inet_aton takes is that address; what it refuses is no host."""
    try:
        expected = socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        with pytest.raises(ValueError):
            normal_host(text)
    else:
        assert normal_host(text) == expected


@given(st.text())
@example("\u3002")
def test_normal_host_raises_nothing_but_value_error(text):
    try:
        host = normal_host(text)
    except ValueError:
        return
    assert host.isascii()
    assert normal_host(host) == host


AUTHORITIES = {
    "no port": ("A.example", ("a.example", None)),
    "port": ("a.example:8443", ("a.example", 8443)),
    "IPv6 with port": ("[::1]:443", ("::1", 443)),
    "IPv6 without port": ("[::1]", ("::1", None)),
    "highest port": ("a.b:65535", ("a.b", 65535)),
}

NO_AUTHORITIES = {
    "empty": "",
    "only a port": ":443",
    "empty port": "a.b:",
    "port 0": "a.b:0",
    "leading zero": "a.b:0443",
    "port out of range": "a.b:65536",
    "sign": "a.b:+443",
    "two ports": "a.b:1:2",
    "bare IPv6": "::1",
    "user info": "a.b:443@c.d",
    "comma": "a.b, c.d",
    "other digits": "a.b:\u0661",
}


@pytest.mark.parametrize("case", AUTHORITIES)
def test_authority(case):
    written, expected = AUTHORITIES[case]
    assert normal_authority(written) == expected


@pytest.mark.parametrize("case", NO_AUTHORITIES)
def test_anything_else_is_no_authority(case):
    with pytest.raises(ValueError):
        normal_authority(NO_AUTHORITIES[case])


PATHS = {
    "root": ("/", "/"),
    "plain": ("/v1/messages", "/v1/messages"),
    "query is no part": ("/v1/messages?a=/../b", "/v1/messages"),
    "folder keeps its slash": ("/a/b/", "/a/b/"),
    "escape of an ordinary letter": ("/v1/%6Dessages", "/v1/messages"),
    "UTF-8": ("/caf%C3%A9", "/café"),
    "dots inside a name": ("/a..b/.git/x...", "/a..b/.git/x..."),
    "asterisk": ("*", "*"),
}

AMBIGUOUS = {
    "dot segments": ("/a/../../b", "/b"),
    "one dot": ("/a/./b", "/a/b"),
    "dots at the end": ("/a/b/..", "/a/"),
    "escaped dots": ("/a/%2e%2E/b", "/b"),
    "escaped slash": ("/a%2Fb", "/a/b"),
    "escaped backslash": ("/a%5c..%5cb", "/b"),
    "backslash": ("/a\\..\\b", "/b"),
    "empty segment": ("//a//b", "/a/b"),
    "escaped twice": ("/a/%252e%252e/b", "/a/%2e%2e/b"),
    "Tomcat parameter": ("/a/..;x/b", "/b"),
    "matrix parameter": ("/a;v=1/b", "/a;v=1/b"),
    "Tomcat parameter on a name": ("/a/b..;/c", "/a/b..;/c"),
    "bare per cent": ("/a%zz", "/a%zz"),
    "NUL": ("/a%00b", "/a\0b"),
    "overlong UTF-8": ("/a%c0%ae%c0%ae/b", "/a\ufffd\ufffd\ufffd\ufffd/b"),
    "no leading slash": ("a/b", "a/b"),
    "control character": ("/a/%09", "/a/\t"),
}


@pytest.mark.parametrize("case", PATHS)
def test_path_is_decoded(case):
    target, path = PATHS[case]
    assert normal_path(target) == (path, False)


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_path_that_servers_read_differently_is_ambiguous(case):
    target, path = AMBIGUOUS[case]
    assert normal_path(target) == (path, True)


@given(st.text(alphabet="/.%25fec\\;ab?", max_size=30).map("/".__add__))
def test_an_unambiguous_path_is_its_own_normal_form(target):
    path, ambiguous = normal_path(target)
    assert path.startswith("/")
    assert "/../" not in path
    if not ambiguous:
        assert normal_path(path.replace("%", "%25").replace("?", "%3f"))[0] == path
