import numpy as np
import pytest

from dlp.detect.known.enrol import fingerprint
from dlp.state.prints import pack, unpack

KEY = bytes(range(32))
TAKEN = fingerprint(b"pre_fix-9f1Kc02mQw7Lr5xZt8Vb3", KEY)


def test_a_fingerprint_comes_back_as_it_was():
    again = unpack(pack(TAKEN))
    for name in ("digest", "length", "threshold", "before", "after", "edges"):
        assert getattr(again, name) == getattr(TAKEN, name)
    assert np.array_equal(again.runs, TAKEN.runs)
    assert np.array_equal(again.tags, TAKEN.tags)


def test_a_variant_that_is_no_more_is_an_error():
    with pytest.raises(ValueError, match="unknown variants"):
        unpack(pack(TAKEN).replace(b'"rot47"', b'"rot99"'))


@pytest.mark.parametrize("cut", [0, 3, 40, -5])
def test_half_a_fingerprint_is_an_error(cut):
    with pytest.raises((ValueError, KeyError)):
        unpack(pack(TAKEN)[:cut])
