from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from dlp.backup import sealed
from dlp.backup.sealed import Identity, Opener, Passphrase, Recipient, Sealer
from dlp.errors import StateError, UsageError

PRIVATE = X25519PrivateKey.generate()
LOCK, KEY = Recipient(PRIVATE.public_key()), Identity(PRIVATE)
WORDS = "correct horse " + "battery"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(sealed, "PIECE", 16)


def seal(data, lock=LOCK):
    file = BytesIO()
    sealer = Sealer(file, lock)
    sealer.write(data)
    sealer.finish()
    return file.getvalue()


def unseal(data, key=KEY):
    opener = Opener(BytesIO(data), key)
    parts = []
    while part := opener.read(7):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 32, 33, 100])
def test_what_is_sealed_opens(size):
    data = bytes(range(size))
    assert unseal(seal(data)) == data


def test_a_passphrase_opens_its_own_and_no_other():
    text = seal(b"content", Passphrase(WORDS))
    assert unseal(text, Passphrase(WORDS)) == b"content"
    with pytest.raises(StateError, match="another passphrase"):
        unseal(text, Passphrase(WORDS + "!"))


def test_a_key_opens_its_own_and_no_other():
    with pytest.raises(StateError, match="another passphrase or key"):
        unseal(seal(b"content"), Identity(X25519PrivateKey.generate()))


def test_no_two_files_are_alike_and_none_shows_its_content():
    content = b"content " * 8
    first, second = seal(content), seal(content)
    assert first != second
    assert b"content" not in first


def test_any_changed_bit_is_noticed():
    whole = seal(bytes(40))
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises((StateError, UsageError)):
            unseal(bytes(changed))


def test_any_cut_is_noticed():
    whole = seal(bytes(40))
    for length in range(len(whole)):
        with pytest.raises(StateError):
            unseal(whole[:length])


def test_what_is_added_is_noticed():
    with pytest.raises(StateError):
        unseal(seal(bytes(40)) + b"x")


def test_pieces_cannot_be_swapped():
    whole = seal(bytes(range(48)))
    start = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    size = 16 + 16
    head, one, two, rest = (
        whole[:start],
        whole[start : start + size],
        whole[start + size : start + 2 * size],
        whole[start + 2 * size :],
    )
    assert unseal(head + one + two + rest) == bytes(range(48))
    for wrong in (head + two + one + rest, head + two + rest, head + one + rest):
        with pytest.raises(StateError):
            unseal(wrong)


@pytest.mark.parametrize(
    ("lock", "key", "told"),
    [
        (LOCK, Passphrase(WORDS), "--identity"),
        (Passphrase(WORDS), KEY, "passphrase, not a key"),
    ],
)
def test_the_wrong_kind_of_key_is_told(lock, key, told):
    with pytest.raises(UsageError, match=told):
        unseal(seal(b"", lock), key)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no backup"),
        (b"PK\3\4", "no backup"),
        (b"agent-dlp backup 2\n{}", "version"),
    ],
)
def test_another_file_is_told(data, told):
    with pytest.raises(StateError, match=told):
        unseal(data)


def test_a_short_passphrase_is_refused():
    with pytest.raises(UsageError, match="12 characters"):
        Passphrase("x" * 11)


def test_secrets_are_not_in_the_names_of_things():
    assert WORDS not in repr(Passphrase(WORDS))
    assert "private" not in repr(KEY)
