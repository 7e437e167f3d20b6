"""Words that promise a secret where they name none; beside them one is found."""

import pytest

from dlp import Inspector
from dlp.detect.templates import expand
from dlp.model import Tier

VECTORS = """[Keylen = 256]

Count = 0
nKey = {hex:64}
IV = {hex:24}
PT = {hex:32}
CT = {hex:32}
"""
HONEST = {
    "a secret's name": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-{alnum:6}"
    "\narn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db/key-{alnum:6}",
    "a test of a cipher": VECTORS,
    "the same in JSON": VECTORS.replace("\n", "\\n"),
    "a beacon": '<script data-cf-beacon=\'{{"token": "{hex:32}"}}\'></script>',
    "a form of Laravel": '<input name="_token" value="{alnum:40}">',
    "a form of Django": '<input name="csrfmiddlewaretoken" value="{alnum:64}">',
    "a form of Rails": '<input name="authenticity_token" value="{base64url:86}">',
    "a key of a site": 'RECAPTCHA_SITE_KEY="6Lc{alnum:37}"',
    "a form of prose": "text=A+strong+password:+at+least+12+characters.+It+is+stored+"
    "hashed+with+Argon2.+Token:+see+below&to=C1",
}
FOUND = {
    "behind other colons": "prod:12:secret:{alnum:30}",
    "beside an identifier": "arn:aws:kms:eu-west-1:123456789012:key/x secret: {alnum:30}",
    "a key and what it made": "acme_key = {hex:64}\nIV = {hex:24}\n",
    "a token in a script": '<script data-acme=\'{{"token": "{hex:32}"}}\'></script>',
    "a field of another name": '<input name="api_token" value="{alnum:40}">',
    "a key of a server": 'RECAPTCHA_SECRET_KEY="6Lc{alnum:37}"',
    "a password in a form": "text=The+password:+{alnum:9}!{alnum:9}&to=C1",
    "base64 with a plus": "api_key={alnum:9}+{alnum:11}+{alnum:12}",
}


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load()


def stopped(inspector, template):
    text = expand(template, seed=7).encode()
    return [f.rule for f in inspector.scan(text) if f.tier is not Tier.WEAK]


@pytest.mark.parametrize("template", HONEST.values(), ids=HONEST)
def test_what_only_looks_like_a_name_is_let_be(inspector, template):
    assert stopped(inspector, template) == []


@pytest.mark.parametrize("template", FOUND.values(), ids=FOUND)
def test_a_secret_beside_it_is_found(inspector, template):
    assert stopped(inspector, template)
