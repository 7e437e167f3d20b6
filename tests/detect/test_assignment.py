"""Name, tie and value: which assignments hold a secret, in every notation."""

import random
import string

import pytest

from dlp.detect.context.assignment import is_password
from dlp.detect.engine import Engine
from dlp.detect.overlap import GENERIC
from dlp.detect.rules import load_rules
from dlp.detect.templates import expand
from dlp.model import View

ALNUM = string.ascii_letters + string.digits


def draw(alphabet, size, seed=0):
    return "".join(random.Random(f"{seed}{size}").choices(alphabet, k=size))


RANDOM = draw(ALNUM, 32)
HEX = random.Random(3).randbytes(16).hex()
ULID, CUID = (
    expand("01J{digit:9}XKTV{digit:10}", seed=6),
    expand("cm{loweralnum:23}", seed=6),
)
UUID = "3fa85f64-1c2d-4b3e-9f00-" + random.Random(5).randbytes(6).hex()


@pytest.fixture(scope="module")
def judged():
    """Whether the generic rules find `value` in a text."""
    engine = Engine.build([rule for rule in load_rules() if rule.family == GENERIC])

    def judge(text, value):
        matches = engine.scan([View(text.encode(), 0)]).matches
        return any(value.encode() in match.secret for match in matches)

    return judge


NOTATIONS = [
    'api_key = "{}"',
    "API_KEY={}\n",
    "apiKey: '{}'",
    '"client_secret": "{}",',
    '\\"client_secret\\": \\"{}\\"',
    'var apiToken string = "{}"',
    'System.setProperty("ACME_TOKEN", "{}")',
    "token => '{}'",
    '$acmeToken .= "{}"',
    'acme_token ?= "{}"',
    "<apiToken>{}</apiToken>",
    "<apiToken>\n  {}\n</apiToken>",
    "secret `{}`",
    "?access_token={}&x=1",
    "access_key: {} # note",
    "Authorization: Bearer {}",
    "acme access key {}",
    "name: ACME_TOKEN\n  value: {}",
    '{{"name": "ACME_TOKEN", "value": "{}"}}',
    '<entry key="apiToken">{}</entry>',
    "<key>apiToken</key>\n<string>{}</string>",
    'var apiKey = []byte("{}")',
    'string apiKey = @"{}";',
    'api_key = sensitive("{}")',
    "api key → {}",
    "API_KEY -> {}",
    "token「{}」",
    "API_KEY;{}",
    '"api_key": {{"value": "{}", "type": "string"}}',
]


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_random_value_under_a_telling_name_counts(judged, notation):
    assert judged(notation.format(RANDOM), RANDOM)


HARMLESS_NAMES = [
    "next_token", "csrfToken", "cache_key", "primary_key", "publicKey", "token_type",
    "token_url", "secret_name", "key_id", "max_tokens", "password_hash", "passwordField",
    "sort_key", "idempotency_key", "tokenizer", "monkey", "compass", "author",
]  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_name_that_promises_no_secret_keeps_its_value_out(judged, name):
    assert not judged(f'{name} = "{RANDOM}"', RANDOM)


ORDINARY_VALUES = [
    "os.environ", "process.env.KEY", "get_token_for_user", "my-api-key-name",
    "some/path/to/token.txt", "/run/secrets/token", "https://a.example/b", "2024-01-02T03:04:05",
    "1.2.3.4567890", "changePassword", "user@example.com", "refresh_access_token",
    "AuthorizationError", "correct-horse-battery-staple",
    "T1003.008", "GAE_APPLICATION", "query:exaapikey", "x-smtp2go-api-key", "arn:aws:kms:eu:1a2b3c4d:key/5e6f", "MFkwEwYHKoZIzj0CAQYI" + RANDOM,
    "MIIDazCCAlOgAwIBAgIU" + RANDOM, "sha512-" + "A1b2" * 9, "--api-key-file", "enable_fds=True",
]  # fmt: skip


@pytest.mark.parametrize("value", ORDINARY_VALUES)
def test_an_ordinary_value_is_none(judged, value):
    assert not judged(f'api_token = "{value}"', value)


