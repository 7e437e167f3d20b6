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
    "a form of prose of another language": "text=Has%C5%82o:+co+najmniej+12+znak%C3%B3w+"
    "i+cyfr%C4%99.+Klucz:+zobacz+dokumentacj%C4%99_v2+w+zak%C5%82adce&to=C1",
    "a form of an address": "text=%22auth%2Ftoken.py%3Fref%3D{hex:40}%22%2C+%22url%22&to=C1",
    "sums of packages": "SPEC CHECKSUMS:\n  Alamofire: {hex:40}\n  SnapKit: {hex:40}\n"
    "  KeychainAccess: {hex:40}\n  Kingfisher: {hex:40}\n  Lottie: {hex:40}\n",
    "a lock file of Elixir": '"joken": {{:hex, :joken, "2.6", "{hex:64}", [:mix], "hexpm", '
    '"{hex:64}"}},',
    "what a word becomes": "md5('password') = {hex:32}\nbase64(\"secret\") = {base64:24}\n",
    "a fingerprint": "gpg:                using RSA key 9F{digit:18}AB{digit:18}\n",
    "a server of Web Push": "applicationServerKey: 'BK{base64url:85}'",
    "what is sealed": "encryptedData:\n  password: AgB{base64:400}\n",
    "a message of OpenPGP": '{{"encrypted": {{"npmToken": "wcFMA{base64:300}"}}}}',
    "names of pods": '["service:auth", "pod_name:auth-7d9f8b6c4d-x2k4v", "env:prod"]',
    "a key in Redis": '1) "token:blacklist:{hex:40}"\n',
    "the next page": "https://graph.example/v1.0/users?$skiptoken=m~{base64:80}",
    "an incident": '{{"incident_key": "{hex:32}", "status": "open"}}',
    "a file of Figma": '{{"fileKey": "{alnum:22}", "nodeId": "1:2"}}',
    "a crash": "CrashReporter Key:   {hex:40}\n",
    "an application of Stripe": '{{"id": "we_1{alnum:23}", "application": "ca_{alnum:32}", '
    '"livemode": false, "url": "https://app.example.test/hooks"}}',
    "a key in a log of a job": "2026-11-22T10:00:00.1641234Z key: Linux-node-{hex:64}",
    "an object of Java": "must not be blank [token=acme.TokenImpl@5f3a2b1c]",
    "a key that seals": '{{"key_id": "{digit:18}", "key": "{base64:43}="}}',
    "a key that seals, in JSON": '{{"text": "{{\\n \\"key_id\\": \\"{digit:18}\\",\\n '
    '\\"key\\": \\"{base64:43}=\\"}}"}}',
    "files of Figma": '{{"files": [{{"key": "{alnum:22}", "name": "Web site", '
    '"thumbnail_url": "x"}}, {{"key": "{alnum:22}", "name": "Flows", "last_modified":""}}]}}',
    "a path in etcd": '{{"kvs": [{{"key": "L3JlZ2lzdHJ5L3BvZHMvZGVmYXVsdC93ZWItYWJjMTIteHl6"}}]}}',
    "a challenge of ACME": '{{"type": "dns-01", "status": "pending", "url": "https://a.test/'
    'chall/1", "token": "{base64url:43}"}}',
    "a challenge in JSON": r'{{"a": "{{\"type\": \"http-01\",\n \"token\": \"{base64url:43}\"}}"}}',
    "a key that is signed": '{{"signed_curve25519:AAAAHQ": {{"key": "{base64:43}", '
    '"signatures": {{"@a:b": {{}}}}}}}}',
    "who wrote something longer": '{{"sender_key": "{base64:43}"}}',
    "a form of Laravel, in JSON": '{{"_token":"{alnum:40}","components":[]}}',
    "a meeting": "Join https://us02web.zoom.us/j/{digit:11}?pwd={alnum:32} at ten",
    "a program that reports itself": '{{"name": "start", "iKey": "o:{hex:32}"}}',
    "what an audit log hashes": '{{"client_token": "hmac-sha256:{hex:64}"}}',
    "a key id of OpenPGP": "+ Add file (GnuPG key: 0x7EC2{digit:8}F4DB).",
    "a call in prose": "parsing,\n  pass base_1=False, to tell the place",
    "a line in a text of JSON": r'{{"a": "url = \"https://a.test/token\"\npublic_key = '
    r'\"{base64:43}=\"\n"}}',
    "a version control system's name": "$NetBSD: a.3,v 1.4 1998/02/05 fvdl Exp $FreeBSD: "
    "src/lib/libc/rpc/a{digit:1}_svc_err.3,v 1.4",
    "the commit of a feature": "feat(rules): add Acme API token (3f9c0b7)",
    "how a system answers": "57344:64:1:64:M*,N,N,S,N,W0,N,N,\n",
    "bytes in order": "KEY: 000102030405060708090a0b0c0d0e0f\n"
    "api_key: 00112233445566778899aabbccddeeff\n",
    "a vector of a test": "signing key: c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da"
    "6ed3c154a4b9\notpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
    "who wrote what is encrypted": '{{"algorithm": "m.megolm.v1.aes-sha2", "device_id": '
    '"ABCDEFGHIJ", "sender_key": "{base64:43}", "session_id": "{base64:43}"}}',
    "rows": '{{"rows": [{{"key": "{alnum:22}", "n": 1}}, {{"key": "{alnum:22}", "n": 2}}, '
    '{{"key": "{alnum:22}", "n": 3}}]}}',
    "what Vault encrypted": "db_password: vault:v1:{base64:56}",
    "a secret of a cluster": "certificatesSecret: tls-75fcbb81\n",
    "an example at the end of a sentence": "Authorization: Basic "
    "czZCaGRSa3F0MzpnWDFmQmF0M2JW. Then the server answers.",
    "what says that it is a password": "Do not set Password=Password1 or password: Password1!",
    "counting as a key": "ENCRYPTION_KEY=0123456789abcdef0123456789abcdef",
    "a name that begins another": r'{{"a": "host@EXAMPLE.TEST (aes256-cts-hmac-sha1-96)\n"}}], '
    '"prompt_cache_key": "{uuid}"}}',
    "no secret, in a form": "e=%7B%22id%22%3A+%22pi_3{alnum:23}%22%2C+%22client_secret%22%3A"
    "+null%2C+%22customer%22%3A+%22cus_{alnum:14}%22%2C+%22secret%22%3A+null%7D",
}
FOUND = {
    "a key with its id": '{{"key_id": "{digit:9}", "key": "{alnum:43}"}}',
    "a key with a name": '{{"key": "{alnum:32}", "name": "Web site", "last_used": "x"}}',
    "a password like an object": "db_password: Welcome@2024",
    "an object's key": "acme_token=Acme@{hex:32}",
    "a key behind a time": "2026-11-22T10:00:00.1641234Z acme key: {hex:64}",
    "behind other colons": "prod:12:secret:{alnum:30}",
    "beside an identifier": "arn:aws:kms:eu-west-1:123456789012:key/x secret: {alnum:30}",
    "a key and what it made": "acme_key = {hex:64}\nIV = {hex:24}\n",
    "a token in a script": '<script data-acme=\'{{"token": "{hex:32}"}}\'></script>',
    "a field of another name": '<input name="api_token" value="{alnum:40}">',
    "a key of a server": 'RECAPTCHA_SECRET_KEY="6Lc{alnum:37}"',
    "a password in a form": "text=The+password:+{alnum:9}!{alnum:9}&to=C1",
    "a key among few sums": "a: {hex:40}\nb: {hex:40}\napi_key: {hex:40}\n",
    "keys among keys": "a: {hex:40}\nb: {hex:40}\nc: {hex:40}\nd: {hex:40}\napi_key: {hex:40}"
    "\ne_token: {hex:40}\nf_secret: {hex:40}\ng_key: {hex:40}\nauth_key: {hex:40}\n",
    "a token that a call takes": "login('password') = {alnum:32}\n",
    "an algorithm's key, longer": "RSA key {alnum:44}",
    "a short password that begins like that": "password: AgB{alnum:24}\n",
    "a key behind a server's name": "prod_token: live:{alnum:32}\n",
    "a password of another language in a form": "text=Has%C5%82o:+{alnum:9}!{alnum:9}&to=C1",
    "a token that no challenge is near": '{{"type": "http-x", "token": "{base64url:43}"}}',
    "a key that signs": '{{"key": "{alnum:43}", "signature_version": 2}}',
    "two rows": '[{{"key": "{alnum:22}"}}, {{"key": "{alnum:22}"}}]',
    "rows of keys": '[{{"key": "{alnum:32}"}}, {{"key": "{alnum:32}"}}, {{"key": "{alnum:32}"}}]',
    "a private token in code": '_token = "{alnum:40}"',
    "a password of an address": "https://a.test/login?pwd={alnum:32}",
    "a line that begins with n": r'{{"a": "x = 1\nnext_secret = \"{alnum:40}\"\n"}}',
    "a token of Vault": "db_password: vault:{alnum:30}",
    "a password with a hyphen": "db_password: tls-{hex:8}",
    "more than says that it is one": "db_password: Password1{alnum:9}",
    "a short name": "EXA_API_KEY={uuid}",
    "a short name in a longer one": "https://a.test/mcp?exaApiKey={uuid}",
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
