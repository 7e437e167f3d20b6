from dlp.decode.ciphers.picked import joins


def test_joins_come_in_the_order_of_the_text():
    """In all processes: what is told apart by its bytes is the same in each."""
    words = [bytes([65 + n]) * 8 for n in range(12)]
    got = list(joins(b"\n".join(b"%s . %s" % (word, word) for word in words)))
    assert got == [*(word * 2 for word in words), b"".join(w * 2 for w in words)]