CASES = {
    "hex under a telling name": (f"api_key={HEX}", HEX, True),
    "hex under a plain key": (f"key={HEX}", HEX, False),
    "hex under a vendor's key, in capitals": (f"ACME_KEY={HEX}", HEX, True),
    "hex with half a byte": (f"api_key={HEX}a", HEX + "a", False),
    "vendor prefix and hex": (f"acme_token: acm_{HEX}", f"acm_{HEX}", True),
    "uuid under a telling name": (f"api_key: {UUID}", UUID, True),
    "uuid under `token` alone": (f"token: {UUID}", UUID, False),
    "ulid of a row": (f'{{"id": "{ULID}", "key": "{ULID}"}}', ULID, False),
    "ulid under a telling name": (f'"api_key": "{ULID}"', ULID, True),
    "cuid of a row": (f'"key": "{CUID}"', CUID, False),
    "uuid in prose": (f"the token {UUID}", UUID, False),
    "password of a person": ('password = "Sommer!2031x"', "Sommer!2031x", True),
    "password in words": ('password = "thisismypassword"', "thisismypassword", False),
    "password, unquoted": ("PASSWORD=Sommer!2031x\n", "Sommer!2031x", True),
    "password under a joined name": ("PGPASSWORD=Sommer!2031x psql", "Sommer!2031x", True),
    "password in prose": ("Your temporary password is Sommer!2031x", "Sommer!2031x", True),
    "word and number in prose": ("the password Kerberos5x2", "Kerberos5x2", False),
    "word and number in quotes": ("storePassword 'Kerberos5x2'", "Kerberos5x2", True),
    "word and number told in quotes": ("The password is 'Kerberos5x2'.", "Kerberos5x2", True),
    "word and number, quoted and said of": ("password the 'Kerberos5x2'", "Kerberos5x2", False),
    "password in an element": ('<string name="password">Sommer!2031x</string>', "Sommer!2031x", True),
    "password that ends in a sign": ("ctl -u me --password VMster1!", "VMster1!", True),
    "sentence that ends in a sign": ("the password rotates!", "rotates!", False),
    "option of a command": ("ctl -u me --password Sommer!2031x", "Sommer!2031x", True),
    "option with a word": ("ctl -u me --password sommerzeit", "sommerzeit", False),
    "short token": ('token = "a8Kq2"', "a8Kq2", False),
    "call of a function": ("token = f8Kq2Lm3Zp9W(x)", "f8Kq2Lm3Zp9W", False),
    "base64 of words": ('secret = "ZHVtbXkgdGV4dCBkYXRh"', "ZHVtbXkgdGV4dCBkYXRh", False),
    "base64 of a name and a word": ('auth = "dXNlcm5hbWU6cGFzc3dvcmQ="', "dXNlcm5hbWU6cGFzc3dvcmQ=", False),
    "next field of a query": (f"?token={'asdfkjlh45sdkfj'}&code_secret={'z9' * 9}", "asdfkjlh", False),
    "ciphertext": (f'encryptedKey: "{RANDOM}"', RANDOM, False),
    "counted up under a name that says whose": ("lemlist_key=a1b2c3d4e5f6g7h8i9j0", "a1b2c3d4e5f6g7h8i9j0", True),
    "counted up under any name": ("api_key=a1b2c3d4e5f6g7h8i9j0", "a1b2c3d4e5f6g7h8i9j0", False),
    "uuid in prose that says whose": (f"lemlist token {UUID}", UUID, True),
    "uuid in quotes behind a key": (f':api-key "{UUID}"', UUID, True),
    "uuid in quotes behind a token": (f'api token "{UUID}"', UUID, False),
    "a sign of equality in the middle": ("password=7=Sommer2031x", "7=Sommer2031x", True),
    "cell of a wiki's table": (f"|| API key || {RANDOM} ||", RANDOM, True),
    "keyword argument": ("password = x_size=Sommer2031x", "x_size=Sommer2031x", False),
    "uuid that makes a request unrepeatable": (f'"ClientToken": "{UUID}"', UUID, False),
    "hex with half a byte, whose": (f"lemlist_key={HEX}a", HEX + "a", True),
    "noun joined to a name": (f"zerobounceACCESS {RANDOM}", RANDOM, True),
    "private, of somebody": (f"zrqx.private = {RANDOM}", RANDOM, True),
    "what a type is mapped to": (f'"AWS::Gateway::ApiKey": "{HEX}"', HEX, False),
    "constant of a class": (f"Acme::API_KEY = '{RANDOM}'", RANDOM, True),
    "address behind other schemes": ('"key":"cache:fetch:https://a.example/b/c-1.2.tgz","x"', "cache", False),
    "file in somebody's store": (f'"S3Key": "vmimport/export-{RANDOM}/disk.vmdk"', RANDOM, False),
    "place in somebody's store": (f'"S3Key": "{RANDOM}/{RANDOM}"', RANDOM, True),
    "fingerprint of an OpenPGP key": (f"GPG_KEY={HEX}{HEX[:8]}", HEX + HEX[:8], False),
    "passphrase of an OpenPGP key": (f"GPG_KEY_PASSPHRASE={HEX}{HEX[:8]}", HEX + HEX[:8], True),
    "digest of a molecule": ("InChIKey=HIOTOWMSZPAERT-BKHRZCCOID-N", "HIOTOWMSZPAERT-BKHRZCCOID-N", False),
    "constant of a protocol": ("auth = usmHMACMD5AuthProtocol", "usmHMACMD5AuthProtocol", False),
    "attribute of an element of a list": ('"password": d.Get("cloud_sql.0.credential.0.password")', "cloud_sql.0.credential.0.password", False),
    "place in a file of source": ("password. src/mailman/commands/member.py:162#", "src/mailman/commands/member.py:162#", False),
    "version of a package": ("ii  passwd  1:4.13+dfsg1-1+deb12u1  amd64", "1:4.13+dfsg1-1+deb12u1", False),
    "name of several words": ('"result_key": "SecurityGroupForVpcs"', "SecurityGroupForVpcs", False),
    "long number of somebody's": ('lemlist_token = "739281640518273645"', "739281640518273645", True),
    "long number of nobody's": ('token = "739281640518273645"', "739281640518273645", False),
    "hex of digits, whose": ("lemlist_key=73928164051827364502ab", "73928164051827364502ab", True),
    "alphabet, whose": ("lemlist_key=abcdefghijklmnopqrstuvwxyz123456", "abcdefghijklmnop", True),
    "alphabet of nobody": ('api_key = "abcdefghijklmnopqrstuvwxyz123456"', "abcdefghijklmnop", False),
    "letters of hex in their order": ("api_key=a1b2c3d4-e5f6-7890-abcd-ef1234567890", "a1b2c3d4-e5f6", False),
    "digits": ('token = "123984756102"', "123984756102", False),
    "list of names": ("'auth_password2',\n 'auth_pubkey_file2'", "auth_pubkey_file2", False),
    "userinfo of a url": (f"x://password:{RANDOM}", RANDOM, False),
    "the next setting": ("SMTP_PASSWORD=\nAPP_URL=http://localhost:3000", "APP_URL", False),
    "the next setting, escaped": ("SMTP_PASSWORD=\\nAPP_URL=http://localhost:3000", "APP_URL", False),
    "a value on the next line": (f"api_token:\n  {RANDOM}=\n", RANDOM, True),
    "template argument": (f"class Token>\n {RANDOM}", RANDOM, False),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_name_tie_and_value_decide_together(judged, name):
    text, value, counts = CASES[name]
    assert judged(text, value) is counts


ASIDE = {
    "the vendor's tokens have one shape": (f"GITEA_TOKEN={RANDOM}", RANDOM, False),
    "what has a prefix, however the name is spelt": (f'"hugging-face_token": "hx_{RANDOM}"', RANDOM, False),
    "what has none beside a vendor of prefixes": (f'"hugging-face_token": "{RANDOM}"', RANDOM, True),
    "a password there is one": ('GITEA_PASSWORD="Sommer!2031x"', "Sommer!2031x", True),
    "the name stands elsewhere": (f"gitea, or any forge of that kind: api_token={RANDOM}", RANDOM, True),
}  # fmt: skip


@pytest.mark.parametrize("name", ASIDE)
def test_what_a_vendors_own_rule_judges_is_left_to_it(judged, name):
    text, value, counts = ASIDE[name]
    assert judged(text, value) is counts


@pytest.mark.parametrize(
    "text",
    [
        'password = "marble#lantern"',
        '"db_password": "copper$kettle"',
        "passphrase: 'marble-copper-lantern-kettle'",
        'ADMIN_PASSWORD="copper.saddle.marble.violin.kettle!"',
        'jwt_secret: "copper#kettle"',
    ],
)
def test_a_password_may_be_words_with_odd_signs_or_many_of_them(judged, text):
    assert judged(text, "kettle") or judged(text, "lantern")


@pytest.mark.parametrize(
    "text",
    [
        'password = "enter-your-new-phrase"',
        '"password": "auth.errors.missing.digits"',
        'password: "marble-kettle"',
        "password: marble-copper-lantern-kettle",
        'title = "marble-copper-lantern-kettle"',
        'password = "marble%(kettle)s"',
        'password = "$marble_kettle"',
    ],
)
def test_words_of_a_message_or_without_quotes_are_no_password(judged, text):
    assert not any(judged(text, part) for part in ("mar", "phrase", "auth"))


def test_a_key_in_pieces_of_hex_counts_as_hex(judged):
    pieces = f"{HEX[:16]}-{HEX[16:]}"
    assert judged(f"X-Acme-Api-Key: {pieces}\n", pieces)
    assert not judged(f"commit {pieces}\n", pieces)


def test_digits_count_in_prose_beyond_the_length_of_an_id(judged):
    long = draw(string.digits, 25)
    assert judged(f"vorbex SECRET {long}\n", long)
    assert not judged(f"vorbex SECRET {long[:18]}\n", long[:18])
    assert not judged(f"order SECRET {long[:12]}\n", long[:12])


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ("größe42test", False),
        ("wartość_klucza", False),
        ("minimum8znaków", False),
        ("영문,숫자,특수문자포함8자이상", False),
        ("n°12bis,+chez+lé+gardien", False),
        ("\u043d\u0435\u043c\u0435\u043d\u0448\u04358\u0441\u043b\u0456\u0432", False),
        ("Müller1987!", True),
        ("Wartość7#Klucza", True),
        ("Zażółć1!gęśl", True),
        ("Sommer!2031x", True),
    ],
)
def test_letters_of_other_languages_are_no_odd_signs(value, counts):
    assert is_password(value.encode()) is counts


