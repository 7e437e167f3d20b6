"""Bits in two symbols: rulers of tables are passed over, and no text is."""

import pytest

from dlp.decode import decode
from dlp.decode.codes import bits
from dlp.decode.printable import TEXT_BYTES
from dlp.model import Limits, Part, PartKind

PRINTABLE = [byte for byte in TEXT_BYTES if byte >= 0x20]


@pytest.mark.parametrize("width", [7, 8])
@pytest.mark.parametrize("symbols", ["01", "10", "_-", "\t "])
def test_no_text_has_too_few_of_a_symbol(width, symbols):
    for byte in PRINTABLE:
        text = bytes([byte]) * 12
        run = "".join(f"{b:0{width}b}" for b in text)
        run = run.translate({48: symbols[0], 49: symbols[1]})
        assert text in list(bits._read(run)), byte


@pytest.mark.parametrize("symbols", ["HT", "tf", "NY", "#.", "|."])
def test_any_usual_pair_is_read(symbols):
    text = b"a text that nobody sees"
    run = "".join(f"{byte:08b}" for byte in text)
    said = "said: " + run.translate({48: symbols[0], 49: symbols[1]})
    views = decode([Part(PartKind.BODY, said.encode())], Limits()).views
    assert any(text in view.data for view in views)


def test_the_ruler_of_a_table_is_not_worked_out(monkeypatch):
    tried = []
    monkeypatch.setattr(bits, "_whole", lambda *of: tried.append(of) or b"")
    assert list(bits._read(("+" + "-" * 14) * 8)) == []
    assert not tried


def test_the_first_of_four_symbols_of_a_byte_is_one_of_two():
    """So a run in which it is one of three or four, as in DNA, is no text."""
    assert {byte >> 6 for byte in TEXT_BYTES} == {0, 1}
    digits = "".join(f"{byte:08b}" for byte in b"a text that nobody sees")
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    for letters in ("ACGT", "TGCA", "GATC"):
        run = "".join(letters[int(pair, 2)] for pair in pairs)
        assert b"a text that nobody sees" in list(bits._read(run))
