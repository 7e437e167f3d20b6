import pytest

from dlp.cage.environment import variables, write_trust

PROXY = "http://127.0.0.1:1"


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy", "npm_config_noproxy"])
def test_a_way_past_the_proxy_is_seen(seen, name):
    assert seen("no-proxy") == ()
    local = {name: "localhost, 127.0.0.1,::1,[::1]"}
    assert seen("no-proxy", environment=local) == ()
    for value in ("*", ".example.com", "localhost,10.0.0.0/8"):
        (told,) = seen("no-proxy", environment={name: value})
        assert name in told


def test_a_way_past_the_proxy_for_all_users_is_seen(write, seen):
    write("etc/environment", 'PATH="/bin"\n')
    assert seen("no-proxy") == ()
    write("etc/environment", 'no_proxy="*"\n')
    assert "/etc/environment" in seen("no-proxy")[0]


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        (".npmrc", "noproxy=example.com", "noproxy="),
        (".curlrc", "noproxy = example.com", "silent"),
        (".wgetrc", "use_proxy = off", "use_proxy = on"),
        (".docker/config.json", '{"proxies": {"default": {"noProxy": "*"}}}', "{}"),
        (
            ".gitconfig",
            '[http "https://x"]\n\tproxy =\n',
            "[http]\n\tproxy = http://p\n",
        ),
    ],
)
def test_a_client_that_goes_past_the_proxy_is_seen(write, seen, name, bad, good):
    write(f"home/{name}", good)
    assert seen("no-proxy-files") == ()
    write(f"home/{name}", bad)
    assert name in seen("no-proxy-files")[0]


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        (".npmrc", "strict-ssl=false", "strict-ssl=true"),
        (".gitconfig", "[http]\n\tsslVerify = false\n", "[http]\n\tsslVerify = true\n"),
        (".config/git/config", "[http]\nsslverify=0\n", "# sslVerify = false\n"),
        (".curlrc", "# all\n-k\n", "# insecure\n"),
        (".curlrc", "insecure\n", "silent\n"),
        (".wgetrc", "check_certificate = off", "check_certificate = on"),
        (".config/pip/pip.conf", "[global]\ntrusted-host = x\n", "[global]\n"),
        (".condarc", "ssl_verify: false", "ssl_verify: true"),
    ],
)
def test_a_client_that_does_not_verify_is_seen(write, seen, name, bad, good):
    write(f"home/{name}", good)
    assert seen("verification-off-files") == ()
    write(f"home/{name}", bad)
    assert name in seen("verification-off-files")[0]


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0", "1"),
        ("PYTHONHTTPSVERIFY", "0", "1"),
        ("GIT_SSL_NO_VERIFY", "1", ""),
        ("NPM_CONFIG_STRICT_SSL", "false", "true"),
        ("GOINSECURE", "*", ""),
    ],
)
def test_a_variable_that_switches_verification_off_is_seen(seen, name, bad, good):
    assert seen("verification-off", environment={name: good}) == ()
    assert seen("verification-off", environment={name: bad}) == (f"{name} is set",)


@pytest.fixture
def good(state):
    return variables(PROXY, write_trust(state))


def test_the_variables_of_dlp_env_are_fine(good, seen):
    for check in ("no-proxy", "proxy-variables", "trust-variables", "injected-code"):
        assert seen(check, environment=good) == (), check


def test_without_a_proxy_nothing_is_said_of_clients(skipped):
    for check in ("proxy-variables", "trust-variables"):
        assert "no proxy is set" in skipped(check)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "HTTP_PROXY"])
def test_a_variable_that_names_another_proxy_is_seen(good, seen, name):
    for value in ("http://user:pa55@10.0.0.1:3128", "http://127.0.0.1:2", ""):
        (told,) = seen("proxy-variables", environment={**good, name: value})
        assert name in told
        assert "pa55" not in told


def test_a_variable_that_trusts_something_else_is_seen(good, seen, write):
    other = write("other.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END")
    for value in ("", "/nowhere.pem", str(other)):
        environment = {**good, "REQUESTS_CA_BUNDLE": value}
        (told,) = seen("trust-variables", environment=environment)
        assert told.startswith("REQUESTS_CA_BUNDLE")


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP"])
def test_foreign_code_is_seen(seen, name):
    assert seen("injected-code", environment={name: "/x"}) == (f"{name} is set",)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://api.anthropic.com", ""),
        ("https://gateway.eu.anthropic.com/v1", ""),
        ("https://collector.example/v1", "names collector.example"),
        ("https://anthropic.com.example", "names anthropic.com.example"),
        ("https://openrouter.ai/api", ""),
        ("https://u:s3cr3t-v4lue@collector.example", "names collector.example"),
    ],
)
def test_a_key_that_would_go_elsewhere_is_seen(seen, url, told):
    found = seen("base-urls", environment={"ANTHROPIC_BASE_URL": url})
    assert told in " ".join(found)
    assert bool(found) is bool(told)
    assert "s3cr3t" not in " ".join(found)
