"""A vendor's key to which something was glued that is to excuse it."""

import pytest

from dlp import Inspector
from dlp.decode import decode
from dlp.decode.spellings.glued import _FEWEST_SYMBOLS
from dlp.detect.engine import Engine
from dlp.detect.rule import SURE
from dlp.detect.rules import load_rules
from dlp.detect.templates import expand
from dlp.model import Limits, Part, PartKind

KEYS = {
    "github": "ghp" + "_{alnum:36}",
    "stripe": "sk" + "_live_{alnum:24}",
    "slack": "xoxb" + "-{digit:12}-{digit:13}-{alnum:24}",
    "amazon": "AK" + "IA{base32:16}",
    "google": "AIza" + "Sy{alnum:33}",
    "npm": "npm" + "_{alnum:36}",
    "sendgrid": "SG" + ".{alnum:22}.{alnum:43}",
}
GLUED = {
    "a word behind": "{k}EXAMPLE",
    "a word behind a sign": "{k}_example",
    "another": "{k}-sample",
    "your own": "{k}_your_api_key",
    "fake": "{k}fake",
    "filled": "{k}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "zeros": "{k}000000000000000000000000",
    "counted": "{k}12345678901234567890",
    "in front": "EXAMPLE{k}",
    "inside": "{a}EXAMPLE{b}",
    "inside with signs": "{a}-example-{b}",
    "inside, dots": "{a}...{b}",
}
CUT = {"number": "{k}_1", "word": "{k}_backup", "words": "{k}-old-2"}
ENGINE = Engine.build(load_rules())


def found(text):
    views = decode([Part(PartKind.BODY, f"note: {text} end".encode())], Limits()).views
    return ENGINE.scan(views).matches


@pytest.mark.parametrize("how", GLUED)
@pytest.mark.parametrize("vendor", KEYS)
def test_what_excuses_a_key_does_not_hide_one(vendor, how):
    for seed in range(3):
        key = expand(KEYS[vendor], seed=seed)
        half = len(key) // 2
        assert found(GLUED[how].format(k=key, a=key[:half], b=key[half:])), seed


@pytest.mark.parametrize("how", CUT)
@pytest.mark.parametrize("vendor", sorted(set(KEYS) - {"sendgrid"}))
def test_a_word_behind_a_usual_key_is_no_part_of_it(vendor, how):
    assert found(CUT[how].format(k=expand(KEYS[vendor], seed=7)))


@pytest.mark.parametrize("vendor", ["github", "stripe", "google", "npm", "slack"])
def test_letters_before_a_usual_key_are_no_part_of_it(vendor):
    assert found("my" + expand(KEYS[vendor], seed=8))


@pytest.mark.parametrize("how", ["{k}{k}", "tmp{k}tmp", "{k}{k}{k}rest"])
@pytest.mark.parametrize("vendor", ["github", "amazon", "npm", "google"])
def test_what_goes_on_behind_a_key_of_one_length_is_no_part_of_it(vendor, how):
    assert found(how.format(k=expand(KEYS[vendor], seed=9)))


@pytest.mark.parametrize(
    "text",
    [
        "AK" + "IA{base32:9}EXAMPLE",
        "sk" + "_live_EXAMPLE{alnum:12}",
        "ghp" + "_{alnum:20}xxxxxxxxxxxxxxxx",
        "npm" + "_{alnum:8}...{alnum:4}",
        "AIza" + "Sy{alnum:10}_your_api_key",
        "https://sk" + "-docs.example.com/path/to/some-long-example-page",
        "xox" + "b-your-token-goes-here-example-0000000000",
    ],
)
def test_what_documentation_prints_is_none(text):
    assert not found(expand(text, seed=3))


def test_a_signature_is_not_cut():
    """What is left of a token that documentation prints would be another token."""
    token = expand("eyJhbGciOi{alnum:26}.eyJ{alnum:30}.{alnum:12}_{alnum:8}-{alnum:20}")
    assert not unglued(f"e.g. {token} ok")


def test_a_file_in_base64url_holds_no_rare_key_by_chance():
    rare = expand("EA" + "AA{alnum:1000}", seed=4)
    before, after = expand(
        "{base64url:3000}-" + "A" * 12 + "- -{base64url:3000}", seed=5
    ).split()
    assert not unglued(before + rare + after)
    usual = expand("ghp" + "_{alnum:36}EXAMPLE", seed=6)
    assert unglued(before + usual + after)


def unglued(text):
    views = decode([Part(PartKind.BODY, text.encode())], Limits()).views
    return [view.data for view in views if view.step == "unglued"]


