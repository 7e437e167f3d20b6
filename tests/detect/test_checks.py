"""Each check, at its border."""

import base64
import json
import random
import string
import uuid

import pytest

from dlp.detect.proof.checks import Candidate, Outcome, resolve, shannon
from dlp.detect.templates import expand

KEEP, DROP, DEMOTE, CERTAIN = (
    Outcome.KEEP,
    Outcome.DROP,
    Outcome.DEMOTE,
    Outcome.CERTAIN,
)


def check(name, secret, number=None, line=None):
    data = line or secret
    start = data.index(secret)
    judge = resolve(name, number)
    return judge(Candidate(secret, data, start, start + len(secret), start))


def jwt(header):
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    return head + b".eyJhIjoxfQ.c2ln"


TOKEN = expand("{github:ghp_:36}").encode()
WRONG = TOKEN[:-1] + (b"a" if TOKEN[-1:] != b"a" else b"b")
RANDOM = "".join(
    random.Random(1).choices(string.ascii_letters + string.digits, k=30)
).encode()

CASES = {
    "entropy at the border": ("entropy", b"abcd", 2.0, KEEP),
    "entropy below": ("entropy", b"abca", 2.0, DROP),
    "bigrams of a key": ("bigrams", RANDOM, None, KEEP),
    "bigrams of words": ("bigrams", b"configurationManagerService", None, DROP),
    "bigrams of hex": ("bigrams", random.Random(2).randbytes(16).hex().encode(), None, KEEP),
    "bigrams of digits": ("bigrams", b"12345678901234567890", None, DROP),
    "keylike version": ("keylike", b"1.3.6.1.4.1.11.2.12", None, DROP),
    "keylike unfinished version": ("keylike", b"9.19.6-canary.1066.14005.0", None, DROP),
    "keylike name with a number": ("keylike", b"rfc3161Timestamps", None, DROP),
    "mixed but for one kind, drawn": ("mixed", b"xKqvWzjRtLpNfhGdBmQw", 3, KEEP),
    "mixed but for one kind, words": ("mixed", b"configurationManager", 3, DROP),
    "not-path base64": ("not-path", b"/ug8hibs330f0hVXr3DZ/jUgDyvVBewxpDlkaS1x", None, KEEP),
    "not-path path": ("not-path", b"/usr/share/config/service", None, DROP),
    "keylike name of five words": ("keylike", b"itsetNextSetBit2.10.3", None, DROP),
    "mixed words run together": ("mixed", b"fstats0statassertRaisePathLike", 3, DROP),
    "mixed prefix and hex": ("mixed", b"aCme_3509515a4122113447340559515c5d5b", 3, KEEP),
    "words in a name of capitals": ("not-words", b"revXMLRPC_GetSocket", None, DROP),
    "keylike hex with few letters": ("keylike", b"3509515a4122113447340559515c5d5b", None, KEEP),
    "keylike key": ("keylike", RANDOM, None, KEEP),
    "keyboard": ("keyboard", b"qW3^zx!Kv&8p+Rt7@mXw", None, KEEP),
    "keyboard with too few signs": ("keyboard", b"qW3zxKv8pRt!7mX&w@z", None, DROP),
    "keyboard of code": ("keyboard", b"form.fields[password](value)+hash", None, DROP),
    "keyboard of signs": ("keyboard", b"!@#$%^&*()_+-=[]", None, DROP),
    "made up": ("passwordlike", b"Sommer!2031x", None, KEEP),
    "drawn": ("passwordlike", RANDOM, None, KEEP),
    "no password": ("passwordlike", b"production", None, DROP),
    "host as password": ("passwordlike", b"db.example.com", None, DROP),
    "counted": ("not-typed", b"abcdef1234567890", None, DROP),
    "not counted": ("not-typed", RANDOM, None, KEEP),
    "not-words slug": ("not-words", b"zzyx_qqvw_then_x_wxyzq", None, DROP),
    "not-words composed": ("not-words", b"Winter2024!", None, KEEP),
    "not-words composed without a sign": ("not-words", b"Winter2024", None, DROP),
    "drawn hex": ("passwordlike", random.Random(2).randbytes(16).hex().encode(), None, KEEP),
    "not-words four by four": ("not-words", b"qwxz-zxvb-kjhq-vbzx", None, KEEP),
    "luhn, right": ("luhn", b"4111 1111 1111 1111", None, KEEP),
    "luhn, wrong": ("luhn", b"4111 1111 1111 1112", None, DROP),
    "luhn, odd length": ("luhn", b"378282246310005", None, KEEP),
    "luhn without digits": ("luhn", b"x", None, DROP),
    "iban, right": ("mod97", b"GB82 WEST 1234 5698 7654 32", None, KEEP),
    "iban, wrong": ("mod97", b"GB83 WEST 1234 5698 7654 32", None, DROP),
    "iban of nothing": ("mod97", b" - ", None, DROP),
    "jwt": ("jwt", jwt({"alg": "HS256"}), None, KEEP),
    "jwt without alg": ("jwt", jwt({"typ": "JWT"}), None, DROP),
    "jwt of a list": ("jwt", jwt(["alg"]), None, DROP),
    "jwt that is no base64": ("jwt", b"ey!.x.y", None, DROP),
    "jwt that is no json": ("jwt", b"aGFsbG8.x.y", None, DROP),
    "checksum, right": ("github-checksum", TOKEN, None, CERTAIN),
    "checksum, wrong": ("github-checksum", WRONG, None, DEMOTE),
    "npm checksum": ("npm-checksum", expand("{github:npm_:36}").encode(), None, CERTAIN),
    "three classes": ("mixed", b"aB3", 3, KEEP),
    "two classes": ("mixed", b"aB", 3, DROP),
    "few words": ("not-words", RANDOM, None, KEEP),
    "many words": ("not-words", b"tokenaccessserver1", None, DROP),
    "a uuid": ("not-uuid", str(uuid.UUID(int=7)).encode(), None, DROP),
    "no uuid": ("not-uuid", RANDOM, None, KEEP),
    "hex": ("not-hex", b"deadBEEF01", None, DROP),
    "no hex": ("not-hex", b"deadbeefg", None, KEEP),
    "a path": ("not-path", b"/usr/lib/x", None, DROP),
    "a file": ("not-path", b"src/app.ts", None, DROP),
    "no path": ("not-path", RANDOM, None, KEEP),
    "ds filter that drops": ("ds:is_potential_uuid", str(uuid.UUID(int=7)).encode(), None, DROP),
    "ds filter that keeps": ("ds:is_potential_uuid", RANDOM, None, KEEP),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_check_answers(name):
    check_name, secret, number, wanted = CASES[name]
    assert check(check_name, secret, number) is wanted


def test_a_filter_of_lines_sees_the_line_of_the_secret():
    line = b"one two\nsecret = get_secret_value(" + RANDOM + b")\nthree"
    assert check("ds:is_indirect_reference", RANDOM, line=line) in {KEEP, DROP}
    assert check("ds:is_indirect_reference", RANDOM, line=b"x = " + RANDOM) is KEEP


@pytest.mark.parametrize(
    ("name", "number"),
    [("magic", None), ("entropy", None), ("luhn", 3.0), ("ds:magic", None)],
)
def test_a_check_of_another_name_or_shape_is_none(name, number):
    assert resolve(name, number) is None


def test_entropy_is_that_of_shannon():
    assert shannon(b"") == 0
    assert shannon(b"aaaa") == 0
    assert shannon(bytes(range(256))) == pytest.approx(8)


def test_what_a_type_is_mapped_to_is_no_key():
    """Schemas of CloudFormation map `AWS::Cognito::UserPool` to a digest."""
    digest = expand("{hex:16}")
    data = f'"AWS::Cognito::UserPool": "{digest}"'.encode()
    start = data.index(digest.encode())
    judge = resolve("keylike", None)
    found = Candidate(digest.encode(), data, start, start + 16, data.index(b"Cognito"))
    assert judge(found) is DROP
    plain = data.replace(b"AWS::Cognito::", b"     Cognito  ")
    found = Candidate(digest.encode(), plain, start, start + 16, data.index(b"Cognito"))
    assert judge(found) is KEEP


def test_a_prefix_is_no_mixture():
    """`hf_` and its kin: only what is drawn counts."""
    secret = b"hf_" + b"qxzwvkjhgfqpzmxncbvq"
    judge = resolve("mixed", 2)
    assert judge(Candidate(secret, secret, 0, len(secret), 0)) is KEEP
    assert judge(Candidate(secret, secret, 0, len(secret), 0, prefix=3)) is DROP
