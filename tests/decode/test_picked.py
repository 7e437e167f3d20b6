from dlp.decode.ciphers.picked import joins


def test_joins_come_in_the_order_of_the_text():
    """In all processes: what is told apart by its bytes is the same in each."""
    words = [bytes([65 + n]) * 8 for n in range(12)]
    got = list(joins(b"\n".join(b"%s . %s" % (word, word) for word in words)))
    assert got == [*(word * 2 for word in words), b"".join(w * 2 for w in words)]


def test_what_documentation_leaves_open_begins_nothing():
    """Or `sk_test_...` and the next UUID on the page are a key."""
    parts = b"sk_test_...\nuuid\n2cd6da57-9842\nsk_live_45a9"
    assert list(joins(parts)) == [b"uuid2cd6da57-9842sk_live_45a9"]
