"""What a name promises, in any spelling."""

import pytest

from dlp.detect.context.naming import Promise, promise, tells_whose
from dlp.detect.templates import expand

PROMISES = {
    Promise.PASSWORD: ["image_pull_password", "password", "DB_PASSWORD", "dbPasswd", "adminPwd", "pass", "remotepass", "ldap_default_authtok"],
    Promise.TOKEN: [
        "token", "API_KEY", "apiKey", "x-api-key", "apikey", "client_secret", "authToken",
        "AWS_SECRET_ACCESS_KEY", "ACME_KEY", "acmeKey", "SECRET_KEY_BASE", "API_KEY_PROD",
        "TOKEN_1", "private_key_b64", "ACME_ACCESS", "zrqx_private", "acme access key", "SECRET_TOKEN_FOR_ACME",
        "provisionDeviceSecret", "csrf_secret",
    ],
    Promise.KEY: ["key", "the table key", "bucketKey"],
    Promise.NONE: [
        "token_type", "next_token", "pageToken", "csrf_token", "public_key", "cache_key",
        "password_hash", "secretName", "key_path", "tokens_per_minute", "monkey", "auth_url",
        "device_token", "deviceKey", "encrypted_secret", "hashed_secret", "Sec-WebSocket-Key", "sec-websocket-key", "nonMatchingToken", "wrong_password", "expired_token", "tokenizer", "keyboard", "", "value", "passport", "KEY_AGREEMENT",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name"), [(p, name) for p, names in PROMISES.items() for name in names]
)
def test_a_name_promises(wanted, name):
    assert promise(name) is wanted


@pytest.mark.parametrize(
    "name", ["lemlist_token", "ZEROBOUNCE_ACCESS", "zrqxSecretKey"]
)
def test_a_name_tells_whose_secret_it_is(name):
    assert tells_whose(name)


@pytest.mark.parametrize(
    "name", ["api_token", "my_refreshed_token", "acmeSecret", "userKeys", "db_apikey"]
)
def test_a_name_of_common_words_tells_not_whose(name):
    assert not tells_whose(name)


@pytest.mark.parametrize(
    "name",
    ["progressToken", "progress_token", "workDoneToken", "partialResultToken",
     "concurrencyToken", "taskToken", "lockToken", "snapshotToken", "LastEvaluatedKey"],
)  # fmt: skip
def test_what_a_protocol_calls_a_running_task_is_no_secret(name):
    """
    MCP, basic/utilities/progress (a client draws it as it likes, GUIDs without hyphens
    among them); LSP 3.17, workDoneProgress and partialResults.
    """
    assert promise(name) is Promise.NONE


@pytest.mark.parametrize("name", ["sentry_key", "SENTRY_KEY", "siteKey", "site_key"])
def test_a_key_that_every_page_shows_is_no_secret(name):
    """X-Sentry-Auth and the query of an envelope carry the public half of a DSN."""
    assert promise(name) is Promise.NONE


@pytest.mark.parametrize(
    "name", ["sentry_auth_token", "sentry_secret_key", "site_token"]
)
def test_beside_the_same_names_others_are(name):
    assert promise(name) is not Promise.NONE


@pytest.mark.parametrize(
    "shape",
    [
        "{base32:24}PW",
        "{alnum:32}Pw",
        "{loweralnum:23}pw",
        "{base32:23}PSK",
    ],
)
def test_a_drawn_id_that_ends_in_a_word_for_a_secret_is_no_name(shape):
    """In a list of ids the next one would be its value."""
    drawn = [expand(shape, seed=seed) for seed in range(100)]
    assert sum(map(bool, map(promise, drawn))) < (4 if len(drawn[0]) > 10 else 30)


@pytest.mark.parametrize(
    "name",
    ["wpa2psk", "s3pw", "MYSQL57_ROOT_PW", "DB2INST1_PW", "oracle19cSysPw", "snmpv3_priv_key",
     "k8s_db_5f4dcc3b5aa765d61d8327deb882cf99_token", "x509KeyPassword"],
)  # fmt: skip
def test_a_name_with_digits_or_an_id_in_it_is_a_name(name):
    assert promise(name) is not Promise.NONE