def test_lines_that_were_picked_are_no_wrapped_word():
    """Half of a key is none, however often it is read."""
    half = "sk" + "-ant-api03-{base64url:17}"
    assert not any(found(expand(half, seed=seed)) for seed in range(150))


@pytest.mark.parametrize("name", KEYS)
def test_no_key_is_passed_over_for_its_few_characters(name):
    keys = [expand(KEYS[name], seed=seed) for seed in range(300)]
    assert min(len(set(key)) for key in keys) >= _FEWEST_SYMBOLS


RARE = {
    "a short beginning": "aio" + "_{alnum:28}",
    "a long one": "lsv2" + "_pt_{hex:32}_{hex:10}",
    "two words": "shippo" + "_live_{hex:40}",
}


@pytest.mark.parametrize("how", ["my_{k}", "{k}_old", "{k}EXAMPLE", "test-{k}-backup"])
@pytest.mark.parametrize("kind", RARE)
def test_a_word_hides_no_key_of_a_rare_vendor_either(kind, how):
    assert found(how.format(k=expand(RARE[kind], seed=12)))


def test_nor_do_letters_where_chance_does_not_write_the_beginning():
    assert found("q7" + expand(RARE["a long one"], seed=12))
    assert found(expand(RARE["a long one"], seed=12) + "2026")


@pytest.mark.parametrize("how", ["my{k}", "{k}q7"])
def test_letters_hide_the_unregistered_key_of_a_rare_vendor(how):
    """README says so; who mends it changes both."""
    key = expand(RARE["a short beginning"], seed=12)
    assert found(key)
    assert not found(how.format(k=key))


HIDDEN = {
    "{k}_old": 9,
    "{k}EXAMPLE": 34,
    "my_{k}": 59,
    "my{k}": 257,
    "{k}q7": 224,
}


def test_readme_says_how_many_of_all_vendors_keys_it_hides():
    """Who makes them fewer changes both."""
    inspector = Inspector.load(None)
    keys = [
        key
        for rule in load_rules()
        if rule.tier in SURE
        if not set(key := expand(rule.matches[0], seed=7)) & set('= "')
        if inspector.scan(key.encode())
    ]
    hidden = {
        how: sum(not inspector.scan(how.format(k=key).encode()) for key in keys)
        for how in HIDDEN
    }
    assert (len(keys), hidden) == (423, HIDDEN)


def test_the_end_of_an_english_word_is_no_beginning():
    assert not found(expand("ta" + "sk_test_{loweralnum:30}", seed=12))
    assert not found(expand("job := 'desk_" + "test_{loweralnum:30}'", seed=13))
    assert found(expand("my" + "sk_test_{loweralnum:30}", seed=12))
    assert found(expand("ta" + "sk_live_{alnum:30}", seed=12))


SEALED = expand("{base64url:2000}-{base64url:2000}", seed=11)
HUGGING = expand("hf" + "_{alnum:34}", seed=10)
AMAZON = expand("AK" + "IA{base32:16}", seed=10)


@pytest.mark.parametrize("key", [HUGGING, AMAZON], ids=["three", "four"])
def test_sealed_text_holds_a_short_beginning_by_chance(key):
    """Reasoning comes back with every turn; one such key would refuse all of them."""
    assert not found(SEALED + "a" + key + "b" + SEALED)
    assert found("tmp" + key + "tmp")


def test_what_a_checksum_proves_is_no_chance():
    key = expand("{github:ghp_:36}", seed=12)
    assert found(SEALED + "a" + key + "b" + SEALED)
    assert found(SEALED + "a" + expand(KEYS["stripe"], seed=1) + "b" + SEALED)


@pytest.mark.parametrize("before", ["ssh-ed25519 ", ""])
def test_one_public_key_of_ssh_in_thousands_goes_on_like_googles(before):
    """Behind the type and a length stands what was drawn: `AAAAI` and `za`."""
    public = expand("AAAAC3NzaC1lZDI1NTE5AAAA" + "Iza{alnum:41}", seed=13)
    assert not found(f"{before}{public} me@example.org")
    assert found("tmp" + expand(KEYS["google"], seed=13) + "tmp")


def test_amino_acids_are_no_access_key():
    """A file of proteins has `AKIA` once in 160 KB, within a line of capitals."""
    line = "MKV" + "AK" + "IASLQERGNDVTFWKLHEYPIRAGTSVMNKDLE"
    assert not found(f">sp|P1\n{line}\n{line[:20]}-{line[20:]}\n")
    assert found("tmp" + expand(KEYS["amazon"], seed=1) + "tmp")
