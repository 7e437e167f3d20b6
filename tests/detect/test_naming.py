"""What a name promises, in any spelling."""

import pytest

from dlp.detect.naming import Promise, promise

PROMISES = {
    Promise.PASSWORD: ["password", "DB_PASSWORD", "dbPasswd", "adminPwd", "pass"],
    Promise.TOKEN: [
        "token", "API_KEY", "apiKey", "x-api-key", "apikey", "client_secret", "authToken",
        "AWS_SECRET_ACCESS_KEY", "ACME_KEY", "acmeKey", "SECRET_KEY_BASE", "API_KEY_PROD",
        "TOKEN_1", "private_key_b64", "acme access key", "SECRET_TOKEN_FOR_ACME",
    ],
    Promise.KEY: ["key", "the table key", "fileKey"],
    Promise.NONE: [
        "token_type", "next_token", "pageToken", "csrf_token", "public_key", "cache_key",
        "password_hash", "secretName", "key_path", "tokens_per_minute", "monkey", "auth_url",
        "tokenizer", "keyboard", "", "value", "passport", "KEY_AGREEMENT",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name"), [(p, name) for p, names in PROMISES.items() for name in names]
)
def test_a_name_promises(wanted, name):
    assert promise(name) is wanted