FOLDERS = [
    "/srv/www1",
    "/tmp/qa2",
    "/build42",
    "/var/lib/jenkins/workspace/build-12",
    "/home/runner/work/Repo2/Repo2",
    "/usr/lib/x86_64-linux-gnu/python3.13",
    "C:\\Users\\ann\\Project-2024",
    "~/src/my_project_v2",
]
DRAWN_FOLDERS = [
    "/private/var/folders/zz/" + draw(string.ascii_lowercase + "012_", 28) + "/T",
    "/tmp/" + draw(ALNUM, 12),
]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("text", ["PWD={}\nHOME=/root\n", '{{"passwd": "{}"}}'])
def test_a_folder_is_no_password(judged, text, folder):
    """What `env` prints, or a tool tells of where it works, passes."""
    assert not judged(text.format(folder), folder)


@pytest.mark.parametrize("folder", DRAWN_FOLDERS)
@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "pwd"])
def test_a_folder_whose_name_is_drawn_is_where_a_shell_works(judged, name, folder):
    assert not judged(f"{name}={folder}\n", folder)
    assert not judged(f'{{"{name}": "{folder}"}}', folder)


@pytest.mark.parametrize("name", ["password", "PWD", "db_passwd"])
def test_a_password_may_begin_with_a_slash(judged, name):
    drawn = "/" + draw(ALNUM, 14)
    assert judged(f'{name} = "{drawn}"', drawn)
    assert judged(f'db_password = "/x/{drawn[1:]}"', drawn[1:])
